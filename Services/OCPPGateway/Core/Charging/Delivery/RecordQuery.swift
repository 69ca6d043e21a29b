import BusSchema
import OCPP
import Primitives

/// A page of the journal that somebody wants to see.
public struct RecordQuery: Equatable, Sendable {
    /// The request of the bus to reply to.
    public let number: Int
    let request: ReadRecords
    /// What is to be read for it.
    public let query: QueueQuery

    /// Most messages that are looked at for one page.
    private static let mostRecords = 100

    /// Nil when there is nothing that the page could hold. Of what is wanted of one state only, what cannot be in that state is passed over
    /// unread; so is, of a transaction that runs, what is older than its begin.
    init?(_ number: Int, _ request: ReadRecords, _ ledger: TransactionLedger) {
        var after = max(request.after ?? 0, 0)
        guard after < ledger.lastSequence else { return nil }
        if let running = ledger.open.values.first(where: { $0.began.transaction == request.transaction }) {
            after = max(after, running.began.sequence - 1)
        }
        switch request.state {
        case .deadLetter?:
            guard let next = ledger.deadLetters.first(after: after) else { return nil }
            after = next - 1
        case .waiting?:
            let next = ledger.requeued.first(after: after) ?? max(ledger.deliveredThrough, after) + 1
            after = next - 1
        default: break
        }
        guard after < ledger.lastSequence else { return nil }
        let limit = min(max(request.limit ?? Self.mostRecords, 1), Self.mostRecords)
        self.number = number
        self.request = request
        query = QueueQuery(afterSequence: after, limit: limit)
    }

    /// The page, of what was read for it.
    func reply(_ found: [QueueEntry], _ turn: ChargingTurn) -> ReadRecords.Reply {
        let records = found.map { record($0, turn) }.filter { record in
            request.state ?? record.state == record.state
                && request.transaction ?? record.transaction == record.transaction
        }
        // Behind its end there is nothing of a transaction.
        let isEnded = found.contains { $0.isStop && $0.transaction == request.transaction }
        let isLast = isEnded || found.count < query.limit
        return ReadRecords.Reply(records: records, next: isLast ? nil : found.last?.sequence)
    }

    private func record(_ entry: QueueEntry, _ turn: ChargingTurn) -> MessageRecord {
        let ledger = turn.ledger
        let assigned = entry.assigned ?? ledger.assigned[entry.transaction]
        var record = MessageRecord(
            messageNumber: entry.sequence,
            action: entry.action.rawValue,
            state: ledger.state(of: entry.sequence),
            transaction: entry.transaction,
            transactionId: assigned?.id,
            connectorId: 0,
            at: turn.clock.timestamp(of: entry.time, at: turn.moment).millisecondsSinceEpoch,
            energyWh: 0,
            idTag: nil,
            reason: nil
        )
        switch entry.message {
        case .start(let began):
            record.connectorId = began.connectorId
            record.energyWh = began.meterStartWh
            record.idTag = began.idTag.text
        case .meterValues(let sampled):
            record.connectorId = sampled.connectorId
            record.energyWh = sampled.energyWh
        case .stop(let ended):
            record.connectorId = ended.connectorId
            record.energyWh = ended.meterStopWh
            record.idTag = ended.idTag?.text
            record.reason = ended.reason.rawValue
        }
        return record
    }
}

extension TransactionLedger {
    /// Where the message stands that has this place in the order.
    fileprivate func state(of sequence: Int64) -> MessageRecord.State {
        if deadLetters.contains(sequence) { return .deadLetter }
        return sequence > deliveredThrough || requeued.contains(sequence) ? .waiting : .delivered
    }
}
