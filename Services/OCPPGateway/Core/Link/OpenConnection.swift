import Primitives

/// A connection over which frames flow, and what is known of its life.
struct OpenConnection: Equatable, Sendable {
    let dial: Int
    /// When the certificates are valid by which the central system has proved who it is; nil on a plain connection.
    let certificates: Validity?
    /// Since when it is open.
    let since: Duration
    /// Whether it has really worked, so that its loss is no failed attempt.
    var proven = false
    /// When the newest byte came in.
    var heardAt: Duration
    /// CALLs that ended without an answer since then.
    private var unansweredCalls = 0

    init(dial: Int, certificates: Validity?, at uptime: Duration) {
        self.dial = dial
        self.certificates = certificates
        since = uptime
        heardAt = uptime
    }

    mutating func received(at uptime: Duration) {
        heardAt = uptime
        unansweredCalls = 0
    }

    /// With pings switched off, silence where answers are due is the only sign of a connection that is dead at the other end; the
    /// kernel needs a quarter of an hour to see it. Returns whether it is to be taken for dead.
    mutating func callTimedOut() -> Bool {
        unansweredCalls += 1
        return unansweredCalls >= Self.mostUnansweredCalls
    }

    /// One may be lost at the central system; two in a row with nothing in between are a dead line.
    static let mostUnansweredCalls = 2
}
