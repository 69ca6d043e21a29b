/// When each boot of the machine began, as far as anybody ever told. Folded from the journal, so that a message has the same time whenever it
/// is sent.
struct BootTimes: Equatable, Sendable {
    /// A boot that ended before anybody told the time.
    private struct Unknown: Equatable, Sendable {
        let boot: String
        /// Of its newest event, milliseconds.
        var uptime: Int64
    }

    /// How many boots are remembered.
    private static let limit = 16

    /// Oldest first; two of a boot whose time was corrected.
    private(set) var known: [BootStart]
    /// Oldest first.
    private var unknown: [Unknown] = []

    init(known: [BootStart] = []) { self.known = known }

    /// There is an event of a boot.
    mutating func saw(_ time: EventTime) {
        guard time.utc == nil, let boot = time.boot, !known.contains(where: { $0.boot == boot }) else { return }
        guard let index = unknown.firstIndex(where: { $0.boot == boot }) else {
            unknown.append(Unknown(boot: boot, uptime: time.uptime))
            if unknown.count > Self.limit { unknown.removeFirst() }
            return
        }
        unknown[index].uptime = max(unknown[index].uptime, time.uptime)
    }

    /// The time was told. What is known of the boots before is their order: each is taken to have ended when the next one began.
    mutating func learned(_ start: BootStart) {
        if let first = known.first(where: { $0.boot == start.boot }) {
            // A correction. The first entry of a boot is for its events before any time was known, the last one for its next process.
            known = (known.filter { $0.boot != start.boot } + [first, start]).suffix(Self.limit)
            return
        }
        var end = start.utc
        var earlier: [BootStart] = []
        for boot in unknown.reversed() where boot.boot != start.boot {
            end -= boot.uptime
            earlier.insert(BootStart(boot: boot.boot, utc: end), at: 0)
        }
        unknown = []
        known = (known + earlier + [start]).suffix(Self.limit)
    }
}
