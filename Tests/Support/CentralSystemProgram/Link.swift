import EventLoop
import Glibc
import TLS
import WebSocket

/// One connection: TCP below, TLS where the server has a certificate, WebSocket above, a charge point once it has said who it is.
final class Link {
    let connection: TCPConnection
    var webSocket = WebSocketConnection.server()
    /// nil until the upgrade is accepted.
    var chargePoint: String?
    /// Uptime just before the newest write and just after the newest read, for latencies.
    var writtenAt = Duration.zero
    private(set) var readAt = Duration.zero
    private(set) var readAtUTCMicroseconds: Int64 = 0

    private let tls: TLSConnection?

    /// `tls` is nil for a plain connection.
    init(_ connection: TCPConnection, tls: TLSConnection?) {
        self.connection = connection
        self.tls = tls
    }

    /// What the peer has sent, and whether it ends; nil when it does not speak TLS as it should.
    func decrypt(_ bytes: [UInt8]) -> (plain: [UInt8], isEnd: Bool)? {
        guard let tls else { return (bytes, false) }
        let progress = tls.receive(bytes)
        put(progress.output)
        var plain: [UInt8] = []
        for event in progress.events {
            switch event {
            case .opened: break
            case .received(let part): plain += part
            case .ended: return (plain, true)
            case .failed: return nil
            }
        }
        return (plain, false)
    }

    /// To be called first when bytes were read.
    func noteRead() {
        readAt = EventLoop.uptime()
        var time = timespec()
        // Moments hold milliseconds; a start of a few of them is to be measured.
        _ = clock_gettime(CLOCK_REALTIME, &time)
        readAtUTCMicroseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    func write(_ bytes: [UInt8]) {
        writtenAt = EventLoop.uptime()
        if let tls { put(tls.send(bytes) ?? []) } else { put(bytes) }
    }

    private func put(_ bytes: [UInt8]) {
        // A peer that takes nothing for a megabyte is as good as gone.
        if connection.write(bytes) == .full { connection.close() }
    }

    /// Says goodbye and closes once that is written.
    func end(_ code: CloseCode, reason: String) {
        // A server masks nothing, so its generator is never asked.
        var random = SystemRandomNumberGenerator()
        if webSocket.isOpen { write(webSocket.close(code, reason: reason, using: &random)) }
        if let tls { put(tls.close()) }
        connection.closeAfterWriting()
    }
}

extension Duration {
    /// Rounded towards zero.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
