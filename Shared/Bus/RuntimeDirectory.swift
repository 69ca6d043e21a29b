public import BusSchema
public import EventLoop
internal import Glibc

/// The directory in which the services of one charger meet: `<service>.pub`, `<service>.rpc`, `<service>.svc`, `<service>.lock`.
public struct RuntimeDirectory: Hashable, Sendable {
    /// The sockets of a service. Each is for one group, because listening, commanding and being a service are different rights.
    enum SocketName: String, CaseIterable {
        /// What the service publishes.
        case pub
        /// Requests that people may send.
        case rpc
        /// All requests, from services.
        case svc

        /// Who may use it besides the service's own user.
        var group: String {
            switch self {
            case .pub: "charger-tap"
            case .rpc: "charger-control"
            case .svc: "charger-services"
            }
        }

        /// The socket through which somebody who is no service sends requests of that class.
        init(for access: BusAccess) {
            switch access {
            case .people: self = .rpc
            case .services: self = .svc
            }
        }
    }

    /// What a service looks like from outside.
    public enum Presence: Hashable, Sendable {
        case running
        /// Its sockets are left over from a process that was killed.
        case stale
        case absent
    }

    public let path: String

    public init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Creates the directory when it is missing, readable for its group.
    /// - Throws: `BusStartError.directoryUnusable`.
    func create() throws(BusStartError) {
        if mkdir(path, 0o750) == 0 || errno == EEXIST { return }
        throw .directoryUnusable(SystemError(code: errno, operation: "create the runtime directory \(path)"))
    }

    /// Looks whether `service` is there, without talking to it. One that has closed a socket because it is flooded listens at the others.
    public func presence(of service: ServiceName) -> Presence {
        switch LocalSocket.probe(socketPath(service, .rpc)) {
        case .listening: .running
        case .stale:
            [.svc, .pub].contains { LocalSocket.probe(socketPath(service, $0)) == .listening } ? .running : .stale
        case .absent: .absent
        }
    }

    /// The paths of sockets of a service whose files are gone while others of it are there: somebody has removed them, since a service has all or
    /// none. Nobody finds it by these.
    public func removedSockets(of service: ServiceName) -> [String] {
        let paths = SocketName.allCases.map { socketPath(service, $0) }
        let missing = paths.filter { !LocalSocket.isSocket($0) }
        return missing.count < paths.count ? missing : []
    }

    /// A socket that this process may not open, and the group that may.
    public struct ClosedSocket: Hashable, Sendable {
        public let path: String
        public let group: String
    }

    /// The socket through which requests of that class go to `service`, if this process may not open it.
    public func closedSocket(of service: ServiceName, for access: BusAccess) -> ClosedSocket? {
        closed(service, SocketName(for: access))
    }

    /// The socket through which `service` publishes, if this process may not open it.
    public func closedPublisher(of service: ServiceName) -> ClosedSocket? { closed(service, .pub) }

    private func closed(_ service: ServiceName, _ name: SocketName) -> ClosedSocket? {
        let path = socketPath(service, name)
        guard Glibc.access(path, W_OK) != 0, errno == EACCES else { return nil }
        return ClosedSocket(path: path, group: name.group)
    }

    /// The services that have a `.pub` socket here, whether alive or not, by name.
    public func publishers() -> [ServiceName] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [ServiceName] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".pub") else { continue }
            names.append(ServiceName(rawValue: String(name.dropLast(4))))
        }
        return names.sorted { $0.rawValue < $1.rawValue }
    }

    /// Gives a folder or link that has the name of a file of ours another one: it must stop no service.
    func moveAway(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, [S_IFDIR, S_IFLNK].contains(status.st_mode & S_IFMT) else { return }
        // Where that fails, whoever wanted the name says that it is taken.
        _ = rename(path, path + ".unreadable")
    }

    func socketPath(_ service: ServiceName, _ name: SocketName) -> String { "\(path)/\(service).\(name)" }

    func endpoint(_ service: ServiceName, _ name: SocketName) -> String { "ipc://\(socketPath(service, name))" }

    func lockPath(_ service: ServiceName) -> String { "\(path)/\(service).lock" }

    /// - Throws: `BusStartError.pathTooLong` when the kernel could not take the paths of the sockets.
    func checkLength(for service: ServiceName) throws(BusStartError) {
        let bytes = socketPath(service, .pub).utf8.count
        guard bytes <= SocketAddress.longestPath else { throw .pathTooLong(directory: path, bytes: bytes) }
    }
}

/// Why a service could not take its place on the bus. One line that says what to do.
public enum BusStartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process is this service in that directory already. Its pid, when it could be read.
    case occupied(service: ServiceName, directory: String, pid: Int32?)
    case pathTooLong(directory: String, bytes: Int)
    case directoryUnusable(SystemError)
    case socketUnusable(String)

    public var description: String {
        switch self {
        case .occupied(let service, let directory, let pid):
            "\(service) runs already in \(directory)\(pid.map { " with pid \($0)" } ?? ""): "
                + "stop it, or give this one a directory of its own with --runtime-dir"
        case .pathTooLong(let directory, let bytes):
            "runtime directory \(directory): the path of a socket in it would have \(bytes) bytes and the kernel takes "
                + "\(SocketAddress.longestPath): choose a shorter --runtime-dir"
        case .directoryUnusable(let error): "\(error): create it, or choose another with --runtime-dir"
        case .socketUnusable(let problem): problem
        }
    }
}
