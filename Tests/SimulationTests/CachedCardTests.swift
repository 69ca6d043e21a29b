import BusSchema
import CentralSystem
import ChargerWorld
import OCPP
import Primitives
import Testing

/// The authorization cache on a real disk, under a real config store.
@Suite struct CachedCardTests {
    private static let stranger = "04FFFFFF"

    /// A session online, then no network, and after that the power fails too. Nobody but the cache knows the card.
    private func world(clears: Bool = false) -> World {
        var settings = WorldSettings()
        settings.keys = [
            "AuthorizationCacheEnabled": "true", "LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "false",
        ]
        let world = World(settings)
        for (time, plan) in Scenario.standard.plans { world.plan(plan, at: time) }
        if clears { world.plan(.command(.call(.clearCache(.init()))), at: .seconds(900)) }
        world.plan(.uplink(false), at: .seconds(1000))
        world.plan(.cutPower(.seconds(30)), at: .seconds(1010))
        world.plan(.plug(1), at: .seconds(1100))
        world.plan(.swipe(Self.stranger), at: .seconds(1110))
        world.run(.seconds(1120))
        return world
    }

    /// E §3.4: over power cuts.
    @Test func aCachedCardChargesAfterAPowerCutWithoutANetworkAndAStrangerDoesNot() {
        let world = world()
        #expect(world.connectorStatus()?.transaction == nil)
        world.plan(.swipe(Scenario.card), at: .seconds(1121))
        world.run(.seconds(20))
        #expect(world.connectorStatus()?.transaction?.idTag == Scenario.card)
        world.plan(.uplink(true), at: .seconds(1200))
        world.run(.seconds(100))
        world.settle()
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    @Test func whatWasClearedDoesNotComeBackWithThePower() {
        let world = world(clears: true)
        world.plan(.swipe(Scenario.card), at: .seconds(1121))
        world.run(.seconds(20))
        #expect(world.connectorStatus()?.transaction == nil)
        #expect(world.violations.isEmpty, "\(world.report())")
    }
}
