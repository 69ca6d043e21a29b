import Primitives

/// When each boot of the machine began, as far as anybody ever told. Folded from the journal, so that a message has the same time whenever it
/// is sent.
struct BootTimes: Equatable, Sendable {
    /// What bears no time but that of its boot.
    private struct Events: Equatable, Sendable {
        /// Numbers of the messages, the lowest to the highest.
        var sequences: ClosedRange<Int64>
        /// Of the newest, milliseconds.
        var uptime: Int64
    }

    /// So many of the newest entries are remembered whether anything needs them or not.
    static let newest = 16
    /// No more at all: a charger that has begun so often since its oldest message, always without the time, tells the oldest ones wrong.
    static let most = 4096

    /// Oldest first; two of a boot whose time was corrected.
    private(set) var known: [BootStart]
    /// Boots that ended before anybody told the time, oldest first.
    private var unknown: [String] = []
    /// By boot.
    private var events: [String: Events] = [:]

    init(known: [BootStart] = []) { self.known = known }

    /// There is a message with an event of a boot.
    mutating func saw(_ time: EventTime, in sequence: Int64) {
        guard time.utc == nil, let boot = time.boot else { return }
        if let seen = events[boot] {
            let sequences = min(seen.sequences.lowerBound, sequence)...max(seen.sequences.upperBound, sequence)
            events[boot] = Events(sequences: sequences, uptime: max(seen.uptime, time.uptime))
            return
        }
        events[boot] = Events(sequences: sequence...sequence, uptime: time.uptime)
        guard !known.contains(where: { $0.boot == boot }) else { return }
        unknown.append(boot)
        if unknown.count > Self.most { events[unknown.removeFirst()] = nil }
    }

    /// Whether there are messages of a boot that nobody has told the time.
    func isUnknown(_ boot: String) -> Bool { unknown.contains(boot) }

    /// The time was told. What is known of the boots before is their order: each is taken to have ended when the next one began.
    mutating func learned(_ start: BootStart) {
        if let first = known.first(where: { $0.boot == start.boot }) {
            // A correction. The first entry of a boot is for its events before any time was known, the last one for its next process.
            known = known.filter { $0.boot != start.boot } + (first.utc == start.utc ? [start] : [first, start])
            return
        }
        var end = start.utc
        var earlier: [BootStart] = []
        for boot in unknown.reversed() where boot != start.boot {
            end = end.subtractingClamped(events[boot]?.uptime ?? 0)
            earlier.append(BootStart(boot: boot, utc: end))
        }
        unknown = []
        known += earlier.reversed() + [start]
    }

    /// A shorter journal says which of them were known. What was seen of their messages, and of boots without a time, holds on.
    mutating func restart(known: [BootStart]) {
        self.known = known
        let told = Set(known.map(\.boot))
        unknown.removeAll { told.contains($0) }
    }

    /// Those that somebody still goes by.
    /// - Parameter isNeeded: Whether something is left of a boot, whose messages, if there are any, have numbers in that range.
    /// - Returns: Oldest first, with the newest whether they are needed or not.
    func needed(_ isNeeded: (String, ClosedRange<Int64>?) -> Bool) -> [BootStart] {
        let old = known.dropLast(Self.newest).filter { isNeeded($0.boot, events[$0.boot]?.sequences) }
        return Array((old + known.suffix(Self.newest)).suffix(Self.most))
    }

    /// Forgets the others.
    mutating func keep(_ needed: [BootStart]) {
        known = needed
        let boots = Set(needed.map(\.boot)).union(unknown)
        events = events.filter { boots.contains($0.key) }
    }
}
