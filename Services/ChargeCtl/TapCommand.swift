internal import Bus
internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

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
        try remark(on: patterns, session)
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
        guard let patience = session.timeout else {
            try loop.run()
            return .done
        }
        try session.pause(patience)
        guard let limit, shown < limit else { return .done }
        let words = "\(shown) of \(limit) messages came within \(patience.wholeSeconds) s"
        throw Failure(status: .noAnswer, message: words)
    }

    /// A filter with a typing error shows nothing for ever; who taps before a start waits with the same words.
    private static func remark(on patterns: [String], _ session: Session) throws {
        let running = session.runningServices()
        guard !patterns.isEmpty, !running.isEmpty else { return }
        let states = try session.gatherStates(of: running)
        let announcements = states.values.filter { $0.header.type == Announce.type }.map(\.payload)
        let topics = topics(announcements, retained: Array(states.keys))
        for pattern in patterns where !mayFit(pattern, topics) {
            let nearest = NearestName.of(pattern, in: topics).map { "; did you mean \($0)?" } ?? ""
            Output.complaint("nothing that a running service publishes fits \(pattern)\(nearest)")
        }
    }

    /// What services say: what they publish and have published, and the requests that they serve with their replies.
    static func topics(_ announcements: [JSONValue], retained: [String]) -> [String] {
        func names(_ member: String) -> [String] {
            announcements.flatMap { $0[member]?.asArray?.compactMap(\.asString) ?? [] }
        }
        let asked = names("serves").flatMap { ["request.\($0)", "reply.\($0)"] }
        return Array(Set(names("publishes") + asked + retained + [Announce.type])).sorted()
    }

    /// Whether something may fit: one of the topics, or an instance of one, which need not be there yet.
    static func mayFit(_ pattern: String, _ topics: [String]) -> Bool {
        let fixed = beginning(of: pattern)
        return topics.contains { fits($0, pattern: pattern) || fixed.hasPrefix($0 + ".") }
    }
}
