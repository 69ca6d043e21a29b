public import JSON
public import OCPP

/// Turns received texts into messages and messages into texts (OCPP-J 1.6 chapter 4), for either end of the connection.
///
/// It keeps no state: which CALL an answer belongs to is asked of the caller. No input makes it fail; see `IncomingMessage`.
public struct MessageCodec: Sendable {
    /// The longest message id that a CALL may carry (J §4.1.4).
    public static let maximumIdLength = 36

    /// The longest description that is kept of a CALLERROR, characters (J §4.2.3); the rest of a longer one is left out.
    static let maximumDescriptionLength = 255
    /// The largest details that are kept of a CALLERROR; larger ones are left out.
    static let maximumDetailsBytes = 4096

    /// Which end we are. It decides which actions we serve.
    public let role: Role
    /// What a received text may be at most. Nothing in OCPP 1.6 nests deeper than 7; large are only local lists and signed readings.
    public let limits: JSONLimits

    /// A codec for our end of the connection.
    public init(role: Role, limits: JSONLimits = JSONLimits(bytes: 512 * 1024, depth: 16)) {
        self.role = role
        self.limits = limits
    }

    /// Reads one text frame.
    ///
    /// `actionOfPendingCall` names the action of our CALL with that id while it waits for its answer, nil otherwise: a CALLRESULT
    /// carries no action (J §4.2.2).
    public func decode(_ bytes: [UInt8], actionOfPendingCall: (String) -> Action?) -> IncomingMessage {
        let frame: JSONValue
        do {
            frame = try JSON.parse(bytes, limits: limits)
        } catch {
            return broken(bytes, "not JSON: \(error.description)", actionOfPendingCall)
        }
        guard case .array(let elements) = frame, let type = elements.first else {
            return .ignored(reason: "not a message: a list with a message type number is expected")
        }
        switch type.asInt {
        case 2: return call(elements)
        case 3: return callResult(elements, actionOfPendingCall)
        case 4: return callError(elements, actionOfPendingCall)
        default: return .ignored(reason: "unknown message type number")  // J §4.1.3
        }
    }
}

// MARK: - Reading

extension MessageCodec {
    /// A text that is no JSON document, but may begin as a message: when type, id and (of a CALL) action can be read, it is answered
    /// or matched (J §4.2.3), so that no side waits for its time-out.
    private func broken(
        _ bytes: [UInt8],
        _ problem: String,
        _ actionOfPendingCall: (String) -> Action?
    ) -> IncomingMessage {
        let elements = JSON.leadingScalars(bytes, count: 3)
        guard let id = usableId(elements) else { return .ignored(reason: problem) }
        switch elements[0].asInt {
        case 2:
            guard elements.count == 3, elements[2].asString != nil else { return .ignored(reason: problem) }
            // Judged as if the payload were no object: what is wrong with id or action weighs more.
            guard case .rejectedCall(_, let action, var error) = call(elements + [.bool(false)]) else {
                return .ignored(reason: problem)
            }
            if error.code == .formationViolation { error.errorDescription = CiString255(fitting: problem).text }
            return .rejectedCall(id: id, action: action, error)
        case 3 where actionOfPendingCall(id) != nil:
            return .undecodableResult(id: id, UnreadableResult(problem: problem))
        case 4 where actionOfPendingCall(id) != nil:
            return callError(elements, actionOfPendingCall)
        default:
            return .ignored(reason: problem)
        }
    }

    /// `[2, id, action, payload]`, J §4.2.1.
    private func call(_ elements: [JSONValue]) -> IncomingMessage {
        guard let id = usableId(elements) else { return .ignored(reason: "a CALL without a usable message id") }
        let name = elements.count > 2 ? elements[2].asString : nil
        func rejected(_ code: CallErrorCode, _ description: String) -> IncomingMessage {
            .rejectedCall(id: id, action: name, CallError(code: code, errorDescription: description))
        }
        guard id.utf8.count <= Self.maximumIdLength || id.unicodeScalars.count <= Self.maximumIdLength else {
            return rejected(.propertyConstraintViolation, "the message id is longer than 36 characters")
        }
        guard elements.count == 4 else { return rejected(.formationViolation, "a CALL has 4 elements") }
        guard let name else { return rejected(.formationViolation, "the action must be a text") }
        guard let action = Action(rawValue: name) else { return rejected(.notImplemented, "unknown action") }
        // Recognised, but nothing that this end serves: J §4.2.3 table 7 calls that NotSupported.
        guard action.mayBeSent(by: role.peer) else {
            return rejected(.notSupported, "\(name) is not for this side of the connection")
        }
        do {
            return .call(id: id, try Self.request(action, payload: elements[3]))
        } catch {
            return .rejectedCall(id: id, action: name, error)
        }
    }

    /// `[3, id, payload]`, J §4.2.2.
    private func callResult(_ elements: [JSONValue], _ actionOfPendingCall: (String) -> Action?) -> IncomingMessage {
        guard let id = usableId(elements), let action = actionOfPendingCall(id) else {
            return .ignored(reason: "a CALLRESULT for no pending call")
        }
        guard elements.count == 3 else {
            // Of what stands where the payload belongs, as much counts as of one that does not fit: it may be a refusal.
            let salvaged = elements.count > 3 ? SalvagedResult(action, from: elements[2]) : .nothing
            return .undecodableResult(
                id: id,
                UnreadableResult(problem: "a CALLRESULT has 3 elements", salvaged: salvaged)
            )
        }
        // Of an answer with nothing in it, null is as good as an empty object (J §4.2.2): the request was processed either way.
        let payload = elements[2] == .null ? .object(JSONObject()) : elements[2]
        guard payload.asObject != nil else {
            return .undecodableResult(id: id, UnreadableResult(problem: "the payload must be an object"))
        }
        do {
            return .callResult(id: id, try PayloadDecoding.confirmation(action, from: payload))
        } catch {
            let problem = CallError(payload: error).errorDescription
            let salvaged = SalvagedResult(action, from: payload)
            return .undecodableResult(id: id, UnreadableResult(problem: problem, salvaged: salvaged))
        }
    }

    /// `[4, id, code, description, details]`, J §4.2.3. That the call failed is certain as soon as the id fits, so the rest is read
    /// generously.
    private func callError(_ elements: [JSONValue], _ actionOfPendingCall: (String) -> Action?) -> IncomingMessage {
        guard let id = usableId(elements), actionOfPendingCall(id) != nil else {
            return .ignored(reason: "a CALLERROR for no pending call")
        }
        func element(_ index: Int) -> JSONValue { index < elements.count ? elements[index] : .null }
        func words(_ index: Int) -> String {
            String((element(index).asString ?? "").unicodeScalars.prefix(Self.maximumDescriptionLength))
        }
        let code = words(2)
        var error = CallError(code: .genericError, errorDescription: words(3))
        if let known = CallErrorCode(received: code) {
            error.code = known
        } else {
            error.errorDescription = error.errorDescription.isEmpty ? code : "\(code): \(error.errorDescription)"
        }
        if case .object(let details) = element(4), !details.isEmpty {
            let text = element(4).description
            if text.utf8.count <= Self.maximumDetailsBytes { error.details = text }
        }
        return .callError(id: id, error)
    }

    /// The message id, when it is a text that can be sent back. Far beyond the limit it is noise, not an id.
    private func usableId(_ elements: [JSONValue]) -> String? {
        guard elements.count > 1, case .string(let id) = elements[1], id.utf8.count <= 255 else { return nil }
        return id
    }

    /// Reads the payload of a CALL alone, as tools and tests have it.
    ///
    /// `null` is refused: "Null usually represents something undefined, which is not the same as empty" (J §4.2.1). A request whose members
    /// are all optional would otherwise ask for everything, where its sender perhaps lost what it meant to ask.
    /// - Throws: the CALLERROR that answers a wrong one.
    public static func request(_ action: Action, payload: JSONValue) throws(CallError) -> OCPPRequest {
        guard payload.asObject != nil else {
            throw CallError(code: .formationViolation, errorDescription: "the payload must be an object")
        }
        do {
            return try PayloadDecoding.request(action, from: payload)
        } catch {
            // Whoever mistakes a password for the name of a member is not quoted: answers are logged and shown.
            throw CallError(payload: error, namesUnknown: action != .changeConfiguration)
        }
    }
}
