/// A set of sequence numbers as ranges, because what fails or waits mostly does so in a row: small even for very long queues.
public struct SequenceSet: Equatable, Sendable {
    /// Ascending, disjoint, not touching.
    private var ranges: [ClosedRange<Int64>] = []

    public init() {}

    public var isEmpty: Bool { ranges.isEmpty }
    public var first: Int64? { ranges.first?.lowerBound }
    public var count: Int { ranges.reduce(0) { $0 + $1.count } }

    public func contains(_ sequence: Int64) -> Bool {
        let index = position(of: sequence)
        return index < ranges.count && ranges[index].contains(sequence)
    }

    /// The lowest above `sequence`.
    func first(after sequence: Int64) -> Int64? {
        guard sequence < .max else { return nil }
        let index = position(of: sequence + 1)
        return index < ranges.count ? max(ranges[index].lowerBound, sequence + 1) : nil
    }

    public mutating func insert(_ sequence: Int64) {
        let index = position(of: sequence)
        if index < ranges.count, ranges[index].contains(sequence) { return }
        let joinsBefore = index > 0 && ranges[index - 1].upperBound == sequence - 1
        let joinsAfter = index < ranges.count && ranges[index].lowerBound == sequence + 1
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            ranges[index - 1] = ranges[index - 1].lowerBound...ranges[index].upperBound
            ranges.remove(at: index)
        case (true, false): ranges[index - 1] = ranges[index - 1].lowerBound...sequence
        case (false, true): ranges[index] = sequence...ranges[index].upperBound
        case (false, false): ranges.insert(sequence...sequence, at: index)
        }
    }

    public mutating func remove(_ sequence: Int64) {
        let index = position(of: sequence)
        guard index < ranges.count, ranges[index].contains(sequence) else { return }
        let range = ranges.remove(at: index)
        if range.upperBound > sequence { ranges.insert(sequence + 1...range.upperBound, at: index) }
        if range.lowerBound < sequence { ranges.insert(range.lowerBound...sequence - 1, at: index) }
    }

    public mutating func formUnion(_ other: SequenceSet) {
        var merged: [ClosedRange<Int64>] = []
        for range in (ranges + other.ranges).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
    }

    public mutating func removeAll() { ranges.removeAll() }

    /// Index of the first range that ends at or after `sequence`.
    private func position(of sequence: Int64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension SequenceSet: Codable {
    /// Reads a flat list of first and last numbers.
    /// - Throws: `DecodingError` when the list is odd or not ascending.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let bounds = try container.decode([Int64].self)
        guard bounds.count.isMultiple(of: 2) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected pairs of numbers")
        }
        for index in stride(from: 0, to: bounds.count, by: 2) {
            let (first, last) = (bounds[index], bounds[index + 1])
            guard first <= last, ranges.last.map({ $0.upperBound + 1 < first }) ?? true else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected ascending ranges")
            }
            ranges.append(first...last)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ranges.flatMap { [$0.lowerBound, $0.upperBound] })
    }
}
