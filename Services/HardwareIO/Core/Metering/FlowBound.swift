import Primitives

/// What can have flowed through a meter since its register was read last: what it saw flow itself; where nobody looked, what can flow at all;
/// and next to nothing while the contactor is surely open.
///
/// A register that rises by more is broken, or another one, and waiting does not explain it: what was seen to flow and is not counted is kept
/// for registers that are late or coarse, in small amounts only. What an open contactor lets through in truth shows as current, and is the
/// affair of `ContactorMachine`.
struct FlowBound {
    /// So much a charger may draw behind its meter, or the meter lose by rounding, while the contactor is open, mW.
    private static let unseenMilliwatts: Int64 = 5000
    /// The same while it may be closed: 1 A, which some meters do not show.
    private static let unseenMilliwattsClosed: Int64 = 230_000
    /// So much more than two samples show may have flowed between them, in halves.
    private static let halves: Int64 = 3
    /// So long a current may have flowed that no sample shows, s.
    private static let lagSeconds: Int64 = 2
    /// What was seen to flow within so long, and up to twice that, a register may count later although it moved since.
    private static let lateBy = Duration.seconds(5)
    /// So much that was seen to flow while the register stood still is kept until it moves, Wh: some are coarser than they say.
    private static let mostUncountedWh: Int64 = 100
    /// Longest time between two samples that they speak for with the contactor closed: an EV draws 20 Wh in a longer one, and not before or after.
    static let longestSampled = Duration.milliseconds(3500)
    /// The same with the contactor open.
    private static let longestOpen = Duration.seconds(3600)
    /// Below that the voltage is not what it says, mV: a current that flows is worth the nominal one.
    private static let nominalMillivolts = 230_000
    private static let milliwattMillisecondsOfWattHour: Int64 = 3_600_000_000

    private let highestWatts: Int64
    private let energyTimeScale: Int64
    private var openSince: Duration?
    /// When the newest sample was asked for, and what it shows; nil where it shows no current.
    private var newest: (askedAt: Duration, milliwatts: Int64?)
    /// Openings that began and ended since then.
    private var openBefore = Duration.zero
    private var isFrozen = false
    /// Whether the contactor was open all the time between the newest sample and the one before it.
    private(set) var wasOpenThroughout = false
    /// Seen to flow and not counted; below zero what was counted and not seen. mW x ms, as all that follow.
    private var uncounted: Int64 = 0
    /// What may have flowed while nobody looked.
    private var unseen: Int64 = 0
    /// What was seen to flow lately.
    private var recent: (now: Int64, before: Int64, since: Duration)

    init(_ plausibility: MeterPlausibility, at start: Duration) {
        highestWatts = plausibility.highestWatts
        energyTimeScale = plausibility.energyTimeScale
        newest = (start, nil)
        recent = (0, 0, start)
    }

    /// Since when the contactor is surely open; nil while it may not be.
    mutating func contactorIs(openSince: Duration?, at uptime: Duration) {
        guard openSince != self.openSince else { return }
        if let before = self.openSince { openBefore += max(.zero, (openSince ?? uptime) - max(before, newest.askedAt)) }
        self.openSince = openSince
    }

    /// Whether current may flow now.
    var mayFlow: Bool { openSince == nil }

    /// The time since the newest sample in which the contactor was not surely open.
    func flowTime(until uptime: Duration) -> Duration {
        let open = openSince.map { max(.zero, uptime - max($0, newest.askedAt)) } ?? .zero
        return max(.zero, uptime - newest.askedAt - openBefore - open)
    }

    /// A sample came, plausible by itself: adds what can have flowed since the one before. `frozenSince` is since when the meter has been repeating
    /// itself for so long that it says nothing of that.
    mutating func sampled(_ sample: MeterSample, askedAt: Duration, at uptime: Duration, frozenSince: Duration?) {
        let elapsed = max(.zero, uptime - newest.askedAt)
        wasOpenThroughout = openSince.map { $0 <= newest.askedAt } ?? false
        let shown = frozenSince == nil ? Self.milliwatts(of: sample) : nil
        if wasOpenThroughout {
            // A meter without phases may make its power of the register itself.
            add(max(shown ?? 0, newest.milliwatts ?? 0), besides: Self.unseenMilliwatts, elapsed, at: uptime)
        } else if let shown, let before = newest.milliwatts, elapsed <= Self.longestSampled {
            add(max(shown, before), besides: Self.unseenMilliwattsClosed, elapsed, at: uptime)
        } else {
            let hidden = isFrozen ? .zero : max(.zero, newest.askedAt - (frozenSince ?? newest.askedAt))
            let milliseconds = (flowTime(until: uptime) + hidden).wholeMilliseconds
            let flowed = (highestWatts * 1000).multipliedClamped(by: milliseconds)
                .multipliedClamped(by: energyTimeScale)
            unseen = unseen.addingClamped(Self.generously(flowed))
        }
        newest = (askedAt, shown)
        isFrozen = frozenSince != nil
        openBefore = .zero
    }

    /// Whether a register that counts in steps of `stepWh` may have risen by so much since it was believed.
    func explains(riseWh: Int64, stepWh: Int64) -> Bool {
        let tolerance = wattHours(max(10, stepWh) + highestWatts * Self.lagSeconds / 3600)
            .multipliedClamped(by: energyTimeScale)
        return uncounted.addingClamped(unseen).subtractingClamped(wattHours(riseWh)) >= -tolerance
    }

    /// It is believed.
    mutating func counted(riseWh: Int64) {
        let kept = wattHours(Self.mostUncountedWh).multipliedClamped(by: energyTimeScale)
        guard riseWh > 0 else {
            unseen = min(unseen, kept)
            uncounted = min(uncounted, recent.now.addingClamped(recent.before).addingClamped(kept))
            return
        }
        let left = uncounted.addingClamped(unseen).subtractingClamped(wattHours(riseWh))
        uncounted = min(uncounted, left, recent.now.addingClamped(recent.before))
        unseen = 0
    }

    /// The register counts from somewhere else.
    mutating func forget() { (uncounted, unseen) = (0, 0) }

    /// So much was shown for so long. What may flow besides pays for what was counted, and is not kept.
    private mutating func add(_ milliwatts: Int64, besides: Int64, _ elapsed: Duration, at uptime: Duration) {
        let milliseconds = min(elapsed, Self.longestOpen).wholeMilliseconds.multipliedClamped(by: energyTimeScale)
        if uncounted < 0 {
            uncounted = min(0, uncounted.addingClamped(besides.multipliedClamped(by: milliseconds)))
        }
        let flowed = milliwatts.multipliedClamped(by: milliseconds)
        uncounted = uncounted.addingClamped(Self.generously(flowed))
        if uptime - recent.since >= Self.lateBy {
            recent = (0, uptime - recent.since >= Self.lateBy * 2 ? 0 : recent.now, uptime)
        }
        recent.now = recent.now.addingClamped(flowed)
    }

    private static func generously(_ flowed: Int64) -> Int64 { (flowed / 2).multipliedClamped(by: halves) }

    private func wattHours(_ amountWh: Int64) -> Int64 {
        amountWh.multipliedClamped(by: Self.milliwattMillisecondsOfWattHour)
    }

    /// What flows by the power, or by the current, whichever is more, mW; nil where a sample tells no current. It has to be plausible by itself.
    private static func milliwatts(of sample: MeterSample) -> Int64? {
        guard sample.hasPhases else { return nil }
        let byCurrent = zip(sample.voltageMillivolts, sample.currentMilliamps).reduce(0 as Int64) { sum, phase in
            sum + Int64(max(phase.0, nominalMillivolts)) * Int64(abs(phase.1)) / 1000
        }
        return max(byCurrent, Int64(abs(sample.powerW)).multipliedClamped(by: 1000))
    }
}
