import EventLoop
import Primitives
import Testing

@testable import ServiceHost

@Suite struct LongTurnReportTests {
    private let limit = Duration.milliseconds(5)
    private var report = LongTurnReport()

    private func turn(_ milliseconds: Int, worked: Int = 0) -> Turn {
        Turn(length: .milliseconds(milliseconds), worked: .milliseconds(worked), reason: "the meter is read")
    }

    private mutating func message(_ turn: Turn, at seconds: Int) -> String? {
        report.record(turn, limit: limit, at: .seconds(seconds))?.message
    }

    /// On a machine with other work each turn is a little different, so that no two lines are the same.
    @Test mutating func aBusyMachineIsOneLineAMinute() {
        var lines: [LogRecord] = []
        for second in 0..<180 {
            let record = report.record(turn(6 + second % 5), limit: limit, at: .seconds(second))
            if let record { lines.append(record) }
        }
        #expect(lines.count == 3)
        #expect(lines.last?.fields.contains(LogRecord.Field("repeated", 59)) == true)
    }

    @Test mutating func whatIsTwiceAsBadIsToldAtOnce() {
        #expect(message(turn(6), at: 0) != nil)
        #expect(message(turn(11), at: 1) == nil)
        #expect(message(turn(12), at: 2) != nil)
        #expect(message(turn(23), at: 3) == nil)
    }

    @Test mutating func aTurnThatDidNotWorkIsNotCalledBlocked() {
        #expect(message(turn(9, worked: 1), at: 0) == "the loop stood still, without CPU or behind the kernel")
        #expect(message(turn(9, worked: 8), at: 0) == "the loop was blocked by its own work")
        #expect(message(turn(9, worked: 8), at: 1) == nil)
    }
}
