/// What of a journal is not safe from a power cut.
struct JournalTail {
    /// So much may wait for a sync, bytes; then one is made unasked.
    static let maximumBytes = 1 << 20

    /// The records since the last sync, as they are in the file. They are kept because after a failed sync the kernel takes them for
    /// written, and neither the file nor another sync can be trusted with them.
    var unsynced: [UInt8] = []
    /// A sync failed: nothing counts as durable until the file was written anew.
    var isDoubtful = false
    /// A failed write left bytes behind the last record that could not be cut off yet.
    var hasDebris = false
}
