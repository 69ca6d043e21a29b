import Primitives

@testable import ModemProtocol

/// An engine on a line with nobody at the other end but the test, in virtual time.
struct EngineBench {
    var engine = ATEngine()
    private(set) var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    private(set) var effects: [ATEngine.Effect] = []

    /// Opened, called, answered.
    static func attentive() -> EngineBench {
        var bench = EngineBench()
        bench.handle(.line(.opened))
        bench.says("\r\nOK\r\n")
        bench.advance(by: .milliseconds(200))
        bench.effects = []
        return bench
    }

    mutating func handle(_ event: ATEngine.Event) { effects += engine.handle(event, at: now) }

    mutating func ask(_ command: ATCommand) { handle(.ask(command)) }

    mutating func says(_ text: String) { handle(.line(.received(Array(text.utf8)))) }

    /// Deadlines come in their order, each at its time.
    mutating func advance(by duration: Duration) {
        let end = now.uptime + duration
        while let due = engine.nextDeadline?.at, due <= end {
            now = now.advanced(by: max(.zero, due - now.uptime))
            effects += engine.deadlineReached(at: now)
        }
        now = now.advanced(by: end - now.uptime)
    }

    /// What was sent since the last time.
    mutating func sent() -> [String] {
        defer { effects.removeAll { if case .line(.send) = $0 { true } else { false } } }
        return effects.compactMap {
            guard case .line(.send(let bytes)) = $0 else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    var answers: [ATAnswer] {
        effects.compactMap { if case .answered(_, let answer) = $0 { answer } else { nil } }
    }

    var unsolicited: [String] {
        effects.compactMap { if case .unsolicited(let line) = $0 { line } else { nil } }
    }

    var logged: String {
        effects.compactMap { if case .log(let record) = $0 { "\(record)" } else { nil } }.joined(separator: "\n")
    }
}
