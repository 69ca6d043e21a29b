import BusSchema
import OCPP
import Primitives

/// What is told of statuses: to the central system by `StatusReporter`, to everybody on the bus on change, for the connectors and for the
/// charge point itself.
struct Statuses: Sendable {
    /// Readers that are watched; one that claims to be more is wrong.
    private static let mostReaders = 16

    private var reporter = StatusReporter()
    /// Why the newest Reset could not be done; nil when it was, or another one is under way.
    var resetFailure: String?
    /// By readerId.
    private var readers: [Int: ReaderState] = [:]
    /// What was published last.
    private var published: [Int: ConnectorStatus] = [:]
    private(set) var queue: QueueState?

    var nextDeadline: Deadline? { reporter.nextDeadline }

    /// As published last, by connectorId.
    var all: [ConnectorStatus] { published.values.sorted { $0.connectorId < $1.connectorId } }

    mutating func deadlineReached(at uptime: Duration) { reporter.deadlineReached(at: uptime) }

    mutating func observed(
        _ reader: ReaderState,
        _ availability: AvailabilityMachine,
        _ turn: inout ChargingTurn
    ) {
        guard readers[reader.readerId] != nil || readers.count < Self.mostReaders else { return }
        readers[reader.readerId] = reader
        reportChargePoint(availability, &turn)
    }

    /// The status of the charge point itself, connector 0 (OCPP 1.6 §7.7).
    mutating func reportChargePoint(_ availability: AvailabilityMachine, _ turn: inout ChargingTurn) {
        let hasReaderFault = readers.values.contains { $0.faults.contains(.readerFailure) }
        let report = StatusReport(
            connectorId: 0,
            status: InoperabilityReason.status(of: availability.reasons(for: 0)) ?? .available,
            errorCode: resetFailure != nil ? .resetFailure : hasReaderFault ? .readerFailure : .noError,
            info: resetFailure,
            since: turn.now
        )
        let last = turn.statusChanges.last { $0.connectorId == 0 } ?? reporter.chargePoint
        guard !report.saysTheSame(as: last) else { return }
        turn.statusChanges.append(report)
    }

    // MARK: - The central system

    mutating func wentOnline(registered: Bool, connectorIds: [Int], at uptime: Duration) {
        reporter.wentOnline(registered: registered, connectors: [0] + connectorIds, at: uptime)
    }

    mutating func wentOffline() { reporter.wentOffline() }

    mutating func trigger(connectorId: Int, at uptime: Duration) {
        reporter.trigger(connectorId: connectorId, at: uptime)
    }

    /// The StatusNotification to send now, if one is due, with its number.
    mutating func nextRequest(_ turn: ChargingTurn) -> (number: Int64, StatusNotification.Request)? {
        guard let (number, report) = reporter.next(at: turn.uptime) else { return nil }
        let request = StatusNotification.Request(
            connectorId: report.connectorId,
            errorCode: report.errorCode,
            info: report.info.map { CiString50(fitting: $0) },
            status: report.status,
            timestamp: turn.clock.timestamp(of: report.since, at: turn.moment),
            vendorErrorCode: report.vendorErrorCode.map { CiString50(fitting: $0) }
        )
        return (number, request)
    }

    mutating func finished(_ number: Int64, confirmed: Bool, at uptime: Duration) {
        reporter.finished(number, confirmed: confirmed, at: uptime)
    }

    // MARK: - The bus

    /// After everything else of a turn: reports what changed, publishes what is new.
    mutating func settle(_ connectors: [ConnectorMachine], _ delivery: DeliveryMachine, _ turn: inout ChargingTurn) {
        for report in turn.statusChanges {
            reporter.note(report, minimumDuration: turn.keys.core.minimumStatusDuration, at: turn.uptime)
        }
        for connector in connectors {
            if let status = connector.status(turn) { publish(status, &turn) }
        }
        publishChargePoint(&turn)
        publishQueue(delivery, &turn)
    }

    private mutating func publishChargePoint(_ turn: inout ChargingTurn) {
        guard let report = reporter.chargePoint else { return }
        let status = ConnectorStatus(
            connectorId: 0,
            status: report.status.rawValue,
            errorCode: report.errorCode.rawValue,
            info: report.info,
            since: turn.clock.timestamp(of: report.since, at: turn.moment).millisecondsSinceEpoch,
            transaction: nil,
            explanation: turn.isOnline
                ? "The central system is connected."
                : "The central system is not connected, or has not accepted this charger."
        )
        publish(status, &turn)
    }

    private mutating func publish(_ status: ConnectorStatus, _ turn: inout ChargingTurn) {
        guard published[status.connectorId] != status else { return }
        published[status.connectorId] = status
        turn.add(.publish(AnyBusMessage(status)))
    }

    private mutating func publishQueue(_ delivery: DeliveryMachine, _ turn: inout ChargingTurn) {
        let state = QueueState(
            undelivered: turn.ledger.undelivered,
            oldestAt: delivery.oldest.map { turn.clock.timestamp(of: $0, at: turn.moment).millisecondsSinceEpoch },
            inFlight: delivery.actionInFlight?.rawValue,
            attempts: turn.ledger.failures,
            nextAttemptAt: delivery.nextAttemptUTC,
            deadLetters: turn.ledger.deadLetters.count,
            storageFault: turn.book.fault
        )
        guard queue != state else { return }
        queue = state
        turn.add(.publish(AnyBusMessage(state)))
    }
}
