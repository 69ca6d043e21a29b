public import JSON

/// Measured times of answers, and their figures.
public struct Latencies: Equatable, Sendable {
    private var sorted: [Int64]

    /// In microseconds, in any order.
    public init(microseconds: [Int64]) { sorted = microseconds.sorted() }

    /// The smallest value that at least `share` (0 to 1) of all are not above (nearest rank); nil when there are none.
    public func percentile(_ share: Double) -> Int64? {
        guard !sorted.isEmpty else { return nil }
        let rank = (share * Double(sorted.count)).rounded(.up)
        return sorted[min(max(Int(rank), 1), sorted.count) - 1]
    }

    /// Figures in whole microseconds. The keys are stable.
    public var json: JSONObject {
        var object = JSONObject()
        object["count"] = .number(JSONNumber(sorted.count))
        for (key, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("minimum", 0), ("maximum", 1)] {
            object[key + "Microseconds"] = percentile(share).map { .number(JSONNumber($0)) } ?? .null
        }
        let sum = sorted.reduce(0, +)
        object["meanMicroseconds"] = sorted.isEmpty ? .null : .number(JSONNumber(sum / Int64(sorted.count)))
        return object
    }
}
