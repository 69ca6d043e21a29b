import EventLoop
import WebSocket

/// One connection: TCP below, WebSocket above, a charge point once it has said who it is.
final class Link {
    let connection: TCPConnection
    var webSocket = WebSocketConnection.server()
    /// nil until the upgrade is accepted.
    var chargePoint: String?
    /// Uptime just before the newest write and just after the newest read, for latencies.
    var writtenAt = Duration.zero
    var readAt = Duration.zero

    init(_ connection: TCPConnection) { self.connection = connection }

    func write(_ bytes: [UInt8]) {
        writtenAt = EventLoop.uptime()
        // A peer that takes nothing for a megabyte is as good as gone.
        if connection.write(bytes) == .full { connection.close() }
    }

    /// Says goodbye and closes once that is written.
    func end(_ code: CloseCode, reason: String) {
        // A server masks nothing, so its generator is never asked.
        var random = SystemRandomNumberGenerator()
        if webSocket.isOpen { write(webSocket.close(code, reason: reason, using: &random)) }
        connection.closeAfterWriting()
    }
}
