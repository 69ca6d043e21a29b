import Bus
import BusSchema
import EventLoop
import GatewayCore
import OCPP
import OCPPCodec
import Primitives

/// Publishes each OCPP frame on the bus for whoever listens, without secrets. While nobody does it only notes that there was one.
final class MessageMirror {
    private let bus: BusEndpoint
    private let table: OCPPKeyTable
    /// Our newest CALL.
    private var ours: (id: String, action: Action, at: Duration)?
    /// CALLs of the central system that are not answered yet.
    private var theirs: [String: (action: String, at: Duration)] = [:]

    /// `table` has the keys of this charger, which say what is a secret.
    init(bus: BusEndpoint, table: OCPPKeyTable) {
        self.bus = bus
        self.table = table
    }

    private var isWanted: Bool { bus.isWanted(OCPPMessage.type) }

    // MARK: - Sent

    func sentCall(id: String, _ request: OCPPRequest, _ frame: [UInt8]) {
        guard isWanted else {
            ours = nil
            return bus.recordUnheard(OCPPMessage.self, "sent CALL", request.action.rawValue)
        }
        ours = (id, request.action, EventLoop.uptime())
        publish(.sent, .call, action: request.action.rawValue, id: id, frame)
    }

    func sentAnswer(id: String, _ kind: OCPPMessage.Kind, _ frame: [UInt8]) {
        let call = theirs.removeValue(forKey: id)
        guard isWanted else { return bus.recordUnheard(OCPPMessage.self, "sent", kind.rawValue) }
        publish(.sent, kind, action: call?.action, id: id, frame, since: call?.at)
    }

    // MARK: - Received

    func received(_ frame: [UInt8], _ message: IncomingMessage) {
        guard isWanted else {
            let (what, name) = Self.note(message)
            return bus.recordUnheard(OCPPMessage.self, what, name)
        }
        switch message {
        case .call(let id, let request):
            remember(id, request.action.rawValue)
            publish(.received, .call, action: request.action.rawValue, id: id, shown(frame, id, message))
        case .rejectedCall(let id, let action, _):
            remember(id, action ?? "")
            publish(.received, .call, action: action, id: id, shown(frame, id, message))
        case .callResult(let id, let confirmation):
            publish(.received, .callResult, action: confirmation.action.rawValue, id: id, frame, since: sent(id))
        case .callError(let id, _):
            publish(.received, .callError, action: ours?.action.rawValue, id: id, frame, since: sent(id))
        case .undecodableResult(let id, _):
            let frame = shown(frame, id, message)
            publish(.received, .callResult, action: ours?.action.rawValue, id: id, frame, since: sent(id))
        case .ignored:
            publish(.received, .unreadable, action: nil, id: nil, shown(frame, "", message))
        }
    }

    private static func note(_ message: IncomingMessage) -> (what: String, name: String) {
        switch message {
        case .call(_, let request): ("received CALL", request.action.rawValue)
        case .rejectedCall: ("received CALL", "that was rejected")
        case .callResult(_, let confirmation): ("received CALLRESULT", confirmation.action.rawValue)
        case .callError: ("received", OCPPMessage.Kind.callError.rawValue)
        case .undecodableResult: ("received CALLRESULT", "that was unreadable")
        case .ignored: ("received", "what was ignored")
        }
    }

    private func remember(_ id: String, _ action: String) {
        // Unanswered ones may stay behind when a connection ends.
        if theirs.count >= 16 { theirs.removeAll() }
        theirs[id] = (action, EventLoop.uptime())
    }

    private func sent(_ id: String) -> Duration? { ours?.id == id ? ours?.at : nil }

    private func publish(
        _ direction: OCPPMessage.Direction,
        _ kind: OCPPMessage.Kind,
        action: String?,
        id: String?,
        _ frame: [UInt8],
        since start: Duration? = nil
    ) {
        let latency = start.map { (EventLoop.uptime() - $0).wholeMicroseconds }
        bus.publish(
            OCPPMessage(
                direction: direction,
                kind: kind,
                action: action,
                messageId: id,
                frame: String(decoding: frame.prefix(Self.mostBytes), as: UTF8.self),
                latencyMicroseconds: latency
            )
        )
    }

    /// The password for the central system never appears on the bus.
    private func shown(_ frame: [UInt8], _ id: String, _ message: IncomingMessage) -> [UInt8] {
        switch Disclosure(of: message, table, mentions: { FrameText.mentions($0, in: frame) }) {
        case .whole: frame
        case .instead(let change): MessageCodec.encodeCall(id: id, .changeConfiguration(change))
        case .nothing: Array("(withheld: it may hold the AuthorizationKey)".utf8)
        }
    }

    private static let mostBytes = 64 * 1024
}

extension Duration {
    /// Rounded towards zero.
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
