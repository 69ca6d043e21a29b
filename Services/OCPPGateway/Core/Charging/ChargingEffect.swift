public import BusSchema
public import OCPP
public import Primitives

/// Orders of the charging part, to be performed in their order. What comes of them is fed when all are performed, except a failed write,
/// which ends the performing and is fed at once.
public enum ChargingEffect: Equatable, Sendable {
    /// Append to the journal; without records, force to the disk what was appended before. When that fails, perform nothing after it, put
    /// the machine back to what it was before the event, feed `persistFailed`, and feed the event again.
    case persist([JournalRecord], Durability)
    /// Read that part of the queue from the journal and feed `queueLoaded`.
    case loadQueue(QueueQuery)
    /// Replace the journal by a shorter one, in the background; feed `compactionFailed` when that cannot be done.
    case compact(JournalCompaction)
    /// Ask hardware-io; its answer is `permitAnswered` with the same connector and transaction.
    case requestPermit(Permit)
    /// Ask hardware-io; its answer is `lockAnswered`.
    case requestLock(Lock)
    /// Ask hardware-io, with `UnlockOutcome.patience`; its answer is `unlockAnswered`.
    case requestUnlock(Unlock)
    /// Tell the person in front of the charger; no answer needed.
    case indicate(Indicate)
    /// Answer an earlier UnlockConnector.
    case confirmUnlock(id: String, UnlockConnector.Confirmation)
    /// Answer an earlier ChangeAvailability.
    case confirmAvailability(id: String, ChangeAvailability.Confirmation)
    /// Answer an earlier ClearCache.
    case confirmClearCache(id: String, ClearCache.Confirmation)
    /// Replace a document, and feed `saved` or `saveFailed`.
    case save(AnyDocument)
    case publish(AnyBusMessage)
    case log(LogRecord)
}

/// How a request for a permit ended.
public enum PermitOutcome: Equatable, Sendable {
    /// It was taken. The state that it led to is published; the one in the answer may be older than what was published meanwhile, because
    /// answers come over another socket.
    case answered
    case failed(BusError)
}

/// How a request to hold the cable ended.
public enum LockOutcome: Equatable, Sendable {
    /// It was taken. Whether the lock holds is published.
    case answered
    case failed(BusError)
}

/// How a request to unlock ended.
public enum UnlockOutcome: Equatable, Sendable {
    case answered(Unlock.Outcome)
    case failed(BusError)

    /// Longer than hardware-io takes for its answer, shorter than the central system waits for ours.
    public static let patience = Duration.milliseconds(4700)
}
