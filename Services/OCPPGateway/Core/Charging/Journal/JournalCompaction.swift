/// Which records a shorter journal needs, in their order. The checkpoint that stands for the others was persisted just before.
public struct JournalCompaction: Equatable, Sendable {
    let checkpoint: JournalRecord
    /// Transactions that are not over.
    private let open: Set<String>
    /// Transactions whose answer to StartTransaction is still needed.
    private let assigned: Set<String>
    private let deliveredThrough: Int64
    private let kept: SequenceSet

    init(_ state: RestoredTransactions) {
        checkpoint = .checkpoint(
            Checkpoint(
                lastSequence: state.lastSequence,
                deliveredThrough: state.deliveredThrough,
                failures: state.failures,
                deadLetters: state.deadLetters,
                requeued: state.requeued,
                inoperative: state.inoperative.sorted(),
                finishing: state.finishing.sorted(),
                boots: state.boots,
                assigned: state.assigned.keys.sorted()
            )
        )
        open = Set(state.open.values.map(\.began.transaction))
        assigned = Set(state.assigned.keys)
        deliveredThrough = state.deliveredThrough
        var kept = state.deadLetters
        kept.formUnion(state.requeued)
        self.kept = kept
    }

    /// Whether a record of the old journal goes into the shorter one.
    public func keeps(_ record: JournalRecord) -> Bool {
        switch record {
        case .began, .sampled, .ended:
            if let transaction = record.transaction, open.contains(transaction) { return true }
            guard let sequence = record.sequence else { return false }
            if sequence > deliveredThrough { return true }
            return kept.contains(sequence)
        case .registerRead, .stopping, .resumed:
            return record.transaction.map(open.contains) ?? false
        case .assigned(let answer):
            // A dead letter that is sent again needs it, and may be of any transaction.
            return !kept.isEmpty || open.contains(answer.transaction) || assigned.contains(answer.transaction)
        case .unknown:
            // Somebody newer wrote it; nobody here may judge it.
            return true
        case .delivered, .attempted, .deadLettered, .requeued, .availabilitySet, .released, .bootStart:
            return false
        case .checkpoint:
            return record == checkpoint
        }
    }
}
