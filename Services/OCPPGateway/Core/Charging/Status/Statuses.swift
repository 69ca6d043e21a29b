import BusSchema
import OCPP
import Primitives

/// What is told of statuses: to the central system by `StatusReporter`, to everybody on the bus on change, for the connectors and for the
/// charge point itself.
struct Statuses: Sendable {
    /// Readers that are watched; one that claims to be more is wrong.
    private static let mostReaders = 16

    private var reporter = StatusReporter()
    /// By readerId.
    private var readers: [Int: ReaderState] = [:]
    /// What is wrong with the charge point itself.
    private var faults = ChargePointFaults()
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
        let broken = readers.values.filter { $0.faults.contains(.readerFailure) }.map(\.readerId).sorted()
        let names = broken.map(String.init).joined(separator: ", ")
        faults.set(.reader, !broken.isEmpty, detail: readers.count > 1 ? "reader \(names)" : nil)
        reportChargePoint(availability, &turn)
    }

    /// Why the newest Reset could not be done; nil when it was, or another one is under way. Told with the next report of the charge point.
    mutating func note(resetFailure reason: String?) { faults.set(.reset, reason != nil, detail: reason) }

    /// The modem's signal, in percent; nil without a modem in use.
    mutating func observed(
        signalPercent: Int?,
        _ availability: AvailabilityMachine,
        _ turn: inout ChargingTurn
    ) {
        faults.signal(percent: signalPercent)
        reportChargePoint(availability, &turn)
    }

    mutating func observedMainMeter(
        hasFailed: Bool,
        _ availability: AvailabilityMachine,
        _ turn: inout ChargingTurn
    ) {
        faults.set(.mainMeter, hasFailed, detail: "main meter")
        reportChargePoint(availability, &turn)
    }

    /// What follows for the charge point from its connectors and its disk.
    private mutating func observe(
        _ connectors: [ConnectorMachine],
        _ availability: AvailabilityMachine,
        _ turn: inout ChargingTurn
    ) {
        let isSilent = connectors.allSatisfy(\.facts.isSilent)
        faults.set(.hardware, isSilent, detail: "hardware-io does not answer", blocks: true)
        // A transaction that runs goes on without the disk.
        let isCharging = connectors.contains { $0.transaction != nil }
        let refuses = turn.book.refusesForLong(at: turn.uptime)
        faults.set(.storage, refuses, detail: "nothing can be stored", blocks: !isCharging)
        reportChargePoint(availability, &turn)
    }

    /// The status of the charge point itself, connector 0 (OCPP 1.6 §7.7).
    mutating func reportChargePoint(_ availability: AvailabilityMachine, _ turn: inout ChargingTurn) {
        let outOfUse = InoperabilityReason.status(of: availability.reasons(for: 0))
        let report = faults.report(outOfUse: outOfUse, since: turn.now)
        let last = turn.statusChanges.last { $0.connectorId == 0 } ?? reporter.chargePoint
        guard !report.saysTheSame(as: last) else { return }
        turn.statusChanges.append(report)
    }

    // MARK: - The central system

    mutating func wentOnline(registered: Bool, connectorIds: [Int], _ turn: ChargingTurn) {
        reporter.wentOnline(
            registered: registered,
            connectors: [0] + connectorIds,
            minimumDuration: turn.keys.core.minimumStatusDuration,
            at: turn.uptime
        )
    }

    mutating func wentOffline() { reporter.wentOffline() }

    mutating func trigger(connectorId: Int, at uptime: Duration) {
        reporter.trigger(connectorId: connectorId, at: uptime)
    }

    /// When a report that waits is due.
    var nextDue: Duration? { reporter.nextDue }

    /// The StatusNotification to send now, if one is due, with its number.
    mutating func nextRequest(
        _ clock: EventClock,
        at moment: Moment
    ) -> (number: Int64, StatusNotification.Request)? {
        guard let (number, report) = reporter.next(at: moment.uptime) else { return nil }
        let request = StatusNotification.Request(
            connectorId: report.connectorId,
            errorCode: report.errorCode,
            info: report.info.map { CiString50(fitting: $0) },
            status: report.status,
            timestamp: clock.timestamp(of: report.since, at: moment),
            vendorErrorCode: report.vendorErrorCode.map { CiString50(fitting: $0) }
        )
        return (number, request)
    }

    mutating func finished(_ number: Int64, confirmed: Bool, at uptime: Duration) {
        reporter.finished(number, confirmed: confirmed, at: uptime)
    }

    // MARK: - The bus

    /// After everything else of a turn: reports what changed, publishes what is new.
    mutating func settle(
        _ connectors: [ConnectorMachine],
        _ availability: AvailabilityMachine,
        _ delivery: DeliveryMachine,
        _ turn: inout ChargingTurn
    ) {
        observe(connectors, availability, &turn)
        for report in turn.statusChanges {
            reporter.note(report, minimumDuration: turn.keys.core.minimumStatusDuration, at: turn.uptime)
        }
        for connector in connectors {
            if let status = connector.status(turn) { publish(status, &turn) }
        }
        publishChargePoint(availability, &turn)
        publishQueue(delivery, &turn)
    }

    private mutating func publishChargePoint(_ availability: AvailabilityMachine, _ turn: inout ChargingTurn) {
        guard let report = reporter.chargePoint else { return }
        let status = ConnectorStatus(
            connectorId: 0,
            status: report.status.rawValue,
            errorCode: report.errorCode.rawValue,
            info: report.info,
            since: turn.clock.timestamp(of: report.since, at: turn.moment).millisecondsSinceEpoch,
            transaction: nil,
            explanation: explanation(report, availability, turn)
        )
        publish(status, &turn)
    }

    private func explanation(
        _ report: StatusReport,
        _ availability: AvailabilityMachine,
        _ turn: ChargingTurn
    ) -> String {
        let link =
            turn.isOnline
            ? "The central system is connected."
            : "The central system is not connected, or has not accepted this charger."
        var sentences =
            report.status == .unavailable ? [InoperabilityReason.sentence(of: availability.reasons(for: 0))] : []
        if report.errorCode != .noError {
            let words = report.status == .faulted ? "Cannot deliver energy" : Self.words(for: report.errorCode)
            sentences.append(report.info.map { "\(words): \($0)." } ?? "\(words).")
        }
        return (sentences + [link]).joined(separator: " ")
    }

    /// What is wrong with the charge point, where that keeps no energy from flowing.
    private static func words(for code: ChargePointErrorCode) -> String {
        switch code {
        case .readerFailure: "A card reader does not work"
        case .powerMeterFailure: "A meter does not work"
        case .resetFailure: "The newest Reset could not be done"
        case .weakSignal: "The modem has little signal"
        default: "Something is wrong"
        }
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
            storageFault: turn.book.trouble
        )
        guard queue != state else { return }
        queue = state
        turn.add(.publish(AnyBusMessage(state)))
    }
}
