internal import Bus
internal import BusSchema
internal import Primitives

/// Why nothing is heard of a service, in the same words whatever was asked for.
enum Unheard {
    /// What follows the name of the service, where `isRunning` says whether somebody listens at its sockets.
    static func words(
        for service: ServiceName,
        in directory: RuntimeDirectory,
        isRunning: Bool,
        after hearing: Duration
    ) -> String {
        let removed = removedSockets(of: service, in: directory)
        guard isRunning else {
            if let removed { return "cannot be asked: \(removed)" }
            let absent = directory.presence(of: service) == .absent
            return "not running (\(absent ? "no socket" : "its socket is left over") in \(directory.path))"
        }
        return removed.map { "is not heard: \($0)" }
            ?? "does not answer within \(max(1, hearing.wholeSeconds)) s, though its socket is open: stopped, stuck, "
            + "or only slow (chargectl --timeout 10 status waits longer), or this user has "
            + "\(BusLimits.connectionsPerUser) connections to it already"
    }

    /// What to do where somebody has removed files of its sockets; nil when nobody has.
    static func removedSockets(of service: ServiceName, in directory: RuntimeDirectory) -> String? {
        let paths = directory.removedSockets(of: service)
        guard !paths.isEmpty else { return nil }
        return "\(paths.joined(separator: " and ")) was removed, which systemctl restart \(service) makes again"
    }
}

extension Session {
    /// That nothing was heard of a service, for a command that is about its states alone; `running` is who was asked for them.
    func unheard(_ service: ServiceName, running: Set<ServiceName>) -> Failure {
        let isRunning = running.contains(service)
        let words = Unheard.words(for: service, in: directory, isRunning: isRunning, after: hearing)
        return Failure(status: isRunning ? .noAnswer : .serviceNotRunning, message: "\(service): \(words)")
    }
}
