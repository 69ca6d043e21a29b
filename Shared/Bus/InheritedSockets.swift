internal import EventLoop
internal import Glibc

/// Listening sockets that somebody else has made for a service and handed over at its start: systemd, by its `.socket` units, with the owner,
/// group and mode that stand there.
///
/// They outlive the process, so that nobody who connects while it starts again is refused. Their descriptors stay open for `execv`; programs
/// that the service runs do not get them.
public struct InheritedSockets {
    /// More than any `.socket` unit of ours hands over; the number comes from outside.
    private static let mostDescriptors: Int32 = 64

    private var descriptors: [RuntimeDirectory.SocketName: Int32] = [:]

    /// Takes what was handed over to this process, as `sd_listen_fds(3)` describes it.
    /// - Parameters:
    ///   - environment: `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
    ///   - pid: Of this process. What is meant for another one is left alone.
    ///   - first: Descriptor of the first one.
    /// - Returns: Nil when nothing was handed over; the service then makes its sockets itself.
    /// - Throws: `BusStartError.socketUnusable` when it is not exactly one socket of each name.
    public static func take(
        environment: [String: String],
        pid: Int32,
        first: Int32 = 3
    ) throws(BusStartError) -> InheritedSockets? {
        guard environment["LISTEN_PID"] == String(pid), let number = environment["LISTEN_FDS"] else { return nil }
        guard let count = Int32(number), (1...mostDescriptors).contains(count) else {
            throw .socketUnusable("LISTEN_FDS=\(number): expected the number of sockets that were handed over")
        }
        let text = environment["LISTEN_FDNAMES"] ?? ""
        let names = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let expected = RuntimeDirectory.SocketName.allCases.map(\.rawValue)
        guard names.count == Int(count), names.sorted() == expected.sorted() else {
            throw .socketUnusable(
                "sockets were handed over as \"\(text)\" (\(count)): expected one each of \(expected.joined(separator: ", ")), "
                    + "which FileDescriptorName= of the .socket units says"
            )
        }
        var sockets = InheritedSockets()
        for (offset, name) in names.enumerated() {
            let descriptor = first + Int32(offset)
            sockets.descriptors[RuntimeDirectory.SocketName(rawValue: name) ?? .pub] = descriptor
            // Programs that this one runs are no services. systemd hands them over in a form that waits, and the loop never does.
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
                throw .socketUnusable("the socket \(name) was not handed over: descriptor \(descriptor) is not open")
            }
        }
        return sockets
    }

    /// The descriptor of the socket that listens at `path`. It stays ours.
    /// - Throws: `BusStartError.socketUnusable` when it is something else, or listens elsewhere.
    func listener(_ name: RuntimeDirectory.SocketName, at path: String) throws(BusStartError) -> Int32 {
        // Every name has one, or there were no sockets at all.
        let descriptor = descriptors[name] ?? -1
        guard LocalSocket.isListeningStream(descriptor) else {
            throw .socketUnusable(
                "what was handed over as \(name) is no listening unix socket: expected that of \(path)"
            )
        }
        let found = LocalSocket.path(of: descriptor)
        guard found == path else {
            throw .socketUnusable(
                "the socket \(name) that was handed over listens at \(found ?? "no path"), expected \(path)"
            )
        }
        return descriptor
    }

    /// Lets the program that replaces this one in the same process (`execv`) find them, as this one did.
    public func keepForSuccessor() {
        for descriptor in descriptors.values { _ = fcntl(descriptor, F_SETFD, 0) }
    }
}
