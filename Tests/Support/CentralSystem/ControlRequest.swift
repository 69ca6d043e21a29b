import JSON
import OCPP

/// What can be asked of the running program, in words: `remote-start 04A1 1`.
public enum ControlRequest: Equatable, Sendable {
    case command(Command, to: String?)
    /// Sends calls one after the other, `count` in all, going round `calls`, and measures the answers.
    case bench(calls: [Command], count: Int, to: String?)
    case ledger(forPeople: Bool)
    /// When the newest CALL of an action was read: microseconds since 1970.
    case arrival(action: String)
    /// Sends RemoteStartTransaction and measures until its answer and until the StartTransaction that follows from it.
    case timeStart(Command, to: String?)
    /// Who is connected and registered.
    case status
    /// Waits until a charge point is registered.
    case waitRegistered(seconds: Int, chargePoint: String?)
    /// Waits until so many CALLs of an action were received in all.
    case waitReceived(action: String, count: Int, seconds: Int)
    /// Refuses new connections: with an HTTP status, or as if nobody was there.
    case refuseConnections(status: Int?)
    case allowConnections
    /// Reads and says nothing any more, or again.
    case silence(Bool)
    /// Cuts the connection without a word.
    case cut(chargePoint: String?)
    case quit

    /// Reads the words of a request. A first word `@IDENTITY` names the charge point.
    /// - Throws: `ControlError` in words.
    public init(words: [String]) throws(ControlError) {
        var words = WordReader(words)
        let chargePoint = words.takeName()
        guard let verb = words.next() else { throw ControlError("a command is expected; 'help' lists them") }
        switch verb {
        case "ledger": self = .ledger(forPeople: words.takeFlag("--for-people"))
        case "status": self = .status
        case "wait-registered": self = .waitRegistered(seconds: try words.number(or: 30), chargePoint: chargePoint)
        case "wait":
            let action = try words.text("the name of an action")
            self = .waitReceived(action: action, count: try words.number(or: 1), seconds: try words.number(or: 30))
        case "refuse-connections":
            switch try words.text("'on' or 'off'") {
            case "on": self = .refuseConnections(status: words.isEmpty ? nil : try words.number(or: 503, in: 300...599))
            case "off": self = .allowConnections
            default: throw ControlError("refuse-connections: 'on' or 'off' is expected")
            }
        case "silence":
            switch try words.text("'on' or 'off'") {
            case "on": self = .silence(true)
            case "off": self = .silence(false)
            default: throw ControlError("silence: 'on' or 'off' is expected")
            }
        case "cut": self = .cut(chargePoint: chargePoint)
        case "arrival": self = .arrival(action: try words.text("the name of an action"))
        case "time-start": self = .timeStart(try Command(verb: "remote-start", &words), to: chargePoint)
        case "bench":
            if let action = words.takeAction() {
                let count = try words.number(or: 1000, in: 1...1_000_000)
                self = .bench(calls: try Command.usual(action), count: count, to: chargePoint)
            } else {
                let count = try words.number(or: 1000, in: 1...1_000_000)
                self = .bench(calls: try Command.alternatives(&words), count: count, to: chargePoint)
            }
        case "quit": self = .quit
        default: self = .command(try Command(verb: verb, &words), to: chargePoint)
        }
        guard words.isEmpty else { throw ControlError("\(verb): too many words") }
    }

    /// One line of standard input or of the control socket: a JSON list of words, or words and spaces. In the latter, what begins with
    /// `{` or `[` reaches to the end of the line.
    /// - Throws: `ControlError` in words.
    public init(line: String) throws(ControlError) {
        if line.first == "[" {
            guard let list = (try? JSON.parse(Array(line.utf8)))?.asArray else {
                throw ControlError("no JSON list of words")
            }
            let words = list.compactMap(\.asString)
            guard words.count == list.count else { throw ControlError("the list may hold texts only") }
            try self.init(words: words)
            return
        }
        var words: [String] = []
        var rest = line[...]
        while let start = rest.firstIndex(where: { $0 != " " }) {
            rest = rest[start...]
            let isJSON = rest.first == "{" || rest.first == "["
            let end = isJSON ? rest.endIndex : rest.firstIndex(of: " ") ?? rest.endIndex
            words.append(String(rest[..<end]))
            rest = rest[end...]
        }
        try self.init(words: words)
    }

    /// What can be asked, one line each.
    public static let help = """
        remote-start IDTAG [CONNECTOR]             RemoteStartTransaction
        remote-stop [TRANSACTION]                  RemoteStopTransaction, of the newest open transaction if none is named
        get-configuration [KEY...]                 GetConfiguration
        change-configuration KEY VALUE             ChangeConfiguration
        call ACTION [JSON]                         any CALL
        send TEXT                                  any text, as it is
        drop ACTION [N]                            the answers to the next N CALLs of ACTION ('any' for all) are lost
        delay ACTION MILLISECONDS [N]              ... come late
        error ACTION [N] [CODE]                    ... are CALLERRORs, and the CALLs not processed
        close-instead ACTION [N]                   ... the connection is closed instead of them
        close-after ACTION [N]                     ... the connection is closed after them
        no-faults                                  forgets all of these
        tag IDTAG STATUS [PARENT]                  what is known about an idTag
        registration accepted|pending:N|rejected:N from the next BootNotification on
        disconnect                                 closes the WebSocket
        cut                                        drops the connection without a word
        silence on|off                             reads nothing and says nothing
        refuse-connections on [STATUS]|off         nobody listens, or an HTTP status is answered
        bench N CALL...                            latencies of N calls: bench 1000 get-configuration HeartbeatInterval
                                                   several values or payloads take turns: bench 100 change-configuration KEY 1 2
        bench ACTION [N]                           the same with a usual payload: GetConfiguration, ChangeConfiguration,
                                                   ChangeAvailability
        time-start IDTAG [CONNECTOR]               latencies from RemoteStartTransaction to its answer and to StartTransaction
        arrival ACTION                             when the newest CALL of ACTION came, microseconds since 1970
        wait-registered [SECONDS]                  until a charge point is registered
        wait ACTION [N] [SECONDS]                  until N CALLs of ACTION were received in all
        status                                     who is connected
        ledger [--for-people]                      transactions, counts, violations
        quit
        A first word @IDENTITY names the charge point; otherwise it is the one that connected last.
        """
}

/// A request that cannot be understood, in words.
public struct ControlError: Error, Equatable, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}

/// The words of a request that are still to be read.
struct WordReader {
    private var rest: ArraySlice<String>

    init(_ words: [String]) { rest = words[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func next() -> String? { rest.popFirst() }

    mutating func takeFlag(_ flag: String) -> Bool {
        guard rest.first == flag else { return false }
        rest.removeFirst()
        return true
    }

    mutating func takeName() -> String? {
        guard let first = rest.first, first.hasPrefix("@"), first.count > 1 else { return nil }
        rest.removeFirst()
        return String(first.dropFirst())
    }

    mutating func takeAction() -> Action? {
        guard let action = rest.first.flatMap({ Action(rawValue: $0) }) else { return nil }
        rest.removeFirst()
        return action
    }

    mutating func text(_ what: String) throws(ControlError) -> String {
        guard let word = rest.popFirst() else { throw ControlError("\(what) is missing") }
        return word
    }

    mutating func number(or fallback: Int? = nil, in range: ClosedRange<Int> = 1...1_000_000_000) throws(ControlError)
        -> Int
    {
        if rest.isEmpty, let fallback { return fallback }
        let word = try text("a number")
        guard let number = Int(word), range.contains(number) else {
            throw ControlError("'\(word)' is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
