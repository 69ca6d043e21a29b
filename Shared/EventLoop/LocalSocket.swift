internal import CLinux
internal import Glibc

/// Unix-domain sockets by path.
public enum LocalSocket {
    /// What is behind a path.
    public enum Presence: Hashable, Sendable {
        /// Somebody listens.
        case listening
        /// The path is left over from somebody who is gone.
        case stale
        /// There is no such path, or it is no socket.
        case absent
    }

    /// Tries to connect to `path`, without waiting.
    /// - Returns: Who is there; `listening` also when we may not connect.
    public static func probe(_ path: String) -> Presence {
        guard let address = SocketAddress(path: path) else { return .absent }
        let descriptor = socket(AF_UNIX, streamType, 0)
        guard descriptor >= 0 else { return .absent }
        defer { close(descriptor) }
        let result = address.withPointer { connect(descriptor, $0, $1) }
        guard result != 0 else { return .listening }
        switch errno {
        case ECONNREFUSED: return .stale
        case ENOENT, ENOTDIR, ENOTSOCK: return .absent
        default: return .listening  // a full backlog, or a socket of a group that we are not in
        }
    }

    /// Listens at `path`, which is removed first: be sure that nobody else listens there.
    /// - Parameters:
    ///   - path: At most `SocketAddress.longestPath` bytes.
    ///   - mode: Who may connect; never wider than this, not even for a moment.
    ///   - groupId: Owner group of the socket, if we may give it away; ours otherwise.
    /// - Returns: The listening descriptor, which the caller closes.
    /// - Throws: `SystemError` naming the path.
    public static func listen(at path: String, mode: UInt32, groupId: UInt32? = nil) throws(SystemError) -> Int32 {
        guard let address = SocketAddress(path: path) else {
            throw SystemError(code: ENAMETOOLONG, operation: "listen at \(path)")
        }
        let descriptor = try systemCall("create a socket for \(path)") { socket(AF_UNIX, streamType, 0) }
        do {
            // Linux takes the mode of the path from the socket, less the umask; so it is never open to others.
            try systemCall("set the mode of \(path)") { fchmod(descriptor, mode) }
            unlink(path)
            try systemCall("listen at \(path)") { address.withPointer { bind(descriptor, $0, $1) } }
            // Not being allowed to is normal when a person starts a service by hand.
            if let groupId { _ = chown(path, uid_t.max, groupId) }
            try systemCall("set the mode of \(path)") { chmod(path, mode) }
            try systemCall("listen at \(path)") { Glibc.listen(descriptor, 100) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// The path that the socket behind a descriptor is bound to; for an accepted connection that of its listener. Nil without one.
    public static func path(of descriptor: Int32) -> String? {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout.size(ofValue: address))
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &size) }
        }
        guard result == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let path = withUnsafeBytes(of: address.sun_path) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return path.isEmpty ? nil : path
    }

    /// Whether the file of a socket is at `path`, whoever listens there.
    public static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// Whether a descriptor is a unix socket at which streams arrive.
    public static func isListeningStream(_ descriptor: Int32) -> Bool {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout.size(ofValue: value))
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
        }
        return option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == Int32(SOCK_STREAM.rawValue)
            && option(SO_ACCEPTCONN) == 1
    }

    /// Who connected, as the kernel noted it then. A number of a process may be another one's by now; that of a user is not.
    public struct Peer: Hashable, Sendable {
        public let process: Int32
        /// 65534 for every user whom this process's user namespace does not have.
        public let user: UInt32
    }

    /// The other end of a connection that was accepted here, by its descriptor. Nil when the kernel does not say.
    public static func peer(of descriptor: Int32) -> Peer? {
        // `struct ucred`, which the C library shows to programs with GNU extensions only: process, user and group.
        var credentials: (process: pid_t, user: uid_t, group: gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        let result = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
        guard result == 0, credentials.process > 0 else { return nil }
        return Peer(process: credentials.process, user: credentials.user)
    }

    /// What `accept` found.
    public enum Arrival {
        /// A connection, which does not block and is the caller's to close.
        case connection(Int32)
        /// Nobody waits.
        case none
        /// Somebody waits, and the system has no room for another connection.
        case noRoom(SystemError)
    }

    /// Accepts whoever waits at a listener that does not block.
    public static func accept(from listener: Int32) -> Arrival {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else {
            // Others are about that one connection, or about nothing: the next one may be better.
            let isScarce = [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)
            return isScarce ? .noRoom(SystemError(code: errno, operation: "accept a connection")) : .none
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return .connection(descriptor)
    }

    /// Limits what the kernel keeps for a connection whose other end does not read, to about twice `bytes`.
    public static func setSendBuffer(of descriptor: Int32, bytes: Int) {
        var size = Int32(clamping: bytes)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout.size(ofValue: size)))
    }

    /// The number of a group of this machine. A directory service is not asked: groups of a system's services are not kept there, it may take
    /// its time, and the modules that ask it (`getgrnam`) take a third of the start of a service.
    /// - Parameters:
    ///   - name: The whole name.
    ///   - file: Where the machine's groups stand (group(5)).
    /// - Returns: Nil when there is no such group.
    public static func groupId(named name: String, in file: String = "/etc/group") -> UInt32? {
        guard let groups = fopen(file, "re") else { return nil }
        defer { fclose(groups) }
        while let group = fgetgrent(groups) {
            if strcmp(group.pointee.gr_name, name) == 0 { return group.pointee.gr_gid }
        }
        return nil
    }

    /// The group that owns a path; nil when there is no such path.
    public static func group(of path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_gid : nil
    }

    /// Sends one datagram to whoever is bound to `path`, without waiting.
    /// - Throws: `SystemError` naming the path.
    public static func send(datagram: [UInt8], to path: String) throws(SystemError) {
        guard let address = SocketAddress(path: path) else {
            throw SystemError(code: ENAMETOOLONG, operation: "send to \(path)")
        }
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try systemCall("create a socket for \(path)") { socket(AF_UNIX, type, 0) }
        defer { close(descriptor) }
        try systemCall("send to \(path)") {
            address.withPointer { sendto(descriptor, datagram, datagram.count, Int32(MSG_NOSIGNAL), $0, $1) }
        }
    }

    private static var streamType: Int32 {
        Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    }
}
