import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Current flows to the EV, and the meter counts nothing: somebody charges, and nobody would be billed.
@Suite struct CurrentWithoutEnergyTests {
    private func sample(energyWh: Int64 = 1000, powerW: Int, milliamps: Int, at second: Int) -> MeterSample {
        MeterSample(
            energyWh: energyWh,
            powerW: powerW,
            voltageMillivolts: [230_000 + second % 7, 230_000, 230_000],
            currentMilliamps: [milliamps, milliamps, milliamps]
        )
    }

    private var connector: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.phases = 3
        return connector
    }

    /// The first second at which the meter is called frozen, of five minutes; nil when it is not.
    private func frozenAt(openSince: Duration? = nil, powerW: Int, milliamps: Int, isCounting: Bool = false) -> (
        Int, String
    )? {
        var judge = RegisterJudge(connector)
        judge.contactorIs(openSince: openSince, at: .zero)
        for second in 0...300 {
            let energyWh: Int64 = isCounting ? 1000 + Int64(second / 10 * 10) : 1000
            let verdict = judge.judge(
                sample(energyWh: energyWh, powerW: powerW, milliamps: milliamps, at: second),
                at: .seconds(second)
            )
            if case .frozen(let words) = verdict { return (second, words) }
        }
        return nil
    }

    @Test func aMeterWithReversedTransformersThatCountsNothingStandsStill() {
        let found = frozenAt(powerW: -11_000, milliamps: 16_000)
        #expect(found?.0 == 60)
        #expect(found?.1 == "register stands still at 1000 Wh while 16.0 A flow")
    }

    @Test func sixAmperesOfOnePhaseAreEnough() {
        let found = frozenAt(powerW: -4140, milliamps: 6000)
        #expect((60...120).contains(found?.0 ?? 0))
    }

    @Test func noPowerWhereCurrentFlowsIsContradictory() {
        let found = frozenAt(powerW: 0, milliamps: 16_000)
        #expect(found?.0 == 10)
        #expect(found?.1 == "power is 0 W while 16.0 A flow")
    }

    @Test func noPowerWhereCurrentFlowsIsContradictoryAlsoWhenTheRegisterCounts() {
        #expect(frozenAt(powerW: 500, milliamps: 16_000, isCounting: true)?.0 == 10)
        #expect(frozenAt(powerW: 1200, milliamps: 16_000, isCounting: true) == nil)
    }

    /// The filters of an EV draw a current that is no power.
    @Test func aSmallCurrentMayBeNoPower() {
        #expect(frozenAt(powerW: 5, milliamps: 2500) == nil)
    }

    /// What an open contactor lets through is judged elsewhere.
    @Test func anOpenContactorSaysNothingOfTheMeter() {
        #expect(frozenAt(openSince: .zero, powerW: 0, milliamps: 16_000) == nil)
    }

    /// The first second at which a meter with 22 kW is called frozen whose register is `energyWh` at each second, of five minutes.
    private func standsAt(_ energyWh: (Int) -> Int64) -> Int? {
        var judge = RegisterJudge(connector)
        for second in 0...300 {
            let sample = sample(energyWh: energyWh(second), powerW: 22_000, milliamps: 32_000, at: second)
            if case .frozen = judge.judge(sample, at: .seconds(second)) { return second }
        }
        return nil
    }

    @Test func aRegisterThatFlickersOrCrawlsIsAsGoodAsOneThatStandsStill() {
        #expect((15...20).contains(standsAt { 1000 + Int64($0 % 2) } ?? 0))
        #expect((15...20).contains(standsAt { 1000 + Int64($0 / 4) } ?? 0))
        #expect(standsAt { 1000 + Int64($0 * 6) } == nil)
    }

    @Test func aRegisterThatIsToldEachTwelveSecondsStandsNotStill() {
        #expect(standsAt { 1000 + Int64($0 / 12 * 73) } == nil)
    }

    /// Found standing at 22 kW, it goes on crawling.
    @Test func aCrawlIsNoEndOfAStandstill() {
        var judge = RegisterJudge(connector)
        for second in 0...300 {
            let sample = sample(energyWh: 1000 + Int64(second / 4), powerW: 22_000, milliamps: 32_000, at: second)
            let verdict = judge.judge(sample, at: .seconds(second))
            guard second >= 20 else { continue }
            guard case .frozen = verdict else {
                Issue.record("second \(second): \(verdict)")
                return
            }
        }
    }

    /// It stands behind the contactor, and has a supply of its own.
    @Test func aMeterThatHasNothingToMeasureIsNotFrozen() {
        var judge = RegisterJudge(connector)
        judge.contactorIs(openSince: .zero, at: .zero)
        var dead = sample(powerW: 0, milliamps: 0, at: 0)
        dead.voltageMillivolts = [0, 0, 0]
        for minute in 0...200 {
            let verdict = judge.judge(dead, at: .seconds(minute * 10))
            #expect(verdict == (minute == 0 ? .unsure : .believed(energyWh: 1000)))
        }
    }

    @Test(arguments: [true, false])
    func aMeterThatStandsStillDoesSoForTheNextProcessToo(isInTheRuntimeFolder: Bool) {
        var before = Bench.charging(leaseSeconds: 600)
        for second in 0..<40 {
            before.meterShows(Bench.sample(energyWh: 1000, milliamps: 16_000 + second % 7))
            before.wait(.seconds(1))
        }
        #expect(before.machine.faults(on: 1) == [.powerMeterFailure])
        var bench = Bench(
            memory: isInTheRuntimeFolder ? HardwareMemory() : before.memory ?? HardwareMemory(),
            latches: isInTheRuntimeFolder ? before.latches : [],
            at: before.now.uptime + .seconds(3)
        )
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(6000)
        bench.permit(16_000, leaseSeconds: 600)
        let close = DriverCommand.closeContactor(connectorId: 1)
        #expect(!bench.wait(.seconds(100), answeringMeter: Bench.sample(energyWh: 1000)).orders.contains(close))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        bench.clear(.powerMeterFailure)
        #expect(bench.machine.faults(on: 1).isEmpty)
        #expect(bench.latches.last?.meterStandstill == nil)
    }

    @Test func theMainMeterOfAHouseThatFeedsIntoTheMainsIsNotFrozen() {
        var house = connector
        house.connectorId = MainMeterConfiguration.connectorId
        var judge = RegisterJudge(house)
        for second in 0...300 {
            let verdict = judge.judge(sample(powerW: -11_000, milliamps: 16_000, at: second), at: .seconds(second))
            #expect(verdict == (second == 0 ? .unsure : .believed(energyWh: 1000)))
        }
    }

    @Test func aChargeThatNobodyWouldBeBilledForEnds() {
        var limited = connector
        limited.meterLossGrace = .seconds(5)
        var bench = Bench.charging(limited, leaseSeconds: 600)
        var reversed = sample(powerW: -11_000, milliamps: 16_000, at: 0)
        var effects: [HardwareEffect] = []
        for second in 0..<75 where !effects.orders.contains(.openContactor(connectorId: 1)) {
            reversed.voltageMillivolts[0] = 230_001 + second % 7
            bench.meterShows(reversed)
            effects += bench.wait(.seconds(1))
        }
        #expect(effects.faults.map(\.code) == [.powerMeterFailure])
        #expect(effects.orders.contains(.openContactor(connectorId: 1)))
    }

    /// A meter that was found standing at 100 s; then the contactor opens because of it, and nothing flows.
    private func standing(powerW: Int) -> RegisterJudge {
        var judge = RegisterJudge(connector)
        for second in 0...100 {
            _ = judge.judge(sample(powerW: powerW, milliamps: 16_000, at: second), at: .seconds(second))
        }
        judge.contactorIs(openSince: .seconds(101), at: .seconds(101))
        return judge
    }

    /// It would close again, and somebody would charge for another minute.
    @Test(arguments: [-11_000, 0, 11_000])
    func aDeadRegisterStaysDeadUntilItMoves(powerW: Int) {
        var judge = standing(powerW: powerW)
        for second in 101...400 {
            let verdict = judge.judge(sample(powerW: 0, milliamps: 0, at: second), at: .seconds(second))
            guard case .frozen = verdict else {
                Issue.record("second \(second): \(verdict)")
                return
            }
        }
        let moved = judge.judge(sample(energyWh: 1008, powerW: 0, milliamps: 0, at: 401), at: .seconds(401))
        #expect(moved == .believed(energyWh: 1008))
    }

    @Test func serviceMayAcceptARegisterThatStandsStill() {
        var judge = standing(powerW: 0)
        _ = judge.judge(sample(powerW: 0, milliamps: 0, at: 102), at: .seconds(102))
        let now = Moment(uptime: .seconds(103), utc: Timestamp(millisecondsSinceEpoch: 0))
        let accepted = judge.acceptRegister(at: now)
        #expect(accepted?.beginsAnew == false)
        let verdict = judge.judge(sample(powerW: 0, milliamps: 0, at: 104), at: .seconds(104))
        #expect(verdict == .believed(energyWh: 1000))
    }
}
