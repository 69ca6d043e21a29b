internal import CLinux
internal import EventLoop
internal import Glibc

/// Answers of the kernel that are lists: messages one behind the other, in as many datagrams as it takes.
extension RouteMessage {
    /// The most that is read of one answer, bytes: some ten thousand routes, which no charger has.
    private static let mostBytes = 2 << 20

    /// One message of a list.
    struct Part {
        /// `RTM_…`, or `NLMSG_DONE` or `NLMSG_ERROR`.
        let type: UInt16
        /// What stands behind the header.
        let body: ArraySlice<UInt8>
    }

    /// Asks for a list.
    /// - Parameter take: Called with the messages of each datagram.
    /// - Returns: Whether it was whole.
    func dump(_ take: ([Part]) -> Void) -> Bool {
        let descriptor: Int32
        // Who asks can do nothing about it, and asks again soon.
        do throws(SystemError) { descriptor = try ask("list what there is") } catch { return false }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        var total = 0
        while total < Self.mostBytes {
            // Each call makes the kernel write the next ones; nothing is waited for.
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                return false
            }
            total += count
            let parts = Self.parts(of: buffer[..<count])
            take(parts)
            // Nothing stands behind either of them.
            if parts.last?.type == UInt16(NLMSG_DONE) { return true }
            if parts.last?.type == UInt16(NLMSG_ERROR) { return false }
        }
        return false
    }

    /// The messages of a datagram, up to the first that is broken.
    static func parts(of datagram: ArraySlice<UInt8>) -> [Part] {
        var parts: [Part] = []
        var rest = datagram
        let size = MemoryLayout<nlmsghdr>.size
        while rest.count >= size {
            let header = rest.withUnsafeBytes { $0.loadUnaligned(as: nlmsghdr.self) }
            let length = Int(header.nlmsg_len)
            guard length >= size, length <= rest.count else { break }
            parts.append(Part(type: header.nlmsg_type, body: rest.prefix(length).dropFirst(size)))
            rest = rest.dropFirst(aligned(length))
        }
        return parts
    }

    /// The attributes of a message by their type, up to the first that is broken.
    static func attributes(of bytes: ArraySlice<UInt8>) -> [UInt16: ArraySlice<UInt8>] {
        var found: [UInt16: ArraySlice<UInt8>] = [:]
        var rest = bytes
        let size = MemoryLayout<rtattr>.size
        while rest.count >= size {
            let header = rest.withUnsafeBytes { $0.loadUnaligned(as: rtattr.self) }
            let length = Int(header.rta_len)
            guard length >= size, length <= rest.count else { break }
            found[header.rta_type] = rest.prefix(length).dropFirst(size)
            rest = rest.dropFirst(aligned(length))
        }
        return found
    }

    /// The value of an attribute of four bytes; nil where it is none.
    static func number(_ attributes: [UInt16: ArraySlice<UInt8>], _ type: some BinaryInteger) -> UInt32? {
        guard let value = attributes[UInt16(type)], value.count == 4 else { return nil }
        return value.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }

    /// Where the next one begins.
    static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }

    /// Nil where there is no such interface any more.
    static func name(of index: UInt32) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(index, &name) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
