internal import JSON
internal import Primitives
internal import UplinkCore

/// What is known from the time before this process, of one modem and of the others.
struct ModemPast {
    /// Nil where nothing was ever stored.
    private(set) var memory: ModemMemory?
    /// The attempts that other uplinks remember.
    let elsewhere: [String: [ModemMemory.Attempt]]
    private(set) var log: [LogRecord] = []
    /// Whether the next process must know what this one has found out.
    private(set) var isToBeStored = false

    init(_ past: CarrierPast) {
        let others = past.elsewhere.mapValues { Self.attempts(in: $0) }
        elsewhere = others.compactMapValues { $0 }
        memory = past.stored.flatMap { try? JSON.decode(ModemMemory.self, from: $0) }
        let isUnread = past.stored != nil && memory == nil || others.values.contains { $0 == nil }
        guard past.isDamaged || isUnread, memory?.isInDoubt != true else { return }
        memory = memory ?? ModemMemory()
        memory?.isInDoubt = true
        isToBeStored = true
        log = [
            LogRecord(.error, "which PINs a SIM has refused cannot be read: none is tried unless all tries are left")
        ]
    }

    /// - Returns: Nil where the document cannot be read.
    static func attempts(in document: [UInt8]) -> [ModemMemory.Attempt]? {
        // Why it cannot is of no use to anybody.
        (try? JSON.decode(ModemMemory.self, from: document))?.attempts
    }
}
