import Primitives

@testable import GatewayCore

/// A connection machine with its clock.
struct ConnectionBench {
    typealias Effect = ConnectionMachine.Effect

    static let profile = ConnectionProfile(
        url: "ws://cs.example/ocpp/CP1",
        host: "cs.example",
        port: 80,
        identity: "CP1"
    )

    var machine: ConnectionMachine
    var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))

    init(
        pingInterval: Duration = .seconds(10),
        patience: Patience = Patience(pong: .seconds(10), longestWait: .seconds(120)),
        seed: UInt64 = 1,
        trust: String? = nil
    ) {
        var profile = Self.profile
        profile.trust = trust
        machine = ConnectionMachine(profile: profile, patience: patience, pingInterval: pingInterval, seed: seed)
    }

    mutating func feed(_ event: ConnectionMachine.Event) -> [Effect] { machine.handle(event, at: now) }

    /// Jumps to the next deadline.
    mutating func skip() -> [Effect] {
        guard let next = machine.nextDeadline?.at else { return [] }
        return advance(next - now.uptime)
    }

    mutating func advance(_ duration: Duration) -> [Effect] {
        now = now.advanced(by: duration)
        return machine.deadlineReached(at: now)
    }

    /// From the `resolve` effect of that dial to an open connection.
    @discardableResult
    mutating func open(dial: Int) -> [Effect] {
        _ = feed(.resolved(dial: dial, addresses: 1))
        _ = feed(.connected(dial: dial))
        return feed(.handshakeFinished(dial: dial))
    }

    /// A connection that works.
    mutating func work(dial: Int) {
        open(dial: dial)
        _ = feed(.accepted)
    }

    /// How long until the next attempt; nil when none is planned.
    var wait: Duration? { machine.nextAttempt.map { $0 - now.uptime } }
}
