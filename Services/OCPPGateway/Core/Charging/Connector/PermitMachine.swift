import BusSchema
import Primitives

/// Keeps hardware-io's permit what it should be: grants, renews well before the lease ends, withdraws, and repeats each order until
/// hardware-io confirmed it. Orders are idempotent.
struct PermitMachine: Equatable, Sendable {
    /// What hardware-io should hold.
    private enum Wanted: Equatable {
        case nothing
        case granted(transaction: String, limitMilliamps: Int)
        /// Taken away; `transaction` is the one it was granted for. Repeated until hardware-io answers or the lease is over.
        case withdrawn(transaction: String, leaseEnds: Duration)
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
    private var troubled = false

    var nextDeadline: Deadline? { Deadline(at: orderDue, for: "the permit is ordered again") }

    init(connectorId: Int) { self.connectorId = connectorId }

    mutating func grant(transaction: String, limitMilliamps: Int, _ turn: inout ChargingTurn) {
        wanted = .granted(transaction: transaction, limitMilliamps: limitMilliamps)
        send(&turn)
    }

    mutating func withdraw(_ turn: inout ChargingTurn) {
        guard case .granted(let transaction, _) = wanted else { return }
        take(away: transaction, &turn)
    }

    /// Makes the lease as long as it can be, before we are gone for a while.
    mutating func renew(_ turn: inout ChargingTurn) {
        guard case .granted = wanted else { return }
        send(&turn)
    }

    /// The last order may not have been performed.
    mutating func orderAgain(_ turn: inout ChargingTurn) { send(&turn) }

    mutating func answered(transaction: String, _ outcome: PermitOutcome, _ turn: inout ChargingTurn) {
        switch (wanted, outcome) {
        case (.granted(transaction, _), .answered):
            confirmed(next: turn.moment.uptime + turn.configuration.permitRenewal)
        case (.withdrawn(transaction, _), .answered):
            wanted = .nothing
            confirmed(next: nil)
        case (.granted(transaction, _), .failed(let error)), (.withdrawn(transaction, _), .failed(let error)):
            if !troubled {
                turn.log(
                    .warning,
                    "hardware-io did not take a permit",
                    .init("connector", connectorId),
                    .init("error", error)
                )
            }
            troubled = true
            orderDue = turn.moment.uptime + Self.retryAfter
        case (.nothing, _), (.granted, _), (.withdrawn, _):
            break  // late
        }
    }

    /// Compares with what hardware-io says it holds.
    mutating func observed(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        switch wanted {
        case .nothing:
            // Nobody here wants energy there: a permit from before our restart.
            if let stray = state.permit { take(away: stray.transaction, &turn) }
        case .granted(let transaction, _):
            guard state.permit?.transaction != transaction else { return }
            // It restarted. At once, unless an order is just on its way.
            if let sentAt, turn.moment.uptime - sentAt < Self.retryAfter {
                let retry = sentAt + Self.retryAfter
                orderDue = orderDue.map { min($0, retry) } ?? retry
            } else {
                send(&turn)
            }
        case .withdrawn:
            break  // Only an answer tells that the order arrived.
        }
    }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        guard let due = orderDue, due <= turn.moment.uptime else { return }
        orderDue = nil
        if case .withdrawn(_, let leaseEnds) = wanted, leaseEnds <= turn.moment.uptime {
            wanted = .nothing
            return
        }
        send(&turn)
    }

    private mutating func take(away transaction: String, _ turn: inout ChargingTurn) {
        let leaseEnds = turn.moment.uptime + turn.configuration.permitLease
        wanted = .withdrawn(transaction: transaction, leaseEnds: leaseEnds)
        send(&turn)
    }

    private mutating func confirmed(next: Duration?) {
        orderDue = next
        troubled = false
    }

    private mutating func send(_ turn: inout ChargingTurn) {
        let lease = (turn.moment.uptime + turn.configuration.permitLease).wholeMilliseconds
        let permit: Permit
        switch wanted {
        case .nothing: return
        case .granted(let transaction, let limit):
            permit = Permit(
                connectorId: connectorId,
                granted: true,
                limitMilliamps: limit,
                validUntilUptime: lease,
                transaction: transaction
            )
        case .withdrawn(let transaction, _):
            permit = Permit(
                connectorId: connectorId,
                granted: false,
                limitMilliamps: 0,
                validUntilUptime: turn.moment.uptime.wholeMilliseconds,
                transaction: transaction
            )
        }
        sentAt = turn.moment.uptime
        orderDue = turn.moment.uptime + Self.answerLimit
        turn.add(.requestPermit(permit))
    }
}
