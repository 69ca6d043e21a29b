import EventLoop
import Glibc
import Primitives
import TLS
import WebSocket

/// One connection to the central system, with TLS where the address asks for it, the WebSocket protocol spoken on it, and the reason why it
/// ends. It begins with `connect` and is forgotten with `forget`; between two connections there is nothing, and what is sent goes nowhere.
final class FramedConnection {
    /// What received bytes mean.
    enum Event {
        /// The central system has proved who it is: how, for people, and when the certificates are valid by which it did.
        case secured(String, Validity?)
        case notSecured(TLSFailure)
        case webSocket(WebSocketEvent)
    }

    /// Whom an encrypted connection trusts; nil for plain ones.
    private let trust: TrustFiles?
    private var connection: TCPConnection?
    /// Through which connections go from now on; nil leaves it to the routes. With several uplinks the routes may prefer one that has an address
    /// and leads nowhere.
    var interface: String?
    /// From `secure` on; nil on a plain connection.
    private var tls: TLSConnection?
    /// What the last encrypted connection left for the next one to resume, and the context that it belongs to.
    private var session: (value: TLSSession, context: TLSContext)?
    /// From the handshake on.
    private var webSocket: WebSocketConnection?
    private var closeReason: String?
    private var random = KernelRandom()

    /// - Parameter trust: Whom an encrypted connection trusts; nil for plain ones.
    init(trust: TrustFiles?) { self.trust = trust }

    /// Whether TLS has begun, and the central system has not yet answered through it: in TLS 1.3 it may refuse our certificate, or that there is
    /// none, after our end of the handshake (RFC 8446 §4.4.2.4).
    var isSecuring: Bool { tls != nil && webSocket?.isOpening ?? true }

    var exists: Bool { connection != nil }

    /// Whether more is taken from the kernel; true without a connection.
    var isReading: Bool {
        get { connection?.isReading ?? true }
        set { if connection?.isReading != newValue { connection?.isReading = newValue } }
    }

    /// Whether `source` is the connection that there is, and not one of before.
    func consists(of source: TCPConnection) -> Bool { source === connection }

    /// - Throws: `SystemError` when the kernel refuses at once; nothing is said through `handler` then.
    func connect(
        to address: SocketAddress,
        loop: EventLoop,
        handler: @escaping (TCPConnection, TCPConnection.Event) -> Void
    ) throws(SystemError) {
        closeReason = nil
        var options = TCPConnection.Options()
        options.interface = address.isLoopback ? nil : interface
        connection = try TCPConnection.connect(to: address, loop: loop, options: options, handler: handler)
    }

    /// Begins TLS.
    /// - Throws: `TLSFailure` when nothing could be begun.
    func secure(host: String, time: KnownTime) throws(TLSFailure) {
        guard let context = try trust?.context() else { return }
        let resumed = session.flatMap { $0.context === context ? $0.value : nil }
        // A session that the peer chokes on is not offered again.
        session = nil
        let new = try TLSConnection.client(context, host: host, time: time, resuming: resumed)
        tls = new
        put(new.start())
    }

    func startHandshake(url: WebSocketURL, credentials: BasicCredentials?) {
        let (client, request) = WebSocketConnection.client(
            url: url,
            subprotocols: ["ocpp1.6"],
            credentials: credentials,
            using: &random
        )
        webSocket = client
        write(request)
    }

    func ping() {
        guard let webSocket, webSocket.isOpen else { return }
        write(webSocket.ping(using: &random))
    }

    /// Sends a text message.
    func send(_ text: [UInt8]) {
        guard let webSocket, webSocket.isOpen else { return }
        write(webSocket.send(text: text, using: &random))
    }

    /// Sends bytes of the WebSocket.
    func write(_ bytes: [UInt8]) {
        guard let tls else { return put(bytes) }
        // Nothing when TLS has ended, of which the reading side tells.
        if let records = tls.send(bytes) { put(records) }
    }

    /// Sends bytes as they are.
    private func put(_ bytes: [UInt8]) {
        guard let connection, !bytes.isEmpty else { return }
        if connection.write(bytes) == .full {
            closeReason = "the central system does not read"
            connection.close()
        }
    }

    /// What the bytes mean; nil before the handshake.
    func receive(_ bytes: [UInt8]) -> [Event]? {
        guard let tls else { return frames(bytes) }
        let progress = tls.receive(bytes)
        put(progress.output)
        return translate(progress.events)
    }

    /// What it means to the protocols that the peer sends no more.
    func receiveEndOfStream() -> [Event] {
        guard let tls else { return endOfFrames() }
        keepSession()
        return translate(tls.receiveEndOfStream())
    }

    private func translate(_ events: [TLSConnection.Event]) -> [Event] {
        events.flatMap { event -> [Event] in
            switch event {
            case .opened(let words, let validity): [.secured(words, validity)]
            case .received(let plain): frames(plain) ?? []
            case .ended: endOfFrames()
            case .failed(let failure): [.notSecured(failure)]
            }
        }
    }

    private func frames(_ bytes: [UInt8]) -> [Event]? {
        webSocket?.receive(bytes, using: &random).map { .webSocket($0) }
    }

    private func endOfFrames() -> [Event] { (webSocket?.receiveEndOfStream() ?? []).map { .webSocket($0) } }

    /// Begins the closing handshake.
    /// - Returns: False when there is nothing to close in good manners.
    func beginClosing() -> Bool {
        guard webSocket?.isOpen == true, let bytes = webSocket?.close(.goingAway, using: &random) else { return false }
        write(bytes)
        return true
    }

    /// Ends the connection at once.
    func drop() {
        closeReason = closeReason ?? "dropped"
        keepSession()
        connection?.close()
    }

    /// The protocol has ended: what is written still goes out.
    func closeAfterWriting(because reason: String) {
        closeReason = closeReason ?? reason
        keepSession()
        if let tls { put(tls.close()) }
        connection?.closeAfterWriting()
    }

    /// The connection has ended.
    /// - Returns: Why, for people.
    func forget(_ error: SystemError?) -> String {
        keepSession()
        connection = nil
        tls = nil
        webSocket = nil
        return closeReason ?? error?.words ?? "the connection was closed"
    }

    /// To be called before TLS ends.
    private func keepSession() {
        if let tls, let new = tls.session { session = (new, tls.context) }
    }
}

extension SystemError {
    /// The system's words alone: what was tried is said elsewhere.
    var words: String { String(cString: strerror(code)) }
}
