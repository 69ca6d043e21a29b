/// The meter values that StopTransaction will carry, thinned so that they never exceed a fixed number.
///
/// Begin and end are always kept (E §3.14); between them every second value goes when there is no more room (E §3.91).
struct StopData: Codable, Equatable, Sendable {
    /// Values between begin and end; more are thinned to half. The key may allow fewer, which is applied at the end.
    static let storedLimit = 64

    private(set) var begin: StoredMeterValue?
    private(set) var between: [StoredMeterValue] = []
    /// Only each n-th value is kept.
    private var stride = 1
    private var seen = 0

    var times: [EventTime] { ([begin].compactMap(\.self) + between).flatMap(\.times) }

    init(begin: StoredMeterValue?) { self.begin = begin }

    mutating func add(_ value: StoredMeterValue) {
        defer { seen += 1 }
        guard seen.isMultiple(of: stride) else { return }
        between.append(value)
        guard between.count > Self.storedLimit else { return }
        between = everySecond(between)
        stride *= 2
    }

    /// What goes into `transactionData`, at most `limit` meter values but never without begin and end; nil when there is nothing.
    func transactionData(end: StoredMeterValue?, limit: Int) -> [StoredMeterValue]? {
        var rest = between
        func elements(_ values: [StoredMeterValue]) -> Int { values.reduce(0) { $0 + $1.elements } }
        let ends = elements([begin, end].compactMap(\.self))
        while elements(rest) + ends > max(limit, ends) { rest = rest.count == 1 ? [] : everySecond(rest) }
        let all = [begin].compactMap(\.self) + rest + [end].compactMap(\.self)
        return all.isEmpty ? nil : all
    }

    private func everySecond(_ values: [StoredMeterValue]) -> [StoredMeterValue] {
        values.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    }
}
