import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// A register counts what was seen to flow, and no waiting explains more; but a good meter is late, coarse, slow or away, and is never refused.
@Suite struct RegisterAgainstFlowTests {
    private var threePhases: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.phases = 3
        return connector
    }

    private func sample(_ energyWh: Double, milliamps: Int, at second: Int, step: Int? = nil) -> MeterSample {
        MeterSample(
            energyWh: Int64(energyWh),
            powerW: 3 * 230 * milliamps / 1000,
            voltageMillivolts: [230_000 + second % 7, 230_000, 230_000],
            currentMilliamps: [milliamps, milliamps, milliamps],
            registerStepWh: step
        )
    }

    /// A judge that has believed 1000 Wh, at 1 s.
    private func judge() -> RegisterJudge {
        var judge = RegisterJudge(threePhases)
        for second in 0...1 { _ = judge.judge(sample(1000, milliamps: 0, at: second), at: .seconds(second)) }
        return judge
    }

    private func believed(_ verdict: RegisterJudge.Verdict) -> Int64? {
        if case .believed(let energyWh) = verdict { energyWh } else { nil }
    }

    /// Watt hours that flow within a second at so much on three phases.
    private func flow(_ milliamps: Int) -> Double { 3 * 230 * Double(milliamps) / 1000 / 3600 }

    @Test func aJumpStaysRefusedHoweverLongOneWaits() {
        var judge = judge()
        var energyWh = 1000.0
        for second in 2...10 {
            energyWh += flow(2000)
            #expect(believed(judge.judge(sample(energyWh, milliamps: 2000, at: second), at: .seconds(second))) != nil)
        }
        energyWh += 600
        for second in 11...5000 {
            energyWh += flow(2000)
            let verdict = judge.judge(sample(energyWh, milliamps: 2000, at: second), at: .seconds(second))
            guard case .refused(let words) = verdict else {
                Issue.record("600 Wh are believed after \(second - 10) s: \(verdict)")
                return
            }
            guard second == 11 else { continue }
            #expect(words == "register jumped from 1003 Wh to 1603 Wh, more than can have flowed")
        }
    }

    @Test func aJumpStaysRefusedWhenTheMeterWasAwayMeanwhile() {
        var judge = judge()
        for second in 2...5 { _ = judge.judge(sample(1600, milliamps: 0, at: second), at: .seconds(second)) }
        for second in 600...610 {
            #expect(believed(judge.judge(sample(1600, milliamps: 0, at: second), at: .seconds(second))) == nil)
        }
    }

    @Test func aRegisterThatComesBackToWhatFlowedIsBelieved() {
        var judge = judge()
        var energyWh = 1000.0
        for second in 2...60 {
            energyWh += flow(2000)
            _ = judge.judge(sample(energyWh + 600, milliamps: 2000, at: second), at: .seconds(second))
        }
        energyWh += flow(2000)
        let back = judge.judge(sample(energyWh, milliamps: 2000, at: 61), at: .seconds(61))
        #expect(believed(back) == Int64(energyWh))
    }

    @Test func aJumpIsAcceptedByServiceAndBeginsAnew() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.meterShows(Bench.sample(energyWh: 1600))
        let effects = bench.waitUntilOpened(thenShowing: 1600)
        #expect(effects.published(MeterReading.self).allSatisfy { $0.energyWh == 1000 })
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        let cleared = bench.clear(.powerMeterFailure)
        #expect(cleared.published(MeterReading.self).last?.registerEpoch != nil)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    /// The contactor is closed, and nothing is measured: 10 Wh and what flows in two seconds are rounding and lag.
    @Test func aRegisterThatRunsWithoutCurrentIsNotBilled() {
        var judge = judge()
        var newest: Int64 = 0
        for second in 2...600 {
            let shown = sample(1000 + 10 * Double(second), milliamps: 0, at: second)
            newest = max(newest, believed(judge.judge(shown, at: .seconds(second))) ?? 0)
        }
        #expect((1000...1030).contains(newest))
    }

    @Test func aMeterWithoutMainsCountsNothing() {
        var judge = judge()
        var refused = 0
        for second in 2...60 {
            var shown = sample(1000 + 10 * Double(second), milliamps: 0, at: second)
            shown.voltageMillivolts = [0, 0, 0]
            if case .refused = judge.judge(shown, at: .seconds(second)) { refused += 1 }
        }
        #expect(refused > 50)
    }

    /// Whatever an EV does, seen each second or more seldom, by a register that is late, counts in steps, or both.
    @Test(arguments: [(1, 0, 1), (1, 3, 1), (1, 0, 10), (1, 2, 10), (2, 1, 10), (4, 0, 1), (1, 0, 100), (1, 9, 100)])
    func aGoodMeterIsNeverRefused(everySeconds: Int, lateSeconds: Int, stepWh: Int) {
        var judge = judge()
        var random = SeededRandom(seed: UInt64(everySeconds * 1000 + lateSeconds * 10 + stepWh))
        var history = Array(repeating: 1000.0, count: lateSeconds + 1)
        var milliamps = 0
        for second in 2...3600 {
            if second.isMultiple(of: Int.random(in: 5...90, using: &random)) {
                milliamps = [0, 0, 6000, 16_000, 32_000].randomElement(using: &random) ?? 0
            }
            history.append((history.last ?? 1000) + flow(milliamps))
            history.removeFirst()
            guard second.isMultiple(of: everySeconds) else { continue }
            let step = Double(stepWh)
            let counted = ((history.first ?? 1000) / step).rounded(.down) * step
            let verdict = judge.judge(
                sample(max(1000, counted), milliamps: milliamps, at: second, step: max(10, stepWh)),
                at: .seconds(second)
            )
            guard believed(verdict) == nil else { continue }
            Issue.record("second \(second): \(verdict)")
            return
        }
    }

    /// Some meters count at once and show the current later.
    @Test func aCurrentThatIsShownLateIsNoJump() {
        var judge = judge()
        for second in 2...120 {
            let shown = sample(1000 + flow(32_000) * Double(second - 1), milliamps: second < 6 ? 0 : 32_000, at: second)
            if believed(judge.judge(shown, at: .seconds(second))) == nil { #expect(second < 8) }
        }
    }

    @Test func aMeterThatIsLostForMinutesGoesOn() {
        var judge = judge()
        var energyWh = 1000.0
        for second in 2...600 {
            energyWh += flow(16_000)
            guard !(100...400).contains(second) else { continue }
            let verdict = judge.judge(sample(energyWh, milliamps: 16_000, at: second), at: .seconds(second))
            #expect(believed(verdict) == Int64(energyWh))
        }
    }

    /// As behind a converter that repeats what it knew while the meter is away.
    @Test func aMeterThatRepeatedItselfGoesOnWithWhatCanHaveFlowed() {
        var judge = judge()
        for second in 2...100 { _ = judge.judge(sample(1000, milliamps: 0, at: 7), at: .seconds(second)) }
        let back = judge.judge(sample(1500, milliamps: 16_000, at: 101), at: .seconds(101))
        #expect(believed(back) == 1500)
    }

    /// Six amperes that flow within the time of one answer, and a process that was late itself.
    @Test func aSlowAnswerIsNoReasonToRefuse() {
        var judge = judge()
        var energyWh = 1000.0
        for second in stride(from: 3, through: 300, by: 2) {
            energyWh += flow(32_000) * 2
            let now = Moment(uptime: .seconds(second), utc: Timestamp(millisecondsSinceEpoch: 0))
            let shown = sample(energyWh, milliamps: 32_000, at: second)
            let verdict = judge.judge(shown, askedAt: .seconds(second - 2), at: now)
            #expect(believed(verdict) == Int64(energyWh))
        }
    }

    @Test func aMeterWithoutCurrentsIsBoundByWhatCanFlow() {
        var judge = RegisterJudge(threePhases)
        func pulses(_ energyWh: Int64) -> MeterSample {
            MeterSample(energyWh: energyWh, powerW: 0, voltageMillivolts: [], currentMilliamps: [], hasPhases: false)
        }
        for second in 0...60 {
            let verdict = judge.judge(pulses(1000 + 6 * Int64(second)), at: .seconds(second))
            #expect(second == 0 || believed(verdict) != nil)
        }
        for second in 61...300 {
            #expect(believed(judge.judge(pulses(2000), at: .seconds(second))) == nil)
        }
    }
}

extension Bench {
    /// Until the contactor is ordered open and follows, for three minutes at most; nothing flows any more then.
    @discardableResult
    mutating func waitUntilOpened(thenShowing energyWh: Int64 = 1000) -> [HardwareEffect] {
        let order = DriverCommand.openContactor(connectorId: 1)
        var effects: [HardwareEffect] = []
        for _ in 0..<1800 where !effects.orders.contains(order) { effects += wait(.milliseconds(100)) }
        meterShows(Self.sample(energyWh: energyWh))
        return effects.orders.contains(order) ? effects + opened() : effects
    }
}
