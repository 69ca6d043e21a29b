internal import BusSchema
internal import JSON
internal import Primitives

/// `chargectl tx …`: the transactions that the gateway has on disk.
enum TransactionCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.transactions)
        switch try arguments.next("list, show or resend") {
        case "list": try list(&arguments, session)
        case "show": try show(&arguments, session)
        case "resend": try resend(&arguments, session)
        case let word: throw UsageError("unknown: tx \(word)", usage: Usage.transactions)
        }
        return .done
    }

    private static func list(_ arguments: inout Arguments, _ session: Session) throws {
        let asJSON = arguments.flag("--json")
        try arguments.end()
        var order: [String] = []
        var transactions: [String: TransactionLine] = [:]
        try RecordPages(session).forEach(ReadRecords()) { record in
            if transactions[record.transaction] == nil { order.append(record.transaction) }
            transactions[record.transaction, default: TransactionLine()].add(record)
        }
        var output = ListOutput(asJSON: asJSON, none: "no transactions on disk")
        for transaction in order {
            guard let line = transactions[transaction] else { continue }
            if asJSON { output.add(line.json(transaction)) } else { output.add(line.text(transaction)) }
        }
        output.end()
    }

    private static func show(_ arguments: inout Arguments, _ session: Session) throws {
        let asJSON = arguments.flag("--json")
        let name = try arguments.next("the transaction")
        try arguments.end()
        var output = ListOutput(asJSON: asJSON, none: "nothing")
        if let transaction = try Int(name).map({ try transaction(ofId: $0, session) }) ?? name {
            try RecordPages(session).forEach(ReadRecords(transaction: transaction)) { try output.add($0) }
        }
        guard output.count > 0 else {
            throw Failure(
                status: .refused,
                message: "nothing is known of transaction \(name); `chargectl tx list` lists all"
            )
        }
        output.end()
    }

    /// The newest with that id of the central system, which may have given it twice.
    private static func transaction(ofId id: Int, _ session: Session) throws -> String? {
        var found: String?
        try RecordPages(session).forEach(ReadRecords()) { if $0.transactionId == id { found = $0.transaction } }
        return found
    }

    private static func resend(_ arguments: inout Arguments, _ session: Session) throws {
        let all = arguments.flag("--all")
        let word = arguments.next()
        try arguments.end()
        guard all != (word != nil) else {
            throw UsageError("the number of a dead letter, or --all", usage: Usage.transactions)
        }
        let number = word.flatMap { Int64($0) }
        if let word, number == nil {
            throw UsageError("expected the number of a message, found \"\(word)\"", usage: Usage.transactions)
        }
        let reply = try session.ask(ResendDeadLetters(messageNumber: number))
        if let word, reply.requeued == 0 {
            throw Failure(status: .refused, message: "message \(word) is no dead letter; `chargectl queue` lists them")
        }
        Output.line("\(reply.requeued) in the queue again")
    }
}

/// `chargectl queue`: what waits for the central system, and what it refused for good.
enum QueueCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.queue)
        let asJSON = arguments.flag("--json")
        let onlyDead = arguments.flag("--dead")
        try arguments.end()
        var output = ListOutput(
            asJSON: asJSON,
            none: onlyDead ? "no dead letters" : "nothing waits for the central system, and there are no dead letters"
        )
        let states: [MessageRecord.State] = onlyDead ? [.deadLetter] : [.deadLetter, .waiting]
        for state in states {
            try RecordPages(session).forEach(ReadRecords(state: state)) { try output.add($0) }
        }
        output.end()
        return .done
    }
}

/// What is told of a transaction as a whole.
private struct TransactionLine {
    private var start: MessageRecord?
    private var stop: MessageRecord?
    private var newest: MessageRecord?
    private var counts: [MessageRecord.State: Int] = [:]

    mutating func add(_ record: MessageRecord) {
        if record.action == "StartTransaction" { start = record }
        if record.action == "StopTransaction" { stop = record }
        newest = record
        counts[record.state, default: 0] += 1
    }

    private var transactionId: Int? { stop?.transactionId ?? newest?.transactionId ?? start?.transactionId }
    /// Nil when the begin was delivered so long ago that it is not there any more.
    private var energyWh: Int64? {
        guard let start, let newest else { return nil }
        return newest.energyWh.subtractingClamped(start.energyWh)
    }

    func text(_ transaction: String) -> String {
        let times = [start, stop].map { $0.map { "\(Timestamp(millisecondsSinceEpoch: $0.at))" } ?? "…" }
        var words = [transaction, "connector \(newest?.connectorId ?? 0)", times.joined(separator: " – ")]
        if let idTag = start?.idTag { words.append(idTag) }
        if let energyWh { words.append("\(energyWh) Wh") }
        if let reason = stop?.reason { words.append(reason) }
        words.append(transactionId.map { "id \($0)" } ?? "no id")
        for state in [MessageRecord.State.delivered, .waiting, .deadLetter] {
            if let count = counts[state] { words.append("\(count) \(RecordPages.word(state))") }
        }
        return words.joined(separator: "  ")
    }

    func json(_ transaction: String) -> JSONValue {
        func number(_ value: Int64?) -> JSONValue { value.map { .number(JSONNumber($0)) } ?? .null }
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            "transaction": .string(transaction),
            "transactionId": number(transactionId.map { Int64($0) }),
            "connectorId": number(newest.map { Int64($0.connectorId) }),
            "idTag": text(start?.idTag),
            "startedAt": number(start?.at),
            "endedAt": number(stop?.at),
            "energyWh": number(energyWh),
            "reason": text(stop?.reason),
            "delivered": number(Int64(counts[.delivered] ?? 0)),
            "waiting": number(Int64(counts[.waiting] ?? 0)),
            "deadLetters": number(Int64(counts[.deadLetter] ?? 0)),
        ]
    }
}

/// The records of the gateway, page by page.
struct RecordPages {
    private let session: Session

    init(_ session: Session) { self.session = session }

    func forEach(_ request: ReadRecords, _ body: (MessageRecord) throws -> Void) throws {
        var request = request
        while true {
            let page = try session.ask(request)
            for record in page.records { try body(record) }
            // A page that does not lead on would be asked for again without end.
            guard let next = page.next, next > request.after ?? -1 else { return }
            request.after = next
        }
    }

    static func word(_ state: MessageRecord.State) -> String {
        state == .deadLetter ? "dead letter" : state.rawValue
    }

    /// One line for people.
    static func line(_ record: MessageRecord) -> String {
        var words = [
            padded("\(record.messageNumber)", to: 7), padded(word(record.state), to: 11), padded(record.action, to: 16),
            "\(Timestamp(millisecondsSinceEpoch: record.at))", "connector \(record.connectorId)",
            "\(record.energyWh) Wh",
        ]
        if let idTag = record.idTag { words.append(idTag) }
        if let reason = record.reason { words.append(reason) }
        words.append(record.transactionId.map { "id \($0)" } ?? "no id")
        return (words + [record.transaction]).joined(separator: "  ")
    }
}

/// A list that may be long: a line each as it comes, or one JSON array of them.
private struct ListOutput {
    private let asJSON: Bool
    /// What a person is told when there is none.
    private let none: String
    private(set) var count = 0

    init(asJSON: Bool, none: String) {
        self.asJSON = asJSON
        self.none = none
    }

    mutating func add(_ text: String) {
        count += 1
        // The end of the line before it, in JSON with its comma.
        Output.line(asJSON ? (count == 1 ? "[" : ",") + text : text)
    }

    mutating func add(_ value: JSONValue) { add(value.description) }

    mutating func add(_ record: MessageRecord) throws {
        add(asJSON ? String(decoding: try JSON.encode(record), as: UTF8.self) : RecordPages.line(record))
    }

    func end() {
        switch (asJSON, count) {
        case (true, 0): Output.line("[]")
        case (true, _): Output.line("]")
        case (false, 0): Output.line(none)
        case (false, _): break
        }
    }
}
