import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// The process is away for a moment and the register is somewhere else when it is back: the newest reading of before, which the next process
/// of the same boot gets, shows it.
@Suite struct RegisterOverRestartTests {
    private let close = DriverCommand.closeContactor(connectorId: 1)

    /// The newest reading that was remembered.
    private func remembered(_ effects: [HardwareEffect]) -> MeterReading? {
        effects.compactMap { if case .remember(let reading) = $0 { reading } else { nil } }.last
    }

    /// A process that was killed in a charge at 1000 Wh and comes back to a meter that says `energyWh`.
    private func comesBack(to energyWh: Int64, secondsLater: Int64 = 3) -> (bench: Bench, effects: [HardwareEffect]) {
        var before = Bench.charging(leaseSeconds: 600)
        let reading = remembered(before.wait(.seconds(20)))
        var bench = Bench(
            memory: before.memory ?? HardwareMemory(),
            readings: [reading].compactMap(\.self),
            at: before.now.uptime + .seconds(secondsLater)
        )
        bench.meterShows(Bench.sample(energyWh: energyWh))
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(6000)
        bench.permit(16_000, leaseSeconds: 600)
        let effects = bench.wait(.seconds(30), answeringMeter: Bench.sample(energyWh: energyWh))
        return (bench, effects)
    }

    @Test(arguments: [(0, "fell"), (990, "fell"), (500_000, "jumped")] as [(Int64, String)])
    func aRegisterThatIsElsewhereIsNotBelieved(energyWh: Int64, verb: String) {
        let (bench, effects) = comesBack(to: energyWh)
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        #expect(effects.faults.contains { $0.detail.contains("register \(verb) from 1000 Wh") })
        #expect(!effects.orders.contains(close))
        #expect(effects.published(MeterReading.self).allSatisfy { !$0.valid })
    }

    @Test(arguments: [999, 1000, 1020] as [Int64])
    func whatTheTimeExplainsIsTheSameRegister(energyWh: Int64) {
        let (bench, effects) = comesBack(to: energyWh)
        // Its contactor does not answer here.
        #expect(!bench.machine.faults(on: 1).contains(.powerMeterFailure))
        #expect(effects.orders.contains(close))
        #expect(effects.published(MeterReading.self).allSatisfy { $0.valid && $0.energyWh >= 1000 })
    }

    @Test func whatServiceAcceptsThenBeginsAnew() {
        var (bench, _) = comesBack(to: 500_000)
        let cleared = bench.clear(.powerMeterFailure)
        #expect(remembered(cleared)?.registerEpoch != nil)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    /// The reply may be the last that the process says, and its memory of the flash may not have got so far.
    @Test func theEpochIsRememberedBeforeServiceHasItsAnswer() throws {
        var (before, _) = comesBack(to: 500_000)
        let cleared = before.clear(.powerMeterFailure)
        let remembering = cleared.firstIndex { if case .remember = $0 { true } else { false } }
        let answering = cleared.firstIndex { if case .reply = $0 { true } else { false } }
        #expect(try #require(remembering) < #require(answering))
        let reading = try #require(remembered(cleared))
        var bench = Bench(readings: [reading], at: before.now.uptime + .seconds(1))
        bench.handle(.started)
        let effects = bench.wait(.seconds(5), answeringMeter: Bench.sample(energyWh: 500_000))
        #expect(effects.published(MeterReading.self).last?.registerEpoch == reading.registerEpoch)
    }

    /// The flash can be ahead of the runtime folder where that could not be written.
    @Test func aReadingOfAnOlderEpochThanTheMemorySaysNothing() {
        let reading = MeterReading(
            connectorId: 1,
            takenAt: 0,
            takenAtUptime: 99_000,
            energyWh: 700_000,
            powerW: 0,
            voltageMillivolts: [230_000],
            currentMilliamps: [0],
            valid: true
        )
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, registerWh: 1000, registerEpoch: 7)])
        var bench = Bench(memory: memory, readings: [reading])
        bench.handle(.started)
        let effects = bench.wait(.seconds(10), answeringMeter: Bench.sample(energyWh: 1000))
        #expect(effects.published(MeterReading.self).last.map { $0.valid && $0.registerEpoch == 7 } == true)
    }

    /// Written by whoever could write into the folder.
    @Test(arguments: [(Int64.max, Int64.max), (Int64.min, Int64.min), (-1, 0)])
    func aReadingThatNoMeterGaveIsHarmless(energyWh: Int64, takenAtUptime: Int64) {
        let reading = MeterReading(
            connectorId: 1,
            takenAt: 0,
            takenAtUptime: takenAtUptime,
            energyWh: energyWh,
            powerW: 0,
            voltageMillivolts: [],
            currentMilliamps: [],
            valid: true
        )
        var bench = Bench(readings: [reading])
        bench.handle(.started)
        let effects = bench.wait(.seconds(10), answeringMeter: Bench.sample(energyWh: 1000))
        #expect(effects.published(MeterReading.self).last?.valid == true)
    }
}
