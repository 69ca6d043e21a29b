import Glibc
import Log
import Primitives
import Testing

private let noon = Timestamp(millisecondsSinceEpoch: 1_795_348_800_123)

@Suite struct LineFormatTests {
    private func journal(_ record: LogRecord) -> String {
        String(decoding: LineFormat.journal.line(record, at: noon), as: UTF8.self)
    }

    @Test func theJournalGetsThePriorityAndNoTime() {
        let record = LogRecord(.notice, "link up", .init("url", "ws://a/b"), .init("attempt", 3))
        #expect(journal(record) == "<5>link up url=ws://a/b attempt=3\n")
    }

    @Test func aTerminalGetsTheTimeAndAWordInAColumn() {
        let text = String(decoding: LineFormat.terminal.line(LogRecord(.error, "no disk"), at: noon), as: UTF8.self)
        #expect(text == "\(noon) error   no disk\n")
    }

    @Test func everyLevelHasItsPriorityAndAWordThatReadsBack() {
        #expect(
            LogRecord.Level.allCases.map { journal(LogRecord($0, "x")).prefix(3) } == [
                "<2>", "<3>", "<4>", "<5>", "<6>", "<7>",
            ]
        )
        #expect(LogRecord.Level.allCases.map { LogRecord.Level(word: $0.word) } == LogRecord.Level.allCases)
        #expect(LogRecord.Level(word: "loud") == nil)
    }

    @Test(arguments: [
        ("plain", "plain"), ("", "\"\""), ("two words", "\"two words\""), ("say \"hi\"", "\"say \\\"hi\\\"\""),
        ("a=b", "\"a=b\""), ("C:\\x", "C:\\x"), ("C:\\x y", "\"C:\\\\x y\""), ("a\nb\r\t", "\"a\\nb\\r\\t\""),
        ("\u{1B}[31m", "\"\\x1b[31m\""), ("größe", "größe"),
    ])
    func aValueIsQuotedOnlyWhenItCouldBeMisread(value: String, written: String) {
        #expect(journal(LogRecord(.info, "m", .init("k", value))) == "<6>m k=\(written)\n")
    }

    @Test func aMessageOfSeveralLinesStaysOneLine() {
        #expect(journal(LogRecord(.info, "a\n<0>forged")) == "<6>a\\n<0>forged\n")
    }

    @Test(arguments: 0..<4)
    func anOverlongLineIsCutBetweenCharacters(padding: Int) {
        let record = LogRecord(.info, String(repeating: "x", count: padding) + String(repeating: "€", count: 3000))
        let line = LineFormat.journal.line(record, at: noon)
        #expect(line.count <= LineFormat.maximumBytes)
        #expect(line.count > LineFormat.maximumBytes - 8)
        #expect(String(validating: line, as: UTF8.self)?.hasSuffix("€…\n") == true)
    }

    @Test func aLineThatJustFitsIsNotCut() {
        let record = LogRecord(.info, String(repeating: "x", count: LineFormat.maximumBytes - 4))
        #expect(LineFormat.journal.line(record, at: noon).count == LineFormat.maximumBytes)
        #expect(!journal(record).contains("…"))
    }
}

@Suite struct RepeatFilterTests {
    private let fault = LogRecord(.error, "no answer")
    private let other = LogRecord(.notice, "answer")

    @Test func repetitionsAreCountedAndToldOnChange() {
        var filter = RepeatFilter()
        let written = [fault, fault, fault, other].map { filter.pass($0, at: .zero) }
        #expect(written == [[fault], [], [], [LogRecord(.error, "no answer", .init("repeated", 2)), other]])
    }

    @Test func recordsWithDifferentFieldsAreNotTheSame() {
        var filter = RepeatFilter()
        let written = [1, 2].map { filter.pass(LogRecord(.error, "no answer", .init("n", $0)), at: .zero) }
        #expect(written.allSatisfy { $0.count == 1 })
    }

    @Test func aLastingFaultIsShownAgainAfterTheWindow() {
        var filter = RepeatFilter()
        let written = [0, 59, 60, 61].map { filter.pass(fault, at: .seconds($0)) }
        #expect(written == [[fault], [], [LogRecord(.error, "no answer", .init("repeated", 1)), fault], []])
    }

    @Test func nothingIsOwedWithoutRepetitions() {
        var filter = RepeatFilter()
        _ = filter.pass(fault, at: .zero)
        let first = filter.flush()
        _ = filter.pass(fault, at: .zero)
        let second = [filter.flush(), filter.flush()]
        #expect(first == nil)
        #expect(second == [LogRecord(.error, "no answer", .init("repeated", 1)), nil])
    }
}

@Suite struct LogTests {
    /// What `body` makes a log write into a pipe.
    private func written(threshold: LogRecord.Level, _ body: (Log) -> Void) -> String {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return "no pipe" }
        do {
            let log = Log(threshold: threshold, descriptor: ends[1])
            body(log)
        }
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(ends[0], &bytes, bytes.count)
        close(ends[0])
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test func writesWhatIsUrgentEnoughInJournalForm() {
        let text = written(threshold: .notice) { log in
            for level in LogRecord.Level.allCases { log.write(LogRecord(level, level.word)) }
        }
        #expect(text == "<2>fault\n<3>error\n<4>warning\n<5>notice\n")
    }

    @Test func owedRepetitionsAreWrittenAtTheEnd() {
        let text = written(threshold: .debug) { log in
            for _ in 0..<3 { log.write(LogRecord(.debug, "tick")) }
        }
        #expect(text == "<7>tick\n<7>tick repeated=2\n")
    }

    @Test func aDescriptorThatRefusesIsIgnored() {
        Log(descriptor: -1).write(LogRecord(.fault, "lost"))
    }
}
