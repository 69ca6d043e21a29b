public import Primitives

/// Which password the next handshake carries, so that a new one that the central system does not take cannot strand the charger
/// (security whitepaper A01 has no way back).
///
/// The one that was ordered is tried first. When it was refused `mostRefusals` times in a row, or `mostAttempts` led to nothing for whatever
/// reason, the one that worked last is used, as often; then the one of the site's file; then the ordered one gets its turn again, and so on
/// until one is accepted.
public struct PasswordTrial: Equatable, Sendable {
    /// What a restart must know again. Holds secrets.
    public struct Memory: Equatable, Sendable {
        /// The password that the central system accepted last.
        public var proven: Secret?
        /// One that it refused so often that the one after it is used instead.
        public var doubted: Secret?
        /// One that was ordered before the one that is now, and neither of them worked yet: somebody was told that it is taken in.
        public var replaced: Secret?

        public init(proven: Secret? = nil, doubted: Secret? = nil, replaced: Secret? = nil) {
            self.proven = proven
            self.doubted = doubted
            self.replaced = replaced
        }
    }

    public private(set) var memory: Memory
    /// What is on disk of it: a save that failed is owed until one succeeds.
    private var kept: Memory
    /// The password of the site's file.
    private let siteKey: Secret?
    /// What was ordered, and what was chosen, for the handshake under way.
    private var ordered: Secret?
    /// The newest one that was ordered, also while the config store hands over none.
    private var lastOrdered: Secret?
    private var inUse: Secret?
    /// Whether the central system has yet to say what it thinks of it.
    public private(set) var isOpen = false
    /// How often it was refused in a row, and how often a handshake with it led to nothing, those among them.
    private var refusals = 0
    private var attempts = 0

    /// - Parameters:
    ///   - memory: What was found on disk.
    ///   - siteKey: The password of the site's file, the last resort.
    public init(_ memory: Memory = Memory(), siteKey: Secret? = nil) {
        self.memory = memory
        self.siteKey = siteKey
        kept = memory
    }

    /// Whether the disk holds the memory. While it does not, no new password may be taken in: a restart during its trial would know nothing
    /// to go back to.
    public var isKept: Bool { memory == kept }

    /// The memory was saved.
    public mutating func wasKept() { kept = memory }

    /// What the next handshake carries.
    /// - Parameter ordered: The password that is set; nil while there is none, or while the config store has not handed it over yet.
    /// - Returns: Nil when there is no password at all.
    public mutating func choose(ordered: Secret?) -> Secret? {
        if let lastOrdered, let ordered, lastOrdered != ordered, lastOrdered != memory.proven {
            memory.replaced = lastOrdered
        }
        lastOrdered = ordered ?? lastOrdered
        self.ordered = ordered
        let choice = memory.doubted.flatMap(successor) ?? candidates.first
        if choice != inUse { startCounting() }
        inUse = choice
        isOpen = true
        return choice
    }

    /// Each once, in the order of their turns.
    private var candidates: [Secret] {
        [ordered, memory.replaced, memory.proven, siteKey].reduce(into: []) { list, next in
            if let next, !list.contains(next) { list.append(next) }
        }
    }

    /// Whose turn it is after that one; nil for the first again.
    private func successor(of password: Secret) -> Secret? {
        let list = candidates
        guard let index = list.firstIndex(of: password), index + 1 < list.count else { return nil }
        return list[index + 1]
    }

    /// A password was set. It gets its turn even if it is one that was refused before.
    /// - Returns: What to say about it.
    public mutating func passwordWasSet() -> LogRecord? {
        startCounting()
        guard memory.doubted != nil else { return nil }
        memory.doubted = nil
        return LogRecord(.notice, "a password was set: it is tried")
    }

    /// The central system talks OCPP on the connection. That it opened the WebSocket proves nothing: a front may do so for everybody, and
    /// leave the password to those behind it. Only the first time on a connection counts.
    /// - Returns: What to say about it.
    public mutating func accepted() -> LogRecord? {
        guard isOpen else { return nil }
        isOpen = false
        startCounting()
        guard let inUse else { return nil }
        // Without an order nobody knows what the doubt will be worth when there is one.
        if let ordered { memory.doubted = inUse == ordered ? nil : ordered }
        if inUse == ordered || inUse == memory.replaced { memory.replaced = nil }
        guard inUse != memory.proven else { return nil }
        memory.proven = inUse
        return LogRecord(.notice, "the central system accepts the password: it is kept for when a later one is refused")
    }

    /// The central system does not accept the password: it answered so (HTTP 401 or 403), or closed the WebSocket because of its policy
    /// (RFC 6455 §7.4.1, 1008), which means the password only before it has talked OCPP.
    /// - Returns: What to say about it.
    public mutating func refused() -> LogRecord? {
        guard isOpen else { return nil }
        refusals += 1
        return ledToNothing()
    }

    /// The connection ended, and nobody has talked OCPP on it. That may have any reason, and is how some fronts refuse a password.
    /// - Returns: What to say about it.
    public mutating func ended() -> LogRecord? { isOpen ? ledToNothing() : nil }

    private mutating func startCounting() { (refusals, attempts) = (0, 0) }

    private mutating func ledToNothing() -> LogRecord? {
        isOpen = false
        attempts += 1
        guard let inUse, candidates.count > 1, refusals >= Self.mostRefusals || attempts >= Self.mostAttempts else {
            return nil
        }
        startCounting()
        guard let next = successor(of: inUse) else {
            memory.doubted = nil
            return LogRecord(.warning, "the central system refuses the old password, too: the new one is tried again")
        }
        memory.doubted = inUse
        let turn =
            switch next {
            case memory.proven: "the last one that worked is tried again"
            case memory.replaced: "the one that was set before it is tried"
            default: "the site's own is tried"
            }
        return LogRecord(.warning, "the central system refuses the password: \(turn)")
    }

    /// Refusals in a row before the other password gets its turn. One alone may be a central system that has not taken its own order in yet.
    public static let mostRefusals = 3
    /// Handshakes in a row that led to nothing before the other password gets its turn: a network that fails so often loses nothing by it.
    public static let mostAttempts = 10
}
