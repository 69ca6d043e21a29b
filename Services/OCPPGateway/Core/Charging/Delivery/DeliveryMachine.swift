import BusSchema
import OCPP
import Primitives

/// Delivers transaction-related messages in the one order of their events over all connectors (OCPP 1.6 §3.7), one at a time.
///
/// A message is rendered from its record when it is sent, with the transactionId as known then, and keeps its id over retries, reconnects
/// and restarts. A failure is a CALLERROR, or silence on a connection that works; a lost connection is none (OCPP 1.6 §3.7.1).
struct DeliveryMachine: Equatable, Sendable {
    /// The message whose turn it is.
    private enum Head: Equatable {
        /// None is under way. Next: inFlight.
        case idle
        /// An earlier process saw the first message fail, and its wait is not over. Next: idle.
        case resting(until: Duration, utc: Int64)
        /// The CALL is out. Next: idle, waiting.
        case inFlight(QueueEntry)
        /// It failed, or was not answered in time: sent again at `until`. An answer that comes meanwhile is its answer. Next: idle.
        case waiting(QueueEntry, until: Duration, utc: Int64)
    }

    /// A message that became a dead letter, and may be answered after all on the connection that carried it.
    private struct GivenUp: Equatable {
        var entry: QueueEntry
        /// It was sent more than once, so that nobody knows which transmission an answer is to.
        var wasRepeated: Bool
    }

    /// Least time until a message is sent again that was answered by SecurityError.
    private static let securityErrorWait = Duration.seconds(10)
    /// Least time until a message is sent again that has used up its attempts if the connection works. Nearly always something is received
    /// before, were it a pong, and settles that; where nothing is, one transmission more asks the connection itself.
    private static let doubtWait = Duration.seconds(60)
    /// As many CALLs as `CallMachine` knows the late answers to.
    private static let mostGivenUp = 8

    private var window: QueueWindow
    private var head = Head.idle
    /// The newest transmission was not answered in time, and nothing was received since: it counts as a failure only if the connection
    /// proves to be alive.
    private var silent: Int64?
    /// A transmission of this message may have reached the central system without our seeing its answer.
    private var lostAnswer: Int64?
    /// Dead letters of late, the newest last.
    private var givenUp: [GivenUp] = []
    /// Registrations that the central system accepted.
    private var registrations = 0
    /// It has renewed one since a SecurityError counted last, so that the next one is about the message.
    private var knowsUs = false
    /// Messages up to here were written by an earlier process, which may have sent them.
    private let inheritedThrough: Int64

    /// A wait that an earlier process began goes on.
    init(_ ledger: TransactionLedger, _ clock: EventClock, _ keys: CoreKeys, at moment: Moment) {
        window = QueueWindow(ledger)
        inheritedThrough = ledger.lastSequence
        guard ledger.failures > 0 else { return }
        let wait = keys.retryWait(afterFailures: ledger.failures)
        let elapsed = ledger.failedAt.flatMap { clock.elapsed(since: $0, at: moment) } ?? .zero
        let rest = min(max(wait - elapsed, .zero), wait)
        guard rest > .zero else { return }
        head = .resting(until: moment.uptime + rest, utc: clock.utc(at: moment).addingClamped(rest.wholeMilliseconds))
    }

    var nextDeadline: Deadline? {
        switch head {
        case .idle: window.nextDeadline
        case .inFlight: nil
        case .waiting(_, let until, _), .resting(let until, _):
            earliest(Deadline(at: until, for: "the next attempt to deliver a message"), window.nextDeadline)
        }
    }

    var actionInFlight: Action? {
        guard case .inFlight(let entry) = head else { return nil }
        return entry.action
    }

    /// Event time of the oldest message in memory.
    var oldest: EventTime? { window.oldest }

    /// When the message that failed is sent again, UTC milliseconds since 1970, for people.
    var nextAttemptUTC: Int64? {
        switch head {
        case .waiting(_, _, let utc), .resting(_, let utc): return utc
        case .idle, .inFlight: return nil
        }
    }

    mutating func deadlineReached(at uptime: Duration) {
        switch head {
        case .waiting(_, let until, _) where until <= uptime, .resting(let until, _) where until <= uptime: head = .idle
        case .idle, .inFlight, .waiting, .resting: break
        }
        window.deadlineReached(at: uptime)
    }

    // MARK: - The window

    /// Brings the window up to date with what this turn added.
    mutating func refill(_ turn: inout ChargingTurn) {
        window.append(turn.appended, turn.ledger)
        window.loadIfNeeded(&turn)
    }

    mutating func loaded(_ entries: [QueueEntry], _ turn: inout ChargingTurn) { window.loaded(entries, &turn) }

    mutating func loadFailed(_ reason: String, _ turn: inout ChargingTurn) { window.loadFailed(reason, &turn) }

    // MARK: - Sending

    /// Whether `next` has a message.
    func hasNext(_ book: RecordBook) -> Bool { candidate(book) != nil }

    /// The message to send now; nil when there is none, when it has to wait, when a power cut could still take it, or when the disk could not take down that it was
    /// delivered.
    mutating func next(_ book: RecordBook) -> QueueEntry? {
        guard let entry = candidate(book) else { return nil }
        head = .inFlight(entry)
        return entry
    }

    private func candidate(_ book: RecordBook) -> QueueEntry? {
        guard case .idle = head, book.isComplete, let entry = window.first(book.ledger),
            entry.sequence <= book.syncedThrough
        else { return nil }
        return entry
    }

    /// The central system accepted a registration.
    mutating func registered() {
        registrations += 1
        knowsUs = registrations > 1
    }

    mutating func wentOffline() {
        switch head {
        case .inFlight(let entry):
            lostAnswer = entry.sequence
            head = .idle
        case .waiting(let entry, _, _) where silent == entry.sequence:
            // The silence was the connection's, so it is no failure of the message; the next connection tries at once.
            head = .idle
        case .idle, .waiting, .resting: break
        }
        silent = nil
    }

    /// It is not known yet whether silence on a message was the connection's or the central system's.
    var isInDoubt: Bool { silent != nil }

    /// Something was received: the connection works, so that silence on a message was the central system's.
    mutating func linkProvedAlive(_ turn: inout ChargingTurn) {
        guard let sequence = silent else { return }
        silent = nil
        switch head {
        case .waiting(let entry, _, _) where entry.sequence == sequence: failed(entry, &turn)
        case .inFlight(let entry) where entry.sequence == sequence:
            // Sent again already; the failure counts, and the verdict is left to this attempt.
            let failures = turn.ledger.failures + 1
            guard failures < turn.keys.core.transactionMessageAttempts else { return }
            turn.persist(.attempted(Attempted(sequence: sequence, failures: failures, time: turn.now)), .written)
        case .idle, .inFlight, .waiting, .resting: break
        }
    }

    /// How the CALL of `sequence` ended; also an answer that comes while the message waits for its next attempt. Returns the answer to
    /// StartTransaction, if that was it.
    mutating func finished(
        _ sequence: Int64,
        _ outcome: CallOutcome,
        registers: [String: Int64],
        _ turn: inout ChargingTurn
    ) -> Assigned? {
        let entry: QueueEntry
        switch head {
        case .inFlight(let sent) where sent.sequence == sequence: entry = sent
        case .waiting(let failed, _, _) where failed.sequence == sequence: entry = failed
        case .idle, .inFlight, .waiting, .resting:
            // The wait is over, the next attempt not yet made: the answer still is its answer.
            guard case .idle = head, let first = window.first(turn.ledger), first.sequence == sequence else {
                return answeredAfterAll(sequence, outcome, registers: registers, &turn)
            }
            entry = first
        }
        silent = nil
        head = .idle
        learn(entry, outcome, &turn)
        switch outcome {
        case .confirmed: return processed(entry, answer(entry, outcome, registers), &turn)
        case .unreadable(let result):
            // A CALLRESULT says that the message was processed, whatever stands in it (JE §3.3).
            turn.log(.warning, "unreadable answer", .init("sequence", sequence), .init("reason", result.problem))
            return processed(entry, answer(entry, outcome, registers), &turn)
        case .refused(let error):
            turn.log(.warning, "refused", .init("sequence", sequence), .init("code", error.code.rawValue))
            refused(entry, error, &turn)
        case .timedOut:
            turn.log(.warning, "no answer", .init("sequence", sequence))
            lostAnswer = sequence
            silent = sequence
            let failures = turn.ledger.failures + 1
            let isLast = failures >= turn.keys.core.transactionMessageAttempts
            wait(
                entry,
                for: max(turn.keys.core.retryWait(afterFailures: failures), isLast ? Self.doubtWait : .zero),
                turn
            )
        case .connectionLost: lostAnswer = sequence
        case .unsettled: break
        }
        return nil
    }

    /// A dead letter is answered after all: the central system took it in, whenever it says so (JE §3.3). It is put back into the queue and
    /// delivered at once; so an end that was told without the id meanwhile is told again with it, as when people put a start back.
    private mutating func answeredAfterAll(
        _ sequence: Int64,
        _ outcome: CallOutcome,
        registers: [String: Int64],
        _ turn: inout ChargingTurn
    ) -> Assigned? {
        guard outcome.isProcessed, let index = givenUp.firstIndex(where: { $0.entry.sequence == sequence }) else {
            return nil
        }
        let late = givenUp.remove(at: index)
        turn.log(.notice, "a dead letter was answered after all", .init("sequence", sequence))
        let before = (head, silent, lostAnswer)
        if late.wasRepeated { lostAnswer = sequence }
        defer {
            // What has its turn is another message.
            (head, silent, lostAnswer) = before
        }
        learn(late.entry, outcome, &turn)
        if turn.ledger.deadLetters.contains(sequence) {
            turn.persist(.requeued(Requeued(sequence: sequence)), .synced)
        }
        return processed(late.entry, answer(late.entry, outcome, registers), &turn)
    }

    /// What a CALLRESULT says of a transaction; nil where it is of another kind, or says nothing.
    private func answer(_ entry: QueueEntry, _ outcome: CallOutcome, _ registers: [String: Int64]) -> Assigned? {
        switch outcome {
        case .confirmed(let confirmation): assignment(entry, confirmation, registers)
        case .unreadable(let result): salvaged(entry, result.salvaged, registers)
        case .refused, .timedOut, .connectionLost, .unsettled: nil
        }
    }

    /// ConcurrentTx to a message that the central system has had before speaks of the message, not of the identifier.
    private func learn(_ entry: QueueEntry, _ outcome: CallOutcome, _ turn: inout ChargingTurn) {
        guard let idTag = entry.idTag else { return }
        if outcome.idTagInfo?.status == .concurrentTx, mayHaveBeenSent(entry) { return }
        turn.learn(idTag, from: outcome)
    }

    private func assignment(
        _ entry: QueueEntry,
        _ confirmation: OCPPConfirmation,
        _ registers: [String: Int64]
    ) -> Assigned? {
        guard case .start(let began) = entry.message, case .startTransaction(let conf) = confirmation else {
            return nil
        }
        return Assigned(
            transaction: began.transaction,
            transactionId: conf.transactionId,
            status: conf.idTagInfo.status,
            parentIdTag: conf.idTagInfo.parentIdTag.group,
            energyWh: registers[began.transaction],
            repeated: mayHaveBeenSent(entry) ? true : nil
        )
    }

    /// An earlier transmission may have reached the central system: by this process or, for a record that it inherited, by one before it.
    private func mayHaveBeenSent(_ entry: QueueEntry) -> Bool {
        lostAnswer == entry.sequence || entry.sequence <= inheritedThrough
    }

    /// What can be saved of an answer that is not one. A verdict counts without a transactionId, and an id without a verdict.
    ///
    /// The answer must have both (OCPP 1.6 §4.8, §7.27). Where no status is said, though, none was received that is not Accepted, and only
    /// such a one stops a transaction (§3.5.4, §9.1.24): the identifier stays accepted as it was. Otherwise a central system that leaves
    /// out the status would end every session of somebody whom Authorize has just accepted.
    private func salvaged(_ entry: QueueEntry, _ result: SalvagedResult, _ registers: [String: Int64]) -> Assigned? {
        guard case .start(let began) = entry.message, case .transaction(let transactionId, let identifier) = result,
            transactionId != nil || identifier.status != nil
        else {
            return nil
        }
        return Assigned(
            transaction: began.transaction,
            transactionId: transactionId ?? -1,
            lacksId: transactionId == nil ? true : nil,
            status: identifier.status ?? .accepted,
            parentIdTag: identifier.parentIdTag.group,
            energyWh: registers[began.transaction],
            repeated: mayHaveBeenSent(entry) ? true : nil
        )
    }

    private mutating func processed(
        _ entry: QueueEntry,
        _ assigned: Assigned?,
        _ turn: inout ChargingTurn
    ) -> Assigned? {
        if let assigned {
            turn.persist(.assigned(assigned), .synced)
            window.fill(assigned)
        }
        // Losing the mark of a start or stop in a power cut would send it twice; of meter values, that is harmless.
        var durability = Durability.synced
        if case .meterValues = entry.message, !turn.book.isTroubled(at: turn.uptime) { durability = .written }
        // It was under way without the id while its start was answered after all: told again, with it.
        let isOutdated = entry.isStop && entry.assigned == nil && turn.ledger.assigned[entry.transaction]?.id != nil
        let delivered = Delivered(
            sequence: entry.sequence,
            transaction: entry.transaction,
            isStop: entry.isStop,
            lacksStart: turn.ledger.mayStillStart(before: entry) || isOutdated ? true : nil
        )
        turn.persist(.delivered(delivered), durability)
        if isOutdated { turn.persist(.requeued(Requeued(sequence: entry.sequence)), .synced) }
        drop(entry)
        return assigned
    }

    /// SecurityError says that the central system does not know this charger as registered, and is no attempt (JE §3.10). Only where it has
    /// just said the opposite it is about the message, and counts, once for each such word: else one message would keep all others for ever.
    private mutating func refused(_ entry: QueueEntry, _ error: CallError, _ turn: inout ChargingTurn) {
        guard error.code == .securityError, !knowsUs else {
            if error.code == .securityError { knowsUs = false }
            return failed(entry, &turn)
        }
        wait(entry, for: max(turn.keys.core.retryWait(afterFailures: 1), Self.securityErrorWait), turn)
    }

    /// Counts a failure; after the last one the message becomes a dead letter, and the next has its turn (OCPP 1.6 §3.7.1).
    private mutating func failed(_ entry: QueueEntry, _ turn: inout ChargingTurn) {
        let failures = turn.ledger.failures + 1
        guard failures >= turn.keys.core.transactionMessageAttempts else {
            let attempted = Attempted(sequence: entry.sequence, failures: failures, time: turn.now)
            turn.persist(.attempted(attempted), .written)
            wait(entry, failures: failures, turn)
            return
        }
        turn.log(.error, "message became a dead letter", .init("sequence", entry.sequence))
        let letter = DeadLettered(sequence: entry.sequence, transaction: entry.transaction, isStop: entry.isStop)
        turn.persist(.deadLettered(letter), .synced)
        let wasRepeated = failures > 1 || entry.sequence <= inheritedThrough
        givenUp = givenUp.filter { $0.entry.sequence != entry.sequence }.suffix(Self.mostGivenUp - 1)
        givenUp.append(GivenUp(entry: entry, wasRepeated: wasRepeated))
        drop(entry)
    }

    /// The wait grows with each failure (OCPP 1.6 §9.1.32). One that is under way goes on.
    private mutating func wait(_ entry: QueueEntry, failures: Int, _ turn: ChargingTurn) {
        wait(entry, for: turn.keys.core.retryWait(afterFailures: failures), turn)
    }

    private mutating func wait(_ entry: QueueEntry, for wait: Duration, _ turn: ChargingTurn) {
        if case .waiting(let waiting, _, _) = head, waiting.sequence == entry.sequence { return }
        let utc = turn.clock.utc(at: turn.moment).addingClamped(wait.wholeMilliseconds)
        head = .waiting(entry, until: turn.uptime + wait, utc: utc)
    }

    private mutating func drop(_ entry: QueueEntry) {
        window.drop(entry.sequence)
        head = .idle
        silent = nil
        lostAnswer = nil
    }
}
