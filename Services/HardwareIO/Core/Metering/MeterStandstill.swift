import Primitives

/// Whether a meter still measures, and its register still counts.
struct MeterStandstill {
    /// So many samples in a row that are the same to the last digit come from a meter that does not measure any more.
    static let samplesThatFreeze = 60
    /// So many steps of the register that should have been counted and were not.
    static let stepsThatFreeze: Int64 = 3
    /// For so long at least, for a register that is told late.
    static let shortest = Duration.seconds(15)
    /// A register that counts less than this part of what flows is as good as one that stands still.
    static let leastPart: Int64 = 4
    /// The same by the current alone, which a bad power factor makes less energy.
    static let apparentStepsThatFreeze: Int64 = 6
    /// Less power may be rounding.
    static let leastPowerW = 100
    /// Less current, mA, may be no power at all: the filters of an EV draw some.
    static let leastMilliamps = 3000
    /// From so much current on, mA, some of it is power.
    static let powerfulMilliamps = 6000
    /// So many samples in a row that show current and a tenth of its power at most contradict themselves; one alone may have been read while the current
    /// began.
    static let samplesThatContradict = 10
    /// Longest time that the power of one sample is taken for, ms.
    static let longestStepMilliseconds: Int64 = 10_000

    /// In mW x ms.
    private static let wattHour: Int64 = 3_600_000_000

    private(set) var identicalSamples = 0
    private var repeatsSince: Duration?
    /// What showed that the register stands still: it stays so until the register has counted.
    private(set) var found: String?
    /// The highest register that was not left again, Wh: between two that are next to each other one may flicker, and counts nothing.
    private var highestWh: Int64?
    /// Energy by the measured power that is not counted, mW x ms: what the register rises by pays for `leastPart` times as much.
    private var uncounted: Int64 = 0
    /// Since when something is not counted.
    private var uncountedSince: Duration?
    /// Energy by voltage and current since the register moved last.
    private var uncountedApparent: Int64 = 0
    /// Samples in a row that show current, since the register moved last.
    private var standingSamples = 0
    private var contradictions = 0

    /// - Parameter found: What a process before found; nil where it found nothing.
    init(found: String? = nil) { self.found = found }

    /// Since when the meter has been repeating the same sample, where it did so for so long that it says nothing of what flowed; nil where it did not.
    var frozenSince: Duration? { identicalSamples >= Self.samplesThatFreeze ? repeatsSince : nil }

    /// `mayFlow` is whether the contactor is not surely open: current through an open one is judged elsewhere.
    /// - Returns: What shows that the meter stands still; nil while it moves. That the current is gone shows nothing: without it nobody counts.
    mutating func see(
        _ sample: MeterSample,
        after newest: (sample: MeterSample, at: Duration)?,
        at uptime: Duration,
        mayFlow: Bool,
        _ plausibility: MeterPlausibility
    ) -> String? {
        guard let newest else { return found }
        // Where the taps of a meter are behind the open contactor it has nothing to measure, and says so.
        let repeats = sample.hasPhases && sample.repeats(newest.sample) && (mayFlow || !sample.isDead)
        repeatsSince = repeats ? repeatsSince ?? newest.at : nil
        identicalSamples = repeats ? min(identicalSamples + 1, Self.samplesThatFreeze) : 0
        let isConnector = mayFlow && !plausibility.isOfMainMeter
        count(sample, newest, at: uptime, byCurrent: isConnector, plausibility)
        contradictions =
            isConnector && sample.contradictsItself ? min(contradictions + 1, Self.samplesThatContradict) : 0
        if let words = standing(sample, at: uptime, plausibility) { found = found ?? words }
        return identicalSamples >= Self.samplesThatFreeze ? "meter repeats the same sample" : found
    }

    private func standing(_ sample: MeterSample, at uptime: Duration, _ plausibility: MeterPlausibility) -> String? {
        let step = plausibility.stepWh(of: sample) * Self.wattHour
        if uncounted > Self.stepsThatFreeze * step, uptime - (uncountedSince ?? uptime) >= Self.shortest {
            return "register stands still at \(sample.energyWh) Wh while power flows"
        }
        if standingSamples >= Self.samplesThatFreeze, uncountedApparent > Self.apparentStepsThatFreeze * step {
            return "register stands still at \(sample.energyWh) Wh while \(amperes(sample.highestMilliamps)) flow"
        }
        guard contradictions >= Self.samplesThatContradict else { return nil }
        return "power is \(sample.powerW) W while \(amperes(sample.highestMilliamps)) flow"
    }

    /// What surely flowed: a current that has just begun says nothing of the time before it.
    private mutating func count(
        _ sample: MeterSample,
        _ newest: (sample: MeterSample, at: Duration),
        at uptime: Duration,
        byCurrent: Bool,
        _ plausibility: MeterPlausibility
    ) {
        let riseWh = rise(to: sample.energyWh, from: newest.sample.energyWh)
        let elapsed = (uptime - newest.at).wholeMilliseconds.clamped(to: 0...Self.longestStepMilliseconds)
        let scale = 1000 * elapsed * plausibility.energyTimeScale
        let powerW = min(sample.powerW, newest.sample.powerW)
        if powerW >= Self.leastPowerW {
            // What shows that it stands still is enough: a register that counts again shows that soon.
            let most = (Self.stepsThatFreeze * plausibility.stepWh(of: sample)).multipliedClamped(by: Self.wattHour)
            uncounted = min(uncounted.addingClamped(Int64(powerW).multipliedClamped(by: scale)), most.addingClamped(1))
            uncountedSince = uncountedSince ?? newest.at
        }
        if riseWh > 0 { counted(riseWh) }
        let apparent = min(
            sample.voltAmperes(from: Self.leastMilliamps),
            newest.sample.voltAmperes(from: Self.leastMilliamps)
        )
        guard byCurrent, apparent > 0, riseWh == 0 else {
            standingSamples = 0
            return
        }
        standingSamples = min(standingSamples + 1, Self.samplesThatFreeze)
        uncountedApparent = uncountedApparent.addingClamped(apparent.multipliedClamped(by: scale))
    }

    /// By how much the register is higher than it ever was since it was set back.
    private mutating func rise(to energyWh: Int64, from newestWh: Int64) -> Int64 {
        let before = highestWh ?? newestWh
        guard energyWh >= before.subtractingClamped(MeterPlausibility.jitterWh) else {
            (found, highestWh) = (nil, energyWh)
            (uncounted, uncountedSince, uncountedApparent, standingSamples) = (0, nil, 0, 0)
            return 0
        }
        highestWh = max(before, energyWh)
        return max(0, energyWh.subtractingClamped(before))
    }

    private mutating func counted(_ riseWh: Int64) {
        uncountedApparent = 0
        let paid = riseWh.multipliedClamped(by: Self.wattHour).multipliedClamped(by: Self.leastPart)
        uncounted = max(0, uncounted.subtractingClamped(paid))
        if uncounted == 0 { (uncountedSince, found) = (nil, nil) }
    }
}

extension MeterSample {
    /// The same to the last digit. The further quantities may come from other sensors, which go on when the meter does not.
    fileprivate func repeats(_ earlier: MeterSample) -> Bool {
        var (new, old) = (self, earlier)
        (new.quantities, old.quantities) = ([], [])
        (new.serialNumber, old.serialNumber) = (nil, nil)
        return new == old
    }

    /// It shows neither a voltage nor a current.
    fileprivate var isDead: Bool { powerW == 0 && (voltageMillivolts + currentMilliamps).allSatisfy { $0 == 0 } }

    /// In its worst phase, mA, whatever its direction.
    fileprivate var highestMilliamps: Int { currentMilliamps.map(Self.harmless).max() ?? 0 }

    /// The product of voltage and current of all phases that carry at least so much, VA.
    fileprivate func voltAmperes(from leastMilliamps: Int) -> Int64 {
        zip(voltageMillivolts, currentMilliamps).reduce(0) { sum, phase in
            let milliamps = Self.harmless(phase.1)
            guard milliamps >= leastMilliamps else { return sum }
            return sum + Int64(Self.harmless(phase.0)) * Int64(milliamps) / 1_000_000
        }
    }

    /// A current that would be power is there, and the power is not.
    fileprivate var contradictsItself: Bool {
        guard highestMilliamps >= MeterStandstill.powerfulMilliamps else { return false }
        return Int64(Self.harmless(powerW)) < voltAmperes(from: 0) / 10
    }

    /// The magnitude of a number that nobody has judged yet.
    private static func harmless(_ number: Int) -> Int { Int(min(number.magnitude, 10_000_000)) }
}
