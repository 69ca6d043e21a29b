import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// The register after the end is what is billed: how long it is waited for.
@Suite struct StopSettlingTests {
    /// hardware-io tells that the EV left, and is gone.
    private func unplugAndLose(_ bench: ChargingBench) {
        bench.skip(.milliseconds(500))
        bench.hardwareAnswers = false
        bench.unplug()
    }

    /// hardware-io is there again as another process.
    private func bringBack(_ bench: ChargingBench, registerWh: Int64) {
        bench.hardwareAnswers = true
        bench.change {
            $0.bootId = "hw-2"
            $0.permit = nil
            $0.registerWh = registerWh
        }
    }

    /// A restart or an upgrade: it knows the register, and no current flows meanwhile.
    @Test(arguments: [8, 10, 20, 55]) func aRegisterIsAwaitedWhileHardwareIsAway(seconds: Int) {
        let bench = ChargingBench.charging()
        unplugAndLose(bench)
        let end = bench.moment.utc
        bench.run(seconds: seconds)
        #expect(bench.central.stops.isEmpty)
        bringBack(bench, registerWh: 1011)
        bench.meterReports = false
        bench.run(seconds: 3)
        #expect(bench.central.stops.isEmpty)
        bench.meterReports = true
        bench.run(seconds: 1)
        #expect(bench.central.stops.map(\.request.meterStop) == [1011])
        #expect(bench.central.stops.map(\.request.timestamp) == [end])
    }

    @Test func hardwareThatDoesNotComeBackIsAwaitedForAMinute() {
        let bench = ChargingBench.charging()
        unplugAndLose(bench)
        bench.run(seconds: 59)
        #expect(bench.central.stops.isEmpty)
        bench.run(seconds: 1)
        #expect(bench.central.stops.map(\.request.meterStop) == [1006])
    }

    /// A program that starts anew meanwhile waits as long.
    @Test func hardwareThatIsAwayIsAwaitedAfterARestartToo() {
        let bench = ChargingBench.charging()
        unplugAndLose(bench)
        bench.restart()
        bench.run(seconds: 33)
        bench.goOnline()
        bringBack(bench, registerWh: 1011)
        bench.run(seconds: 2)
        #expect(bench.central.stops.map(\.request.meterStop) == [1011])
    }

    /// Whatever keeps the register from being final, hardware-io is there.
    @Test func hardwareThatIsHeardOfEveryTenSecondsIsNotAway() {
        let bench = ChargingBench.charging()
        bench.skip(.milliseconds(500))
        bench.meterReports = false
        bench.unplug()
        bench.run(seconds: 11)
        #expect(bench.central.stops.isEmpty)
        bench.feed(.hardwareAlive)
        bench.run(seconds: 4)
        #expect(bench.central.stops.map(\.request.meterStop) == [1006])
    }

    /// Answers and publications come over two sockets, in any order: what an answer says may be older. Only publications count.
    @Test func theAnswerToAPermitIsASignOfLifeAndNothingElse() {
        let bench = ChargingBench.charging()
        bench.hardwareAnswers = false
        bench.unplug()
        guard let withdrawal = bench.permits.last else { return }
        bench.run(seconds: 29)
        bench.feed(.permitAnswered(connectorId: 1, transaction: withdrawal.transaction, .answered))
        bench.run(seconds: 29)
        #expect(bench.lines.last == "Stop #1 EVDisconnected 1006")
        #expect(bench.status()?.status == "Available")
        bench.run(seconds: 1)
        #expect(bench.status()?.status == "Faulted")
    }

    /// hardware-io says that the meter failed, again and again or once.
    @Test(arguments: [1, 9]) func aMeterThatFailsIsNotAwaitedLongerWhileHardwareIsThere(seconds: Int) {
        let bench = ChargingBench.charging()
        bench.skip(.milliseconds(500))
        bench.hardware[1]?.meterWorks = false
        bench.unplug()
        bench.run(seconds: seconds)
        bench.meterReports = false
        bench.run(seconds: 9 - seconds)
        #expect(bench.central.stops.isEmpty)
        bench.run(seconds: 1)
        #expect(bench.central.stops.map(\.request.meterStop) == [1006])
    }

    /// The meter was asked before the current ended and answered after it: by its time alone, that reading would be the final one.
    @Test func onlyAReadingThatNamesTheOpeningIsBilled() {
        let bench = ChargingBench.charging()
        bench.hardware[1]?.readingComesAfter = 0
        bench.unplug()
        bench.run(seconds: 3)
        #expect(bench.central.stops.isEmpty)
        // The energy of the last second, which the meter counted later.
        bench.hardware[1]?.registerWh += 2
        bench.hardware[1]?.readingComesAfter = nil
        bench.run(seconds: 1)
        #expect(bench.central.stops.map { Int64($0.request.meterStop) } == [bench.hardware[1]?.registerWh])
    }

    /// Nothing is final while the contactor is closed, and the reading of an earlier pause is none of the end.
    @Test func aReadingAfterAnEarlierPauseIsNotTheFinalOne() {
        let bench = ChargingBench.charging()
        bench.change { $0.pilot = .b }
        let pause = bench.hardware[1]?.openSinceUptime
        bench.run(seconds: 5)
        bench.change { $0.pilot = .c }
        bench.run(seconds: 5)
        bench.hardware[1]?.readingComesAfter = pause
        bench.unplug()
        bench.run(seconds: 3)
        #expect(bench.central.stops.isEmpty)
        bench.hardware[1]?.readingComesAfter = nil
        bench.run(seconds: 1)
        #expect(bench.central.stops.count == 1)
    }

    // Shows: CORE-TX-40
    /// The register of the end is what the customer pays; the next transaction begins with it.
    @Test func aMeterThatIsAwayAroundTheEndIsWaitedFor() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        bench.hardware[1]?.meterWorks = false
        bench.run(seconds: 3)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.stops.isEmpty)
        bench.hardware[1]?.meterWorks = true
        bench.run(seconds: 4)
        #expect(bench.central.stops.map { Int64($0.request.meterStop) } == [bench.hardware[1]?.registerWh])
    }
}
