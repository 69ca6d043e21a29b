import BusSchema
import CentralSystem
import ChargerWorld
import GatewayCore
import MobileWorld
import OCPP
import Primitives
import Testing

/// The way to the central system, and what it does wrongly.
@Suite struct NetworkTests {
    static let answers: [Fault.Kind] = [
        .drop, .delay(.seconds(40)), .error(.internalError), .closeInstead, .closeAfter,
    ]

    @Test(
        arguments: answers,
        [Action.startTransaction, .stopTransaction, .meterValues, .authorize, .statusNotification]
    )
    func aBadAnswerCostsNothing(_ kind: Fault.Kind, action: Action) {
        let world = Scenario.standard.play { world in
            world.plan(.command(.inject(Fault(kind, action: action, count: 2))), at: .seconds(30))
        }
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    /// Half-open, stalled, cut, refused, at every phase.
    @Test(arguments: [45.0, 50.03, 50.1, 50.2, 51, 90, 130.02, 130.2, 132])
    func theNetworkMayBreakAtAnyInstant(at instant: Double) {
        let time = Duration.milliseconds(Int(instant * 1000))
        for plan in [Plan.silence, .stall(.seconds(18)), .stall(.seconds(50)), .uplink(false)] {
            let world = Scenario.standard.play { world in
                world.plan(plan, at: time)
                world.plan(.uplink(true), at: time + .seconds(60))
            }
            #expect(world.violations.isEmpty, "\(plan): \(world.report())")
        }
    }

    // Shows: J-CON-11
    @Test func aDoorThatIsClosedForAnHourLosesNothing() {
        var scenario = Scenario.standard
        scenario.length = .seconds(4200)
        for status in [nil, 503] as [Int?] {
            let world = scenario.play { world in
                world.plan(.door(status.map { .answering(httpStatus: $0) } ?? .locked), at: .seconds(100))
                world.plan(.silence, at: .seconds(101))
                world.plan(.door(.open), at: .seconds(3700))
            }
            #expect(world.violations.isEmpty, "\(world.report())")
        }
    }

    @Test(arguments: [CentralSystemSettings.RegistrationPlan.pending(times: 4), .rejected(times: 4)])
    func aCentralSystemThatHesitatesIsWaitedFor(_ plan: CentralSystemSettings.RegistrationPlan) {
        var scenario = Scenario.standard
        scenario.settings.central.registration = plan
        scenario.settings.central.retryIntervalSeconds = 40
        let world = scenario.play()
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    /// The real machines of the modem manager: calls end, the modem starts anew, addresses change, the service is killed meanwhile.
    @Test(arguments: MobileFault.allCases)
    func aModemThatFailsInASessionCostsNothing(_ fault: MobileFault) {
        var scenario = Scenario.standard
        // Both SIMs, and a ladder that may start the machine anew.
        scenario.settings.seed = 6
        scenario.settings.hasModem = true
        let world = scenario.play { world in
            world.plan(.modem(fault, lasting: .seconds(200)), at: .seconds(60))
            world.plan(.kill(.modem, restartAfter: .seconds(5)), at: .seconds(75))
            world.plan(.deadNames(true), at: .seconds(80))
            world.plan(.deadNames(false), at: .seconds(400))
        }
        #expect(world.violations.isEmpty, "\(world.report())")
        #expect(world.ledger.transactions.count > 1)
    }

    /// OCPP 1.6 §7.6: told once, and its end once, whatever trembles between.
    @Test func aWeakSignalIsToldAndItsEndToo() {
        let world = World(WorldSettings())
        let told = { world.reportedError(0) }
        for (second, percent) in [(60, 14), (200, 24), (300, 25)] { world.plan(.signal(percent), at: .seconds(second)) }
        world.run(.seconds(100))
        #expect(told() == .weakSignal)
        world.run(.seconds(180))
        #expect(told() == .weakSignal)
        world.run(.seconds(120))
        #expect(told() == .noError)
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    // Shows: CORE-HB-08, CORE-TX-35
    /// OCPP 1.6 §3.7: in their order, whatever somebody does to the clock.
    @Test(arguments: [-4000, 4000])
    func stepsOfTheWallClockChangeNoTimestamp(seconds: Int) {
        for instant in [45, 58, 90, 111] {
            let world = Scenario.two.play(briefly: true) { world in
                world.plan(.stepClock(.seconds(seconds)), at: .seconds(instant))
                world.plan(.kill(.gateway, restartAfter: .seconds(1)), at: .seconds(instant + 10))
            }
            #expect(world.violations.isEmpty, "\(world.report())")
        }
    }

    // Shows: CORE-BOOT-19
    @Test func aChargerWithoutABatteryClockChargesBeforeItKnowsTheTime() {
        var scenario = Scenario.offline
        scenario.settings.hasBatteryClock = false
        // Accepted once (OCPP 1.6 §4.2.1), and then without power and without a network.
        scenario.plans += [(.seconds(20), .uplink(false)), (.seconds(22), .cutPower(.seconds(3)))]
        let world = scenario.play()
        #expect(world.violations.isEmpty, "\(world.report())")
        let start = world.ledger.transactions.first?.start.timestamp
        // Known afterwards, to the second.
        let expected = Timestamp(millisecondsSinceEpoch: 1_800_000_050_000)
        #expect(
            start.map { $0.duration(since: expected) < .seconds(3) && expected < $0.advanced(by: .seconds(1)) } == true
        )
    }
}
