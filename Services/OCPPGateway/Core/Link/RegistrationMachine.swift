public import OCPP
public import Primitives

/// Whether the central system serves this charge point, and when to ask again (OCPP 1.6 §4.2).
///
/// An Accepted registration holds until the process ends, over reconnects too (OCPP-J 1.6 §5.4), unless the central system questions it.
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
        /// Not asked on this connection, or the answer was lost with the last one; → asking as soon as there is a connection. `last` is the
        /// last answer, which holds until the next.
        case due(last: RegistrationStatus?)
        /// The CALL is out; → accepted, waiting, or due when the connection ends first.
        case asking(last: RegistrationStatus?)
        /// → asking at the deadline. `last` is nil when there was no usable answer yet.
        case waiting(last: RegistrationStatus?, until: Duration)
        /// Since that uptime; → due when the central system questions it.
        case accepted(since: Duration)
    }

    public enum Effect: Equatable, Sendable {
        /// `heartbeatIntervalSeconds` is nil when the answer gave none that can be used (0 or negative).
        case accepted(heartbeatIntervalSeconds: Int?)
        /// Pending or Rejected.
        case notAccepted(RegistrationStatus)
        case log(LogRecord)
    }

    private var request: BootNotification.Request
    /// Whether it was ever accepted.
    var acceptance: Acceptance
    private var state: State = .due(last: nil)
    /// Before an answer without an interval of its own.
    private var waits = BackOff(first: .seconds(10), flat: 1, cap: .seconds(300))
    /// Registrations that were questioned soon after they had been accepted.
    private var questions = 0
    private var random: SeededRandom

    init(request: BootNotification.Request, acceptance: Acceptance, seed: UInt64) {
        self.request = request
        self.acceptance = acceptance
        random = SeededRandom(seed: seed)
    }

    /// Of the SIM in use, for the next BootNotification (OCPP 1.6 §6.5). What is not known leaves what was known before, since a charger that begins
    /// before its modem has been read has those of the site's file, if any. The IMSI of one card is not told with the ICCID of another.
    mutating func learn(iccid: String?, imsi: String?) {
        if let iccid = iccid.map({ CiString20(fitting: $0) }), iccid != request.iccid {
            if request.iccid != nil { request.imsi = nil }
            request.iccid = iccid
        }
        if let imsi { request.imsi = CiString20(fitting: imsi) }
    }

    public var gate: Gate {
        if case .accepted = state { return .open }
        return status == .rejected ? .silent : .answersOnly
    }

    /// The newest answer of the central system; nil before the first, and while a registration that it questioned is renewed.
    public var status: RegistrationStatus? {
        switch state {
        case .due(let last), .asking(let last), .waiting(let last, _): last
        case .accepted: .accepted
        }
    }

    /// When to ask again.
    public var nextDeadline: Deadline? {
        guard case .waiting(_, let until) = state else { return nil }
        return Deadline(at: until, for: "the next BootNotification")
    }

    /// The BootNotification to send now, if one is due.
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        switch state {
        case .due(let last): state = .asking(last: last)
        case .waiting(let last, let until) where until <= moment.uptime: state = .asking(last: last)
        case .waiting, .asking, .accepted: return nil
        }
        return OutgoingCall(key: .bootNotification, request: .bootNotification(request))
    }

    /// The CALL that `nextCall` gave has ended.
    public mutating func callFinished(_ outcome: CallOutcome, at moment: Moment) -> [Effect] {
        let last: RegistrationStatus?
        switch (state, outcome) {
        case (.asking(let before), _): last = before
        // Late, and an answer all the same: asking again would only take as long again.
        case (.waiting(let before, _), .confirmed), (.waiting(let before, _), .unreadable): last = before
        case (.due, _), (.waiting, _), (.accepted, _): return []
        }
        switch outcome {
        case .confirmed(.bootNotification(let confirmation)):
            return answered(confirmation.status, interval: confirmation.interval, at: moment)
        case .unreadable(let result):
            // The status alone says whether this charger is served, and whether it has to be silent (OCPP 1.6 §4.2).
            guard case .registration(let status?, _, let interval) = result.salvaged else {
                return waitOnOurOwn("BootNotification was answered without a status that can be read", last, at: moment)
            }
            return answered(status, interval: interval, at: moment)
        case .connectionLost:
            // The next connection asks at once; the wait between connections protects the central system.
            state = .due(last: last)
            return []
        case .refused(let error):
            return waitOnOurOwn("BootNotification was refused: \(error.code.rawValue)", last, at: moment)
        case .timedOut: return waitOnOurOwn("BootNotification was not answered", last, at: moment)
        case .confirmed, .unsettled:
            return waitOnOurOwn("BootNotification was answered with something else", last, at: moment)
        }
    }

    /// The central system answered a CALL other than BootNotification with SecurityError: that is how it says that it does not know this
    /// charger as registered (OCPP-J errata §3.10), for instance after it lost its memory.
    ///
    /// - Returns: The effects when the registration is renewed: that CALL was no attempt. Nil when the registration is too fresh for that,
    ///   or not accepted at all: the error is then about the CALL itself, and counts as any other refusal. So a central system that always
    ///   answers SecurityError is asked at growing intervals from `shortestTrust` to `longestTrust`.
    public mutating func questioned(at moment: Moment) -> [Effect]? {
        guard case .accepted(let since) = state else { return nil }
        let age = moment.uptime - since
        if age >= Self.longestTrust * 2 { questions = 0 }
        guard age >= min(Self.longestTrust, Self.shortestTrust * (1 << min(questions, 10))) else { return nil }
        questions += 1
        state = .due(last: nil)
        return [.log(LogRecord(.warning, "the central system questions the registration: it is asked anew"))]
    }

    /// An interval that cannot be read, or is not there, is as good as one of zero: it says nothing.
    private mutating func answered(
        _ status: RegistrationStatus,
        interval: Int?,
        at moment: Moment
    ) -> [Effect] {
        let given = interval ?? 0
        switch status {
        case .accepted:
            waits.reset()
            state = .accepted(since: moment.uptime)
            // A central system that gives none leaves the configured interval in force.
            return [
                .accepted(heartbeatIntervalSeconds: given > 0 ? min(given, Self.longestHeartbeatSeconds) : nil),
                .log(LogRecord(.notice, "registered with the central system", .init("interval", given))),
            ]
        case .pending, .rejected:
            let wait = waitAfter(interval: given)
            state = .waiting(last: status, until: moment.uptime + wait)
            return [
                .notAccepted(status),
                .log(
                    LogRecord(
                        .notice,
                        "the central system does not accept this charger yet",
                        .init("status", status.rawValue),
                        .init("retrySeconds", wait.wholeSeconds)
                    )
                ),
            ]
        }
    }

    /// The interval is a minimum; without one the wait is ours to choose, and grows, to flood nobody (OCPP 1.6 §4.2).
    private mutating func waitAfter(interval: Int) -> Duration {
        guard interval > 0 else { return Self.waitWithoutInterval + waits.fail(using: &random) }
        waits.reset()
        return min(Duration(outsideSeconds: interval), Self.longestWait)
    }

    private mutating func waitOnOurOwn(
        _ problem: String,
        _ last: RegistrationStatus?,
        at moment: Moment
    ) -> [Effect] {
        let wait = Self.shortestWait + waits.fail(using: &random)
        state = .waiting(last: last, until: moment.uptime + wait)
        return [.log(LogRecord(.warning, problem, .init("retrySeconds", wait.wholeSeconds)))]
    }

    private static let waitWithoutInterval: Duration = .seconds(30)
    private static let shortestWait: Duration = .seconds(5)
    /// A longer interval is taken for a mistake (milliseconds, the end of an integer's range): obeyed to the letter (OCPP 1.6 §4.2), it
    /// would put the charger out of service until somebody switches it off and on, which lets it ask again at once anyway.
    static let longestWait: Duration = .seconds(86_400)
    /// The time is to be asked for once a day at least (OCPP-J 1.6 §5.3).
    static let longestHeartbeatSeconds = 86_400
    /// A registration younger than this is not renewed; doubled with each question.
    static let shortestTrust: Duration = .seconds(60)
    /// A registration of that age is always renewed; one that held twice as long forgets earlier questions.
    static let longestTrust: Duration = .seconds(3600)
}
