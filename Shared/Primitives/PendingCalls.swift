/// Requests that await an answer, each with its context and an absolute deadline. Bounded.
///
/// Calls with the same deadline expire in the order in which they were added, so that a run can be repeated exactly.
public struct PendingCalls<ID: Hashable & Sendable, Context: Sendable>: Sendable {
    private struct Entry: Sendable {
        let context: Context
        let deadline: Duration
        let order: UInt64

        func isBefore(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : order < other.order
        }
    }

    private var entries: [ID: Entry] = [:]
    private var added: UInt64 = 0

    /// How many may be outstanding at once.
    public let capacity: Int

    public init(capacity: Int) {
        precondition(capacity > 0, "A table of no entries could never hold a call.")
        self.capacity = capacity
    }

    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }
    /// When the first of them is overdue.
    public var nextDeadline: Deadline? {
        // Asked before every wait of a loop, and nearly always with nothing pending.
        guard !entries.isEmpty else { return nil }
        return Deadline(at: entries.values.lazy.map(\.deadline).min(), for: "an answer is overdue")
    }

    /// Adds a call. Returns false, adding nothing, when the table is full or the id is already pending.
    public mutating func add(_ id: ID, context: Context, deadline: Duration) -> Bool {
        guard entries.count < capacity, entries[id] == nil else { return false }
        added += 1
        entries[id] = Entry(context: context, deadline: deadline, order: added)
        return true
    }

    /// Removes and returns the context of an answered call; nil for an unknown, late or duplicate answer.
    public mutating func complete(_ id: ID) -> Context? { entries.removeValue(forKey: id)?.context }

    public func context(of id: ID) -> Context? { entries[id]?.context }

    /// Whether a call with such a context is pending.
    public func contains(where predicate: (Context) -> Bool) -> Bool {
        entries.values.contains { predicate($0.context) }
    }

    /// Removes and returns one call whose deadline has passed, earliest first.
    public mutating func popExpired(at uptime: Duration) -> (id: ID, context: Context)? {
        guard let first = entries.min(by: { $0.value.isBefore($1.value) }), first.value.deadline <= uptime
        else { return nil }
        entries[first.key] = nil
        return (first.key, first.value.context)
    }

    /// Removes and returns everything, for a peer that is gone.
    public mutating func removeAll() -> [(id: ID, context: Context)] {
        defer { entries.removeAll() }
        return entries.sorted { $0.value.isBefore($1.value) }.map { ($0.key, $0.value.context) }
    }
}
