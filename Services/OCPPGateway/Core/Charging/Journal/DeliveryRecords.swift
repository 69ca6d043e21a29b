import OCPP

/// A message was confirmed.
public struct Delivered: Codable, Equatable, Sendable {
    public var sequence: Int64
    public var transaction: String
    /// It was the StopTransaction: the assignment of the transaction is not needed any more.
    public var isStop: Bool
    /// It was told with the id -1 while its StartTransaction is a dead letter: due again when that is answered after all.
    public var lacksStart: Bool?
}

/// A message failed, and will be sent again.
public struct Attempted: Codable, Equatable, Sendable {
    public var sequence: Int64
    /// Failures so far.
    public var failures: Int
    /// When; nil in files of a version that did not keep it.
    public var time: EventTime?
}

/// A message failed for the last time. It is kept, and can be put back into the queue.
public struct DeadLettered: Codable, Equatable, Sendable {
    public var sequence: Int64
    public var transaction: String
    public var isStop: Bool
}

/// Dead letters went back into the queue, or an end that was told without an id.
public struct Requeued: Codable, Equatable, Sendable {
    /// The only one; nil for all dead letters. A version that did not know of it puts all of them back, which costs messages and loses none.
    public var sequence: Int64?

    public init(sequence: Int64? = nil) { self.sequence = sequence }
}

/// ChangeAvailability was accepted (OCPP 1.6 §5.2). Connector 0 is the charge point. Only older versions wrote this: see
/// `AvailabilityDocument`.
public struct AvailabilitySet: Codable, Equatable, Sendable {
    public var connectorId: Int
    public var operative: Bool
}

/// The cable of the last transaction was removed: its connector is nobody's.
public struct Released: Codable, Equatable, Sendable {
    public var connectorId: Int
}

/// The wall clock of a boot became known.
public struct BootStart: Codable, Equatable, Sendable {
    public var boot: String
    /// UTC milliseconds at uptime zero.
    public var utc: Int64
    /// It was told by a central system that proved who it is, by certificates that are valid then. Nil where it was not, and in files of a
    /// version that did not keep it.
    public var isProven: Bool?
    /// By how much `utc` may be wrong, milliseconds; nil for a second at most, and in files of a version that did not keep it.
    public var errorMilliseconds: Int64?
}

/// Everything that single records said before a compaction dropped them.
public struct Checkpoint: Codable, Equatable, Sendable {
    public var lastSequence: Int64
    public var deliveredThrough: Int64
    public var failures: Int
    /// When the newest of them was; nil in files of a version that did not keep it.
    public var failedAt: EventTime?
    public var deadLetters: SequenceSet
    public var requeued: SequenceSet
    /// Nil in files of a version that did not keep them, and where there are none.
    public var endsWithoutStart: SequenceSet?
    /// 0 is the charge point. Empty once there is an `AvailabilityDocument`.
    public var inoperative: [Int]
    /// Connectors whose last transaction ended with the cable still in.
    public var finishing: [Int]
    public var boots: [BootStart]
    /// Transactions whose answer to StartTransaction is still needed.
    public var assigned: [String]
    /// Transactions that are not over, with everything that their records said so far; nil in files of the first version, which kept
    /// the records.
    public var open: [TransactionLedger.Open]?
    /// The time of the newest message.
    public var newestTime: EventTime?
    /// Whose the cables of `finishing` are, in the same order; nil in files of the first version.
    public var cables: [KeptCable]?

    /// The connectors of `finishing` with whose cable is in them.
    func finishingCables() -> [Int: KeptCable] {
        var found: [Int: KeptCable] = [:]
        for (index, connectorId) in finishing.enumerated() {
            let kept = cables.flatMap { index < $0.count ? $0[index] : nil }
            found[connectorId] = kept ?? KeptCable(transaction: nil, reason: .other, idTag: nil, parentIdTag: nil)
        }
        return found
    }
}
