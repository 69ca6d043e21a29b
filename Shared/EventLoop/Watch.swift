internal import ZeroMQ

/// One socket or descriptor that a loop waits for. Keep it to change or end the wait; dropping it does not end the wait.
public final class Watch {
    public struct Interest: OptionSet, Hashable, Sendable {
        public let rawValue: Int16
        public init(rawValue: Int16) { self.rawValue = rawValue }

        public static let readable = Interest(rawValue: 1)
        public static let writable = Interest(rawValue: 2)
        /// Error or hang-up; reported for descriptors whether asked for or not.
        public static let failed = Interest(rawValue: 4)
    }

    let source: PollSet.Source
    var interest: Interest
    /// What it is for, in a few words; names what a long turn was spent on.
    let reason: String
    let handler: (Interest) -> Void
    var isActive = true

    init(source: PollSet.Source, interest: Interest, reason: String, handler: @escaping (Interest) -> Void) {
        self.source = source
        self.interest = interest
        self.reason = reason
        self.handler = handler
    }
}

extension PollSet.Interest {
    init(_ interest: Watch.Interest) {
        self = []
        if interest.contains(.readable) { insert(.readable) }
        if interest.contains(.writable) { insert(.writable) }
    }
}

extension Watch.Interest {
    init(_ readiness: PollSet.Interest) {
        self = []
        if readiness.contains(.readable) { insert(.readable) }
        if readiness.contains(.writable) { insert(.writable) }
        if readiness.contains(.failed) { insert(.failed) }
    }
}
