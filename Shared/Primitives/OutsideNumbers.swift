// Numbers that a peer, a file or a device chose. Swift ends the process when arithmetic on them overflows, so they are made harmless
// here, where they enter; inside, plain arithmetic is safe then. `Tests/rules.sh` keeps `Duration.seconds(` and its siblings on
// variables out of the cores.

extension FixedWidthInteger {
    /// The sum, or the nearest value that can be represented.
    public func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        guard overflow else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, or the nearest value that can be represented.
    public func subtractingClamped(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        guard overflow else { return difference }
        return other < 0 ? .max : .min
    }

    /// The product, or the nearest value that can be represented.
    public func multipliedClamped(by other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        guard overflow else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }

    /// The value, or the nearest one in `range`.
    public func clamped(to range: ClosedRange<Self>) -> Self {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

extension Duration {
    /// The longest duration that anybody outside may ask for: about a hundred years. A sum of some millions of these is still far from
    /// the end of `Duration`, and of the milliseconds in an `Int64`.
    public static let longestFromOutside = Duration.seconds(3_200_000_000)

    /// So many seconds, as a peer, a file or a device said; below zero counts as zero, and nothing is above `longestFromOutside`.
    public init(outsideSeconds seconds: some BinaryInteger) {
        self = .seconds(Int64(clamping: seconds).clamped(to: 0...3_200_000_000))
    }

    /// So many milliseconds, as a peer, a file or a device said; below zero counts as zero, and nothing is above `longestFromOutside`.
    public init(outsideMilliseconds milliseconds: some BinaryInteger) {
        self = .milliseconds(Int64(clamping: milliseconds).clamped(to: 0...3_200_000_000_000))
    }
}

extension Timestamp {
    /// 2000-01-01T00:00:00Z to 2100-01-01T00:00:00Z. A time from outside that lies elsewhere says nothing about when something happened.
    public static let plausible =
        Timestamp(millisecondsSinceEpoch: 946_684_800_000)...Timestamp(millisecondsSinceEpoch: 4_102_444_800_000)

    /// Whether it lies in the range that any message of ours can be about.
    public var isPlausible: Bool { Self.plausible.contains(self) }
}
