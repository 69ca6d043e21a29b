import Primitives

/// Whether a meter still measures, and its register still counts.
struct MeterStandstill {
    /// So many samples in a row that are the same to the last digit come from a meter that does not measure any more.
    static let samplesThatFreeze = 60
    /// So many steps of the register that should have been counted and were not.
    static let stepsThatFreeze: Int64 = 3
    /// Less power may be rounding.
    static let leastPowerW = 100
    /// Longest time that the power of one sample is taken for, ms.
    static let longestStepMilliseconds: Int64 = 10_000

    private(set) var identicalSamples = 0
    /// Energy by the measured power since the register moved last, mW x ms.
    private var uncounted: Int64 = 0

    /// - Returns: What shows that the meter stands still; nil while it moves.
    mutating func see(
        _ sample: MeterSample,
        after newest: (sample: MeterSample, at: Duration),
        at uptime: Duration,
        _ plausibility: MeterPlausibility
    ) -> String? {
        identicalSamples = sample.hasPhases && sample.repeats(newest.sample) ? identicalSamples + 1 : 0
        // What surely flowed: a current that has just begun says nothing of the time before it.
        let powerW = min(sample.powerW, newest.sample.powerW)
        if sample.energyWh != newest.sample.energyWh {
            uncounted = 0
        } else if powerW >= Self.leastPowerW {
            let elapsed = (uptime - newest.at).wholeMilliseconds.clamped(to: 0...Self.longestStepMilliseconds)
            let scale = 1000 * elapsed * plausibility.energyTimeScale
            uncounted = uncounted.addingClamped(Int64(powerW).multipliedClamped(by: scale))
        }
        if identicalSamples >= Self.samplesThatFreeze { return "meter repeats the same sample" }
        let limit = Self.stepsThatFreeze * plausibility.stepWh(of: sample) * 3_600_000_000
        return uncounted > limit ? "register stands still at \(sample.energyWh) Wh while power flows" : nil
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
}
