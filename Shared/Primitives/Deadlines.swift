/// Named absolute deadlines of one machine: timers as data. There is nothing to cancel in the shell, which only asks for `next`.
public struct Deadlines<Name: Hashable & Sendable>: Sendable, Equatable {
    private var due: [Name: Duration] = [:]

    public init() {}

    /// Arms or re-arms `name` for the absolute `uptime`.
    public mutating func set(_ name: Name, at uptime: Duration) { due[name] = uptime }

    public mutating func clear(_ name: Name) { due[name] = nil }

    public mutating func clearAll() { due.removeAll() }

    public func isSet(_ name: Name) -> Bool { due[name] != nil }

    public subscript(name: Name) -> Duration? { due[name] }

    /// The earliest deadline of all.
    public var next: Duration? { due.isEmpty ? nil : due.values.min() }

    /// Removes and returns one deadline that has passed, earliest first; nil when none has.
    public mutating func popDue(at uptime: Duration) -> Name? {
        guard let first = due.min(by: { $0.value < $1.value }), first.value <= uptime else { return nil }
        due[first.key] = nil
        return first.key
    }
}

/// The earliest of several optional deadlines; nil when there is none.
public func earliest(_ deadlines: Duration?...) -> Duration? {
    var first: Duration?
    for case let deadline? in deadlines {
        if let first, first <= deadline { continue }
        first = deadline
    }
    return first
}
