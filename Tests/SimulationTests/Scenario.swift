import BusSchema
import CentralSystem
import ChargerWorld
import GatewayCore
import OCPP
import Primitives
import Testing

/// A session as a user sees it, with times at which its phases are under way.
struct Scenario: Sendable, CustomTestStringConvertible {
    var name: String
    var settings = WorldSettings()
    var plans: [(Duration, Plan)]
    var length = Duration.seconds(180)

    var testDescription: String { name }

    static let card = "04A1B2C3"

    /// Plugged at 40 s, charging from about 51 s to 130 s, unplugged at 140 s.
    static let standard = Scenario(
        name: "a session",
        plans: [
            (.seconds(40), .plug(1)), (.seconds(50), .swipe(card)), (.seconds(130), .swipe(card)),
            (.seconds(140), .unplug(1)),
        ]
    )

    /// The same without a network from before its begin until after its end.
    static let offline = Scenario(
        name: "an offline session",
        plans: standard.plans + [(.seconds(30), .uplink(false)), (.seconds(150), .uplink(true))]
    )

    /// A socket with a lock, stopped from outside.
    static let locked: Scenario = {
        var scenario = Scenario(
            name: "a session with a cable lock, stopped remotely",
            plans: [
                (.seconds(40), .swipe(card)), (.seconds(50), .plug(1)),
                (.seconds(130), .command(.stopNewestTransaction)), (.seconds(140), .unplug(1)),
            ]
        )
        scenario.settings.hasLock = true
        scenario.settings.phases = 3
        return scenario
    }()

    /// Two cars at once on two connectors.
    static let two: Scenario = {
        var scenario = Scenario(
            name: "two sessions at once",
            plans: [
                (.seconds(40), .plug(1)), (.seconds(45), .swipe(card)), (.seconds(60), .plug(2)),
                (.seconds(65), .swipe("04D4E5F6")), (.seconds(110), .swipe(card)), (.seconds(125), .unplug(1)),
                (.seconds(140), .unplug(2)),
            ]
        )
        scenario.settings.connectors = 2
        return scenario
    }()

    /// Runs it, with what goes wrong added by `change`, to the quiet end.
    func play(briefly: Bool = false, _ change: (World) -> Void = { _ in }) -> World {
        let world = World(settings)
        change(world)
        for (time, plan) in plans { world.plan(plan, at: time) }
        world.run(length)
        world.settle(briefly: briefly)
        return world
    }
}
