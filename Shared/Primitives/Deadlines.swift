/// Named absolute deadlines of one machine: timers as data. There is nothing to cancel in the shell, which only asks for `next`.
///
/// Deadlines at the same instant come in the order in which they were set, so that a run can be repeated exactly.
public struct Deadlines<Name: DeadlineName>: Sendable, Equatable {
    @usableFromInline
    struct Entry: Sendable, Equatable {
        @usableFromInline let name: Name
        @usableFromInline let due: Duration

        @inlinable
        init(name: Name, due: Duration) {
            self.name = name
            self.due = due
        }
    }

    /// Earliest first.
    @usableFromInline var entries: [Entry] = [] {
        didSet { next = entries.first.map { Deadline(at: $0.due, for: $0.name.reason) } }
    }

    @inlinable public init() {}

    /// Arms or re-arms `name` for the absolute `uptime`.
    @inlinable
    public mutating func set(_ name: Name, at uptime: Duration) {
        clear(name)
        let place = entries.firstIndex { $0.due > uptime } ?? entries.count
        entries.insert(Entry(name: name, due: uptime), at: place)
    }

    @inlinable
    public mutating func clear(_ name: Name) {
        guard let index = entries.firstIndex(where: { $0.name == name }) else { return }
        entries.remove(at: index)
    }

    @inlinable public mutating func clearAll() { entries.removeAll() }

    @inlinable public func isSet(_ name: Name) -> Bool { self[name] != nil }

    @inlinable public subscript(name: Name) -> Duration? { entries.first { $0.name == name }?.due }

    /// The earliest deadline of all, with its name as the reason. Asked for far more often than it changes.
    public internal(set) var next: Deadline?

    /// Removes and returns one deadline that has passed, earliest first; nil when none has.
    @inlinable
    public mutating func popDue(at uptime: Duration) -> Name? {
        guard let first = entries.first, first.due <= uptime else { return nil }
        entries.removeFirst()
        return first.name
    }
}
