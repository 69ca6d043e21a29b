import EventLoop
import Glibc
import WebSocket

/// One connection to the central system, with the WebSocket protocol spoken on it and the reason why it ends. It begins with `connect` and
/// is forgotten with `forget`; between two connections there is nothing, and what is sent goes nowhere.
final class FramedConnection {
    private var connection: TCPConnection?
    /// From the handshake on.
    private var webSocket: WebSocketConnection?
    private var closeReason: String?
    private var random = SystemRandomNumberGenerator()

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
        connection = try TCPConnection.connect(to: address, loop: loop, handler: handler)
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

    func write(_ bytes: [UInt8]) {
        guard let connection else { return }
        if connection.write(bytes) == .full {
            closeReason = "the central system does not read"
            connection.close()
        }
    }

    /// What the bytes contain; nil before the handshake.
    func receive(_ bytes: [UInt8]) -> [WebSocketEvent]? { webSocket?.receive(bytes, using: &random) }

    /// What it means to the protocol that the peer sends no more.
    func receiveEndOfStream() -> [WebSocketEvent] { webSocket?.receiveEndOfStream() ?? [] }

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
        connection?.close()
    }

    /// The protocol has ended: what is written still goes out.
    func closeAfterWriting(because reason: String) {
        closeReason = closeReason ?? reason
        connection?.closeAfterWriting()
    }

    /// The connection has ended.
    /// - Returns: Why, for people.
    func forget(_ error: SystemError?) -> String {
        connection = nil
        webSocket = nil
        return closeReason ?? error?.words ?? "the connection was closed"
    }
}

extension SystemError {
    /// The system's words alone: what was tried is said elsewhere.
    var words: String { String(cString: strerror(code)) }
}
