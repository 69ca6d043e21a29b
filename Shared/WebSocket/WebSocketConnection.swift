/// One WebSocket connection without its stream: feed it what the peer sent, write what it says.
///
/// Clients draw mask keys from the generator given to each call: use the system's own on real connections (RFC 6455 §10.3).
/// Servers draw nothing from it.
public struct WebSocketConnection: Equatable, Sendable {
    public enum Role: Sendable { case client, server }

    private enum State: Equatable {
        /// Client, request written: to `open` or `closed`.
        case awaitingAnswer(ClientHandshake)
        /// Server: to `deciding` or `closed`.
        case awaitingRequest(ServerHandshake)
        /// Server, the owner decides: to `open` by `accept`, to `closed` by `refuse`. Early frames wait here.
        case deciding(ServerHandshake, early: [UInt8])
        /// Messages go both ways: to `closing` by us, to `closed` by the peer.
        case open
        /// Our Close frame is written; the peer may still send until its own: to `closed`.
        case closing
        case closed
    }

    public let role: Role
    private var state: State
    private var reader: MessageReader

    /// The client's side. Write the returned request to the stream first.
    ///
    /// `subprotocols` are in order of preference, such as `ocpp1.6`. The server must choose one of them, or the upgrade fails
    /// (OCPP-J 1.6 §3.2).
    public static func client(
        url: WebSocketURL,
        subprotocols: [String],
        credentials: BasicCredentials? = nil,
        limits: WebSocketLimits = WebSocketLimits(),
        using random: inout some RandomNumberGenerator
    ) -> (connection: WebSocketConnection, request: [UInt8]) {
        let handshake = ClientHandshake(subprotocols: subprotocols, using: &random)
        let request = handshake.request(for: url, credentials: credentials)
        return (WebSocketConnection(role: .client, state: .awaitingAnswer(handshake), limits: limits), request)
    }

    /// The server's side, waiting for a request.
    public static func server(limits: WebSocketLimits = WebSocketLimits()) -> WebSocketConnection {
        WebSocketConnection(role: .server, state: .awaitingRequest(ServerHandshake()), limits: limits)
    }

    private init(role: Role, state: State, limits: WebSocketLimits) {
        self.role = role
        self.state = state
        reader = MessageReader(expectsMask: role == .server, limits: limits)
    }

    /// Whether messages, pings and a Close may be sent now.
    public var isOpen: Bool { state == .open }

    /// Whether the opening handshake is under way.
    public var isOpening: Bool {
        switch state {
        case .awaitingAnswer, .awaitingRequest, .deciding: true
        default: false
        }
    }

    /// Whether the last event has been given out.
    public var isClosed: Bool { state == .closed }

    // MARK: - What the stream brings

    /// Bytes from the peer, in any chunking.
    public mutating func receive(
        _ bytes: [UInt8],
        using random: inout some RandomNumberGenerator
    ) -> [WebSocketEvent] {
        var events: [WebSocketEvent] = []
        var chunk = bytes[...]
        switch state {
        case .awaitingAnswer(let handshake): receiveAnswer(&chunk, handshake, &events)
        case .awaitingRequest(let handshake): receiveRequest(&chunk, handshake, &events)
        case .deciding(let handshake, let early): wait(&chunk, handshake, early, &events)
        case .open, .closing, .closed: break
        }
        receiveFrames(&chunk, &events, using: &random)
        return events
    }

    /// The stream ended or broke.
    public mutating func receiveEndOfStream() -> [WebSocketEvent] {
        defer { state = .closed }
        switch state {
        case .awaitingAnswer(let handshake): return [.upgradeFailed(handshake.endOfStream())]
        case .awaitingRequest(let handshake): return [.upgradeFailed(handshake.endOfStream())]
        case .deciding(let handshake, _): return [.upgradeFailed(handshake.endOfStream())]
        case .open, .closing: return [.closed(WebSocketClosure(.endOfStream, code: .abnormal))]
        case .closed: return []
        }
    }

    // MARK: - What the owner wants

    /// Server: opens the WebSocket after `.upgradeRequested`. Gives the answer as `.send`, then whatever came of frames that the
    /// client sent early.
    ///
    /// `subprotocol` is one of those offered, or nil, which refuses them all: then close at once (OCPP-J 1.6 §3.2).
    public mutating func accept(
        subprotocol: String?,
        using random: inout some RandomNumberGenerator
    ) -> [WebSocketEvent] {
        guard case .deciding(let handshake, let early) = state else {
            preconditionFailure("Only a requested upgrade can be accepted.")
        }
        state = .open
        var events: [WebSocketEvent] = [.send(handshake.acceptance(subprotocol: subprotocol))]
        var chunk = early[...]
        receiveFrames(&chunk, &events, using: &random)
        return events
    }

    /// Server: refuses the request with an HTTP status from 300 to 599, such as 404 for an unknown identity.
    /// - Returns: The answer to write; close the stream after it.
    public mutating func refuse(status: Int) -> [UInt8] {
        guard case .deciding = state else { preconditionFailure("Only a requested upgrade can be refused.") }
        state = .closed
        return ServerHandshake.refusal(status: status)
    }

    /// The frame of a text message. Only while `isOpen`.
    public func send(text: String, using random: inout some RandomNumberGenerator) -> [UInt8] {
        frame(.text, text.utf8, using: &random)
    }

    /// The frame of a text message, which must be UTF-8. Only while `isOpen`.
    public func send(text: [UInt8], using random: inout some RandomNumberGenerator) -> [UInt8] {
        frame(.text, text, using: &random)
    }

    /// The frame of a binary message. Only while `isOpen`.
    public func send(binary: [UInt8], using random: inout some RandomNumberGenerator) -> [UInt8] {
        frame(.binary, binary, using: &random)
    }

    /// A Ping frame with at most 125 bytes. Only while `isOpen`.
    public func ping(_ payload: [UInt8] = [], using random: inout some RandomNumberGenerator) -> [UInt8] {
        precondition(payload.count <= 125, "A control frame holds at most 125 bytes (RFC 6455 §5.5).")
        return frame(.ping, payload, using: &random)
    }

    /// The Close frame, which begins the closing handshake. Only while `isOpen`; nothing can be sent afterwards, messages may
    /// still come.
    ///
    /// `.closed` follows when the peer has answered or the stream has ended; how long to wait for it is the owner's decision.
    /// `code` must be legal on the wire; `reason` is cut at 123 bytes.
    public mutating func close(
        _ code: CloseCode = .normal,
        reason: String = "",
        using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        precondition(code.isLegalOnTheWire, "Close code \(code) must not be sent (RFC 6455 §7.4.1).")
        let bytes = frame(.close, Self.closePayload(code, reason: reason), using: &random)
        state = .closing
        return bytes
    }
}

// MARK: - Handshake

extension WebSocketConnection {
    private mutating func receiveAnswer(
        _ chunk: inout ArraySlice<UInt8>,
        _ handshake: ClientHandshake,
        _ events: inout [WebSocketEvent]
    ) {
        var handshake = handshake
        do throws(UpgradeFailure) {
            guard let answer = try handshake.receive(chunk) else {
                state = .awaitingAnswer(handshake)
                chunk = []
                return
            }
            state = .open
            chunk = answer.rest
            events.append(.opened(subprotocol: answer.subprotocol))
        } catch {
            state = .closed
            events.append(.upgradeFailed(error))
        }
    }

    private mutating func receiveRequest(
        _ chunk: inout ArraySlice<UInt8>,
        _ handshake: ServerHandshake,
        _ events: inout [WebSocketEvent]
    ) {
        var handshake = handshake
        do throws(ServerHandshake.Refusal) {
            guard let received = try handshake.receive(chunk) else {
                state = .awaitingRequest(handshake)
                chunk = []
                return
            }
            events.append(.upgradeRequested(received.request))
            chunk = received.rest
            wait(&chunk, handshake, [], &events)
        } catch {
            state = .closed
            let cause = error.malformed.map(UpgradeFailure.Cause.malformed) ?? .refused(status: error.status)
            events.append(.send(ServerHandshake.refusal(status: error.status)))
            events.append(.upgradeFailed(UpgradeFailure(cause, startLine: error.startLine, firstBytes: chunk)))
        }
    }

    /// Keeps bytes for after the owner's decision. A client has to wait for it, so there are few if any.
    private mutating func wait(
        _ chunk: inout ArraySlice<UInt8>,
        _ handshake: ServerHandshake,
        _ early: [UInt8],
        _ events: inout [WebSocketEvent]
    ) {
        if early.count + chunk.count > Self.maximumEarlyBytes {
            state = .closed
            let violation = WebSocketViolation.dataBeforeUpgrade
            events.append(.closed(WebSocketClosure(.violation(violation), code: violation.closeCode)))
        } else {
            state = .deciding(handshake, early: early + chunk)
        }
        chunk = []
    }

    private static let maximumEarlyBytes = 64 * 1024
}

// MARK: - Frames

extension WebSocketConnection {
    private mutating func receiveFrames(
        _ chunk: inout ArraySlice<UInt8>,
        _ events: inout [WebSocketEvent],
        using random: inout some RandomNumberGenerator
    ) {
        do throws(WebSocketViolation) {
            while state == .open || state == .closing, let item = try reader.next(&chunk) {
                switch item {
                case .text(let bytes): events.append(.textReceived(bytes))
                case .binary(let bytes): events.append(.binaryReceived(bytes))
                case .ping(let payload):
                    if isOpen { events.append(.send(frame(.pong, payload, using: &random))) }
                    events.append(.pingReceived(payload))
                case .pong(let payload): events.append(.pongReceived(payload))
                case .close(let code, let reason): receiveClose(code, reason, &events, using: &random)
                }
            }
        } catch {
            let reason = error.description
            if isOpen {
                events.append(.send(frame(.close, Self.closePayload(error.closeCode, reason: reason), using: &random)))
            }
            state = .closed
            events.append(.closed(WebSocketClosure(.violation(error), code: error.closeCode, reason: reason)))
        }
    }

    private mutating func receiveClose(
        _ code: CloseCode,
        _ reason: String,
        _ events: inout [WebSocketEvent],
        using random: inout some RandomNumberGenerator
    ) {
        let wasOpen = isOpen
        if wasOpen {
            // The same code goes back (RFC 6455 §5.5.1).
            let payload = code == .noStatus ? [] : Self.closePayload(code, reason: "")
            events.append(.send(frame(.close, payload, using: &random)))
        }
        state = .closed
        events.append(.closed(WebSocketClosure(wasOpen ? .peer : .local, code: code, reason: reason)))
    }

    private func frame(
        _ opcode: Opcode,
        _ payload: some Collection<UInt8>,
        using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        precondition(isOpen, "Frames can be sent only on an open connection.")
        let maskKey = role == .client ? UInt32(truncatingIfNeeded: random.next()) : nil
        return FrameWriter.frame(opcode, payload: payload, maskKey: maskKey)
    }

    private static func closePayload(_ code: CloseCode, reason: String) -> [UInt8] {
        var text = reason[...]
        while text.utf8.count > 123 { text.removeLast() }
        return [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + text.utf8
    }
}
