import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// What a noisy, silent or broken control pilot must never do.
@Suite struct PilotSafetyTests {
    /// The fault ends the offer, and without an offer nobody expects PWM: it must not vanish and come back each second because of that.
    @Test func aDeadGeneratorStaysAFaultForItsRestAndIsTriedAgain() {
        var bench = Bench.idle()
        bench.permit(16_000, leaseSeconds: 600)
        bench.pilot(9000, low: 9000)
        let failed = bench.wait(.seconds(2))
        #expect(failed.faults.map(\.present) == [true])
        let resting = bench.wait(.seconds(9))
        #expect(resting.faults.isEmpty)
        let tried = bench.wait(.seconds(3))
        #expect(tried.faults.map(\.present) == [false, true])
        bench.pilot(9000)
        let mended = bench.wait(.seconds(15))
        #expect(mended.faults.map(\.present) == [false])
    }

    /// No EV can make it, and this service orders it in the end alone.
    @Test func minus12VoltsThatNobodyOrderedAreAFaultOfTheGenerator() {
        var bench = Bench.idle()
        let effects = bench.pilot(-12_000, low: -12_000)
        #expect(effects.faults.map(\.code) == [.internalError])
    }

    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let x1 = DriverCommand.setPilot(connectorId: 1, .x1)

    /// An EV in state B under a permit, PWM on since now.
    private func offered() -> Bench {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000)
        return bench
    }

    @Test(arguments: [
        (12_000, 0), (0, 12_000), (12_000, 9000), (9000, 12_000), (9000, 0), (14_000, 14_050), (0, 150), (3000, 9000),
        (-12_000, 12_000),
    ])
    func twoReadingsInARowThatBothForbidEnergyOpenWhateverElseTheyDifferIn(first: Int, second: Int) {
        var bench = Bench.charging()
        let one = bench.reading(first)
        #expect(one.isEmpty)
        let two = bench.reading(second)
        #expect(two.first == .command(open))
        // Nothing that alternates closes it again, and no single good reading does.
        var later: [HardwareEffect] = bench.opened()
        for _ in 0..<20 {
            later += bench.reading(6000)
            later += bench.reading(first)
            bench.now = bench.now.advanced(by: .seconds(1))
        }
        #expect(!later.orders.contains(close))
    }

    @Test func noiseOnAGoodPilotOpensNothing() {
        var bench = Bench.charging()
        var effects: [HardwareEffect] = []
        for step in 0..<1000 {
            effects += bench.reading(6000 + step * 37 % 201 - 100, low: -12_000 + step * 53 % 201 - 100)
            bench.now = bench.now.advanced(by: .milliseconds(1))
        }
        #expect(effects.orders.isEmpty)
    }

    @Test func withoutPWMOnBothHalfWavesNothingCloses() {
        var bench = offered()
        let steady = bench.pilot(6000, low: 6000)
        #expect(!steady.orders.contains(close))
        #expect(steady.connector?.notChargingBecause == "the diode of the EV has not been seen yet")
        let once = bench.reading(6000)
        #expect(!once.orders.contains(close))
        let twice = bench.reading(6000)
        #expect(twice.orders == [close])
    }

    /// Whoever reads of it, or tries to clear it, has to know what ends it.
    @Test func aMissingDiodeSaysThatTheEVHasToBeUnplugged() {
        var bench = offered()
        let sentence = "diode of the EV missing or shorted: unplug the EV"
        #expect(bench.pilot(6000, low: -6000).connector?.notChargingBecause == "EVCommunicationError: \(sentence)")
        bench.pilot(6000, low: -12_000)
        let refusal = bench.clear(.evCommunicationError).refusal?.message
        #expect(refusal == "EVCommunicationError is still there: \(sentence)")
        #expect(bench.pilot(12_000).connector?.faults == [])
    }

    @Test(arguments: [(-13_001, false), (-13_000, true), (-11_000, true), (-10_999, false), (-10_000, false)])
    func onlyAFullNegativeHalfWaveShowsTheDiode(low: Int, closes: Bool) {
        var bench = offered()
        let effects = bench.reading(6000, low: low) + bench.reading(6000, low: low)
        #expect(effects.orders.contains(close) == closes)
    }

    @Test(arguments: [
        (-13_001, PilotVoltage.NegativeHalfWave.belowRange), (-13_000, .full), (-11_000, .full), (-10_999, .almostFull),
        (-10_000, .almostFull), (-9999, .clipped), (-1001, .clipped), (-1000, .absent), (9000, .absent),
        (.min, .belowRange), (.max, .absent),
    ])
    func negativeHalfWavesHaveTheirBands(low: Int, expected: PilotVoltage.NegativeHalfWave) {
        #expect(PilotVoltage.negativeHalfWave(low) == expected)
    }

    /// A restart leaves the vehicle where it is, in state C, and forgets that its diode was seen.
    @Test func afterARestartTheDiodeOfAVehicleInCHasToShowAnew() {
        var bench = Bench(memory: Bench.charging().memory ?? HardwareMemory())
        bench.handle(.started)
        bench.opened()
        bench.pilot(6000)
        bench.wait(.seconds(10))
        let offered = bench.permit(16_000)
        #expect(offered.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        let steady = bench.pilot(6000, low: 6000)
        #expect(!steady.orders.contains(close))
        let shown = bench.pilot(6000, low: -12_000)
        #expect(shown.orders.contains(close))
    }

    @Test func afterASteadyPilotTheDiodeHasToShowAgain() {
        var bench = Bench.charging()
        bench.permit(0)
        bench.pilot(9000)
        bench.opened()
        bench.wait(.seconds(6))
        let resumed = bench.permit(16_000)
        #expect(resumed.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        let steady = bench.pilot(6000, low: 6000)
        #expect(!steady.orders.contains(close))
        let shown = bench.pilot(6000)
        #expect(shown.orders == [close])
    }

    @Test func anotherDutyKeepsTheProofOfTheDiode() {
        var bench = offered()
        bench.pilot(9000)
        bench.wait(.seconds(5))
        bench.permit(10_000)
        let asked = bench.reading(6000, low: -10_500) + bench.reading(6000, low: -10_500)
        #expect(asked.orders == [close])
    }

    @Test func aSecondVehicleProvesItsOwnDiode() {
        var bench = offered()
        bench.pilot(9000)
        bench.pilot(12_000)
        bench.permit(16_000, transaction: "another")
        let next = bench.pilot(9000, low: 9000) + bench.pilot(6000, low: 6000)
        #expect(!next.orders.contains(close))
        let shown = bench.pilot(6000)
        #expect(shown.orders == [close])
    }

    @Test func aGeneratorThatMakesNoPWMIsAFaultAfterOneSecond() {
        var bench = offered()
        bench.now = bench.now.advanced(by: .milliseconds(999))
        let early = bench.reading(9000, low: 9000) + bench.reading(9000, low: 9000)
        #expect(early.faults.isEmpty)
        bench.now = bench.now.advanced(by: .milliseconds(1))
        let late = bench.reading(9000, low: 9000) + bench.reading(9000, low: 9000)
        #expect(late.faults.map(\.code) == [.internalError])
        #expect(late.faults.map(\.detail) == ["control pilot shows no PWM although it is ordered"])
    }

    @Test func aGeneratorThatDiesWhileChargingOpens() {
        var bench = Bench.charging()
        bench.wait(.seconds(2))
        let effects = bench.reading(6000, low: 6000) + bench.reading(6000, low: 6000)
        #expect(effects.first == .command(open))
    }

    @Test(arguments: [(3000, true), (2999, false)])
    func itClosesOnAReadingThatIsAtMostTwoSecondsOld(readAt: Int64, closes: Bool) {
        var bench = Bench.charging()
        bench.pilot(9000)
        bench.opened()
        bench.silent = [.pilot]
        bench.wait(.milliseconds(readAt))
        bench.pilot(6000)
        let effects = bench.wait(.milliseconds(5000 - readAt))
        #expect(effects.orders.contains(close) == closes)
        if !closes {
            let later = bench.wait(.seconds(1))
            #expect((effects + later).orders.isEmpty)
            let read = bench.reading(6000)
            #expect(read.orders == [close])
        }
    }

    @Test func theNewestReadingMustAllowItToo() {
        var bench = Bench.charging()
        bench.pilot(9000)
        bench.opened()
        bench.silent = [.pilot]
        bench.wait(.milliseconds(4500))
        bench.pilot(6000)
        bench.reading(12_000)
        let rested = bench.wait(.seconds(1))
        #expect(!rested.orders.contains(close))
        let good = bench.reading(6000)
        #expect(good.orders == [close])
    }

    @Test func twoReadingsFarApartAllowNothingTogether() {
        var bench = offered()
        bench.silent = [.pilot]
        bench.pilot(9000)
        bench.reading(6000)
        bench.now = bench.now.advanced(by: .milliseconds(2001))
        let late = bench.reading(6000)
        #expect(!late.orders.contains(close))
        let confirmed = bench.reading(6000)
        #expect(confirmed.orders.contains(close))
    }

    @Test func aSensorThatIsSilentFromTheStartIsAFaultWithoutAVehicleToo() {
        var bench = Bench()
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let early = bench.wait(.milliseconds(29_999))
        #expect(early.faults.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.faults.map(\.code) == [.internalError])
    }

    @Test func aSensorThatFallsSilentWhileIdleIsAFaultAfterThirtySeconds() {
        var bench = Bench.idle()
        bench.pilot(12_000)
        bench.silent = [.pilot]
        let early = bench.wait(.milliseconds(29_999))
        #expect(early.faults.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.faults.map(\.code) == [.internalError])
        let once = bench.reading(12_000, low: 12_000)
        #expect(once.faults.isEmpty)
        let twice = bench.reading(12_000, low: 12_000)
        #expect(twice.faults.map(\.present) == [false])
    }

    @Test func afterALostPilotOneReadingSaysNothing() {
        var bench = Bench.charging()
        bench.silent = [.pilot]
        bench.driver(.deviceLost(.pilot(connectorId: 1), reason: "no answer"))
        bench.opened()
        bench.wait(.seconds(6))
        bench.driver(.deviceRecovered(.pilot(connectorId: 1)))
        let once = bench.reading(6000, low: 6000)
        #expect(once.connector == nil)
        let twice = bench.reading(6000, low: 6000)
        #expect(twice.connector?.pilot == .c)
        #expect(twice.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        let first = bench.reading(6000)
        #expect(first.orders.isEmpty)
        let second = bench.reading(6000)
        #expect(second.orders == [close])
    }

    @Test(arguments: [Int.min, .max, -1, 0])
    func noVoltageStopsTheProcess(millivolts: Int) {
        var bench = Bench.charging()
        let effects = bench.reading(millivolts, low: millivolts) + bench.reading(millivolts, low: .min)
        #expect(effects.first == .command(open))
    }
}
