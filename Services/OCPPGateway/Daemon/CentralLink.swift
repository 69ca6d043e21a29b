import EventLoop
import GatewayCore
import Glibc
import NameServers
import OCPP
import OCPPCodec
import Primitives
import TLS
import WebSocket

/// The byte pipeline to the central system: TCP, TLS, WebSocket, OCPP-J. It does what the core says and reports what happens; it never
/// decides to connect, to wait or to give up.
final class CentralLink {
    /// What the core is told.
    var deliver: (GatewayEvent) -> Void = { _ in }
    /// The action of our CALL that waits under that id.
    var actionOfPendingCall: (String) -> Action? = { _ in nil }
    /// Asked at each handshake, and told what became of it.
    weak var credentials: Credentials?
    var log: (LogRecord) -> Void = { _ in }
    /// Sees every text in both directions.
    var mirror: MessageMirror?

    /// What came from the socket, in its order.
    private enum Arrival {
        case event(FramedConnection.Event, dial: Int)
        /// All frames of something that was received have been handed on; `hasText` if one of them told the core by itself.
        case endOfChunk(hasText: Bool)
        /// The step that was ordered cannot be begun.
        case failed(LinkProblem, dial: Int)
        case closed(SystemError?, dial: Int)
    }

    private let url: WebSocketURL?
    private let loop: EventLoop
    /// A central system may send thousands of frames at once, and some of them cost a write to the disk each.
    private lazy var arrivals = PacedQueue<Arrival>(
        loop,
        perTurn: Self.framesPerTurn,
        for: "frames of the central system"
    ) { [unowned self] in handle($0) }
    private let codec = MessageCodec(role: .chargePoint)
    /// The dial under way; 0 while nobody wants an answer.
    private var dial = 0
    /// Knows what the name of the central system resolved to.
    let search: AddressSearch
    private let connection: FramedConnection

    /// - Parameters:
    ///   - url: Nil when there is nothing to connect to.
    ///   - trust: Whom an encrypted connection trusts; nil for plain ones.
    ///   - loop: Drives the sockets.
    init(url: WebSocketURL?, trust: TrustFiles?, loop: EventLoop) {
        self.url = url
        connection = FramedConnection(trust: trust)
        self.loop = loop
        search = AddressSearch(loop)
    }

    /// See `FramedConnection.interface`.
    var interface: String? {
        get { connection.interface }
        set { connection.interface = newValue }
    }

    // MARK: - Orders

    func resolve(dial: Int) {
        guard let url else { return }
        self.dial = dial
        search.find(url.host, port: url.port) { [weak self] error in
            guard let self, self.dial == dial else { return }
            guard let error else { return deliver(.link(.resolved(dial: dial, addresses: search.found.count))) }
            deliver(.link(.failed(dial: dial, .nameNotResolved(String(cString: gai_strerror(error.code))))))
        }
    }

    func connect(dial: Int, address: Int) {
        guard search.found.indices.contains(address) else { return }
        do throws(SystemError) {
            try connection.connect(to: search.found[address], loop: loop) { [weak self] source, event in
                self?.handle(event, of: dial, from: source)
            }
        } catch {
            // Afterwards, because the core is in the middle of ordering it.
            let reason = error.words
            loop.enqueue { [weak self] in self?.deliver(.link(.failed(dial: dial, .notConnected(reason)))) }
        }
    }

    func secure(dial: Int, time: KnownTime) {
        guard let url else { return }
        do throws(TLSFailure) {
            try connection.secure(host: url.host, time: time)
        } catch {
            // Afterwards, because the core is in the middle of ordering it.
            add([.failed(LinkProblem(error), dial: dial)])
        }
    }

    func startHandshake(dial: Int) {
        guard let url, let credentials else { return }
        do throws(LinkProblem) {
            connection.startHandshake(url: url, credentials: try credentials.next())
        } catch {
            add([.failed(error, dial: dial)])
        }
    }

    func ping() { connection.ping() }

    /// Sends a text message.
    func send(_ text: [UInt8]) { connection.send(text) }

    /// Begins the closing handshake; the peer or the core ends it.
    func close() {
        if !connection.beginClosing() { abort() }
    }

    func abort() {
        // Late results of a name resolution belong to nobody.
        if !connection.exists { dial = 0 }
        // Nobody wants the frames of a connection that was given up; that it ended is news all the same.
        arrivals.removeAll { arrival in
            if case .closed = arrival { false } else { true }
        }
        connection.drop()
    }

    // MARK: - Events of the socket

    private func handle(_ event: TCPConnection.Event, of dial: Int, from source: TCPConnection) {
        guard connection.consists(of: source) else { return }
        switch event {
        case .connected:
            deliver(.link(.connected(dial: dial)))
        case .received(let bytes):
            receive(bytes, of: dial)
        case .endReached:
            add(connection.receiveEndOfStream().map { .event($0, dial: dial) })
            source.close()
        case .drained:
            break
        case .closed(let error):
            // Behind the frames that came before: an answer among them is one.
            add([.closed(error, dial: dial)])
        }
    }

    private func receive(_ bytes: [UInt8], of dial: Int) {
        guard let events = connection.receive(bytes) else { return }
        // A text tells the core by itself that something came in.
        let hasText = events.contains { event in
            if case .webSocket(.textReceived) = event { true } else { false }
        }
        add(events.map { .event($0, dial: dial) } + [.endOfChunk(hasText: hasText)])
    }

    private func add(_ new: [Arrival]) {
        arrivals.add(new)
        // A central system that sends faster than we work has to wait, and so do its bytes: in the kernel, not here.
        if !arrivals.isEmpty { connection.isReading = false }
    }

    private func handle(_ arrival: Arrival) {
        switch arrival {
        case .event(.secured(let words, let validity), let dial): secured(words, validity, dial)
        case .event(.notSecured(let failure), let dial): notSecured(failure, dial)
        case .event(.webSocket(let event), let dial): handle(event, of: dial)
        case .endOfChunk(let hasText):
            if !hasText { deliver(.link(.received)) }
        case .failed(let problem, let dial): deliver(.link(.failed(dial: dial, problem)))
        case .closed(let error, let dial):
            credentials?.ended()
            deliver(.link(.closed(dial: dial, reason: connection.forget(error))))
        }
        if arrivals.isEmpty { connection.isReading = true }
    }

    private func secured(_ words: String, _ validity: Validity?, _ dial: Int) {
        log(LogRecord(.info, "the connection to the central system is encrypted", .init("with", words)))
        deliver(.link(.secured(dial: dial, certificates: validity)))
    }

    private func notSecured(_ failure: TLSFailure, _ dial: Int) {
        // An alert that says why is written already.
        if connection.isSecuring {
            deliver(.link(.failed(dial: dial, LinkProblem(failure))))
        } else {
            connection.closeAfterWriting(because: failure.description)
        }
    }

    private func handle(_ event: WebSocketEvent, of dial: Int) {
        switch event {
        case .send(let bytes): connection.write(bytes)
        case .opened:
            search.worked()
            deliver(.link(.handshakeFinished(dial: dial)))
        case .textReceived(let text): receive(text: text)
        case .binaryReceived: deliver(.message(.ignored(reason: "a binary message")))
        case .upgradeFailed(let failure):
            if failure.refusesCredentials { credentials?.refused() }
            deliver(.link(.failed(dial: dial, LinkProblem(failure))))
        case .closed(let closure):
            if closure.refusesCredentials { credentials?.refused() }
            connection.closeAfterWriting(because: closure.explanation)
        case .pingReceived, .pongReceived, .upgradeRequested: break
        }
    }

    private func receive(text: [UInt8]) {
        let message = codec.decode(text, actionOfPendingCall: actionOfPendingCall)
        mirror?.received(text, message)
        if message.isOCPP { credentials?.accepted() }
        deliver(.message(message))
    }

    /// Each may lead to an answer and to a write to the disk.
    private static let framesPerTurn = 16
}

extension LinkProblem {
    /// What the core calls it.
    fileprivate init(_ failure: UpgradeFailure) {
        self =
            switch failure.cause {
            case .status(let status): .httpStatus(status)
            case .subprotocolRefused: .protocolRefused
            case .malformed, .wrongField, .refused, .endOfStream: .handshakeInvalid(failure.description)
            }
    }
}

extension UpgradeFailure {
    /// Whether the server says that it does not accept the password (RFC 9110 §15.5.2, §15.5.4).
    fileprivate var refusesCredentials: Bool { cause == .status(401) || cause == .status(403) }
}

extension WebSocketClosure {
    /// Whether the server may have closed because of the password (RFC 6455 §7.4.1, "violates its policy").
    fileprivate var refusesCredentials: Bool { cause == .peer && code == .policyViolation }
}

extension IncomingMessage {
    /// Whether somebody wrote it who talks OCPP, well or not.
    fileprivate var isOCPP: Bool {
        if case .ignored = self { false } else { true }
    }
}

extension LinkProblem {
    /// What the core calls it.
    fileprivate init(_ failure: TLSFailure) {
        switch failure.cause {
        case .certificate: self = .certificateRefused(failure.description)
        case .configuration: self = .trustUnusable(failure.description)
        case .unavailable, .version, .cipherSuite, .protocolError: self = .notSecured(failure.description)
        }
    }
}

extension WebSocketClosure {
    /// For people.
    fileprivate var explanation: String {
        let words: String
        switch cause {
        case .local: words = "closed by us"
        case .peer: words = "closed by the central system with code \(code)"
        case .violation(let violation): words = "the central system broke the protocol: \(violation)"
        case .endOfStream: words = "the connection ended without a closing handshake"
        }
        return reason.isEmpty ? words : "\(words): \(reason.prefix(100))"
    }
}
