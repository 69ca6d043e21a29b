public import BusSchema
public import Primitives

/// Writes the entries of the journal of causes: numbered, with both clocks, and not faster than flash bears.
struct Chronicle: Equatable, Sendable {
    /// So many entries at once; one more comes with each `pace`.
    private static let burst = 100
    private static let pace = Duration.seconds(60)
    /// Longest reason that is kept, characters.
    static let longestReason = 200

    let bootId: String
    private var next: Int64
    private var room = Self.burst
    private var refilledAt = Duration.zero
    private var leftOut = 0

    init(bootId: String, next: Int64) {
        self.bootId = bootId
        self.next = next
    }

    /// Nil when there were too many lately; the next one that is written says how many are missing.
    mutating func entry(
        _ kind: UplinkHistory.Kind,
        of uplink: UplinkState.Uplink?,
        _ reason: String,
        at moment: Moment
    ) -> UplinkHistory.Entry? {
        let refill = (moment.uptime - refilledAt) / Self.pace
        if refill >= 1 {
            room = min(room + Int(min(refill, 1000)), Self.burst)
            refilledAt = moment.uptime
        }
        guard room > 0 else {
            leftOut = leftOut.addingClamped(1)
            return nil
        }
        room -= 1
        let missing = leftOut > 0 ? " (before this, \(leftOut) more were left out)" : ""
        leftOut = 0
        defer { next = next.addingClamped(1) }
        return UplinkHistory.Entry(
            number: next,
            kind: kind,
            uplink: uplink?.name,
            reason: String(reason.prefix(Self.longestReason)) + missing,
            bootId: bootId,
            uptime: moment.uptime.wholeMilliseconds,
            at: moment.utc.isPlausible ? moment.utc.millisecondsSinceEpoch : nil,
            interface: uplink?.interface,
            signalPercent: uplink?.signalPercent,
            radio: uplink?.radio,
            monthBytes: uplink?.monthBytes
        )
    }
}

extension UplinkHistory {
    /// The page of `entries`, oldest first, that is asked for.
    public func reply(from entries: [Entry]) -> Result<Reply, BusError> {
        let count = limit ?? 100
        guard (1...500).contains(count) else {
            return .failure(BusError(.invalid, "limit is \(count), expected 1…500"))
        }
        let earlier = before.map { bound in entries.filter { $0.number < bound } } ?? entries
        let page = Array(earlier.suffix(count))
        return .success(Reply(entries: page, next: page.count < earlier.count ? page.first?.number : nil))
    }

    /// The entries with the best that is known of their time. Within one boot both clocks run together, and only the newer ones may have heard
    /// the right time; so the newest entry of a boot (for the running one, now) says what the uptimes of all are worth.
    public static func dated(_ entries: [Entry], boot: String, now: Moment) -> [Entry] {
        var offsets: [String: Int64] = [:]
        for entry in entries {
            if let at = entry.at { offsets[entry.bootId] = at.subtractingClamped(entry.uptime) }
        }
        if now.utc.isPlausible {
            offsets[boot] = now.utc.millisecondsSinceEpoch.subtractingClamped(now.uptime.wholeMilliseconds)
        }
        return entries.map { entry in
            var dated = entry
            dated.at = offsets[entry.bootId].map { $0.addingClamped(entry.uptime) }
            return dated
        }
    }
}
