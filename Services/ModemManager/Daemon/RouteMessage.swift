internal import CLinux
internal import EventLoop
internal import Glibc

/// One request to the kernel about links, addresses and routes (rtnetlink(7)).
struct RouteMessage {
    private var bytes: [UInt8]

    /// - Parameters:
    ///   - type: `RTM_…`.
    ///   - flags: `NLM_F_…` beside those that every request has.
    ///   - body: What stands behind the header: `rtmsg`, `ifaddrmsg`, `ifinfomsg`.
    init(_ type: Int, flags: Int32 = 0, _ body: some BitwiseCopyable) {
        var header = nlmsghdr()
        header.nlmsg_type = UInt16(type)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ACK | flags)
        bytes = withUnsafeBytes(of: header) { Array($0) } + withUnsafeBytes(of: body) { Array($0) }
    }

    /// An attribute of four bytes.
    mutating func add(_ type: some BinaryInteger, _ value: UInt32) {
        bytes += withUnsafeBytes(of: rtattr(rta_len: 8, rta_type: UInt16(type))) { Array($0) }
        bytes += withUnsafeBytes(of: value) { Array($0) }
    }

    /// - Throws: `SystemError` with what the kernel answers, but for `tolerated`.
    func send(_ operation: String, unless tolerated: Int32 = 0) throws(SystemError) {
        let descriptor = try ask(operation)
        defer { close(descriptor) }
        // The kernel has answered before `send` returns (netlink(7)): a header, then the negative number of an error, or zero.
        var answer = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT))
        guard count >= 20 else { throw SystemError(code: EPROTO, operation: operation) }
        let code = answer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
        guard code == 0 || code == 0 &- tolerated else { throw SystemError(code: 0 &- code, operation: operation) }
    }

    /// A new socket on which the kernel answers.
    func ask(_ operation: String) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, NETLINK_ROUTE)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "open a netlink socket") }
        // A kernel that knows how to (Linux 4.20) gives only those of a list that the request describes.
        var isStrict: Int32 = 1
        setsockopt(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &isStrict, socklen_t(MemoryLayout<Int32>.size))
        var message = bytes
        let length = UInt32(message.count)
        withUnsafeBytes(of: length) { for (index, byte) in $0.enumerated() { message[index] = byte } }
        guard Glibc.send(descriptor, message, message.count, 0) == message.count else {
            let error = SystemError(code: errno, operation: operation)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    static func index(of interface: String) throws(SystemError) -> UInt32 {
        let index = if_nametoindex(interface)
        guard index > 0 else { throw SystemError(code: errno, operation: "find \(interface)") }
        return index
    }

    /// Of an IPv4 address in digits, in the order of the network; nil for anything else.
    static func bytes(_ address: String) -> UInt32? {
        var parsed = in_addr()
        return inet_pton(AF_INET, address, &parsed) == 1 ? parsed.s_addr : nil
    }

    /// The other way round.
    static func text(_ address: UInt32) -> String {
        withUnsafeBytes(of: address) { $0.map { "\($0)" }.joined(separator: ".") }
    }
}
