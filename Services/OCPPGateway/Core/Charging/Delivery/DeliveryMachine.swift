import BusSchema
import OCPP
import Primitives

/// Delivers transaction-related messages in the one order of their events over all connectors (OCPP 1.6 §3.7), one at a time.
///
/// The queue is the journal; in memory is a window of it. A message is rendered from its record when it is sent, with the
/// transactionId as known then. A failure is a CALLERROR or a missing answer, not a lost connection (CORE-TX-32).
struct DeliveryMachine: Equatable, Sendable {
    /// Most messages in memory.
    static let windowLimit = 64
    private static let reloadAfter = Duration.seconds(10)

    /// Ascending; every message from the head of the queue to `loadedThrough`.
    private var window: [QueueEntry] = []
    private var loadedThrough: Int64
    /// Dead letters that were put back, loaded apart because they are older than the window.
    private var resends: [QueueEntry] = []
    /// Numbers whose records could not be stored: holes in the journal that are no loss of it.
    private var unstored = SequenceSet()
    private var isLoading = false
    private var reloadAt: Duration?
    private var inFlight: QueueEntry?
    /// When the failed head may be sent again.
    private(set) var notBefore: Duration?
    /// The same, UTC milliseconds since 1970, for people.
    private(set) var notBeforeUTC: Int64?
    /// A transmission of this message may have reached the central system without our seeing its answer.
    private var lostAnswer: Int64?

    init(_ ledger: RestoredTransactions) { loadedThrough = ledger.deliveredThrough }

    var nextDeadline: Deadline? {
        guard inFlight == nil else { return nil }
        return earliest(
            Deadline(at: notBefore, for: "the next attempt to deliver a message"),
            Deadline(at: reloadAt, for: "the next attempt to read the journal")
        )
    }

    var actionInFlight: Action? {
        switch inFlight?.message {
        case .start: .startTransaction
        case .meterValues: .meterValues
        case .stop: .stopTransaction
        case nil: nil
        }
    }

    /// Event time of the oldest message in memory.
    var oldest: EventTime? { (resends.first ?? window.first)?.time }

    mutating func deadlineReached(at uptime: Duration) {
        if let due = notBefore, due <= uptime { clearWait() }
        if let due = reloadAt, due <= uptime { reloadAt = nil }
    }

    // MARK: - The window

    /// New messages, in the journal's order.
    mutating func append(_ entries: [QueueEntry], _ ledger: RestoredTransactions) {
        for var entry in entries {
            // Only what directly follows the window may join it; the rest is on disk.
            guard loadedThrough >= entry.sequence - 1, window.count < Self.windowLimit else { continue }
            entry.assigned = ledger.assigned[entry.transaction]
            window.append(entry)
            loadedThrough = entry.sequence
        }
    }

    /// Takes back what could not be stored: no CALL before its record is on disk. What is `lost` is not tried again.
    mutating func remove(sequence: Int64, lost: Bool) {
        window.removeAll { $0.sequence == sequence }
        // It may be out already in the eyes of its owner, who asked for it before performing the write; it never left.
        if inFlight?.sequence == sequence { inFlight = nil }
        if lost { unstored.insert(sequence) }
    }

    /// Nothing waits where nothing was stored.
    mutating func skipHoles(_ ledger: inout RestoredTransactions) {
        while unstored.contains(ledger.deliveredThrough + 1) {
            ledger.deliveredThrough += 1
            unstored.remove(ledger.deliveredThrough)
        }
        loadedThrough = max(loadedThrough, ledger.deliveredThrough)
    }

    /// Puts a message in again that is being stored at last.
    mutating func restore(_ entry: QueueEntry, _ ledger: RestoredTransactions) {
        guard entry.sequence <= loadedThrough, !window.contains(where: { $0.sequence == entry.sequence }) else {
            return
        }
        var entry = entry
        entry.assigned = ledger.assigned[entry.transaction]
        window.insert(entry, at: window.firstIndex { $0.sequence > entry.sequence } ?? window.count)
    }

    /// Asks for messages when those in memory run out. Offline too: people want to know how old the oldest is.
    mutating func loadIfNeeded(_ turn: inout ChargingTurn) {
        guard !isLoading, reloadAt == nil else { return }
        if resends.isEmpty, let first = turn.ledger.requeued.first {
            isLoading = true
            turn.add(.loadQueue(QueueQuery(afterSequence: first - 1, limit: Self.windowLimit, throughEnd: true)))
        } else if window.isEmpty, loadedThrough < turn.ledger.lastSequence {
            isLoading = true
            turn.add(.loadQueue(QueueQuery(afterSequence: loadedThrough, limit: Self.windowLimit)))
        }
    }

    mutating func loaded(_ entries: [QueueEntry], _ turn: inout ChargingTurn) {
        guard isLoading else { return }
        isLoading = false
        if resends.isEmpty, let first = turn.ledger.requeued.first {
            resends = entries.filter { turn.ledger.requeued.contains($0.sequence) }
            guard resends.isEmpty else { return }
            turn.log(.fault, "a dead letter is not in the journal", .init("sequence", first))
            turn.ledger.requeued.remove(first)
            return
        }
        for var entry in entries where entry.sequence > loadedThrough {
            entry.assigned = turn.ledger.assigned[entry.transaction] ?? entry.assigned
            window.append(entry)
            loadedThrough = entry.sequence
        }
        guard window.isEmpty, loadedThrough < turn.ledger.lastSequence else { return }
        if !(loadedThrough + 1...turn.ledger.lastSequence).allSatisfy(unstored.contains) {
            // Holes from a disk that refused before our restart, most likely; damage to the journal is reported when it is opened.
            turn.log(.warning, "messages are not in the journal", .init("after", loadedThrough))
        }
        unstored.removeAll()
        loadedThrough = turn.ledger.lastSequence
        turn.ledger.deliveredThrough = loadedThrough
    }

    mutating func loadFailed(_ reason: String, _ turn: inout ChargingTurn) {
        guard isLoading else { return }
        isLoading = false
        reloadAt = turn.moment.uptime + Self.reloadAfter
        turn.log(.error, "the journal cannot be read", .init("reason", reason))
    }

    /// The order to load was not performed.
    mutating func loadWasLost() { isLoading = false }

    // MARK: - Sending

    /// The message to send now; nil when there is none, or it has to wait.
    mutating func next(_ ledger: RestoredTransactions, at uptime: Duration) -> QueueEntry? {
        guard inFlight == nil, notBefore.map({ $0 <= uptime }) ?? true else { return nil }
        // What was put back is older than everything else.
        guard let entry = ledger.requeued.isEmpty ? window.first : resends.first else { return nil }
        inFlight = entry
        return entry
    }

    mutating func wentOffline() {
        if let inFlight { lostAnswer = inFlight.sequence }
        inFlight = nil
    }

    /// The CALL of `sequence` is over. Returns the answer to StartTransaction, if that was it.
    mutating func finished(
        _ sequence: Int64,
        _ outcome: CallOutcome,
        registers: [String: Int64],
        _ turn: inout ChargingTurn
    ) -> Assigned? {
        guard let entry = inFlight, entry.sequence == sequence else { return nil }
        inFlight = nil
        switch outcome {
        case .confirmed(let confirmation):
            return confirmed(entry, confirmation, registers: registers, &turn)
        case .refused(let error):
            turn.log(.warning, "refused", .init("sequence", sequence), .init("code", error.code.rawValue))
            failed(entry, &turn)
        case .timedOut:
            turn.log(.warning, "no answer", .init("sequence", sequence))
            lostAnswer = sequence
            failed(entry, &turn)
        case .connectionLost:
            lostAnswer = sequence
        }
        return nil
    }

    private mutating func confirmed(
        _ entry: QueueEntry,
        _ confirmation: OCPPConfirmation,
        registers: [String: Int64],
        _ turn: inout ChargingTurn
    ) -> Assigned? {
        var answer: Assigned?
        if case .start(let began) = entry.message, case .startTransaction(let conf) = confirmation {
            let assigned = Assigned(
                transaction: began.transaction,
                transactionId: conf.transactionId,
                status: conf.idTagInfo.status,
                parentIdTag: conf.idTagInfo.parentIdTag,
                energyWh: registers[began.transaction],
                repeated: lostAnswer == entry.sequence ? true : nil
            )
            turn.persist(.assigned(assigned), .synced)
            fill(&window, assigned)
            fill(&resends, assigned)
            answer = assigned
        }
        // Losing the mark of a start or stop in a power cut would send it twice; of meter values, that is harmless.
        var durability = Durability.synced
        if case .meterValues = entry.message, !turn.isStorageTroubled { durability = .written }
        let delivered = Delivered(sequence: entry.sequence, transaction: entry.transaction, isStop: entry.isStop)
        turn.persist(.delivered(delivered), durability)
        drop(entry)
        return answer
    }

    private func fill(_ entries: inout [QueueEntry], _ assigned: Assigned) {
        for index in entries.indices where entries[index].transaction == assigned.transaction {
            entries[index].assigned = assigned
        }
    }

    /// Counts a failure; after the last one the message becomes a dead letter, and the next has its turn (OCPP 1.6 §3.7.1).
    private mutating func failed(_ entry: QueueEntry, _ turn: inout ChargingTurn) {
        let failures = turn.ledger.failures + 1
        guard failures >= turn.keys.transactionMessageAttempts else {
            turn.persist(.attempted(Attempted(sequence: entry.sequence, failures: failures)), .written)
            let wait = turn.keys.core.retryWait(afterFailures: failures)
            notBefore = turn.moment.uptime + wait
            notBeforeUTC = turn.clock.utc(at: turn.moment) + wait.wholeMilliseconds
            return
        }
        turn.log(.error, "message became a dead letter", .init("sequence", entry.sequence))
        let letter = DeadLettered(sequence: entry.sequence, transaction: entry.transaction, isStop: entry.isStop)
        turn.persist(.deadLettered(letter), .synced)
        drop(entry)
    }

    private mutating func drop(_ entry: QueueEntry) {
        window.removeAll { $0.sequence == entry.sequence }
        resends.removeAll { $0.sequence == entry.sequence }
        clearWait()
        lostAnswer = nil
    }

    private mutating func clearWait() {
        notBefore = nil
        notBeforeUTC = nil
    }
}
