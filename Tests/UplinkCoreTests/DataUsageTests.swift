import Primitives
import Testing

@testable import UplinkCore

/// The month that data is counted for, by clocks that are wrong for a while.
@Suite struct DataUsageTests {
    private var usage = DataUsage()
    private var counter: Int64 = 0
    private var uptime = Duration.zero

    /// So many more bytes at noon of that day.
    private mutating func carry(_ bytes: Int64, on day: String, after pause: Duration = .seconds(60)) throws -> Int64 {
        counter += bytes
        uptime += pause
        let utc = try #require(Timestamp("\(day)T12:00:00Z"))
        usage.take(counter: counter, billingDay: 1, at: Moment(uptime: uptime, utc: utc))
        return usage.bytes
    }

    @Test mutating func aClockThatWasYearsAheadDoesNotEndTheCountingOfMonths() throws {
        _ = try carry(0, on: "2031-03-01")
        #expect(try carry(3, on: "2031-03-02") == 3)
        // What was counted meanwhile belongs to the month that it really was.
        #expect(try carry(4, on: "2026-11-15") == 7)
        #expect(try carry(1, on: "2026-12-15") == 1)
        _ = try carry(2, on: "2027-01-15")
        #expect(try carry(0, on: "2027-01-15", after: .seconds(3600)) == 2)
    }

    @Test mutating func aClockThatBeginsInThePastAtEachStartEndsNoMonth() throws {
        _ = try carry(0, on: "2026-11-01")
        for _ in 0..<3 {
            _ = try carry(1, on: "2024-05-01")
            _ = try carry(1, on: "2026-11-20")
        }
        #expect(usage.bytes == 6)
        #expect(try carry(1, on: "2026-12-01") == 7)
        #expect(try carry(1, on: "2026-12-01", after: .seconds(3600)) == 2)
    }

    @Test mutating func aClockThatIsAheadForAMomentEndsNoMonth() throws {
        _ = try carry(0, on: "2026-11-01")
        #expect(try carry(8, on: "2026-11-29") == 8)
        #expect(try carry(1, on: "2027-01-08") == 9)
        #expect(try carry(1, on: "2027-02-08", after: .seconds(3000)) == 10)
        #expect(try carry(1, on: "2027-01-08", after: .seconds(3000)) == 11)
        #expect(try carry(1, on: "2026-11-29", after: .seconds(3500)) == 12)
        // The month really ends, and what it has carried from its beginning is not lost.
        #expect(try carry(2, on: "2026-12-01") == 14)
        #expect(try carry(3, on: "2026-12-01", after: .seconds(3600)) == 5)
    }

    /// A charger that is switched off every evening.
    @Test mutating func theHourIsAddedUpWhereNoBootLastsSoLong() throws {
        #expect(try carry(5, on: "2026-11-01") == 0)
        #expect(try carry(5, on: "2026-11-02") == 5)
        for day in 1...3 {
            uptime = .seconds(20)
            _ = try carry(0, on: "2026-12-0\(day)", after: .zero)
            #expect(try carry(1, on: "2026-12-0\(day)", after: .seconds(1500)) == (day < 3 ? 5 + Int64(day) : 3))
        }
    }

    @Test mutating func aRestartOfTheMachineInterruptsTheHour() throws {
        _ = try carry(1, on: "2026-11-01", after: .seconds(100_000))
        let before = try carry(1, on: "2026-12-01")
        uptime = .zero
        #expect(try carry(0, on: "2026-12-01", after: .seconds(20)) == before)
        #expect(try carry(0, on: "2026-12-01", after: .seconds(3600)) == 1)
    }
}
