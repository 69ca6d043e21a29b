import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// A register that nothing explains is not believed, and a death of the process does not make it so.
@Suite struct RegisterHoldTests {
    private let close = DriverCommand.closeContactor(connectorId: 1)

    /// What a process leaves behind: its memory on disk, what is in the runtime folder, or both.
    enum Left: CaseIterable {
        case onDisk, inTheRuntimeFolder, both
    }

    private func sample(_ energyWh: Int64, _ serialNumber: String? = nil, milliamps: Int = 0) -> MeterSample {
        var sample = Bench.sample(energyWh: energyWh, milliamps: milliamps)
        sample.serialNumber = serialNumber
        return sample
    }

    private func remembered(_ effects: [HardwareEffect]) -> [MeterReading] {
        effects.compactMap { if case .remember(let reading) = $0 { reading } else { nil } }
    }

    /// A process whose register rose by 4 kWh in the middle of a charge, which was refused.
    private func refusing() -> (bench: Bench, reading: MeterReading?) {
        var bench = Bench.charging(leaseSeconds: 600)
        let effects = bench.wait(.seconds(20), answeringMeter: sample(1010, milliamps: 8000))
        bench.wait(.seconds(5), answeringMeter: sample(5010, milliamps: 8000))
        return (bench, remembered(effects).last)
    }

    private func next(_ before: Bench, _ reading: MeterReading?, _ left: Left, afterSeconds: Int64) -> Bench {
        var bench = Bench(
            memory: left == .inTheRuntimeFolder ? HardwareMemory() : before.memory ?? HardwareMemory(),
            readings: left == .onDisk ? [] : [reading].compactMap(\.self),
            latches: left == .onDisk ? [] : before.latches,
            at: before.now.uptime + .seconds(afterSeconds)
        )
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(6000)
        bench.permit(16_000, leaseSeconds: 600)
        return bench
    }

    @Test(arguments: Left.allCases, [3, 3600] as [Int64])
    func theNextProcessRefusesItToo(left: Left, afterSeconds: Int64) {
        let (before, reading) = refusing()
        #expect(before.machine.faults(on: 1) == [.powerMeterFailure])
        var bench = next(before, reading, left, afterSeconds: afterSeconds)
        let effects = bench.wait(.seconds(100), answeringMeter: sample(5010))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        #expect(!effects.orders.contains(close))
        #expect(effects.published(MeterReading.self).allSatisfy { !$0.valid })
        // And the one after that, which only this one tells.
        var third = next(bench, reading, left, afterSeconds: 3)
        #expect(!third.wait(.seconds(100), answeringMeter: sample(5015)).orders.contains(close))
        let cleared = third.clear(.powerMeterFailure)
        #expect(cleared.published(MeterReading.self).last?.registerEpoch != nil)
        #expect(third.latches.last?.refusedRegisterWh == nil)
        #expect(third.machine.faults(on: 1).isEmpty)
        #expect(third.wait(.seconds(20)).published(MeterReading.self).last?.valid == true)
    }

    /// After a power cut nobody knows what flowed, and the next process believes the first register that two samples agree on.
    @Test func aRegisterThatWasRefusedOnceIsRefusedAfterAPowerCutToo() {
        var before = Bench.charging(leaseSeconds: 600)
        before.wait(.seconds(20), answeringMeter: sample(1010, milliamps: 8000))
        before.wait(.seconds(1), answeringMeter: sample(1_001_010, milliamps: 8000))
        #expect(before.machine.faults(on: 1).isEmpty)
        var bench = next(before, nil, .onDisk, afterSeconds: 60)
        let effects = bench.wait(.seconds(60), answeringMeter: sample(1_001_010))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        #expect(effects.published(MeterReading.self).allSatisfy { !$0.valid })
    }

    /// It may have flowed at most while nobody looked; now somebody does, and no time makes it more.
    @Test(arguments: [nil, "A"] as [String?])
    func aJumpOverARestartStaysRefusedHoweverLongOneWaits(serialNumber: String?) {
        var before = Bench.charging(leaseSeconds: 600)
        let effects = before.wait(.seconds(20), answeringMeter: sample(1010, serialNumber, milliamps: 8000))
        var bench = next(before, remembered(effects).last, .both, afterSeconds: 3)
        let later = bench.wait(.seconds(3600), answeringMeter: sample(1810, serialNumber))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        #expect(later.published(MeterReading.self).allSatisfy { !$0.valid })
    }

    @Test func aRegisterThatComesBackOverARestartIsBelieved() {
        let (before, reading) = refusing()
        var bench = next(before, reading, .both, afterSeconds: 3)
        #expect(bench.wait(.seconds(20), answeringMeter: sample(1012)).orders.contains(close))
        #expect(bench.latches.last?.refusedRegisterWh == nil)
        #expect(bench.memory?.outlets.first?.refusedRegisterWh == nil)
    }

    @Test func anotherMeterIsNotRefusedForWhatTheOneBeforeSaid() {
        let memory = HardwareMemory(
            outlets: [.init(connectorId: 1, registerWh: 1000, refusedRegisterWh: 5000, meter: .init(serialNumber: "A"))]
        )
        var bench = Bench.idle(memory: memory)
        let effects = bench.wait(.seconds(40), answeringMeter: sample(7000, "B"))
        #expect(effects.published(MeterReading.self).last?.valid == true)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    @Test(arguments: [Int64.min, .max, 0])
    func aMemoryThatNoChargerWroteIsHarmlessAndCanBeCleared(refusedWh: Int64) {
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, registerWh: 1000, refusedRegisterWh: refusedWh)])
        var bench = Bench.idle(memory: memory)
        bench.wait(.seconds(40), answeringMeter: sample(1000))
        bench.clear(.powerMeterFailure)
        let effects = bench.wait(.seconds(40), answeringMeter: sample(1005))
        #expect(effects.published(MeterReading.self).last?.valid == true)
    }

    /// Each pair of samples agrees, so that each looks like a meter that was put in.
    @Test func twoMetersThatAnswerInPairsAreAFailure() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.wait(.seconds(20), answeringMeter: sample(1000, "A"))
        var effects: [HardwareEffect] = []
        for _ in 1...10 {
            effects += bench.wait(.seconds(2), answeringMeter: sample(9000, "B"))
            effects += bench.wait(.seconds(2), answeringMeter: sample(1000, "A"))
        }
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        #expect(effects.faults.contains { $0.detail.contains("do two meters answer in its place?") })
        // One of them is taken out, and later the other one.
        bench.wait(.seconds(1200), answeringMeter: sample(1000, "A"))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        bench.wait(.seconds(60), answeringMeter: sample(1000, "C"))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        var after = next(bench, nil, .both, afterSeconds: 3)
        after.wait(.seconds(60), answeringMeter: sample(1000, "D"))
        #expect(after.machine.faults(on: 1) == [.powerMeterFailure])
        bench.clear(.powerMeterFailure)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    @Test func aMeterThatIsChangedTwiceIsNoFailure() {
        var bench = Bench.idle()
        for (number, serialNumber) in ["A", "B", "C"].enumerated() {
            bench.wait(.seconds(60), answeringMeter: sample(1000 * Int64(number), serialNumber))
        }
        #expect(bench.machine.faults(on: 1).isEmpty)
        // Nor one that is changed each quarter of an hour.
        for number in 1...5 { bench.wait(.seconds(900), answeringMeter: sample(50, "\(number)")) }
        #expect(bench.machine.faults(on: 1).isEmpty)
    }
}
