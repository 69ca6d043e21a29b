import BusSchema
import OCPP
import Primitives

/// The frame around every event: shared circumstances in, then queue, statuses and publications brought up to date.
extension ChargingMachine {
    /// Delivered messages that may lie in the journal before it is made shorter.
    private static let compactionThreshold: Int64 = 2000
    private static let retryUnsavedAfter = Duration.seconds(5)
    /// So long after a failure every record is worth the space reserved for the important ones.
    private static let troubleLasts = Duration.seconds(600)

    mutating func inTurn(
        at moment: Moment,
        _ body: (inout ChargingMachine, inout ChargingTurn) -> Void
    ) -> [ChargingEffect] {
        var turn = ChargingTurn(
            moment: moment,
            configuration: configuration,
            keys: keys,
            isOnline: isOnline,
            clock: clock,
            random: random,
            ledger: ledger,
            unsaved: storage.unsaved,
            isStorageTroubled: storageFailedAt.map { moment.uptime - $0 < Self.troubleLasts } ?? false
        )
        storage.unsaved = []
        body(&self, &turn)
        settleStorage(turn)
        delivery.append(turn.appended, turn.ledger)
        delivery.skipHoles(&turn.ledger)
        // What is withheld is not on disk, and would look lost there.
        if storage.withheld.isEmpty { delivery.loadIfNeeded(&turn) }
        for report in turn.statusChanges {
            reporter.note(report, minimumDuration: keys.minimumStatusDuration, at: moment.uptime)
        }
        publishConnectors(&turn)
        publishQueue(&turn)
        compactIfWorthwhile(&turn)
        clock = turn.clock
        random = turn.random
        ledger = turn.ledger
        return turn.effects
    }

    // MARK: - Publications

    private mutating func publishConnectors(_ turn: inout ChargingTurn) {
        for connector in connectors {
            guard let status = connector.status(turn) else { continue }
            publish(status, &turn)
        }
        if let report = reporter.chargePoint {
            publish(
                ConnectorStatus(
                    connectorId: 0,
                    status: report.status.rawValue,
                    errorCode: report.errorCode.rawValue,
                    info: report.info,
                    since: turn.clock.timestamp(of: report.since, at: turn.moment).millisecondsSinceEpoch,
                    transaction: nil,
                    explanation: isOnline ? "The central system is connected." : "The central system is not connected."
                ),
                &turn
            )
        }
    }

    private mutating func publish(_ status: ConnectorStatus, _ turn: inout ChargingTurn) {
        guard published.connectors[status.connectorId] != status else { return }
        published.connectors[status.connectorId] = status
        turn.add(.publish(AnyBusMessage(status)))
    }

    private mutating func publishQueue(_ turn: inout ChargingTurn) {
        let state = queueState(turn)
        guard published.queue != state else { return }
        published.queue = state
        turn.add(.publish(AnyBusMessage(state)))
    }

    func queueState(_ turn: ChargingTurn) -> QueueState {
        QueueState(
            undelivered: turn.ledger.undelivered,
            oldestAt: delivery.oldest.map { turn.clock.timestamp(of: $0, at: turn.moment).millisecondsSinceEpoch },
            inFlight: delivery.actionInFlight?.rawValue,
            attempts: turn.ledger.failures,
            nextAttemptAt: delivery.notBeforeUTC,
            deadLetters: turn.ledger.deadLetters.count,
            storageFault: storage.reason
        )
    }

    // MARK: - Storage

    /// A write failed, and the effects after it were not performed. A start is refused; everything else is kept and tried again.
    mutating func persistFailed(_ records: [JournalRecord], reason: String, _ turn: inout ChargingTurn) {
        if storage.reason == nil { turn.log(.error, "storage failed", .init("reason", reason)) }
        storage.reason = reason
        for record in unperformed(records) {
            switch record {
            case .began(let began):
                delivery.remove(sequence: began.sequence, lost: true)
                turn.ledger.discard(began)
                withConnector(began.connectorId, &turn) { $0.beginFailed(began, &$1) }
            case .sampled(let sampled):
                if let sequence = sampled.sequence { delivery.remove(sequence: sequence, lost: true) }
            case .checkpoint:
                compactedAt = 0
            case .registerRead, .attempted, .released, .bootStart, .unknown:
                break  // Worth a line on disk, not the memory of a broken one.
            case .stopping, .ended, .resumed, .assigned, .delivered, .deadLettered, .requeued, .availabilitySet:
                storage.unsaved.append(record)
                if let entry = QueueEntry(record) {
                    delivery.remove(sequence: entry.sequence, lost: false)
                    storage.withheld.append(entry)
                }
            }
        }
        storage.retryAt = turn.moment.uptime + Self.retryUnsavedAfter
        storageFailedAt = turn.moment.uptime
        repeatLostEffects(&turn)
    }

    /// The failed records, and all that were ordered behind them at that moment: those writes were not even tried.
    private func unperformed(_ failed: [JournalRecord]) -> [JournalRecord] {
        let ordered = storage.ordered
        let start = ordered.indices.last { ordered[$0...].starts(with: failed) }
        return start.map { Array(ordered[$0...]) } ?? failed
    }

    /// Orders that stood behind the failed write were not performed: permits are ordered again, publications made again.
    private mutating func repeatLostEffects(_ turn: inout ChargingTurn) {
        for index in connectors.indices { connectors[index].permit.orderAgain(&turn) }
        delivery.loadWasLost()
        published = Published()
    }

    mutating func retryUnsaved(_ turn: inout ChargingTurn) {
        guard let due = storage.retryAt, due <= turn.moment.uptime else { return }
        storage.retryAt = nil
        guard turn.ledger.deliveredThrough > compactedAt else { return turn.persistUnsaved() }
        // Perhaps the disk is full of what nobody needs any more.
        compact(&turn)
    }

    /// A write was ordered: unless it fails, storage works again and holds everything.
    private mutating func settleStorage(_ turn: ChargingTurn) {
        guard !turn.ordered.isEmpty else {
            storage.unsaved = turn.unsaved + storage.unsaved
            return
        }
        for entry in storage.withheld { delivery.restore(entry, turn.ledger) }
        let earlier = storage.orderedAt == turn.moment.uptime ? storage.ordered : []
        storage = StorageFault()
        storage.ordered = earlier + turn.ordered
        storage.orderedAt = turn.moment.uptime
    }

    private mutating func compactIfWorthwhile(_ turn: inout ChargingTurn) {
        let spent = turn.ledger.deliveredThrough - compactedAt
        guard spent >= Self.compactionThreshold, spent > Int64(turn.ledger.undelivered), storage.reason == nil else {
            return
        }
        compact(&turn)
    }

    private mutating func compact(_ turn: inout ChargingTurn) {
        compactedAt = turn.ledger.deliveredThrough
        let compaction = JournalCompaction(turn.ledger)
        turn.persist(compaction.checkpoint, .synced)
        turn.add(.compact(compaction))
    }
}
