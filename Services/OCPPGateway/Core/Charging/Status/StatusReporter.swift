import OCPP
import Primitives

/// Decides which status changes are reported, and when (OCPP 1.6 §4.9).
///
/// Online, every change is reported in the order of events once it lasted for MinimumStatusDuration. Offline, only the newest is
/// kept, and sent on reconnect if it differs from what the central system last confirmed (CORE-STAT-13).
struct StatusReporter: Equatable, Sendable {
    private struct Pending: Equatable {
        var report: StatusReport
        /// When it has lasted long enough.
        var due: Duration
        /// Sent even if the central system knows it.
        var isForced = false
    }

    /// At the limit, the changes of each connector collapse to its newest.
    private static let pendingLimit = 64

    private var current: [Int: StatusReport] = [:]
    private var confirmed: [Int: StatusReport] = [:]
    /// The newest that was handed out, whatever became of it.
    private var sent: [Int: StatusReport] = [:]
    private var pending: [Pending] = []
    private var inFlight: StatusReport?
    private var isOnline = false
    /// Connectors whose status is due after a BootNotification but not known yet.
    private var owed: Set<Int> = []

    /// Attempts in a row that were not confirmed.
    private var failures = 0
    /// Until when the past was looked at.
    private var seenUntil = Duration.zero

    /// When a status will have lasted long enough; nil when none waits for that.
    var nextDeadline: Deadline? {
        Deadline(at: pending.lazy.map(\.due).filter { $0 > seenUntil }.min(), for: "a status has lasted long enough")
    }

    /// The status of the charge point itself.
    var chargePoint: StatusReport? { current[0] }

    mutating func deadlineReached(at uptime: Duration) { seenUntil = max(seenUntil, uptime) }

    mutating func note(_ report: StatusReport, minimumDuration: Duration, at uptime: Duration) {
        let connectorId = report.connectorId
        current[connectorId] = report
        guard isOnline else { return }
        if owed.remove(connectorId) != nil {
            pending.append(Pending(report: report, due: uptime, isForced: true))
            return
        }
        // What did not last long enough is never reported.
        pending.removeAll { $0.report.connectorId == connectorId && $0.due > uptime }
        let last = pending.last { $0.report.connectorId == connectorId }?.report ?? sent[connectorId]
        guard !report.saysTheSame(as: last) else { return }
        pending.append(Pending(report: report, due: uptime + minimumDuration))
        if pending.count > Self.pendingLimit { collapse() }
    }

    /// Queues what the central system must hear now: everything after a BootNotification (E §3.22), else what changed.
    mutating func wentOnline(registered: Bool, connectors: [Int], at uptime: Duration) {
        isOnline = true
        pending.removeAll()
        inFlight = nil
        owed = []
        for connectorId in connectors {
            guard let report = current[connectorId] else {
                owed.insert(connectorId)
                continue
            }
            guard registered || !report.saysTheSame(as: confirmed[connectorId]) else { continue }
            pending.append(Pending(report: report, due: uptime, isForced: registered))
        }
        if !registered { sent = confirmed }
    }

    mutating func wentOffline() {
        isOnline = false
        pending.removeAll()
        inFlight = nil
    }

    /// Queues the current status of a connector, changed or not (OCPP 1.6 §5.17).
    mutating func trigger(connectorId: Int, at uptime: Duration) {
        guard isOnline, let report = current[connectorId] else { return }
        pending.removeAll { $0.report.connectorId == connectorId && $0.due > uptime }
        pending.append(Pending(report: report, due: uptime, isForced: true))
    }

    /// The report to send now; nil when nothing is due.
    mutating func next(at uptime: Duration) -> StatusReport? {
        guard isOnline, inFlight == nil else { return nil }
        while let index = pending.firstIndex(where: { $0.due <= uptime }) {
            let due = pending.remove(at: index)
            let connectorId = due.report.connectorId
            guard due.isForced || !due.report.saysTheSame(as: sent[connectorId]) else { continue }
            inFlight = due.report
            sent[connectorId] = due.report
            return due.report
        }
        return nil
    }

    /// How often a status is sent that the central system does not confirm, and how long it waits between.
    private static let attempts = 3
    private static let retryAfter = Duration.seconds(30)

    /// The report that was handed out is settled. Only `confirmed` means that the central system knows it; else it is repeated, unless
    /// there is a newer one.
    mutating func finished(connectorId: Int, confirmed isConfirmed: Bool, at uptime: Duration) {
        guard let report = inFlight, report.connectorId == connectorId else { return }
        inFlight = nil
        guard !isConfirmed else {
            failures = 0
            confirmed[connectorId] = report
            return
        }
        failures += 1
        guard failures < Self.attempts else {
            failures = 0
            return
        }
        guard isOnline, !pending.contains(where: { $0.report.connectorId == connectorId }) else { return }
        pending.append(Pending(report: report, due: uptime + Self.retryAfter, isForced: true))
    }

    private mutating func collapse() {
        var newest: [Int: Int] = [:]
        for (index, waiting) in pending.enumerated() { newest[waiting.report.connectorId] = index }
        pending = pending.enumerated().filter { newest[$0.element.report.connectorId] == $0.offset }.map(\.element)
    }
}
