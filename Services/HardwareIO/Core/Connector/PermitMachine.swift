import BusSchema
import Primitives

/// The lease that allows energy. It ends by itself: nobody has to be alive to take it away.
struct PermitMachine: Machine {
    enum Event: Equatable {
        /// A request that `objection(to:at:)` let pass.
        case requested(Permit)
    }

    enum Effect: Equatable {
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

    /// Whether something new may begin.
    var isValid: Bool {
        switch standing {
        case .valid: true
        case .absent, .grace: false
        }
    }

    var wasLost: Bool { standing == .absent(.lost) }

    var nextDeadline: Deadline? {
        switch standing {
        case .absent: nil
        case .valid(let permit): Deadline(at: .milliseconds(permit.validUntilUptime), for: "the permit's lease ends")
        case .grace(_, let until): Deadline(at: until, for: "the grace of a lost permit ends")
        }
    }

    /// Why a request must be refused; nil when it may be obeyed. Taking a permit away is never refused.
    static func objection(to request: Permit, at moment: Moment) -> BusError? {
        guard request.granted else { return nil }
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
        let latest = (moment.uptime + longestLease).wholeMilliseconds
        guard request.validUntilUptime <= latest else {
            return BusError(.invalid, "the lease is longer than \(longestLease.wholeSeconds) s")
        }
        return nil
    }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .requested(let request):
            guard request.granted else { return withdraw() }
            let permit = PermitInForce(
                limitMilliamps: request.limitMilliamps,
                validUntilUptime: request.validUntilUptime,
                transaction: request.transaction
            )
            let before = inForce
            standing = .valid(permit)
            return [before?.transaction == permit.transaction ? .renewed : .granted]
        }
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        switch standing {
        case .valid(let permit) where .milliseconds(permit.validUntilUptime) <= moment.uptime:
            return leaseEnded(permit, at: moment)
        case .grace(_, let until) where until <= moment.uptime:
            standing = .absent(.lost)
            return [.lost]
        case .absent, .valid, .grace:
            return []
        }
    }

    private mutating func withdraw() -> [Effect] {
        let had = inForce != nil
        standing = .absent(.notGranted)
        return had ? [.withdrawn] : []
    }

    private mutating func leaseEnded(_ permit: PermitInForce, at moment: Moment) -> [Effect] {
        switch policy {
        case .openAtOnce:
            standing = .absent(.lost)
            return [.lost]
        case .continueFor(let grace):
            // Counted from the end of the lease, however late this process woke up.
            let until = Duration.milliseconds(permit.validUntilUptime) + grace
            guard until > moment.uptime else {
                standing = .absent(.lost)
                return [.lost]
            }
            standing = .grace(permit, until: until)
            return [.graceBegan]
        }
    }
}
