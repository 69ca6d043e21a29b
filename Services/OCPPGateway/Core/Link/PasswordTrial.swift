public import Primitives

/// Which password the next handshake carries, so that a new one that the central system does not take cannot strand the charger
/// (security whitepaper A01 has no way back).
///
/// The one that was ordered is tried first. When it was refused `mostRefusals` times in a row, the one that worked last is used again, as
/// often; then the ordered one gets its turn again, and so on until one is accepted.
public struct PasswordTrial: Equatable, Sendable {
    /// What a restart must know again. Holds secrets.
    public struct Memory: Equatable, Sendable {
        /// The password that the central system accepted last.
        public var proven: Secret?
        /// One that it refused so often that the proven one is used instead.
        public var doubted: Secret?

        public init(proven: Secret? = nil, doubted: Secret? = nil) {
            self.proven = proven
            self.doubted = doubted
        }
    }

    /// What to do about the outcome of a handshake.
    public enum Consequence: Equatable, Sendable {
        case nothing
        /// Keep the memory on disk, and say so.
        case remember(LogRecord)
    }

    public private(set) var memory: Memory
    /// What the handshake under way carries.
    private var inUse: Secret?
    /// How often it was refused in a row.
    private var refusals = 0

    /// `memory` is what was found on disk.
    public init(_ memory: Memory = Memory()) { self.memory = memory }

    /// What the next handshake carries.
    /// - Parameter ordered: The password that is set; nil while there is none.
    /// - Returns: Nil when there is no password at all.
    public mutating func choose(ordered: Secret?) -> Secret? {
        // None is ordered while the config store has not handed it over yet.
        let wanted = ordered ?? memory.proven
        let choice = wanted == memory.doubted ? memory.proven ?? wanted : wanted
        if choice != inUse { refusals = 0 }
        inUse = choice
        return choice
    }

    /// A password was set. It gets its turn even if it is one that was refused before.
    public mutating func passwordWasSet() -> Consequence {
        refusals = 0
        guard memory.doubted != nil else { return .nothing }
        memory.doubted = nil
        return .remember(LogRecord(.notice, "a password was set: it is tried"))
    }

    /// The central system opened the WebSocket.
    public mutating func accepted() -> Consequence {
        refusals = 0
        guard let inUse, inUse != memory.proven else { return .nothing }
        memory = Memory(proven: inUse)
        return .remember(
            LogRecord(.notice, "the central system accepts the password: it is kept for when a later one is refused")
        )
    }

    /// The central system answered that it does not accept the password (HTTP 401 or 403).
    public mutating func refused() -> Consequence {
        refusals += 1
        guard let inUse, let proven = memory.proven, refusals >= Self.mostRefusals else { return .nothing }
        refusals = 0
        if inUse != proven {
            memory.doubted = inUse
            return .remember(
                LogRecord(
                    .warning,
                    "the central system refuses the new password: the last one that worked is tried again"
                )
            )
        }
        guard memory.doubted != nil else { return .nothing }
        memory.doubted = nil
        return .remember(
            LogRecord(.warning, "the central system refuses the old password, too: the new one is tried again")
        )
    }

    /// Refusals in a row before the other password gets its turn. One alone may be a central system that has not taken its own order in yet.
    public static let mostRefusals = 3
}
