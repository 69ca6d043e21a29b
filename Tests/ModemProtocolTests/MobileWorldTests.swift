import MobileWorld
import ModemProtocol
import ModemSimulation
import Primitives
import Testing
import UplinkCore

/// The whole of modem-manager but its process, against a simulated modem that fails in every way, for weeks.
@Suite struct MobileWorldTests {
    @Test(arguments: MobileFault.allCases)
    func everyFaultIsGotOver(fault: MobileFault) {
        for seed in 0..<2 {
            let world = MobileWorld(seed: UInt64(seed))
            world.run(for: .seconds(300))
            #expect(world.isWell)
            world.begin(fault, lasting: .seconds(3600))
            world.run(for: .seconds(4 * 3600), until: { world.isWell })
            #expect(world.isWell, "seed \(seed)")
            #expect(world.broken == [])
        }
    }

    @Test(arguments: 0..<2)
    func everyPromiseHoldsOverDaysOfFaultsAndRestarts(seed: Int) {
        let world = MobileWorld(seed: UInt64(seed))
        var random = SeededRandom(seed: UInt64(seed) ^ 0xFACE)
        let end = Duration.seconds(2 * 86_400)
        while world.now.uptime < end {
            world.run(for: random.duration(in: .seconds(60)...(.seconds(20_000))))
            let fault = MobileFault.allCases.randomElement(using: &random) ?? .callEnded
            world.begin(fault, lasting: random.duration(in: .seconds(60)...(.seconds(20_000))))
            if Bool.random(using: &random) {
                world.run(for: random.duration(in: .seconds(1)...(.seconds(2000))))
                world.startProcess()
            }
            world.run(for: .seconds(86_400), until: { world.isWell })
            #expect(world.isWell, "\(fault) was never got over")
        }
        #expect(world.broken.prefix(5) == [])
        let refused = world.modem.pinAttempts.filter { !$0.wasRight }
        #expect(refused == [])
    }

    @Test func aWrongPINIsTriedOnceInDaysOfRestartsAndPowerCuts() {
        var settings = MobileWorld.settings
        settings.modem.pin = Secret("9999")
        let world = MobileWorld(seed: 1, settings: settings)
        var random = SeededRandom(seed: 7)
        while world.now.uptime < .seconds(3 * 86_400) {
            world.run(for: random.duration(in: .seconds(60)...(.seconds(20_000))))
            if Bool.random(using: &random) {
                world.startProcess()
            } else {
                world.begin(.portGone, lasting: .seconds(40))
            }
        }
        #expect(world.modem.pinAttempts.map(\.pin) == ["9999"])
        #expect(world.broken == [] && !world.isWell)
        #expect(world.steps == [:], "A PIN that is wrong is nothing that a step could mend.")
    }
}
