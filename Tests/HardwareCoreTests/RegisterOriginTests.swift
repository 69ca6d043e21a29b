import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Another meter is put in, or one comes back with more than can have flowed: nobody is billed for what nobody can have drawn, and the session
/// goes on by what is counted from then on.
@Suite struct RegisterOriginTests {
    private let close = DriverCommand.closeContactor(connectorId: 1)

    private func sample(_ energyWh: Int64, _ serialNumber: String?, milliamps: Int = 0) -> MeterSample {
        var sample = Bench.sample(energyWh: energyWh, milliamps: milliamps)
        sample.serialNumber = serialNumber
        return sample
    }

    private func remembered(_ effects: [HardwareEffect]) -> MeterReading? {
        effects.compactMap { if case .remember(let reading) = $0 { reading } else { nil } }.last
    }

    private func warnings(_ effects: [HardwareEffect]) -> [String] {
        effects.compactMap { if case .log(let record) = $0, record.level == .warning { record.message } else { nil } }
    }

    /// The register as others see it, after `effects`.
    private func readings(_ effects: [HardwareEffect]) -> [MeterReading] { effects.published() }

    /// A process that was killed in a charge, at 1020 Wh, and comes back to a meter that shows `sample`.
    private func comesBack(
        to sample: MeterSample,
        from serialNumber: String?,
        secondsLater: Int64
    ) -> (bench: Bench, effects: [HardwareEffect]) {
        var before = Bench.idle()
        before.wait(.seconds(15), answeringMeter: self.sample(1000, serialNumber))
        before.pilot(9000)
        before.permit(16_000, leaseSeconds: 600)
        before.pilot(6000)
        before.driver(.contactorFeedback(connectorId: 1, closed: true))
        before.wait(.seconds(10), answeringMeter: self.sample(1010, serialNumber, milliamps: 16_000))
        let charged = before.wait(.seconds(10), answeringMeter: self.sample(1020, serialNumber, milliamps: 16_000))
        let reading = remembered(charged)
        var bench = Bench(
            memory: before.memory ?? HardwareMemory(),
            readings: [reading].compactMap(\.self),
            at: before.now.uptime + .seconds(secondsLater)
        )
        bench.meterShows(sample)
        var effects = bench.handle(.started)
        effects += bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        effects += bench.pilot(6000)
        effects += bench.permit(16_000, leaseSeconds: 600)
        return (bench, effects + bench.wait(.seconds(30)))
    }

    @Test(arguments: [0, 1019, 1060, 900_000] as [Int64])
    func anotherMeterGoesOnFromWhereTheOneBeforeWas(energyWh: Int64) {
        var (bench, effects) = comesBack(to: sample(energyWh, "B"), from: "A", secondsLater: 60)
        #expect(readings(effects).allSatisfy { $0.valid && $0.energyWh == 1020 })
        #expect(!bench.machine.faults(on: 1).contains(.powerMeterFailure))
        #expect(effects.orders.contains(close))
        #expect(warnings(effects) == ["another meter was put in: what counts goes on from its first reading"])
        let last = readings(bench.wait(.seconds(10), answeringMeter: sample(energyWh + 5, "B"))).last
        #expect(last?.energyWh == 1025)
        #expect(last?.meterSerialNumber == "B")
        #expect(last?.registerOffsetWh == 1020 - energyWh)
        #expect(last?.registerOffsetSince != nil && last?.registerEpoch == nil)
    }

    /// What a meter with the same number counted has gone through it, wherever the contactor was.
    @Test func whatTheSameMeterCountedMeanwhileIsBilledAsFarAsItCanBe() {
        let (bench, effects) = comesBack(to: sample(1150, "A"), from: "A", secondsLater: 60)
        #expect(readings(effects).last?.energyWh == 1150)
        #expect(!bench.machine.faults(on: 1).contains(.powerMeterFailure))
    }

    /// A contactor falls open with its process: more than some seconds of current did not flow.
    @Test(arguments: [(1040, 1040), (1150, 1020)] as [(Int64, Int64)])
    func ofAMeterWithoutNumberNoMoreIsBilledThanTheDeathOfTheProcessExplains(energyWh: Int64, billedWh: Int64) {
        let (bench, effects) = comesBack(to: sample(energyWh, nil), from: nil, secondsLater: 60)
        #expect(readings(effects).last?.energyWh == billedWh)
        #expect(readings(effects).last?.valid == true)
        #expect(!bench.machine.faults(on: 1).contains(.powerMeterFailure))
        #expect(warnings(effects).count == (billedWh == energyWh ? 0 : 1))
    }

    @Test func aControllerThatClosesByItselfMayHaveChargedMeanwhile() {
        var judge = RegisterJudge(
            ConnectorConfiguration(
                connectorId: 1,
                ratedMilliamps: 32_000,
                phases: 1,
                cable: .fixed,
                equipment: .init(front: .controller)
            ),
            before: .init(energyWh: 1000, at: .seconds(40), flowed: .seconds(15))
        )
        _ = judge.judge(sample(1150, nil), at: .seconds(100))
        #expect(judge.judge(sample(1150, nil), at: .seconds(101)) == .believed(energyWh: 1150))
    }

    /// The EV is plugged, the contactor open, and the meter away for a minute.
    @Test(arguments: [("A", 1250), ("B", 1250), ("B", 3), (nil, 1250)] as [(String?, Int64)])
    func whatAMeterBringsAlongThroughAnOpenContactorIsNotCounted(serialNumber: String?, energyWh: Int64) {
        var bench = Bench.idle()
        bench.wait(.seconds(15), answeringMeter: sample(1000, serialNumber == nil ? nil : "A"))
        bench.pilot(9000)
        bench.silent = [.meter]
        bench.wait(.seconds(70))
        bench.silent = []
        let effects = bench.wait(.seconds(60), answeringMeter: sample(energyWh, serialNumber))
        #expect(readings(effects).last?.energyWh == 1000)
        #expect(readings(effects).last?.valid == true)
        #expect(bench.machine.faults(on: 1).isEmpty)
        #expect(warnings(effects).count == 1)
    }

    @Test func whatFlowedWhileTheMeterWasAwayIsBilledAsFarAsItCanBe() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.silent = [.meter]
        bench.wait(.seconds(40))
        bench.silent = []
        let effects = bench.wait(.seconds(25), answeringMeter: sample(1100, nil, milliamps: 10_000))
        #expect(readings(effects).last?.energyWh == 1100)
        #expect(warnings(effects).isEmpty)
    }

    @Test func aRegisterThatRisesThroughTheOpenContactorWithoutCurrentIsHeldAndAFailure() {
        var bench = Bench.idle()
        bench.pilot(9000)
        var effects: [HardwareEffect] = []
        for step in 1...20 as ClosedRange<Int64> {
            effects += bench.wait(.seconds(10), answeringMeter: sample(1000 + 5 * step, nil))
        }
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        #expect(effects.faults.first?.detail.contains("although the contactor is open") == true)
        #expect(readings(effects).allSatisfy { $0.energyWh <= 1015 })
        #expect(readings(effects).last?.valid == false)
        let cleared = bench.clear(.powerMeterFailure)
        #expect(readings(cleared).last?.registerEpoch != nil)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    /// Rounding and the charger's own needs, over a night.
    @Test(arguments: [(0, 30), (87, 110)])
    func littleThatIsExplainedIsBelieved(milliamps: Int, wattHours: Int64) {
        var bench = Bench.idle()
        let hours: Int64 = 10
        for hour in 1...hours {
            let shown = sample(1000 + wattHours * hour / hours, nil, milliamps: milliamps)
            bench.wait(.seconds(3600), answeringMeter: shown)
        }
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    @Test func theOffsetSurvivesARestartAndTheNumberToo() {
        var (bench, _) = comesBack(to: sample(5, "B"), from: "A", secondsLater: 60)
        let reading = remembered(bench.wait(.seconds(2)))
        var next = Bench(
            memory: bench.memory ?? HardwareMemory(),
            readings: [reading].compactMap(\.self),
            at: bench.now.uptime + .seconds(3)
        )
        next.meterShows(sample(7, "B"))
        next.handle(.started)
        next.driver(.contactorFeedback(connectorId: 1, closed: false))
        let after = next.wait(.seconds(10), answeringMeter: sample(7, "B"))
        #expect(readings(after).last?.energyWh == 1022)
        #expect(warnings(after).isEmpty)
        var booted = Bench(memory: next.memory ?? HardwareMemory())
        booted.meterShows(sample(9, "B"))
        booted.handle(.started)
        booted.driver(.contactorFeedback(connectorId: 1, closed: false))
        let later = booted.wait(.seconds(10), answeringMeter: sample(9, "B"))
        #expect(readings(later).last?.energyWh == 1024)
    }

    /// The gateway may be away for so long, with a transaction that is not over: the permit has lapsed, the EV has left, and what it drew is billed by
    /// the register of before.
    @Test func whatCountsGoesOnHoweverLongNobodyCharges() {
        var (bench, _) = comesBack(to: sample(5, "B"), from: "A", secondsLater: 60)
        bench.pilot(12_000)
        bench.opened()
        let before = readings(bench.wait(.seconds(300))).last
        #expect(before?.energyWh == 1020)
        let later = readings(bench.wait(.seconds(86_400))).last
        #expect(later?.energyWh == 1020)
        #expect(later?.registerOffsetWh == before?.registerOffsetWh)
        #expect(later?.registerEpoch == before?.registerEpoch)
    }

    /// One odd sample moves nothing: the register of the other meter has to be said twice.
    @Test func theFirstReadingOfAnotherMeterIsLookedAtTwice() {
        var judge = RegisterJudge(Bench.fixedCable)
        for second in 1...2 { _ = judge.judge(sample(1000, "A"), at: .seconds(second)) }
        #expect(judge.judge(sample(800_000, "B"), at: .seconds(60)) == .unsure)
        #expect(judge.judge(sample(50, "B"), at: .seconds(61)) == .unsure)
        let step = RegisterStep(reason: .anotherMeter, energyWh: 1000, serialNumber: "A")
        #expect(judge.judge(sample(51, "B"), at: .seconds(62)) == .goesOn(energyWh: 1001, step))
        #expect(judge.judge(sample(52, "B"), at: .seconds(63)) == .believed(energyWh: 1002))
    }

    @Test(arguments: [Int64.max, Int64.min])
    func anOffsetThatNoChargerWroteIsHarmless(offsetWh: Int64) {
        var memory = HardwareMemory.Outlet(connectorId: 1, registerWh: 1000)
        memory.meter = .init(serialNumber: String(repeating: "x", count: 100_000), offsetWh: offsetWh)
        var bench = Bench(memory: HardwareMemory(outlets: [memory]))
        bench.meterShows(sample(1000, "B"))
        bench.handle(.started)
        bench.wait(.seconds(30))
        bench.clear(.powerMeterFailure)
        #expect(bench.machine.faults(on: 1).contains(.powerMeterFailure) == false)
    }
}
