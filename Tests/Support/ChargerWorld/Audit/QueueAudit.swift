import GatewayCore
import OCPP
import Primitives

/// The queue of undelivered messages as it must be: in the order of their events, none before it is on disk, none forgotten. Delivered is what
/// the central system answered, as heard on the wire.
struct QueueAudit {
    private struct Message {
        var sequence: Int64
        var transaction: String
        /// A start or a stop: it is not sent again once somebody has confirmed it, whatever happens to the power.
        var isBilling: Bool
    }

    /// Those that are on disk and not known to be delivered, by their ids.
    private var pending: [String: Message] = [:]
    /// Given up for now, by their ids.
    private var dead: [String: Message] = [:]
    /// Marked as delivered, by their ids.
    private var done: [String: Message] = [:]
    /// Confirmed on the wire.
    private var confirmed: Set<String> = []
    /// How often each was sent.
    private var attempts: [String: Int] = [:]
    private var ids: [Int64: String] = [:]
    private let leastAttempts: Int

    init(_ settings: WorldSettings) {
        leastAttempts = settings.keys["TransactionMessageAttempts"].flatMap { Int($0) } ?? 3
    }

    /// Everything on disk is confirmed or given up.
    var isEmpty: Bool { pending.isEmpty }

    /// The transaction that a message is about.
    func transaction(of id: String) -> String? { pending[id]?.transaction }

    mutating func stored(_ record: JournalRecord) -> [String] {
        switch record {
        case .began(let began): add(began.messageId, began.sequence, began.transaction, isBilling: true)
        case .ended(let ended): add(ended.messageId, ended.sequence, ended.transaction, isBilling: true)
        case .sampled(let sampled):
            guard let id = sampled.messageId, let sequence = sampled.sequence else { return [] }
            add(id, sequence, sampled.transaction, isBilling: false)
        case .deadLettered(let letter):
            guard let id = ids[letter.sequence], let message = pending.removeValue(forKey: id) else { return [] }
            dead[id] = message
            if attempts[id, default: 0] < leastAttempts {
                return ["\(id) became a dead letter after \(attempts[id, default: 0]) attempts"]
            }
        case .requeued(let record):
            let back = dead.filter { record.sequence == nil || $0.value.sequence == record.sequence }
            pending.merge(back) { message, _ in message }
            dead = dead.filter { back[$0.key] == nil }
        case .delivered(let mark):
            guard let id = ids[mark.sequence], let message = pending.removeValue(forKey: id) else { return [] }
            done[id] = message
            return confirmed.contains(id) ? [] : ["\(id) is marked as delivered, nobody confirmed it"]
        default: break
        }
        return []
    }

    private mutating func add(_ id: String, _ sequence: Int64, _ transaction: String, isBilling: Bool) {
        pending[id] = Message(sequence: sequence, transaction: transaction, isBilling: isBilling)
        ids[sequence] = id
    }

    /// A power cut took a record along.
    mutating func lost(_ record: JournalRecord) -> [String] {
        switch record {
        case .sampled(let sampled):
            guard let id = sampled.messageId else { return [] }
            pending[id] = nil
            done[id] = nil
        case .delivered(let mark):
            guard let id = ids[mark.sequence], let message = done.removeValue(forKey: id) else { return [] }
            pending[id] = message
            guard message.isBilling else { return [] }
            return ["\(id) will be sent again, because a power cut took along that it was delivered"]
        default: break
        }
        return []
    }

    /// A process begins with what it found on disk. That may be more than any process was told of: where the write of a mark failed and the
    /// disk then took nothing more, its bytes may have stayed.
    mutating func found(_ ledger: TransactionLedger) -> [String] {
        let marked = pending.filter {
            $0.value.sequence <= ledger.deliveredThrough && !ledger.requeued.contains($0.value.sequence)
        }
        for (id, message) in marked {
            pending[id] = nil
            done[id] = message
        }
        let unconfirmed = marked.keys.filter { !confirmed.contains($0) }
        return unconfirmed.map { "\($0) is found to be delivered, nobody confirmed it" }
    }

    /// The gateway sends a CALL.
    mutating func called(_ id: String, _ request: OCPPRequest) -> [String] {
        switch request {
        case .startTransaction, .stopTransaction: break
        case .meterValues(let values): if values.transactionId == nil { return [] }
        default: return []
        }
        attempts[id, default: 0] += 1
        guard let message = pending[id] else {
            let reason = done[id] == nil ? "is not on disk" : "again after it was confirmed"
            return ["\(request.action) number \(done[id]?.sequence ?? 0) \(reason)"]
        }
        guard let first = pending.min(by: { $0.value.sequence < $1.value.sequence }),
            first.value.sequence < message.sequence
        else { return [] }
        return [
            "\(request.action) number \(message.sequence) overtakes number \(first.value.sequence) of \(first.value.transaction)"
        ]
    }

    mutating func heard(_ message: IncomingMessage) {
        switch message {
        // Whatever it says: a CALLRESULT means that it was processed (JE §3.3).
        case .callResult(let id, _), .undecodableResult(let id, _): confirmed.insert(id)
        default: break
        }
    }
}
