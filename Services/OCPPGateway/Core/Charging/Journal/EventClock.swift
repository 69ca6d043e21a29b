import Primitives

/// Turns moments into stored times, and stored times into timestamps.
struct EventClock: Equatable, Sendable {
    /// How many earlier boots are remembered.
    private static let rememberedBoots = 16
    /// Offsets that differ by less are the network's jitter, not the clock's.
    private static let jitter = Duration.seconds(1)

    let bootId: String
    /// True time minus the wall clock; nil while the wall clock is not trusted.
    private(set) var offset: Duration?
    /// UTC milliseconds at uptime zero, by boot, oldest first.
    private(set) var boots: [BootStart]
    /// The same for this boot as the untrusted wall clock has it; nothing better is known before the first synchronisation.
    private let assumedStart: Int64

    init(bootId: String, trusted: Bool, boots: [BootStart], at moment: Moment) {
        self.bootId = bootId
        offset = trusted ? .zero : nil
        self.boots = boots.suffix(Self.rememberedBoots)
        assumedStart = moment.utc.millisecondsSinceEpoch - moment.uptime.wholeMilliseconds
    }

    /// Takes a new offset over. Returns the boot's start when it became known with it, to be stored for events of this boot.
    mutating func synchronise(offset new: Duration, at moment: Moment) -> BootStart? {
        if let offset, (new - offset).magnitude < Self.jitter { return nil }
        let first = offset == nil
        offset = new
        guard first else { return nil }
        let start = BootStart(boot: bootId, utc: utc(at: moment) - moment.uptime.wholeMilliseconds)
        boots.removeAll { $0.boot == bootId }
        boots.append(start)
        if boots.count > Self.rememberedBoots { boots.removeFirst() }
        return start
    }

    /// UTC milliseconds as well as we know it.
    func utc(at moment: Moment) -> Int64 {
        moment.utc.advanced(by: offset ?? .zero).millisecondsSinceEpoch
    }

    /// The stored form of `moment`.
    func time(at moment: Moment) -> EventTime { time(uptime: moment.uptime, at: moment) }

    /// The stored form of an instant near `moment`, given by its uptime.
    func time(uptime: Duration, at moment: Moment) -> EventTime {
        let milliseconds = uptime.wholeMilliseconds
        guard offset != nil else { return EventTime(utc: nil, boot: bootId, uptime: milliseconds) }
        let utc = utc(at: moment) - (moment.uptime.wholeMilliseconds - milliseconds)
        return EventTime(utc: utc, boot: nil, uptime: milliseconds)
    }

    /// The timestamp to send. An event of a boot whose clock was never set is taken to have happened just before this boot:
    /// nothing better is known, and it keeps the order.
    func timestamp(of time: EventTime, at moment: Moment) -> Timestamp {
        if let utc = time.utc { return Timestamp(millisecondsSinceEpoch: utc) }
        if let known = boots.last(where: { $0.boot == time.boot }) {
            return Timestamp(millisecondsSinceEpoch: known.utc + time.uptime)
        }
        if time.boot == bootId { return Timestamp(millisecondsSinceEpoch: assumedStart + time.uptime) }
        return Timestamp(millisecondsSinceEpoch: utc(at: moment) - moment.uptime.wholeMilliseconds)
    }
}

extension Duration {
    /// The duration without its sign.
    var magnitude: Duration { self < .zero ? .zero - self : self }
}
