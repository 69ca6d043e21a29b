import BusSchema
import Primitives
import Testing

@testable import HardwareCore

@Suite struct PilotTests {
    @Test(
        arguments: [
            (12_000, nil, PilotState.a), (13_000, nil, .a), (11_000, nil, .a), (10_500, .a, .a), (10_500, .b, .b),
            (10_500, nil, .b), (10_000, .a, .b), (9000, .c, .b), (8000, nil, .b), (7500, .b, .b), (7500, .a, .b),
            (7500, .c, .c), (7500, nil, .c), (7000, .b, .c), (5000, nil, .c), (4500, .c, .c), (4500, .d, .d),
            (4500, nil, .d), (4000, .c, .d), (2000, nil, .d), (1999, .d, .e), (0, nil, .e), (-1000, nil, .e),
            (-11_000, nil, .f), (-13_000, nil, .f),
        ] as [(Int, PilotState?, PilotState)]
    )
    func voltagesReadAsStates(millivolts: Int, previous: PilotState?, expected: PilotState) {
        #expect(PilotVoltage.read(millivolts, after: previous) == .state(expected))
    }

    @Test(arguments: [13_001, -1001, -10_999, -13_001])
    func voltagesOfNoStateAreOutOfRange(millivolts: Int) {
        #expect(PilotVoltage.read(millivolts, after: .b) == .outOfRange)
    }

    @Test func oneOddReadingDoesNotCount() {
        var bench = Bench.charging()
        let odd = bench.driver(.pilotRead(connectorId: 1, highMillivolts: 9000, lowMillivolts: -12_000))
        let good = bench.driver(.pilotRead(connectorId: 1, highMillivolts: 6000, lowMillivolts: -12_000))
        let oddAgain = bench.driver(.pilotRead(connectorId: 1, highMillivolts: 9000, lowMillivolts: -12_000))
        #expect((odd + good + oddAgain).isEmpty)
    }

    @Test func aMissingDiodeIsAFaultUntilTheVehicleIsGone() {
        var bench = Bench.charging()
        let faulty = bench.pilot(6000, low: -6000)
        #expect(faulty.first == .command(.openContactor(connectorId: 1)))
        #expect(faulty.connector?.faults == [.evCommunicationError])
        let healed = bench.pilot(9000, low: -12_000)
        #expect(healed.connector?.faults == [.evCommunicationError])
        let gone = bench.pilot(12_000)
        #expect(gone.connector?.faults == [])
    }

    @Test func aShortedPilotIsAFaultWhileItLasts() {
        var bench = Bench.idle()
        let shorted = bench.pilot(0)
        #expect(shorted.connector?.pilot == .e)
        #expect(shorted.faults.map(\.code) == [.evCommunicationError])
        let repaired = bench.pilot(12_000)
        #expect(repaired.connector?.pilot == .a)
        #expect(repaired.faults.map(\.present) == [false])
    }

    @Test(arguments: [
        (0, PilotSignal.x1), (5999, .x1), (6000, .pwm(dutyPermille: 100)), (10_000, .pwm(dutyPermille: 166)),
        (16_000, .pwm(dutyPermille: 266)), (32_000, .pwm(dutyPermille: 533)), (51_000, .pwm(dutyPermille: 850)),
        (63_000, .pwm(dutyPermille: 892)), (80_000, .pwm(dutyPermille: 960)), (100_000, .pwm(dutyPermille: 960)),
    ])
    func currentsHaveTheirDuty(milliamps: Int, signal: PilotSignal) {
        #expect(PilotDuty.signal(offeringMilliamps: milliamps) == signal)
    }

    @Test func noDutyEverOffersMoreThanWasAllowed() {
        for milliamps in stride(from: 6000, through: 80_000, by: 7) {
            guard case .pwm(let duty) = PilotDuty.signal(offeringMilliamps: milliamps) else {
                Issue.record("\(milliamps) mA has no duty")
                return
            }
            #expect(PilotDuty.milliamps(atDutyPermille: duty) <= milliamps)
        }
    }

    @Test(arguments: [0, 29, 50, 79, 971, 1000])
    func otherDutiesOfferNothing(duty: Int) {
        #expect(PilotDuty.milliamps(atDutyPermille: duty) == 0)
    }
}
