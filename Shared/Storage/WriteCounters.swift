/// Bytes and syncs since the start of the process, by class of durability: the measured side of the flash's write budget.
///
/// They are counted where the kernel was called and has said yes, not where somebody meant to call it.
public struct WriteCounters: Hashable, Sendable {
    /// Journal records that were on disk before the append returned.
    public var immediateBytes = 0
    /// Journal records that waited for a flush.
    public var batchedBytes = 0
    /// Whole files: documents, new journals, compactions.
    public var rewrittenBytes = 0
    /// Calls that forced the device.
    public var syncs = 0

    public init() {}

    /// All bytes, of whatever durability.
    public var bytes: Int { immediateBytes + batchedBytes + rewrittenBytes }

    public static func + (left: WriteCounters, right: WriteCounters) -> WriteCounters {
        var sum = left
        sum.immediateBytes += right.immediateBytes
        sum.batchedBytes += right.batchedBytes
        sum.rewrittenBytes += right.rewrittenBytes
        sum.syncs += right.syncs
        return sum
    }
}

/// Counts for a journal, a document, or several documents together; every file that they open counts here.
public final class WriteMeter {
    enum Purpose {
        case immediate, batched, rewrite
    }

    public private(set) var counters = WriteCounters()

    public init() {}

    func count(_ bytes: Int, for purpose: Purpose) {
        switch purpose {
        case .immediate: counters.immediateBytes += bytes
        case .batched: counters.batchedBytes += bytes
        case .rewrite: counters.rewrittenBytes += bytes
        }
    }

    func countSync() { counters.syncs += 1 }
}
