public import OCPP
public import Primitives

/// Whether the central system serves this charge point, and when to ask again (OCPP 1.6 §4.2).
///
/// An Accepted registration holds until the process ends, over reconnects too (OCPP-J 1.6 §5.4).
public struct RegistrationMachine: Sendable {
    /// What is allowed on an open connection.
    public enum Gate: Equatable, Sendable {
        /// Everything.
        case open
        /// Answers to the central system only; no request of ours but BootNotification (not yet asked, or Pending).
        case answersOnly
        /// Rejected: nothing goes out, answers neither.
        case silent
    }

    private enum State: Equatable {
        /// Not asked on this connection, or the answer was lost with the last one; ask as soon as there is one.
        case due
        /// The CALL is out. `last` is the last answer, which holds until the next.
        case asking(last: RegistrationStatus?)
        /// → due at the deadline. `last` as above; nil when there was no usable answer.
        case waiting(last: RegistrationStatus?)
        /// Final.
        case accepted
    }

    public enum Effect: Equatable, Sendable {
        /// `heartbeatIntervalSeconds` is nil when the answer gave none that can be used (0 or negative).
        case accepted(heartbeatIntervalSeconds: Int?)
        /// Pending or Rejected.
        case notAccepted(RegistrationStatus)
        case log(LogRecord)
    }

    private let request: BootNotification.Request
    private var state: State = .due
    private var last: RegistrationStatus?
    private var retry: Duration?
    private var waits = BackOff(first: .seconds(10), flat: 1, cap: .seconds(300))
    private var random: SeededRandom

    public init(request: BootNotification.Request, seed: UInt64) {
        self.request = request
        random = SeededRandom(seed: seed)
    }

    public var gate: Gate {
        switch state {
        case .accepted: .open
        case .due, .asking, .waiting: last == .rejected ? .silent : .answersOnly
        }
    }

    /// The newest answer of the central system; nil before the first.
    public var status: RegistrationStatus? { state == .accepted ? .accepted : last }

    /// When to ask again.
    public var nextDeadline: Deadline? { Deadline(at: retry, for: "the next BootNotification") }

    /// The BootNotification to send now, if one is due.
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        if case .waiting(let last) = state, let retry, retry <= moment.uptime {
            self.last = last
            self.retry = nil
            state = .due
        }
        guard state == .due else { return nil }
        state = .asking(last: last)
        return OutgoingCall(key: .bootNotification, request: .bootNotification(request))
    }

    /// The CALL that `nextCall` gave has ended.
    public mutating func callFinished(_ outcome: CallOutcome, at moment: Moment) -> [Effect] {
        guard case .asking = state else { return [] }
        switch outcome {
        case .confirmed(.bootNotification(let confirmation)): return answered(confirmation, at: moment)
        case .connectionLost:
            // The next connection asks at once; the wait between connections protects the central system.
            state = .due
            return []
        case .refused(let error):
            return waitOnOurOwn("BootNotification was refused: \(error.code.rawValue)", at: moment)
        case .timedOut: return waitOnOurOwn("BootNotification was not answered", at: moment)
        case .confirmed: return waitOnOurOwn("BootNotification was answered with something else", at: moment)
        }
    }

    private mutating func answered(_ confirmation: BootNotification.Confirmation, at moment: Moment) -> [Effect] {
        waits.reset()
        last = confirmation.status
        switch confirmation.status {
        case .accepted:
            state = .accepted
            let interval = confirmation.interval > 0 ? confirmation.interval : nil
            return [
                .accepted(heartbeatIntervalSeconds: interval),
                .log(
                    LogRecord(.notice, "registered with the central system", .init("interval", confirmation.interval))
                ),
            ]
        case .pending, .rejected:
            // The interval is a minimum; without one the wait is ours to choose (OCPP 1.6 §4.2).
            let wait = confirmation.interval > 0 ? Duration.seconds(confirmation.interval) : Self.waitWithoutInterval
            state = .waiting(last: confirmation.status)
            retry = moment.uptime + wait
            return [
                .notAccepted(confirmation.status),
                .log(
                    LogRecord(
                        .notice,
                        "the central system does not accept this charger yet",
                        .init("status", confirmation.status.rawValue),
                        .init("retrySeconds", wait.wholeSeconds)
                    )
                ),
            ]
        }
    }

    private mutating func waitOnOurOwn(_ problem: String, at moment: Moment) -> [Effect] {
        let wait = waits.fail(using: &random) + Self.shortestWait
        state = .waiting(last: last)
        retry = moment.uptime + wait
        return [.log(LogRecord(.warning, problem, .init("retrySeconds", wait.wholeSeconds)))]
    }

    private static let waitWithoutInterval: Duration = .seconds(60)
    private static let shortestWait: Duration = .seconds(5)
}
