public import EventLoop
internal import Glibc

/// A name server on a port of its own, and how often it was asked.
public final class SimulatedNameServer {
    public let address: SocketAddress
    public private(set) var questions: [[UInt8]] = []
    private let descriptor: Int32
    private let loop: EventLoop
    private var watch: Watch?

    /// - Parameters:
    ///   - loop: Outlives it.
    ///   - reply: All that is sent back for a question.
    /// - Throws: `SystemError` where there is no socket for it.
    public init(_ loop: EventLoop, reply: @escaping ([UInt8]) -> [[UInt8]]) throws(SystemError) {
        self.loop = loop
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        self.descriptor = descriptor
        var here = sockaddr_in()
        here.sin_family = sa_family_t(AF_INET)
        here.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &here) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw SystemError(code: errno, operation: "bind a name server") }
        address = .loopback(port: UInt16(bigEndian: here.sin_port))
        watch = loop.watch(descriptor: descriptor, for: "questions") { [unowned self] _ in answer(reply) }
    }

    deinit {
        if let watch { loop.unwatch(watch) }
        close(descriptor)
    }

    private func answer(_ reply: ([UInt8]) -> [[UInt8]]) {
        var buffer = [UInt8](repeating: 0, count: 512)
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { from in
                let count = recvfrom(descriptor, &buffer, buffer.count, 0, from, &length)
                guard count > 0 else { return }
                questions.append(Array(buffer.prefix(count)))
                for bytes in reply(Array(buffer.prefix(count))) {
                    sendto(descriptor, bytes, bytes.count, 0, from, length)
                }
            }
        }
    }

    /// What it says to a question for a name that there is not (RFC 1035 §4.1.1).
    public static func unknown(_ question: [UInt8]) -> [UInt8] {
        var bytes = question
        (bytes[2], bytes[3]) = (0x81, 0x83)
        return bytes
    }

    /// What a name server says to a question: its addresses, where it is one for A.
    public static func found(_ question: [UInt8], _ addresses: [UInt8]...) -> [UInt8] {
        let isA = question[question.count - 3] == 1
        var bytes = question
        (bytes[2], bytes[3], bytes[7]) = (0x81, 0x80, isA ? UInt8(addresses.count) : 0)
        return isA ? addresses.reduce(bytes) { $0 + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + $1 } : bytes
    }
}
