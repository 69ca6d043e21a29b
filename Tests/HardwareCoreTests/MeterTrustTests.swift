import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Which readings are believed, when a charge may begin on them, and which one is final.
@Suite struct MeterTrustTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let read = DriverCommand.readMeter(connectorId: 1)

    /// An EV asks under a permit; everything else is ready.
    private func asked(_ bench: inout Bench) -> [HardwareEffect] {
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        return bench.pilot(6000)
    }

    @Test func overCurrentIsSeenBeforeAnybodyAsksWhetherItIsPlausible() {
        var connector = Bench.fixedCable
        connector.ratedMilliamps = 16_000
        var bench = Bench.charging(connector)
        bench.wait(.seconds(1), answeringMeter: Bench.sample(energyWh: 1000, milliamps: 33_000))
        let early = bench.wait(.milliseconds(7999))
        #expect(!early.orders.contains(open))
        let late = bench.wait(.milliseconds(1))
        #expect(late.first == .command(open))
        #expect(late.connector?.faults.contains(.overCurrentFailure) == true)
    }

    @Test(arguments: [(18_000, false), (18_001, true)])
    func aTenthAndTwoAmperesAboveTheOfferAreTolerated(milliamps: Int, trips: Bool) {
        var bench = Bench.charging()
        let effects = bench.wait(.seconds(10), answeringMeter: Bench.sample(energyWh: 1000, milliamps: milliamps))
        #expect(effects.faults.contains { $0.code == .overCurrentFailure } == trips)
    }

    /// Somebody would have to pay for it, and the way back would look like a fall.
    @Test func aRegisterThatJumpsInAChargeIsNeverBelieved() {
        var bench = Bench.charging()
        let effects = bench.wait(.seconds(8), answeringMeter: Bench.sample(energyWh: 1_000_000_000))
        let readings = effects.published(MeterReading.self)
        #expect(readings.contains { !$0.valid })
        #expect(readings.allSatisfy { $0.energyWh < 2000 })
        let back = bench.wait(.seconds(30), answeringMeter: Bench.sample(energyWh: 1001)).published(MeterReading.self)
        #expect(back.last?.valid == true)
        #expect(back.allSatisfy { $0.energyWh < 2000 })
    }

    @Test func aFallingMeterBeginsNothing() {
        var bench = Bench.idle()
        bench.meterShows(Bench.sample(energyWh: 500))
        let effects = asked(&bench) + bench.wait(.seconds(30))
        #expect(!effects.orders.contains(close))
        #expect(effects.published(MeterReading.self).allSatisfy { !$0.valid })
        let back = bench.wait(.seconds(5), answeringMeter: Bench.sample(energyWh: 1000)) + bench.pilot(6000)
        #expect(back.orders.contains(close))
    }

    @Test func aLostMeterBeginsNothingAndIsOfferedNothing() {
        var bench = Bench.idle()
        bench.silent = [.meter]
        bench.wait(.seconds(40))
        let effects = asked(&bench)
        #expect(effects.orders.isEmpty)
        #expect(effects.connector?.notChargingBecause == "PowerMeterFailure: no answer")
    }

    @Test func aMeterThatWasNotReadForFifteenSecondsBeginsNothing() {
        var bench = Bench.idle()
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        bench.silent = [.meter]
        bench.now = bench.now.advanced(by: .milliseconds(15_001))
        let stale = asked(&bench)
        #expect(!stale.orders.contains(close))
        #expect(stale.connector?.notChargingBecause == "the meter has not been read")
        let fresh = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(fresh.orders == [close])
    }

    @Test func theFirstSampleAfterAStartIsNotBelievedBlindly() {
        var bench = Bench()
        bench.silent = [.meter]
        bench.handle(.started)
        let first = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 900_000)))
        #expect(first.published(MeterReading.self).isEmpty)
        let other = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(other.published(MeterReading.self).isEmpty)
        let agreeing = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(agreeing.published(MeterReading.self).map(\.energyWh) == [1000])
    }

    @Test func aRegisterThatFellOverARestartIsFoundAndStaysAFaultUntilServiceAcceptsIt() {
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, registerWh: 5000)])
        var bench = Bench(memory: memory)
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let pilot = bench.pilot(12_000)
        let effects = pilot + bench.wait(.seconds(30), answeringMeter: Bench.sample(energyWh: 4997))
        #expect(effects.published(MeterReading.self).isEmpty)
        #expect(effects.faults.map(\.detail) == ["register fell from 5000 Wh to 4997 Wh over a restart"])
        #expect(!asked(&bench).orders.contains(close))
        let accepted = bench.clear(.powerMeterFailure)
        #expect(accepted.replies == [.done])
        bench.wait(.seconds(2))
        #expect(bench.memory?.outlets.first?.registerWh == 4997)
    }

    @Test func whatAMeterRoundsOverARestartIsNoFall() {
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, registerWh: 1002)])
        var bench = Bench(memory: memory)
        bench.handle(.started)
        let effects = bench.wait(.seconds(1))
        #expect(effects.published(MeterReading.self).first?.energyWh == 1002)
    }

    @Test func aSlowMeterHasOneQuestionOpen() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.silent = [.meter]
        let asked = bench.wait(.milliseconds(30_999))
        #expect(asked.commands.filter { $0 == read }.count == 1)
        let permits = bench.permit(16_000, transaction: "another")
        #expect(!permits.commands.contains(read))
        let answered = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(answered.commands == [read])
    }

    @Test func aQuestionWithoutAnAnswerIsAskedAgainAfterThirtySeconds() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.silent = [.meter]
        let asked = bench.wait(.seconds(1))
        #expect(asked.commands == [read])
        let waiting = bench.wait(.milliseconds(29_999))
        #expect(!waiting.commands.contains(read))
        let again = bench.wait(.seconds(2))
        #expect(again.commands.filter { $0 == read }.count == 1)
    }

    @Test func aReadingIsAsOldAsItsQuestion() {
        var bench = Bench.charging()
        bench.silent = [.meter]
        bench.wait(.seconds(1))
        let askedAt = bench.now
        bench.now = bench.now.advanced(by: .milliseconds(700))
        let effects = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(effects.published(MeterReading.self).map(\.takenAtUptime) == [askedAt.uptime.wholeMilliseconds])
        #expect(effects.published(MeterReading.self).map(\.takenAt) == [askedAt.utc.millisecondsSinceEpoch])
    }

    @Test func theFinalReadingNamesTheOpeningThatItComesAfter() {
        var bench = Bench.charging()
        let during = bench.wait(.seconds(2))
        #expect(during.published(MeterReading.self).allSatisfy { $0.openSinceUptime == nil })
        bench.pilot(9000)
        let opened = bench.opened()
        let openSince = bench.now.uptime.wholeMilliseconds
        #expect(opened.connector?.openSinceUptime == openSince)
        #expect(opened.published(MeterReading.self).map(\.openSinceUptime) == [nil])
        let early = bench.wait(.milliseconds(299))
        #expect(early.published(MeterReading.self).isEmpty)
        let settled = bench.wait(.milliseconds(1))
        #expect(settled.published(MeterReading.self).map(\.openSinceUptime) == [openSince])
    }

    /// A meter that answers late is asked again at once; the final reading must not wait for the next idle one because of that.
    @Test func aQuestionThatWasOpenAtTheOpeningDoesNotPutTheFinalReadingOff() {
        var bench = Bench.charging()
        bench.silent = [.meter]
        bench.wait(.seconds(1))
        bench.pilot(9000)
        bench.opened()
        bench.wait(.milliseconds(50))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        bench.wait(.milliseconds(50))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        let settled = bench.wait(.milliseconds(300))
        #expect(settled.commands.contains(read))
        let final = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(final.published(MeterReading.self).first?.openSinceUptime != nil)
    }

    /// A question that is open when the settled reading is due is not late because of that: it was asked a moment ago.
    @Test func aQuestionThatIsOpenWhenTheMeterHasSettledIsNoMiss() {
        var bench = Bench.charging()
        bench.silent = [.meter]
        bench.pilot(9000)
        bench.opened()
        bench.wait(.milliseconds(400))
        let early = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(early.commands.contains(read))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        // A meter with a miss is asked each second; this one has none.
        let idle = bench.wait(.seconds(9))
        #expect(!idle.commands.contains(read))
    }

    @Test func anAnswerToAQuestionOfBeforeTheOpeningIsNotFinalHoweverLateItComes() {
        var bench = Bench.charging()
        bench.silent = [.meter]
        bench.wait(.seconds(1))
        bench.pilot(9000)
        bench.opened()
        bench.wait(.seconds(2))
        let late = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(late.published(MeterReading.self).map(\.openSinceUptime) == [nil])
        #expect(late.commands.contains(read))
        let final = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        #expect(final.published(MeterReading.self).first?.openSinceUptime != nil)
    }

    @Test func aReadingThatIsNotValidIsNeverFinal() {
        var bench = Bench.idle()
        bench.silent = [.meter]
        let effects = bench.wait(.seconds(60))
        let last = effects.published(MeterReading.self).last
        #expect(last?.valid == false)
        #expect(last?.openSinceUptime == nil)
    }

    @Test func anotherOpeningIsAnotherName() {
        var bench = Bench.charging()
        bench.pilot(9000)
        let first = bench.opened().connector?.openSinceUptime
        bench.wait(.seconds(6))
        bench.pilot(6000)
        let closed = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(closed.connector?.openSinceUptime == nil)
        bench.pilot(9000)
        let second = bench.opened().connector?.openSinceUptime
        #expect(first != nil && second != nil && first != second)
    }

    /// It finds the answer to a question of before it stood still, and then a register that went on all the time.
    @Test func aProcessThatStoodStillBelievesWhatTheMeterCountedMeanwhile() {
        let before = RegisterJudge.Before(energyWh: 1000, at: .seconds(99), flowed: .seconds(15))
        var judge = RegisterJudge(Bench.fixedCable, before: before)
        for second in 100...101 {
            _ = judge.judge(Bench.sample(energyWh: 1000, milliamps: 30_000 + second), at: .seconds(second))
        }
        let awake = Moment(uptime: .seconds(136), utc: Timestamp(millisecondsSinceEpoch: 0))
        let late = judge.judge(Bench.sample(energyWh: 1002), askedAt: .seconds(102), at: awake)
        #expect(late == .believed(energyWh: 1002))
        #expect(judge.judge(Bench.sample(energyWh: 1070), at: .seconds(137)) == .believed(energyWh: 1070))
        guard case .refused = judge.judge(Bench.sample(energyWh: 1140), at: .seconds(138)) else {
            Issue.record("a second later the register has jumped")
            return
        }
    }

    @Test func aMeterThatRepeatsItselfIsFrozenAtTheSixtiethRepetition() {
        var judge = RegisterJudge(Bench.fixedCable)
        let sample = Bench.sample(energyWh: 1000)
        _ = judge.judge(sample, at: .seconds(1))
        for step in 1...59 {
            let verdict = judge.judge(sample, at: .seconds(1 + step))
            #expect(verdict == .believed(energyWh: 1000))
        }
        #expect(judge.judge(sample, at: .seconds(61)) == .frozen("meter repeats the same sample"))
        var other = sample
        other.voltageMillivolts = [230_001]
        #expect(judge.judge(other, at: .seconds(62)) == .believed(energyWh: 1000))
    }

    @Test func aRegisterThatStandsStillUnderPowerIsFrozenAfterThreeSteps() {
        var judge = RegisterJudge(Bench.fixedCable)
        // 3600 W are one watt-hour per second; three steps of the register are 30 Wh.
        func sample(_ energyWh: Int64, _ step: Int) -> MeterSample {
            MeterSample(
                energyWh: energyWh,
                powerW: 3600,
                voltageMillivolts: [230_000 + step],
                currentMilliamps: [16_000]
            )
        }
        _ = judge.judge(sample(1000, 0), at: .seconds(0))
        for step in 1...30 {
            #expect(judge.judge(sample(1000, step), at: .seconds(step)) == .believed(energyWh: 1000))
        }
        guard case .frozen = judge.judge(sample(1000, 31), at: .seconds(31)) else {
            Issue.record("the register stands still and is believed")
            return
        }
        #expect(judge.judge(sample(1010, 32), at: .seconds(32)) == .believed(energyWh: 1010))
    }

    /// The first sample of a current comes up to ten seconds after the last one without: 22 kW would have been 61 Wh.
    @Test func aCurrentThatHasJustBegunIsNotCountedBackwards() {
        var connector = Bench.fixedCable
        connector.phases = 3
        var judge = RegisterJudge(connector)
        func sample(milliamps: Int, energyWh: Int64 = 1000) -> MeterSample {
            MeterSample(
                energyWh: energyWh,
                powerW: 3 * 230 * milliamps / 1000,
                voltageMillivolts: [230_000, 230_000, 230_000],
                currentMilliamps: [milliamps, milliamps, milliamps]
            )
        }
        _ = judge.judge(sample(milliamps: 0), at: .seconds(0))
        #expect(judge.judge(sample(milliamps: 0), at: .seconds(10)) == .believed(energyWh: 1000))
        #expect(judge.judge(sample(milliamps: 32_000), at: .seconds(20)) == .believed(energyWh: 1000))
        #expect(judge.judge(sample(milliamps: 32_000), at: .seconds(24)) == .believed(energyWh: 1000))
        // A register that is told each fifteen seconds is late, and stands not still.
        #expect(judge.judge(sample(milliamps: 32_000), at: .seconds(34)) == .believed(energyWh: 1000))
        guard case .frozen = judge.judge(sample(milliamps: 32_000), at: .seconds(36)) else {
            Issue.record("the register stands still and is believed")
            return
        }
    }

    /// It shows the current of before, which is no current through the contactor that opened because of it.
    @Test func aFrozenMeterIsNoWeldedContactor() {
        var connector = Bench.fixedCable
        connector.meterLossGrace = .zero
        var bench = Bench.charging(connector, leaseSeconds: 600)
        bench.isMeterFrozen = true
        bench.meterShows(Bench.sample(energyWh: 1000, milliamps: 10_000))
        var effects: [HardwareEffect] = []
        while !effects.orders.contains(open), effects.commands.count < 100 {
            effects += bench.wait(.milliseconds(100))
        }
        effects += bench.opened() + bench.wait(.seconds(60))
        #expect(effects.faults.map(\.code) == [.powerMeterFailure])
    }

    @Test func aFrozenMeterBeginsNothing() {
        var bench = Bench.idle()
        bench.isMeterFrozen = true
        let frozen = bench.wait(.seconds(620))
        #expect(frozen.faults.map(\.code) == [.powerMeterFailure])
        let effects = asked(&bench) + bench.wait(.seconds(10))
        #expect(!effects.orders.contains(close))
        // Nor is what it repeats told as a measurement.
        #expect(frozen.published(MeterReading.self).last?.valid == false)
        #expect(effects.published(MeterReading.self).allSatisfy { !$0.valid })
        bench.isMeterFrozen = false
        let moves = bench.wait(.seconds(30)).published(MeterReading.self)
        #expect(moves.last?.valid == true)
    }

    @Test(arguments: [Int.min, .max])
    func noNumberOfAMeterStopsTheProcess(number: Int) {
        var bench = Bench.charging()
        for energy in [Int64.min, .max, 0] {
            bench.driver(
                .meterRead(
                    connectorId: 1,
                    MeterSample(
                        energyWh: energy,
                        powerW: number,
                        voltageMillivolts: [number, number],
                        currentMilliamps: [number, number],
                        frequencyMillihertz: number
                    )
                )
            )
        }
        let effects = bench.wait(.seconds(9))
        #expect(effects.published(MeterReading.self).last.map { $0.valid && $0.energyWh == 1000 } == true)
    }
}

extension RegisterJudge {
    /// A meter that answers at once.
    mutating func judge(_ sample: MeterSample, at uptime: Duration) -> Verdict {
        judge(sample, askedAt: uptime, at: Moment(uptime: uptime, utc: Timestamp(millisecondsSinceEpoch: 0)))
    }

    /// Of a meter that nothing is known of.
    init(_ configuration: ConnectorConfiguration, before: Before? = nil) {
        self.init(configuration, origin: RegisterOrigin(), baseWh: nil, before: before, at: .zero)
    }
}
