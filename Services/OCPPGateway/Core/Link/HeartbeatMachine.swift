import OCPP
public import Primitives

/// When a Heartbeat is due: after `HeartbeatInterval` without any OCPP message in either direction (OCPP 1.6 §4.6), and once
/// a day in any case, for the time (OCPP-J 1.6 §5.3).
public struct HeartbeatMachine: Sendable {
    private var interval: Duration
    private var lastExchange: Duration
    private var lastTime: Duration
    private var online = false
    private var underWay = false

    /// `interval` above zero.
    public init(interval: Duration, at moment: Moment) {
        self.interval = max(interval, Self.shortest)
        lastExchange = moment.uptime
        lastTime = moment.uptime
    }

    public var intervalSeconds: Int { Int(interval.wholeSeconds) }

    public var nextDeadline: Deadline? {
        guard online, !underWay else { return nil }
        return Deadline(at: min(lastExchange + interval, lastTime + Self.day), for: "a Heartbeat")
    }

    /// In force at once, counted from the last exchange.
    public mutating func setInterval(_ interval: Duration) { self.interval = max(interval, Self.shortest) }

    /// The registration is accepted and the connection open.
    public mutating func wentOnline(at moment: Moment) {
        online = true
        underWay = false
        lastExchange = moment.uptime
    }

    public mutating func wentOffline() {
        online = false
        underWay = false
    }

    /// An OCPP message was sent or received.
    public mutating func exchanged(at moment: Moment) { lastExchange = moment.uptime }

    /// The Heartbeat to send now, if one is due.
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        guard let due = nextDeadline, due.isDue(at: moment.uptime) else { return nil }
        underWay = true
        return OutgoingCall(key: .heartbeat, request: .heartbeat(Heartbeat.Request()))
    }

    /// The Heartbeat has ended, whatever its outcome: a missing answer is no reason to repeat it early.
    public mutating func callFinished(at moment: Moment) {
        underWay = false
        lastExchange = moment.uptime
        lastTime = moment.uptime
    }

    private static let day: Duration = .seconds(86_400)
    private static let shortest: Duration = .seconds(1)
}
