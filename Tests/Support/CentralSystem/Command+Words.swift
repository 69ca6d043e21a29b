import JSON
public import OCPP

extension Command {
    /// Reads a command whose first word was `verb`.
    init(verb: String, _ words: inout WordReader) throws(ControlError) {
        switch verb {
        case "remote-start", "remote-stop", "get-configuration", "change-configuration", "call":
            self = try Self.call(verb, &words)
        case "send": self = .sendText(Array(try words.text("a text").utf8))
        case "disconnect": self = .disconnect
        case "drop": self = try Self.fault(.drop, &words)
        case "close-instead": self = try Self.fault(.closeInstead, &words)
        case "close-after": self = try Self.fault(.closeAfter, &words)
        case "delay":
            let action = try Self.faultAction(&words)
            let milliseconds = try words.number()
            let count = try words.number(or: 1)
            self = .inject(Fault(.delay(.milliseconds(milliseconds)), action: action, count: count))
        case "error":
            let action = try Self.faultAction(&words)
            let count = try words.number(or: 1)
            let code = words.next() ?? CallErrorCode.internalError.rawValue
            guard let code = CallErrorCode(received: code) else { throw ControlError("'\(code)' is no CALLERROR code") }
            self = .inject(Fault(.error(code), action: action, count: count))
        case "no-faults": self = .clearFaults
        case "tag":
            let idTag = try Self.idTag(try words.text("an idTag"))
            let status = try words.text("a status")
            self = .setTag(idTag, try Self.info(status: status, parent: words.next()))
        case "registration":
            self = .setRegistration(try .init(words: try words.text("accepted, pending:N or rejected:N")))
        default: throw ControlError("'\(verb)' is no command; 'help' lists them")
        }
    }

    /// Several calls of one kind that differ in their last word.
    static func alternatives(_ words: inout WordReader) throws(ControlError) -> [Command] {
        let verb = try words.text("the call to measure")
        switch verb {
        case "change-configuration":
            let key = try words.text("a key")
            var calls: [Command] = []
            repeat {
                var next = WordReader([key, try words.text("a value")])
                calls.append(try call(verb, &next))
            } while !words.isEmpty
            return calls
        case "call":
            let action = try words.text("an action")
            var calls: [Command] = []
            repeat {
                var next = WordReader([action] + (words.next().map { [$0] } ?? []))
                calls.append(try call(verb, &next))
            } while !words.isEmpty
            return calls
        default:
            return [try call(verb, &words)]
        }
    }

    /// Calls that are harmless to repeat and change something each time where they change anything.
    static func usual(_ action: Action) throws(ControlError) -> [Command] {
        switch action {
        case .getConfiguration: [.call(.getConfiguration(.init(key: ["HeartbeatInterval"])))]
        case .changeConfiguration:
            ["61", "60"].map { .call(.changeConfiguration(.init(key: "ConnectionTimeOut", value: $0))) }
        case .changeAvailability:
            [.inoperative, .operative].map { .call(.changeAvailability(.init(connectorId: 1, type: $0))) }
        default:
            throw ControlError(
                "'\(action.rawValue)' has no usual payload; name one: bench N call \(action.rawValue) JSON"
            )
        }
    }

    private static func call(_ verb: String, _ words: inout WordReader) throws(ControlError) -> Command {
        switch verb {
        case "remote-start":
            let idTag = try idTag(try words.text("an idTag"))
            let connectorId = words.isEmpty ? nil : try words.number()
            return .call(.remoteStartTransaction(.init(connectorId: connectorId, idTag: idTag)))
        case "remote-stop":
            guard !words.isEmpty else { return .stopNewestTransaction }
            return .call(.remoteStopTransaction(.init(transactionId: try words.number())))
        case "get-configuration":
            var keys: [CiString50] = []
            while let word = words.next() { keys.append(try key(word)) }
            return .call(.getConfiguration(.init(key: keys.isEmpty ? nil : keys)))
        case "change-configuration":
            let key = try key(try words.text("a key"))
            guard let value = CiString500(try words.text("a value")) else {
                throw ControlError("the value is too long")
            }
            return .call(.changeConfiguration(.init(key: key, value: value)))
        case "call":
            let action = try words.text("an action")
            guard let text = words.next() else { return .callText(action: action, payload: .object(JSONObject())) }
            do {
                return .callText(action: action, payload: try JSON.parse(Array(text.utf8)))
            } catch {
                throw ControlError("the payload is no JSON: \(error)")
            }
        default:
            throw ControlError("'\(verb)' is no call")
        }
    }

    private static func fault(_ kind: Fault.Kind, _ words: inout WordReader) throws(ControlError) -> Command {
        let action = try faultAction(&words)
        return .inject(Fault(kind, action: action, count: try words.number(or: 1)))
    }

    private static func faultAction(_ words: inout WordReader) throws(ControlError) -> Action? {
        let word = try words.text("an action")
        if word == "any" { return nil }
        guard let action = Action(rawValue: word), action.mayBeSent(by: .chargePoint) else {
            throw ControlError("'\(word)' is no action of a charge point; 'any' stands for all")
        }
        return action
    }

    private static func key(_ word: String) throws(ControlError) -> CiString50 {
        guard let key = CiString50(word) else { throw ControlError("'\(word)' is no configuration key") }
        return key
    }

    private static func idTag(_ word: String) throws(ControlError) -> IdToken {
        guard let idTag = IdToken(word), !word.isEmpty else {
            throw ControlError("'\(word)' is no idTag: at most 20 printable ASCII characters")
        }
        return idTag
    }

    private static func info(status: String, parent: String?) throws(ControlError) -> IdTagInfo {
        guard let status = AuthorizationStatus(rawValue: status) else {
            let known = AuthorizationStatus.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError("'\(status)' is no status of an idTag: \(known)")
        }
        return IdTagInfo(
            parentIdTag: try parent.map { parent throws(ControlError) in try idTag(parent) },
            status: status
        )
    }

    /// Reads `ID=Status[,parent]`.
    /// - Throws: `ControlError` in words.
    public static func tag(option: String) throws(ControlError) -> (idTag: IdToken, info: IdTagInfo) {
        let halves = option.split(separator: "=", maxSplits: 1).map(String.init)
        guard halves.count == 2 else { throw ControlError("'\(option)': ID=Status or ID=Status,parent is expected") }
        let parts = halves[1].split(separator: ",", maxSplits: 1).map(String.init)
        guard let status = parts.first else { throw ControlError("'\(option)': a status is expected after =") }
        return (try idTag(halves[0]), try info(status: status, parent: parts.count > 1 ? parts[1] : nil))
    }
}

extension CentralSystemSettings.RegistrationPlan {
    /// Reads `accepted`, `pending:N` or `rejected:N`.
    /// - Throws: `ControlError` in words.
    public init(words: String) throws(ControlError) {
        let parts = words.split(separator: ":", maxSplits: 1)
        let times = parts.count > 1 ? Int(parts[1]) ?? 0 : 1
        switch parts.first {
        case "accepted" where parts.count == 1: self = .accepted
        case "pending" where times > 0: self = .pending(times: times)
        case "rejected" where times > 0: self = .rejected(times: times)
        default: throw ControlError("'\(words)': accepted, pending:N or rejected:N is expected")
        }
    }
}
