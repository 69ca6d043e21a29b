import Primitives

/// Whether a meter still measures, and its register still counts.
struct MeterStandstill {
    /// So many samples in a row that are the same to the last digit come from a meter that does not measure any more.
    static let samplesThatFreeze = 60
    /// So many steps of the register that should have been counted and were not.
    static let stepsThatFreeze: Int64 = 3
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

    private(set) var identicalSamples = 0
    private var repeatsSince: Duration?
    /// Where the register stood still, Wh, and what showed it: it stays so until the register moves.
    private var found: (energyWh: Int64, words: String)?
    /// Energy by the measured power since the register moved last, mW x ms.
    private var uncounted: Int64 = 0
    /// The same by voltage and current.
    private var uncountedApparent: Int64 = 0
    /// Samples in a row that show current, since the register moved last.
    private var standingSamples = 0
    private var contradictions = 0

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
        if let found, found.energyWh != sample.energyWh { self.found = nil }
        guard let newest else { return found?.words }
        let repeats = sample.hasPhases && sample.repeats(newest.sample)
        repeatsSince = repeats ? repeatsSince ?? newest.at : nil
        identicalSamples = repeats ? min(identicalSamples + 1, Self.samplesThatFreeze) : 0
        let isConnector = mayFlow && !plausibility.isOfMainMeter
        count(sample, newest, at: uptime, byCurrent: isConnector, plausibility)
        contradictions =
            isConnector && sample.contradictsItself ? min(contradictions + 1, Self.samplesThatContradict) : 0
        if let words = standing(sample, plausibility) { found = found ?? (sample.energyWh, words) }
        return identicalSamples >= Self.samplesThatFreeze ? "meter repeats the same sample" : found?.words
    }

    private func standing(_ sample: MeterSample, _ plausibility: MeterPlausibility) -> String? {
        let step = plausibility.stepWh(of: sample) * 3_600_000_000
        if uncounted > Self.stepsThatFreeze * step {
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
        guard sample.energyWh == newest.sample.energyWh else {
            (uncounted, uncountedApparent, standingSamples) = (0, 0, 0)
            return
        }
        let elapsed = (uptime - newest.at).wholeMilliseconds.clamped(to: 0...Self.longestStepMilliseconds)
        let scale = 1000 * elapsed * plausibility.energyTimeScale
        let powerW = min(sample.powerW, newest.sample.powerW)
        if powerW >= Self.leastPowerW {
            uncounted = uncounted.addingClamped(Int64(powerW).multipliedClamped(by: scale))
        }
        let apparent = min(
            sample.voltAmperes(from: Self.leastMilliamps),
            newest.sample.voltAmperes(from: Self.leastMilliamps)
        )
        guard byCurrent, apparent > 0 else {
            standingSamples = 0
            return
        }
        standingSamples = min(standingSamples + 1, Self.samplesThatFreeze)
        uncountedApparent = uncountedApparent.addingClamped(apparent.multipliedClamped(by: scale))
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
