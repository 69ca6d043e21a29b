/// Bytes and syncs since the start of the process, by class of durability: the measured side of the flash's write budget.
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

    public static func + (left: WriteCounters, right: WriteCounters) -> WriteCounters {
        var sum = left
        sum.immediateBytes += right.immediateBytes
        sum.batchedBytes += right.batchedBytes
        sum.rewrittenBytes += right.rewrittenBytes
        sum.syncs += right.syncs
        return sum
    }
}
