/// Which records a shorter journal needs, in their order. The checkpoint that stands for the others was persisted just before.
public struct JournalCompaction: Equatable, Sendable {
    let checkpoint: JournalRecord
    /// Transactions whose answer to StartTransaction is still needed.
    private let assigned: Set<String>
    private let deliveredThrough: Int64
    private let kept: SequenceSet

    /// What `state` makes superfluous.
    public init(_ state: TransactionLedger) {
        let cables = state.finishing.sorted { $0.key < $1.key }
        checkpoint = .checkpoint(
            Checkpoint(
                lastSequence: state.lastSequence,
                deliveredThrough: state.deliveredThrough,
                failures: state.failures,
                failedAt: state.failedAt,
                deadLetters: state.deadLetters,
                requeued: state.requeued,
                endsWithoutStart: state.endsWithoutStart.isEmpty ? nil : state.endsWithoutStart,
                inoperative: state.inoperative.sorted(),
                finishing: cables.map(\.key),
                boots: state.neededBoots,
                assigned: state.assigned.keys.sorted(),
                open: state.open.values.sorted { $0.began.connectorId < $1.began.connectorId },
                newestTime: state.newestTime,
                cables: cables.map(\.value)
            )
        )
        assigned = Set(state.assigned.keys)
        deliveredThrough = state.deliveredThrough
        var kept = state.deadLetters
        kept.formUnion(state.requeued)
        kept.formUnion(state.endsWithoutStart)
        self.kept = kept
    }

    /// Whether a record of the old journal goes into the shorter one.
    public func keeps(_ record: JournalRecord) -> Bool {
        switch record {
        case .began, .sampled, .ended:
            // What a transaction that is not over said so far is in the checkpoint; what was delivered of it needs no record.
            guard let sequence = record.sequence else { return false }
            return sequence > deliveredThrough || kept.contains(sequence)
        case .registerRead, .stopping, .resumed:
            return false
        case .assigned(let answer):
            // A dead letter that is sent again needs it, and may be of any transaction.
            return !kept.isEmpty || assigned.contains(answer.transaction)
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
