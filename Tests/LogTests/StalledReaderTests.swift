import Glibc
import Primitives
import Testing

@testable import Log

/// Readers that do not read: the process that logs goes on, and what was lost is counted and told.
@Suite(.timeLimit(.minutes(1))) struct StalledReaderTests {
    /// Two ends of something that takes few bytes, closed with it.
    private final class Channel {
        /// `F_SETPIPE_SZ` (fcntl(2)), which the C library hides.
        private static let setPipeSize: Int32 = 1031

        let reader: Int32
        let writer: Int32

        init(pipe: Void) {
            var ends: [Int32] = [-1, -1]
            #expect(Glibc.pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
            #expect(fcntl(writer, Self.setPipeSize, 4096) >= 0)
            _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        }

        init(socket: Void) {
            var ends: [Int32] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            (reader, writer) = (ends[0], ends[1])
            var bytes: Int32 = 4096
            setsockopt(writer, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
            _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(reader)
            close(writer)
        }

        /// Everything that is there now.
        func read() -> String {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(reader, &buffer, buffer.count)
                guard count > 0 else { return String(decoding: all, as: UTF8.self) }
                all += buffer.prefix(count)
            }
        }
    }

    private enum Kind: CaseIterable { case pipe, socket }

    private func channel(_ kind: Kind) -> Channel {
        switch kind {
        case .pipe: Channel(pipe: ())
        case .socket: Channel(socket: ())
        }
    }

    private static let text = String(repeating: "x", count: 1000)

    @Test(arguments: Kind.allCases)
    private func linesThatFindNoRoomAreCountedAndToldOnceThereIsRoom(kind: Kind) throws {
        let channel = channel(kind)
        let flags = fcntl(channel.writer, F_GETFL)
        let log = Log(descriptor: channel.writer)
        var backlog: [Bool] = []
        log.onBacklog = { backlog.append($0) }
        for number in 0..<150 { log.write(LogRecord(.error, Self.text, .init("n", number))) }
        let dropped = log.droppedLines
        #expect(dropped > 50)
        #expect(backlog == [true])
        // The shell and other processes share the description that we were given.
        #expect(fcntl(channel.writer, F_GETFL) == flags)

        var text = ""
        // As often as a loop would be told of room; each round makes room for at least one line.
        for _ in 0..<150 where backlog.last == true {
            text += channel.read()
            log.drain()
        }
        text += channel.read()
        #expect(backlog.last == false)
        let lines = text.split(separator: "\n")
        #expect(lines.last == "<3>log lines were dropped lines=\(dropped) errors=\(dropped)")
        // What was kept is the beginning, whole and in order.
        #expect(lines.dropLast() == (0..<(150 - dropped)).map { "<3>\(Self.text) n=\($0)" }[...])
        #expect(log.droppedLines == dropped)
    }

    @Test func faultsAndErrorsFindRoomWhenOthersDoNot() {
        let channel = Channel(pipe: ())
        let log = Log(descriptor: channel.writer)
        for number in 0..<150 { log.write(LogRecord(.notice, Self.text, .init("n", number))) }
        let dropped = log.droppedLines
        #expect(dropped > 50)
        log.write(LogRecord(.error, "the contactor is welded"))
        #expect(log.droppedLines == dropped)
    }

    @Test func aReaderThatIsGoneCostsLinesAndNoWakeUps() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let log = Log(descriptor: ends[1])
        close(ends[0])
        for number in 0..<3 { log.write(LogRecord(.error, "lost", .init("n", number))) }
        #expect(log.droppedLines == 3)
        #expect(log.nextDeadline == nil)
        log.flush(within: .seconds(30))
        #expect(log.droppedLines == 3)
        close(ends[1])
    }

    @Test func theEndWaitsForAStalledReaderOnlySoLong() {
        let channel = Channel(pipe: ())
        let log = Log(descriptor: channel.writer)
        for number in 0..<50 { log.write(LogRecord(.error, Self.text, .init("n", number))) }
        let clock = ContinuousClock()
        let length = clock.measure { log.flush(within: .milliseconds(20)) }
        #expect(length >= .milliseconds(20))
        #expect(length < .seconds(5))
    }

    @Test func linesAboveTheRateAreToldAfterAnInterval() {
        let channel = Channel(socket: ())
        let log = Log(threshold: .notice, descriptor: channel.writer)
        var text = ""
        for number in 0..<2000 {
            log.write(LogRecord(.notice, "n", .init("n", number)))
            text += channel.read()
        }
        #expect(log.droppedLines > 0)
        #expect(log.nextDeadline != nil)
        // An error is not held back by the flood of notices.
        log.write(LogRecord(.error, "seen"))
        text += channel.read()
        log.flush()
        text += channel.read()
        let lines = text.split(separator: "\n")
        #expect(lines.contains("<3>seen"))
        let told = lines.compactMap { line in
            line.hasPrefix("<4>log lines were dropped lines=")
                ? line.split(separator: "=").dropFirst().first.flatMap { Int($0.prefix { $0 != " " }) } : nil
        }
        #expect(told.reduce(0, +) == log.droppedLines)
        #expect(lines.count { $0.hasPrefix("<5>n ") } == 2000 - log.droppedLines)
    }
}

@Suite struct LogBudgetTests {
    @Test(arguments: [(LogRecord.Level.error, 200, 20), (.notice, 500, 50), (.debug, 2000, 500)])
    func aBurstPassesAndThenTheRate(level: LogRecord.Level, burst: Int, perSecond: Int) {
        var budget = LogBudget()
        let first = (0..<3000).count { _ in budget.admits(level, at: .seconds(100)) }
        #expect(first == burst)
        let later = (0..<3000).count { _ in budget.admits(level, at: .seconds(101)) }
        #expect(later == perSecond)
        // Never more than a burst, however long it was quiet.
        let muchLater = (0..<3000).count { _ in budget.admits(level, at: .seconds(100_000)) }
        #expect(muchLater == burst)
    }

    @Test func aFloodOfOneGroupTakesNothingFromAnother() {
        var budget = LogBudget()
        while budget.admits(.notice, at: .zero) {}
        let others = [LogRecord.Level.warning, .fault, .info].map { budget.admits($0, at: .zero) }
        #expect(others == [false, true, true])
    }
}

@Suite struct LogBacklogTests {
    private static func line(_ count: Int) -> [UInt8] { Array(repeating: 0x78, count: count) }

    @Test func theLastQuarterIsForFaultsAndErrors() {
        var backlog = LogBacklog()
        let normal = (0..<100).count { _ in backlog.append(Self.line(1024), isUrgent: false) }
        let urgent = (0..<100).count { _ in backlog.append(Self.line(1024), isUrgent: true) }
        #expect(normal == 48)
        #expect(urgent == 16)
        let discarded = backlog.discard()
        #expect(discarded.lines == 64)
        #expect(discarded.urgent == 16)
        #expect(backlog.isEmpty)
    }

    @Test func aLineThatIsPartlyOutGoesOnWhereItStopped() {
        var backlog = LogBacklog()
        _ = backlog.append(Array("abc".utf8), written: 1, isUrgent: false)
        _ = backlog.append(Array("def".utf8), isUrgent: false)
        #expect(backlog.next.map(Array.init) == Array("bc".utf8))
        backlog.advance(by: 1)
        #expect(backlog.next.map(Array.init) == Array("c".utf8))
        backlog.advance(by: 1)
        #expect(backlog.next.map(Array.init) == Array("def".utf8))
        backlog.advance(by: 3)
        #expect(backlog.next == nil)
    }

    @Test func roomThatWasUsedComesBack() {
        var backlog = LogBacklog()
        for _ in 0..<1000 {
            let hasRoom = backlog.append(Self.line(4096), isUrgent: false)
            #expect(hasRoom)
            backlog.advance(by: 4096)
        }
        #expect(backlog.isEmpty)
    }
}
