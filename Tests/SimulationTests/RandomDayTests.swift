import BusSchema
import CentralSystem
import ChargerWorld
import GatewayCore
import Glibc
import OCPP
import Primitives
import Testing

/// Hours of users and mishaps by chance.
///
/// `CHARGER_SIM_SEED=n` runs that seed alone, `CHARGER_SIM_RUNS=n` so many seeds of each kind.
@Suite struct RandomDayTests {
    static let seeds: [UInt64] = {
        if let seed = number("CHARGER_SIM_SEED") { return [seed] }
        return Array(1...(number("CHARGER_SIM_RUNS") ?? 10))
    }()

    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }

    static func settings(_ seed: UInt64) -> WorldSettings {
        var settings = WorldSettings(seed: seed)
        settings.connectors = seed.isMultiple(of: 3) ? 2 : 1
        settings.hasLock = seed.isMultiple(of: 4)
        settings.powerLoss = seed.isMultiple(of: 5) ? .resume : .stop
        // Random refusals are to be survived, not to end in dead letters.
        settings.keys = ["TransactionMessageAttempts": "20", "TransactionMessageRetryInterval": "3"]
        settings.bus.duplication = 0.01
        return settings
    }

    static func play(_ settings: WorldSettings, _ chance: Chance, hours: Int = 2) -> World {
        let world = World(settings)
        world.run(.seconds(20))
        world.begin(chance)
        world.run(.seconds(3600 * hours))
        world.settle()
        return world
    }

    @Test(arguments: seeds)
    func killsCutsAndABadNetwork(seed: UInt64) {
        let world = Self.play(Self.settings(seed), Chance())
        #expect(world.violations.isEmpty, "\(world.report(steps: 200))")
    }

    @Test(arguments: seeds)
    func lossOnTheBusToo(seed: UInt64) {
        var settings = Self.settings(seed)
        settings.bus.loss = 0.01
        settings.bus.requestLoss = 0.01
        let world = Self.play(settings, Chance())
        #expect(world.violations.isEmpty, "\(world.report(steps: 200))")
    }

    @Test(arguments: seeds)
    func brokenDevicesToo(seed: UInt64) {
        var chance = Chance()
        chance.breaksDevices = true
        let world = Self.play(Self.settings(seed), chance)
        #expect(world.violations.isEmpty, "\(world.report(steps: 200))")
    }

    @Test(arguments: seeds)
    func aFullDiskToo(seed: UInt64) {
        var chance = Chance()
        chance.fillsDisk = true
        let world = Self.play(Self.settings(seed), chance)
        #expect(world.violations.isEmpty, "\(world.report(steps: 200))")
    }
}
