/// When a machine wants to be called again, and why: a log of late or endless wake-ups names its cause.
public struct Deadline: Hashable, Sendable {
    /// Uptime.
    public var at: Duration
    /// What is due then, in a few words; a literal, so that it costs nothing.
    public var reason: String

    public init(at uptime: Duration, for reason: String) {
        at = uptime
        self.reason = reason
    }

    /// Nil without a time.
    public init?(at uptime: Duration?, for reason: String) {
        guard let uptime else { return nil }
        self.init(at: uptime, for: reason)
    }

    /// Whether it has passed.
    public func isDue(at uptime: Duration) -> Bool { at <= uptime }
}

/// The name of one deadline of a machine, and what is due then.
public protocol DeadlineName: Hashable, Sendable {
    /// In a few words, for logs.
    var reason: String { get }
}

extension DeadlineName where Self: RawRepresentable, RawValue == String {
    public var reason: String { rawValue }
}

/// The earliest of several optional deadlines, the first of equal ones; nil when there is none.
///
/// Every machine asks this in every turn of its loop. So it is inlined, and takes its arguments one by one: an array of them would be made
/// and thrown away each time.
@inlinable
public func earliest(
    _ first: Deadline?,
    _ second: Deadline?,
    _ third: Deadline? = nil,
    _ fourth: Deadline? = nil,
    _ fifth: Deadline? = nil,
    _ sixth: Deadline? = nil,
    _ seventh: Deadline? = nil,
    _ eighth: Deadline? = nil,
    _ ninth: Deadline? = nil,
    _ tenth: Deadline? = nil
) -> Deadline? {
    var earliest = first
    func consider(_ other: Deadline?) {
        guard let other else { return }
        if let known = earliest, known.at <= other.at { return }
        earliest = other
    }
    consider(second)
    consider(third)
    consider(fourth)
    consider(fifth)
    consider(sixth)
    consider(seventh)
    consider(eighth)
    consider(ninth)
    consider(tenth)
    return earliest
}

/// The earliest of as many optional deadlines as there are, the first of equal ones; nil when there is none.
@inlinable
public func earliest(of deadlines: some Sequence<Deadline?>) -> Deadline? {
    var first: Deadline?
    for case let deadline? in deadlines {
        if let first, first.at <= deadline.at { continue }
        first = deadline
    }
    return first
}
