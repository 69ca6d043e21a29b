internal import Bus
internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import JSON

/// `chargectl tap`: every message as it passes.
enum TapCommand {
    /// So that a publisher does not take it for a flood; see `BusLimits.subscriptionsPerPeer`.
    private static let mostPatterns = 16

    /// Characters of a line: enough for all of most messages, and two rows of a terminal.
    private static let usualWidth = 240

    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.tap)
        let patterns = try arguments.options("--filter")
        let asJSON = arguments.flag("--json")
        let isWide = arguments.flag("--wide")
        let withRepeats = arguments.flag("--repeats")
        let limit = try arguments.integer("--count", in: 1...1_000_000_000)
        try arguments.end()
        guard patterns.count <= mostPatterns else {
            throw UsageError("at most \(mostPatterns) filters, found \(patterns.count)", usage: Usage.tap)
        }

        try session.requireHearing()
        var shown: Int64 = 0
        var newest: [String: String] = [:]
        let loop = session.loop
        let topics = patterns.isEmpty ? [""] : Set(patterns.map(beginning(of:))).sorted()
        let tap = try BusTap(directory: session.directory, loop: loop, topics: topics) { message in
            guard limit.map({ shown < $0 }) ?? true,
                patterns.isEmpty || patterns.contains(where: { fits(message.topic, pattern: $0) })
            else { return }
            guard let header = message.header else {
                let problem = message.problem.map { "\($0)" } ?? ""
                return Output.complaint(singleLine("not understood: \(message.topic): \(problem)"))
            }
            if header.kind == .state, newest.updateValue(header.id, forKey: message.topic) == header.id, !withRepeats {
                return
            }
            // A payload of a later version may be anything; it is shown as the text that it is.
            let payload =
                (try? JSON.parse(message.frames.payload))
                ?? .string(String(decoding: message.frames.payload, as: UTF8.self))
            let line = TapLine(header: header, topic: message.topic, payload: payload)
            if asJSON {
                Output.json(line.json)
            } else {
                Output.line(isWide ? line.text : line.text(width: usualWidth))
            }
            shown += 1
            if shown == limit { loop.stop() }
        }
        defer { tap.close() }
        // Not refused: to see a start from its first message, one taps before.
        if let desertion = session.desertion { Output.complaint("\(desertion); waits for one") }
        try loop.run()
        return .done
    }
}
