internal import EventLoop
internal import Primitives

/// Tells systemd how the service is, through the datagram socket named by `NOTIFY_SOCKET`; does nothing without one.
struct SystemdNotifier {
    private let path: String?
    /// How often systemd wants to hear from us, at least; nil when it does not.
    let watchdogInterval: Duration?

    init(environment: [String: String], pid: Int32) {
        path = environment["NOTIFY_SOCKET"]
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(pid) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isForUs && microseconds > 0 && path != nil ? .microseconds(microseconds) : nil
    }

    /// Sends assignments such as `READY=1`.
    /// - Returns: What went wrong, for the log.
    func send(_ assignments: String...) -> SystemError? {
        guard let path else { return nil }
        do {
            try LocalSocket.send(datagram: Array(assignments.joined(separator: "\n").utf8), to: path)
            return nil
        } catch {
            return error
        }
    }
}
