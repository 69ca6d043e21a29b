import BusSchema
import HardwareCore
import Primitives
import Testing

/// What comes late is old: the age of a reading counts from when it was taken.
@Suite struct AcquisitionTests {
    private let asks = DriverEvent.pilotRead(connectorId: 1, highMillivolts: 6000, lowMillivolts: -12_000)

    private func report(_ event: DriverEvent, _ age: Duration, to bench: inout Bench) -> [HardwareEffect] {
        bench.handle(.driver(event, takenAt: bench.now.uptime - age))
    }

    @Test func readingsOfAPilotThatComeTooLateCloseNoContactor() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000)
        bench.silent = [.pilot]
        bench.wait(.seconds(6))
        var effects = report(asks, .milliseconds(2110), to: &bench) + report(asks, .milliseconds(2100), to: &bench)
        #expect(effects.connector?.pilot == .c)
        #expect(effects.orders.isEmpty)
        effects = report(asks, .milliseconds(20), to: &bench) + report(asks, .milliseconds(10), to: &bench)
        #expect(effects.orders == [.closeContactor(connectorId: 1)])
    }

    @Test func aReadingThatIsOvertakenByANewerOneSaysNothing() {
        var bench = Bench.charging()
        let gone = DriverEvent.pilotRead(connectorId: 1, highMillivolts: 12_000, lowMillivolts: -12_000)
        let effects = report(gone, .seconds(1), to: &bench) + report(gone, .seconds(1), to: &bench)
        #expect(effects.orders.isEmpty)
        #expect(bench.pilot(12_000).orders.contains(.openContactor(connectorId: 1)))
    }

    @Test func aReadingThatIsLateShortensTheTimeUntilThePilotCountsAsSilent() {
        var bench = Bench.charging()
        bench.silent = [.pilot]
        bench.wait(.seconds(2))
        _ = report(asks, .milliseconds(1900), to: &bench)
        // 3 s after it was taken, 1.1 s after it came.
        #expect(bench.wait(.milliseconds(1000)).orders.isEmpty)
        #expect(bench.wait(.milliseconds(200)).orders.contains(.openContactor(connectorId: 1)))
    }

    /// The pilot is told once a second, so that a sleep of less than the 3 s ends later than they do.
    @Test(arguments: [3011, 3400, 9000])
    func aProcessThatSleptHearsThePilotBeforeItJudgesIt(milliseconds: Int64) {
        var bench = Bench.charging()
        bench.now = bench.now.advanced(by: .milliseconds(milliseconds))
        #expect(bench.machine.deadlineReached(at: bench.now).orders.isEmpty)
        bench.now = bench.now.advanced(by: .milliseconds(490))
        _ = report(asks, .milliseconds(10), to: &bench)
        _ = report(asks, .zero, to: &bench)
        #expect(bench.machine.faults(on: 1).isEmpty)
        bench.silent = [.pilot]
        // The next silence has its whole time again, and no more.
        #expect(bench.wait(.milliseconds(2999)).orders.isEmpty)
        #expect(bench.wait(.milliseconds(1)).first == .command(.openContactor(connectorId: 1)))
    }

    @Test func aPilotThatIsSilentAfterASleepTooOpensTheContactor() {
        var bench = Bench.charging()
        bench.silent = [.pilot]
        bench.now = bench.now.advanced(by: .milliseconds(3400))
        #expect(bench.machine.deadlineReached(at: bench.now).orders.isEmpty)
        #expect(bench.wait(.milliseconds(499)).orders.isEmpty)
        #expect(bench.wait(.milliseconds(1)).first == .command(.openContactor(connectorId: 1)))
        #expect(bench.machine.faults(on: 1) == [.internalError])
    }

    /// One that is late each time has to find it in the end.
    @Test func aProcessThatIsAlwaysLateFindsASilentPilot() {
        var bench = Bench.charging()
        bench.silent = [.pilot]
        bench.now = bench.now.advanced(by: .milliseconds(3400))
        #expect(bench.machine.deadlineReached(at: bench.now).orders.isEmpty)
        bench.now = bench.now.advanced(by: .milliseconds(900))
        #expect(bench.machine.deadlineReached(at: bench.now).first == .command(.openContactor(connectorId: 1)))
    }

    @Test func aPositionOfBeforeTheNewestChangesNothing() {
        var bench = Bench.charging()
        let effects = report(.contactorFeedback(connectorId: 1, closed: false), .seconds(2), to: &bench)
        #expect(effects.faults.isEmpty)
        #expect(report(.contactorFeedback(connectorId: 1, closed: false), .zero, to: &bench).faults.count == 1)
    }

    @Test func aTimeInTheFutureIsNow() {
        var bench = Bench.idle()
        let effects =
            report(.pilotRead(connectorId: 1, highMillivolts: 9000, lowMillivolts: 9000), .seconds(-3600), to: &bench)
        #expect(effects.connector == nil)
        bench.now = bench.now.advanced(by: .milliseconds(10))
        let again =
            report(.pilotRead(connectorId: 1, highMillivolts: 9000, lowMillivolts: 9000), .zero, to: &bench)
        #expect(again.connector?.pilot == .b)
    }

    @Test func aReadingCarriesTheTimeAtWhichItsMeterWasRead() {
        var bench = Bench.idle()
        bench.silent = [.meter]
        bench.wait(.seconds(11))
        let effects = report(
            .meterRead(connectorId: 1, Bench.sample(energyWh: 1000)),
            .milliseconds(350),
            to: &bench
        )
        let reading = effects.published(MeterReading.self).last
        #expect(reading?.takenAtUptime == (bench.now.uptime - .milliseconds(350)).wholeMilliseconds)
        #expect(reading?.takenAt == bench.now.utc.millisecondsSinceEpoch - 350)
    }

    /// A meter that is read by itself every second was read before the contactor opened; only what was read afterwards is final.
    @Test func whatAMeterWasReadOfBeforeTheOpeningSettledIsNotFinal() {
        var bench = Bench.charging()
        bench.wait(.seconds(3))
        bench.silent = [.meter]
        bench.pilot(9000)
        bench.opened()
        let openedAt = bench.now.uptime
        bench.wait(.milliseconds(500))
        let sample = Bench.sample(energyWh: 1000)
        let early = report(.meterRead(connectorId: 1, sample), .milliseconds(400), to: &bench)
        #expect(early.published(MeterReading.self).last?.openSinceUptime == nil)
        let late = report(.meterRead(connectorId: 1, sample), .milliseconds(100), to: &bench)
        #expect(late.published(MeterReading.self).last?.openSinceUptime == openedAt.wholeMilliseconds)
    }
}
