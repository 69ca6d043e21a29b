import Glibc
import Testing

/// One connection to a publisher that asks for `topics`, or says nothing when there are none.
final class RawSubscriber {
    let descriptor: Int32

    init(_ path: String, topics: [String]) throws {
        let name = Array(path.utf8)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        guard !topics.isEmpty else { return }
        var bytes: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0]
        bytes += Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
        bytes += [4, 25, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8)
        bytes += [0, 0, 0, 3] + Array("SUB".utf8)
        for topic in topics { bytes += [0, UInt8(topic.utf8.count + 1), 1] + Array(topic.utf8) }
        #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) >= 0 || errno == EPIPE)
    }

    deinit { close(descriptor) }

    /// Reads what has come; whether that was the end.
    var isEnded: Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return count == 0 || errno == ECONNRESET }
        }
    }
}
