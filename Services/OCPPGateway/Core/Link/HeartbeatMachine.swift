import OCPP
public import Primitives

/// When a Heartbeat is due: after `HeartbeatInterval` without any OCPP message in either direction (OCPP 1.6 §4.6), and once an hour in any
/// case, for the time.
///
/// Once a day is required (OCPP-J 1.6 §5.3). In an hour a quartz that is off by 100 ppm drifts by a third of a second: the meter values of a
/// long transaction keep the line busy, and their timestamps right.
public struct HeartbeatMachine: Sendable {
    private enum State: Equatable {
        /// → idle.
        case offline
        /// → underWay, offline.
        case idle
        /// The CALL is out; → idle, offline.
        case underWay
    }

    private var state: State = .offline
    private var interval: Duration
    private var lastExchange: Duration
    private var lastTime: Duration

    /// `interval` above zero.
    public init(interval: Duration, at moment: Moment) {
        self.interval = max(interval, Self.shortest)
        lastExchange = moment.uptime
        lastTime = moment.uptime
    }

    public var intervalSeconds: Int { Int(interval.wholeSeconds) }

    public var nextDeadline: Deadline? {
        guard case .idle = state else { return nil }
        let silence = Deadline(at: lastExchange + interval, for: "a Heartbeat after silence")
        return earliest(silence, Deadline(at: lastTime + Self.longestWithoutTime, for: "a Heartbeat for the time"))
    }

    /// In force at once, counted from the last exchange.
    public mutating func setInterval(_ interval: Duration) { self.interval = max(interval, Self.shortest) }

    /// The registration is accepted and the connection open.
    public mutating func wentOnline(at moment: Moment) {
        state = .idle
        lastExchange = moment.uptime
    }

    public mutating func wentOffline() { state = .offline }

    /// An OCPP message was sent or received.
    public mutating func exchanged(at moment: Moment) { lastExchange = moment.uptime }

    /// The Heartbeat to send now, if one is due.
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        guard let due = nextDeadline, due.isDue(at: moment.uptime) else { return nil }
        state = .underWay
        return OutgoingCall(key: .heartbeat, request: .heartbeat(Heartbeat.Request()))
    }

    /// The Heartbeat has ended, whatever its outcome: a missing answer is no reason to repeat it early.
    public mutating func callFinished(at moment: Moment) {
        if case .underWay = state { state = .idle }
        lastExchange = moment.uptime
        lastTime = moment.uptime
    }

    static let longestWithoutTime: Duration = .seconds(3600)
    private static let shortest: Duration = .seconds(1)
}
