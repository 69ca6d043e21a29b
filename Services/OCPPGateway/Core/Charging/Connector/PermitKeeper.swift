import BusSchema
import Primitives

/// Keeps hardware-io's permit what it should be: grants by a plan, renews well before the lease ends, withdraws, and repeats each order
/// until hardware-io confirmed it. Orders are idempotent.
struct PermitKeeper: Equatable, Sendable {
    /// What hardware-io should hold.
    private enum Wanted: Equatable {
        case nothing
        case granted(transaction: String, LimitPlan)
        /// Taken away; `transaction` is the one it was granted for. Repeated until hardware-io answers or the lease is over.
        case withdrawn(transaction: String, leaseEnds: Duration)
        /// Answered, and the newest publication still shows it: that may be the older of the two, or a grant came after the withdrawal. It is
        /// taken away again unless a publication shows that it is gone.
        case doubted(transaction: String, leaseEnds: Duration)
    }

    /// No answer at all: the order is repeated.
    private static let answerLimit = Duration.seconds(3)
    /// Refused, or hardware-io lost the permit: the order is repeated.
    private static let retryAfter = Duration.seconds(1)

    private let connectorId: Int
    private var wanted = Wanted.nothing
    /// When the order must be sent again.
    private var orderDue: Duration?
    private var sentAt: Duration?
    /// A refusal was logged.
    private var isTroubled = false

    init(connectorId: Int) { self.connectorId = connectorId }

    var nextDeadline: Deadline? { Deadline(at: orderDue, for: "the permit is ordered again") }

    mutating func grant(transaction: String, _ plan: LimitPlan, _ turn: inout ChargingTurn) {
        wanted = .granted(transaction: transaction, plan)
        send(&turn)
    }

    mutating func withdraw(_ turn: inout ChargingTurn) {
        guard case .granted(let transaction, _) = wanted else { return }
        withdraw(from: transaction, &turn)
    }

    /// Makes the lease as long as it can be, before we are gone for a while.
    mutating func renew(_ turn: inout ChargingTurn) {
        guard case .granted = wanted else { return }
        send(&turn)
    }

    /// `published` is what hardware-io published last.
    mutating func answered(
        transaction: String,
        _ outcome: PermitOutcome,
        published: ConnectorState?,
        _ turn: inout ChargingTurn
    ) {
        switch (wanted, outcome) {
        case (.granted(transaction, let plan), .answered):
            let renewal = turn.uptime + turn.configuration.permitRenewal
            confirmed(next: plan.nextChange(after: turn.uptime).map { min($0, renewal) } ?? renewal)
        case (.withdrawn(transaction, let leaseEnds), .answered):
            let isShown = published?.permit?.transaction == transaction
            wanted = isShown ? .doubted(transaction: transaction, leaseEnds: leaseEnds) : .nothing
            confirmed(next: isShown ? turn.uptime + Self.retryAfter : nil)
        case (.granted(transaction, _), .failed(let error)), (.withdrawn(transaction, _), .failed(let error)):
            if !isTroubled {
                turn.log(
                    .warning,
                    "hardware-io did not take a permit",
                    .init("connector", connectorId),
                    .init("error", error)
                )
            }
            isTroubled = true
            orderDue = turn.uptime + Self.retryAfter
        case (.nothing, _), (.granted, _), (.withdrawn, _), (.doubted, _):
            break  // Late.
        }
    }

    /// Compares with what hardware-io says it holds.
    mutating func observed(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        switch wanted {
        case .nothing:
            // Nobody here wants energy there: a permit from before our restart.
            if let stray = state.permit { withdraw(from: stray.transaction, &turn) }
        case .granted(let transaction, _):
            guard state.permit?.transaction != transaction else { return }
            // It restarted. At once, unless an order is just on its way.
            if let sentAt, turn.uptime - sentAt < Self.retryAfter {
                let retry = sentAt + Self.retryAfter
                orderDue = orderDue.map { min($0, retry) } ?? retry
            } else {
                send(&turn)
            }
        case .withdrawn:
            break  // Only an answer tells that the order arrived.
        case .doubted(let transaction, _):
            guard state.permit?.transaction != transaction else { return }
            wanted = .nothing
            orderDue = nil
            if let stray = state.permit { withdraw(from: stray.transaction, &turn) }
        }
    }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        guard let due = orderDue, due <= turn.uptime else { return }
        orderDue = nil
        switch wanted {
        case .withdrawn(_, let leaseEnds) where leaseEnds <= turn.uptime,
            .doubted(_, let leaseEnds) where leaseEnds <= turn.uptime:
            wanted = .nothing
        case .doubted(let transaction, let leaseEnds):
            wanted = .withdrawn(transaction: transaction, leaseEnds: leaseEnds)
            send(&turn)
        case .nothing, .granted, .withdrawn: send(&turn)
        }
    }

    private mutating func withdraw(from transaction: String, _ turn: inout ChargingTurn) {
        wanted = .withdrawn(transaction: transaction, leaseEnds: turn.uptime + turn.configuration.permitLease)
        send(&turn)
    }

    private mutating func confirmed(next: Duration?) {
        orderDue = next
        isTroubled = false
    }

    private mutating func send(_ turn: inout ChargingTurn) {
        switch wanted {
        case .nothing, .doubted: return
        case .granted(let transaction, let plan):
            let leaseEnds = turn.uptime + turn.configuration.permitLease
            let limit = plan.milliamps(at: turn.uptime)
            turn.add(.requestPermit(permit(true, transaction, limitMilliamps: limit, validUntil: leaseEnds)))
        case .withdrawn(let transaction, _):
            turn.cutEnergy(permit(false, transaction, limitMilliamps: 0, validUntil: turn.uptime))
        }
        sentAt = turn.uptime
        orderDue = turn.uptime + Self.answerLimit
    }

    private func permit(
        _ isGranted: Bool,
        _ transaction: String,
        limitMilliamps: Int,
        validUntil: Duration
    ) -> Permit {
        Permit(
            connectorId: connectorId,
            granted: isGranted,
            limitMilliamps: limitMilliamps,
            validUntilUptime: validUntil.wholeMilliseconds,
            transaction: transaction
        )
    }
}
