import OCPP
import Primitives

/// Follows the verdict of `StatusRules` and notes what is worth a report: facts on their way elsewhere are waited for.
struct StatusTracker: Equatable, Sendable {
    private static let transitionLimit = Duration.seconds(2)

    private let connectorId: Int
    /// The status as it stands, reported or not; nil while hardware-io was not heard.
    private(set) var report: StatusReport?
    /// Facts are on their way elsewhere: looked at again then.
    private var lookAgainAt: Duration?
    /// When facts on their way count even if they stay.
    private var transitionEnds: Duration?

    init(connectorId: Int) { self.connectorId = connectorId }

    var nextDeadline: Deadline? {
        Deadline(at: lookAgainAt, for: "facts on their way elsewhere have stayed long enough")
    }

    mutating func deadlineReached(at uptime: Duration) {
        if let due = lookAgainAt, due <= uptime { lookAgainAt = nil }
    }

    /// Takes a verdict over. `findsBackUntil` says that hardware-io restarted in a transaction, and until when its contactor may be on its
    /// way back to where it was: the central system need not see it fall and return.
    mutating func update(_ verdict: StatusRules.Verdict, findsBackUntil: Duration?, _ turn: inout ChargingTurn) {
        var verdict = verdict
        if let report, report.status == verdict.status, StatusRules.Verdict.keepingInfo.contains(verdict.status) {
            verdict.info = report.info
        }
        guard !isOnItsWay(verdict, turn.uptime), !isFindingBack(verdict, until: findsBackUntil, turn.uptime) else {
            return
        }
        lookAgainAt = nil
        transitionEnds = nil
        let new = StatusReport(
            connectorId: connectorId,
            status: verdict.status,
            errorCode: verdict.errorCode,
            info: verdict.info,
            vendorErrorCode: verdict.vendorErrorCode,
            since: turn.now
        )
        guard !new.saysTheSame(as: report) else { return }
        turn.log(.notice, "status", .init("connector", connectorId), .init("status", new.status.rawValue))
        report = new
        turn.statusChanges.append(new)
    }

    private mutating func isOnItsWay(_ verdict: StatusRules.Verdict, _ uptime: Duration) -> Bool {
        guard verdict.isTransitional, let report, report.status != verdict.status else { return false }
        let end = transitionEnds ?? uptime + Self.transitionLimit
        transitionEnds = end
        guard uptime < end else { return false }
        lookAgainAt = end
        return true
    }

    private mutating func isFindingBack(
        _ verdict: StatusRules.Verdict,
        until: Duration?,
        _ uptime: Duration
    ) -> Bool {
        guard let until, until > uptime, let report, verdict.status != report.status,
            verdict.status == .suspendedEV || verdict.status == .suspendedEVSE
        else { return false }
        lookAgainAt = until
        return true
    }
}
