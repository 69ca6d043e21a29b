import BusSchema
import Primitives

/// The lease that allows energy. It ends by itself: nobody has to be alive to take it away.
///
/// Its end is a comparison with the moment of every event, not an event of its own: whatever comes after the end, in whatever order,
/// finds it ended.
struct LeaseMachine {
    enum Change: Equatable {
        case granted
        /// Same transaction: a later end, or another limit.
        case renewed
        case withdrawn
        /// Not renewed in time; a running charge goes on for the grace period.
        case graceBegan
        /// Not renewed in time, and no grace (any more).
        case lost
    }

    /// What is in force.
    enum Standing: Equatable {
        case absent(Absence)
        case valid(PermitInForce)
        /// Not renewed; allows a running charge to go on `until`, and nothing new.
        case grace(PermitInForce, until: Duration)
    }

    enum Absence: Equatable {
        /// None since the start, or taken away by its grantor.
        case notGranted
        /// Its grantor stopped renewing it.
        case lost
        /// The EV left that it was given for: another one is another customer's. Lost when nobody renews it until its lease is over.
        case vehicleLeft(PermitInForce)
        /// It was given for a register that does not count any more; the transaction cannot have another one.
        case outdated(transaction: String)
    }

    /// The longest lease. Longer ones would be switches, not leases.
    static let longestLease = Duration.seconds(3600)

    private(set) var standing = Standing.absent(.notGranted)
    private let policy: PermitLossPolicy

    init(policy: PermitLossPolicy) { self.policy = policy }

    /// The permit as far as it has any effect.
    var inForce: PermitInForce? {
        switch standing {
        case .absent: nil
        case .valid(let permit), .grace(let permit, _): permit
        }
    }

    /// The permit that its grantor has not taken away yet, whether it has any effect or not.
    private var held: PermitInForce? {
        if case .absent(.vehicleLeft(let permit)) = standing { permit } else { inForce }
    }

    /// Whether something new may begin.
    var isValid: Bool { if case .valid = standing { true } else { false } }

    var wasLost: Bool { standing == .absent(.lost) }

    var vehicleHasLeft: Bool { if case .absent(.vehicleLeft) = standing { true } else { false } }

    var isOutdated: Bool { if case .absent(.outdated) = standing { true } else { false } }

    var nextDeadline: Deadline? {
        switch standing {
        case .absent(.vehicleLeft(let permit)):
            Deadline(at: Self.end(of: permit), for: "the lease of an EV that left ends")
        case .absent: nil
        case .valid(let permit): Deadline(at: Self.end(of: permit), for: "the permit's lease ends")
        case .grace(_, let until): Deadline(at: until, for: "the grace of a lost permit ends")
        }
    }

    /// For the log.
    var fields: [LogRecord.Field] {
        guard let permit = inForce else { return [] }
        return [
            .init("limitMilliamps", permit.limitMilliamps), .init("validUntilUptime", permit.validUntilUptime),
            .init("transaction", permit.transaction),
        ]
    }

    /// Why a request must be refused; nil when it may be obeyed. Taking a permit away is never refused.
    func objection(to request: Permit, at moment: Moment) -> BusError? {
        guard request.granted else { return nil }
        if standing == .absent(.outdated(transaction: request.transaction)) {
            return BusError(.refused, "the register of the meter began anew in transaction \(request.transaction)")
        }
        guard (0...PilotDuty.highestMilliamps).contains(request.limitMilliamps) else {
            return BusError(
                .invalid,
                "limitMilliamps is \(request.limitMilliamps), expected 0…\(PilotDuty.highestMilliamps)"
            )
        }
        guard (1...64).contains(request.transaction.utf8.count) else {
            return BusError(.invalid, "transaction has \(request.transaction.utf8.count) bytes, expected 1…64")
        }
        let now = moment.uptime.wholeMilliseconds
        guard request.validUntilUptime > now else {
            return BusError(.expired, "the lease ended at uptime \(request.validUntilUptime) ms, now is \(now) ms")
        }
        let latest = (moment.uptime + Self.longestLease).wholeMilliseconds
        guard request.validUntilUptime <= latest else {
            return BusError(.invalid, "the lease is longer than \(Self.longestLease.wholeSeconds) s")
        }
        return nil
    }

    /// Obeys a request that `objection(to:at:)` let pass. Who withdraws names the transaction whose permit it was: a withdrawal that
    /// comes late takes nothing from the next one. One that names none withdraws whatever there is.
    mutating func request(_ request: Permit) -> Change? {
        guard request.granted else {
            guard let held, request.transaction.isEmpty || request.transaction == held.transaction else { return nil }
            standing = .absent(.notGranted)
            return .withdrawn
        }
        let permit = PermitInForce(
            limitMilliamps: request.limitMilliamps,
            validUntilUptime: request.validUntilUptime,
            transaction: request.transaction,
            phases: request.phases
        )
        let before = inForce
        standing = .valid(permit)
        return before?.transaction == permit.transaction ? .renewed : .granted
    }

    /// The EV left. Nobody may be alive to withdraw its permit before the next one is plugged in; who is may grant it again, where the
    /// transaction is to go on (StopTransactionOnEVSideDisconnect, OCPP 1.6 §9.1.24).
    /// - Returns: Whether there was one.
    mutating func vehicleLeft() -> Bool {
        guard let inForce else { return false }
        standing = .absent(.vehicleLeft(inForce))
        return true
    }

    /// The register began anew: the transaction of the permit ends with the one of before.
    mutating func outdate() {
        if let inForce { standing = .absent(.outdated(transaction: inForce.transaction)) }
    }

    /// Ends what has ended by now. Comes first in every turn.
    mutating func end(at uptime: Duration) -> Change? {
        switch standing {
        case .valid(let permit) where Self.end(of: permit) <= uptime:
            return leaseEnded(permit, at: uptime)
        case .absent(.vehicleLeft(let permit)) where Self.end(of: permit) <= uptime:
            standing = .absent(.lost)
            return .lost
        case .grace(_, let until) where until <= uptime:
            standing = .absent(.lost)
            return .lost
        case .absent, .valid, .grace:
            return nil
        }
    }

    private mutating func leaseEnded(_ permit: PermitInForce, at uptime: Duration) -> Change {
        if case .continueFor(let grace) = policy {
            // Counted from the end of the lease, however late this process woke up.
            let until = Self.end(of: permit) + grace
            if until > uptime {
                standing = .grace(permit, until: until)
                return .graceBegan
            }
        }
        standing = .absent(.lost)
        return .lost
    }

    private static func end(of permit: PermitInForce) -> Duration {
        Duration(outsideMilliseconds: permit.validUntilUptime)
    }
}
