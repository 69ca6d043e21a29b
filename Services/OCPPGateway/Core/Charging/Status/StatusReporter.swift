import OCPP
import Primitives

/// Decides which status changes are reported, and when (OCPP 1.6 §4.9).
///
/// Online, every change is reported in the order of events once it lasted for MinimumStatusDuration. Offline, only the newest is
/// kept, and sent on reconnect if it differs from what the central system last confirmed; and before it once the newest error, if that is
/// over by then (OCPP 1.6 §4.9). Offline began when the connection died, whoever noticed it when: what was sent since without a confirmation
/// was not told.
struct StatusReporter: Equatable, Sendable {
    /// Why a status waits to be sent.
    private enum Cause: Equatable {
        /// It is another than the one before.
        case changed
        /// The central system wants to hear it, known or not.
        case demanded
        /// It was sent and not confirmed.
        case repeated
    }

    private struct Pending: Equatable {
        var report: StatusReport
        /// When it has lasted long enough.
        var due: Duration
        var cause = Cause.changed
    }

    /// A report on its way. Numbers never come again: connectors would, so that a late answer could pass for that to a newer report.
    private struct Transmission: Equatable {
        var number: Int64
        var report: StatusReport
    }

    /// At the limit, the changes of each connector collapse to its newest.
    private static let pendingLimit = 64

    /// A status as it stands, and since when on uptime.
    private struct Standing: Equatable {
        var report: StatusReport
        var notedAt: Duration
    }

    private var current: [Int: Standing] = [:]
    /// The newest error of each connector of which nobody is known to have been told.
    private var missed: [Int: StatusReport] = [:]
    private var confirmed: [Int: StatusReport] = [:]
    /// The newest that was handed out, whatever became of it.
    private var sent: [Int: StatusReport] = [:]
    private var pending: [Pending] = []
    private var inFlight: Transmission?
    /// The newest of each connector that ended without an answer, which may still come.
    private var unanswered: [Int: Transmission] = [:]
    private var count: Int64 = 0
    private(set) var isOnline = false
    /// Connectors whose status is due after a BootNotification but not known yet.
    private var owed: Set<Int> = []

    /// Attempts in a row that were not confirmed, by connector: the refusal of one status is none of another's.
    private var failures: [Int: Int] = [:]
    /// Until when the past was looked at.
    private var seenUntil = Duration.zero

    /// When a status will have lasted long enough; nil when none waits for that.
    var nextDeadline: Deadline? {
        Deadline(at: pending.lazy.map(\.due).filter { $0 > seenUntil }.min(), for: "a status has lasted long enough")
    }

    /// The status of the charge point itself.
    var chargePoint: StatusReport? { current[0]?.report }

    mutating func deadlineReached(at uptime: Duration) { seenUntil = max(seenUntil, uptime) }

    mutating func note(_ report: StatusReport, minimumDuration: Duration, at uptime: Duration) {
        let connectorId = report.connectorId
        current[connectorId] = Standing(report: report, notedAt: uptime)
        guard isOnline else {
            if report.errorCode != .noError { missed[connectorId] = report }
            return
        }
        if owed.remove(connectorId) != nil {
            pending.append(Pending(report: report, due: uptime, cause: .demanded))
            return
        }
        // What did not last long enough is never reported.
        pending.removeAll { $0.report.connectorId == connectorId && $0.due > uptime }
        let last = pending.last { $0.report.connectorId == connectorId }?.report ?? sent[connectorId]
        guard !report.saysTheSame(as: last) else { return tellAgain(report, at: uptime) }
        pending.append(Pending(report: report, due: uptime + minimumDuration))
        if pending.count > Self.pendingLimit { collapse() }
    }

    /// It was another for a moment that was not worth a report; what nobody confirmed before that is still to be told.
    private mutating func tellAgain(_ report: StatusReport, at uptime: Duration) {
        let connectorId = report.connectorId
        guard unanswered[connectorId] != nil, !pending.contains(where: { $0.report.connectorId == connectorId }) else {
            return
        }
        pending.append(Pending(report: report, due: uptime + pause(connectorId), cause: .repeated))
    }

    /// Queues what the central system must hear now: everything after a BootNotification (E §3.22), else what changed.
    /// What happened before a registration is nobody's business (E §3.22).
    mutating func wentOnline(
        registered: Bool,
        connectors: [Int],
        minimumDuration: Duration = .zero,
        at uptime: Duration
    ) {
        isOnline = true
        dropWaiting()
        owed = []
        for connectorId in connectors {
            guard let standing = current[connectorId] else {
                owed.insert(connectorId)
                continue
            }
            if registered {
                pending.append(Pending(report: standing.report, due: uptime, cause: .demanded))
            } else {
                catchUp(standing, confirmed[connectorId], minimumDuration, at: uptime)
            }
        }
        missed = [:]
        if !registered { sent = confirmed }
    }

    /// Queues the error that was missed, if it is over, and what the central system does not know yet.
    private mutating func catchUp(
        _ standing: Standing,
        _ known: StatusReport?,
        _ minimumDuration: Duration,
        at uptime: Duration
    ) {
        let error = missed[standing.report.connectorId]
        let isOver = error.map { !$0.saysTheSame(as: standing.report) && !$0.saysTheSame(as: known) } ?? false
        if let error, isOver { pending.append(Pending(report: error, due: uptime)) }
        guard isOver || !standing.report.saysTheSame(as: known) else { return }
        pending.append(Pending(report: standing.report, due: max(uptime, standing.notedAt + minimumDuration)))
    }

    mutating func wentOffline() {
        isOnline = false
        dropWaiting()
    }

    /// The connection is gone, and what waited for it. An error among that may be over when there is another. Of what was sent and not
    /// answered nobody knows whether it arrived, so that nothing is known of what the central system believes.
    private mutating func dropWaiting() {
        for transmission in unanswered.values { confirmed[transmission.report.connectorId] = nil }
        if let inFlight { confirmed[inFlight.report.connectorId] = nil }
        for waiting in pending where waiting.report.errorCode != .noError {
            missed[waiting.report.connectorId] = waiting.report
        }
        pending.removeAll()
        inFlight = nil
        unanswered = [:]
        failures = [:]
    }

    /// Queues the current status of a connector, changed or not (OCPP 1.6 §5.17).
    mutating func trigger(connectorId: Int, at uptime: Duration) {
        guard isOnline, let report = current[connectorId]?.report else { return }
        pending.removeAll { $0.report.connectorId == connectorId && $0.due > uptime }
        pending.append(Pending(report: report, due: uptime, cause: .demanded))
    }

    /// When the first that waits is due; it may turn out to say what was said.
    var nextDue: Duration? {
        guard isOnline, inFlight == nil else { return nil }
        return pending.lazy.map(\.due).min()
    }

    /// The report to send now, with its number; nil when nothing is due.
    mutating func next(at uptime: Duration) -> (number: Int64, report: StatusReport)? {
        guard isOnline, inFlight == nil else { return nil }
        while let index = pending.firstIndex(where: { $0.due <= uptime }) {
            let due = pending.remove(at: index)
            let connectorId = due.report.connectorId
            guard due.cause != .changed || !due.report.saysTheSame(as: sent[connectorId]) else { continue }
            count += 1
            inFlight = Transmission(number: count, report: due.report)
            if due.cause == .changed { failures[connectorId] = nil }
            unanswered[connectorId] = nil
            sent[connectorId] = due.report
            if due.report.errorCode != .noError { missed[connectorId] = due.report }
            return (count, due.report)
        }
        return nil
    }

    /// How often a status is sent in quick order that the central system does not confirm, and how long it waits between.
    private static let attempts = 3
    private static let retryAfter = Duration.seconds(30)
    /// After that: whoever refuses a status now may take it in later, and should not have to lose the connection for it.
    private static let retryLaterAfter = Duration.seconds(3600)

    /// How long that connector's status waits after its newest failure.
    private func pause(_ connectorId: Int) -> Duration {
        failures[connectorId, default: 0] < Self.attempts ? Self.retryAfter : Self.retryLaterAfter
    }

    /// The report of that number is settled. Only `confirmed` means that the central system knows it; else it is repeated, unless there is a
    /// newer one. A confirmation that comes late spares the repetition.
    mutating func finished(_ number: Int64, confirmed isConfirmed: Bool, at uptime: Duration) {
        if let sent = inFlight, sent.number == number {
            inFlight = nil
            if isConfirmed { confirm(sent.report) } else { failed(sent, at: uptime) }
        } else if isConfirmed, let late = unanswered.values.first(where: { $0.number == number }) {
            confirm(late.report)
        }
    }

    private mutating func confirm(_ report: StatusReport) {
        let connectorId = report.connectorId
        failures[connectorId] = nil
        unanswered[connectorId] = nil
        // Whoever confirms a later one was there for those before it, and has refused what he did not confirm.
        missed[connectorId] = nil
        confirmed[connectorId] = report
        pending.removeAll { $0.report.connectorId == connectorId && $0.cause == .repeated }
    }

    private mutating func failed(_ sent: Transmission, at uptime: Duration) {
        let connectorId = sent.report.connectorId
        unanswered[connectorId] = sent
        failures[connectorId] = min(failures[connectorId, default: 0] + 1, Self.attempts)
        guard isOnline, !pending.contains(where: { $0.report.connectorId == connectorId }) else { return }
        pending.append(Pending(report: sent.report, due: uptime + pause(connectorId), cause: .repeated))
    }

    private mutating func collapse() {
        var newest: [Int: Int] = [:]
        for (index, waiting) in pending.enumerated() { newest[waiting.report.connectorId] = index }
        pending = pending.enumerated().filter { newest[$0.element.report.connectorId] == $0.offset }.map(\.element)
    }
}
