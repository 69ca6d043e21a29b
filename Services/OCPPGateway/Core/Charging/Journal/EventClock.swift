import Primitives

/// Turns moments into stored times, and stored times into timestamps.
struct EventClock: Equatable, Sendable {
    /// Times that differ by less are the network's jitter, not the clock's.
    private static let jitter = Duration.seconds(1)
    /// A correction below this waits for the end of the transactions; 100 ppm need a week for it.
    private static let keptWhileCharging = Duration.seconds(60)

    let bootId: String
    /// UTC milliseconds at uptime zero, as the central system's time has it; nil before it told any in this boot. From then on the
    /// wall clock is not looked at: whoever sets it must not send timestamps back and forth.
    private var start: Int64?
    /// Whether the wall clock counts until then.
    private let trustsWallClock: Bool
    /// UTC milliseconds at uptime zero, by boot, oldest first.
    private(set) var boots: [BootStart]
    /// The same for this boot as the untrusted wall clock has it; nothing better is known before the first synchronisation.
    private let assumedStart: Int64

    init(bootId: String, trusted: Bool, boots: [BootStart], at moment: Moment) {
        self.bootId = bootId
        trustsWallClock = trusted
        // The process before this one may have been told.
        start = boots.last { $0.boot == bootId }?.utc
        self.boots = boots
        assumedStart = moment.utc.millisecondsSinceEpoch - moment.uptime.wholeMilliseconds
    }

    /// Whether times mean something to others.
    var isTrusted: Bool { start != nil || trustsWallClock }

    /// Takes over that true time is `offset` ahead of the wall clock now. Returns the boot's start when it changed or became known with it,
    /// to be stored for events of this boot and for the next process. `error` is by how much the offset may be wrong.
    ///
    /// While anybody charges, times that the transaction has said already stay valid: a session keeps its true length, and is off by less
    /// than a minute as a whole. More than that is no drift but a wrong clock, and is mended at once: `StationClock` had it confirmed, and
    /// `inOrder` keeps what is said in order.
    mutating func synchronise(
        offset: Duration,
        error: Duration = .zero,
        isCharging: Bool = false,
        at moment: Moment
    ) -> BootStart? {
        let wall = moment.utc.millisecondsSinceEpoch - moment.uptime.wholeMilliseconds
        let told = wall.addingClamped(offset.wholeMilliseconds)
        let tolerated = isCharging ? Self.keptWhileCharging : Self.jitter
        if let current = start ?? (trustsWallClock ? wall : nil),
            told.subtractingClamped(current).magnitude < tolerated.wholeMilliseconds.magnitude
        {
            if start != nil { return nil }
            start = current
        } else {
            start = told
        }
        guard let start else { return nil }
        // A time that is kept although the central system tells another one is wrong by the difference too.
        let apart = Duration(outsideMilliseconds: told.subtractingClamped(start).magnitude)
        let known = error + apart
        return BootStart(
            boot: bootId,
            utc: start,
            errorMilliseconds: known > StationClock.resolution ? known.wholeMilliseconds : nil
        )
    }

    /// The journal says when boots began.
    mutating func learned(_ boots: [BootStart]) { self.boots = boots }

    /// UTC milliseconds as well as we know it.
    func utc(at moment: Moment) -> Int64 {
        start.map { $0 + moment.uptime.wholeMilliseconds } ?? moment.utc.millisecondsSinceEpoch
    }

    /// The stored form of `moment`.
    func time(at moment: Moment) -> EventTime { time(uptime: moment.uptime, at: moment) }

    /// The stored form of an instant near `moment`, given by its uptime.
    func time(uptime: Duration, at moment: Moment) -> EventTime {
        let milliseconds = uptime.wholeMilliseconds
        guard isTrusted else { return EventTime(utc: nil, boot: bootId, uptime: milliseconds) }
        let utc = utc(at: moment) - (moment.uptime.wholeMilliseconds - milliseconds)
        return EventTime(utc: utc, boot: nil, uptime: milliseconds)
    }

    /// The timestamp to send: for events before the time was known, by what was told first, so that it stays the same for good. An event of a boot whose clock was never set is taken to have happened just before this boot:
    /// nothing better is known, and it keeps the order.
    func timestamp(of time: EventTime, at moment: Moment) -> Timestamp {
        let utc =
            toldUTC(of: time)
            ?? (time.boot == bootId
                ? assumedStart.addingClamped(time.uptime) : utc(at: moment) - moment.uptime.wholeMilliseconds)
        return Timestamp(millisecondsSinceEpoch: max(utc, time.earliestUTC ?? .min))
    }

    /// How long ago that was; nil when it cannot be told, because the time then or the time now is not known.
    func elapsed(since time: EventTime, at moment: Moment) -> Duration? {
        if time.utc == nil, time.boot == bootId {
            return moment.uptime - Duration(outsideMilliseconds: time.uptime)
        }
        guard isTrusted, let then = toldUTC(of: time) else { return nil }
        return Duration(outsideMilliseconds: utc(at: moment).subtractingClamped(then))
    }

    /// Whether that was in this boot of the machine; yes where nothing tells another one.
    func isOfThisBoot(_ time: EventTime, at moment: Moment) -> Bool {
        guard let then = time.utc else { return time.boot == bootId }
        if time.uptime > moment.uptime.wholeMilliseconds { return false }
        guard isTrusted else { return true }
        let began = utc(at: moment).subtractingClamped(moment.uptime.wholeMilliseconds)
        let difference = began.subtractingClamped(then.subtractingClamped(time.uptime))
        return difference.magnitude < Self.keptWhileCharging.wholeMilliseconds.magnitude
    }

    /// `time`, or that of `earlier` where it would be told as before that: what is said of one transaction is in chronological order,
    /// whatever is learned of the clock between the two or after them.
    func inOrder(_ time: EventTime, after earlier: EventTime) -> EventTime {
        var time = time
        let isSameBoot = time.utc == nil && earlier.utc == nil && time.boot == earlier.boot
        if isSameBoot { time.uptime = max(time.uptime, earlier.uptime) }
        // A boot of which nobody told the time is taken to have been over before this one anyway.
        let told = isSameBoot ? nil : toldUTC(of: earlier)
        guard let earliest = [told, earlier.earliestUTC].compactMap(\.self).max() else { return time }
        if let utc = time.utc {
            time.utc = max(utc, earliest)
        } else {
            time.earliestUTC = max(time.earliestUTC ?? .min, earliest)
        }
        return time
    }

    /// UTC milliseconds, for good; nil while that is not known.
    private func toldUTC(of time: EventTime) -> Int64? {
        time.utc ?? boots.first { $0.boot == time.boot }?.utc.addingClamped(time.uptime)
    }
}

extension Duration {
    /// The duration without its sign.
    var magnitude: Duration { self < .zero ? .zero - self : self }
}
