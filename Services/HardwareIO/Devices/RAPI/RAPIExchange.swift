/// Questions to a controller, one at a time, each with an id of its own, so that a late answer is not taken for that to the next.
struct RAPIExchange {
    /// A question on the line.
    private struct Pending {
        let command: RAPICommand
        var sequence: UInt8
        var tries = 1
    }

    /// The answer to a question.
    struct Answer: Equatable {
        let command: RAPICommand
        /// `OK`; else `NK`.
        let isAccepted: Bool
        /// Behind it.
        let words: [String]
    }

    static let mostTries = 3
    /// More is never wanted at once.
    private static let mostWaiting = 16

    private var pending: Pending?
    private var waiting: [RAPICommand] = []
    private var sequence: UInt8 = 0

    var asked: RAPICommand? { pending?.command }

    mutating func reset() {
        pending = nil
        waiting.removeAll()
    }

    /// Asks for `command` after what waits already; what waits twice is asked once.
    mutating func add(_ command: RAPICommand) {
        guard !waiting.contains(command), waiting.count < Self.mostWaiting else { return }
        waiting.append(command)
    }

    /// Asks for `command` at once and drops what is not to be any more. An open question that stays is asked again after it.
    mutating func addFirst(_ command: RAPICommand, dropping isDropped: (RAPICommand) -> Bool) {
        waiting.removeAll { $0 == command || isDropped($0) }
        if let asked, asked != command, !isDropped(asked), !waiting.contains(asked) { waiting.insert(asked, at: 0) }
        pending = nil
        waiting.insert(command, at: 0)
    }

    func waits(for isMeant: (RAPICommand) -> Bool) -> Bool {
        waiting.contains(where: isMeant) || (asked.map(isMeant) ?? false)
    }

    /// What is to be sent next, nil while a question is open or none waits.
    mutating func next() -> [UInt8]? {
        guard pending == nil, !waiting.isEmpty else { return nil }
        let id = nextSequence()
        pending = Pending(command: waiting.removeFirst(), sequence: id)
        return bytes
    }

    /// The open question again; nil when it was asked often enough.
    mutating func again() -> [UInt8]? {
        guard let tries = pending?.tries, tries < Self.mostTries else { return nil }
        let id = nextSequence()
        pending?.tries = tries + 1
        pending?.sequence = id
        return bytes
    }

    /// The answer in a line, if it is that to the open question.
    mutating func answer(in frame: RAPIFrame) -> Answer? {
        guard let asked = pending, frame.sequence == asked.sequence, let kind = frame.words.first,
            kind == "OK" || kind == "NK"
        else { return nil }
        pending = nil
        return Answer(command: asked.command, isAccepted: kind == "OK", words: Array(frame.words.dropFirst()))
    }

    private var bytes: [UInt8]? {
        pending.map { RAPIFrame(words: $0.command.words, sequence: $0.sequence).bytes }
    }

    /// 01…FF.
    private mutating func nextSequence() -> UInt8 {
        sequence = sequence == 0xFF ? 1 : sequence + 1
        return sequence
    }
}
