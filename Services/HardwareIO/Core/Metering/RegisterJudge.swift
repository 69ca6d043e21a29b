import Primitives

/// Decides which samples of a meter are believed. Energy is billed by it: what cannot be is refused, and the first is not believed blindly.
struct RegisterJudge {
    enum Verdict: Equatable {
        /// With the register that counts, which jitter does not lower.
        case believed(energyWh: Int64)
        /// Cannot be decided yet: look again soon.
        case unsure
        case refused(String)
        /// Refused, and more of the same would not help: the meter stands still.
        case frozen(String)
    }

    /// Consecutive agreeing samples after which the first register after a start is believed.
    static let samplesToBelieveFirst = 2
    /// So many samples in a row that are the same to the last digit come from a meter that does not measure any more.
    static let samplesThatFreeze = 60
    /// So many steps of the register that should have been counted and were not.
    static let stepsThatFreeze: Int64 = 3
    /// Less power may be rounding.
    static let leastPowerW = 100
    /// An older sample does not say where the register is now.
    static let acceptableFor = Duration.seconds(15)
    /// Longest time that the power of one sample is taken for, ms.
    static let longestStepMilliseconds: Int64 = 10_000

    private let plausibility: MeterPlausibility
    private let registerStepWh: Int64
    private let energyTimeScale: Int64
    /// The register of before the start, which no sample may fall below; nil when none is known.
    private var baseWh: Int64?
    /// The newest of before the start that was believed, if it is of this boot of the machine.
    private var before: (energyWh: Int64, at: Duration)?
    private var believed: (energyWh: Int64, at: Duration)?
    /// Samples at a new register, each agreeing with the one before.
    private var candidate: (energyWh: Int64, at: Duration, count: Int)?
    private var newest: (sample: MeterSample, at: Duration)?
    private var identicalSamples = 0
    /// Energy by the measured power since the register moved last, mW x ms.
    private var uncounted: Int64 = 0

    init(
        _ configuration: ConnectorConfiguration,
        baseWh: Int64?,
        before: (energyWh: Int64, at: Duration)? = nil
    ) {
        plausibility = MeterPlausibility(configuration: configuration)
        registerStepWh = Int64(configuration.registerStepWh)
        energyTimeScale = Int64(configuration.energyTimeScale)
        self.baseWh = baseWh
        self.before = before
    }

    /// A register that service accepted.
    struct Acceptance: Equatable {
        var sample: MeterSample
        var energyWh: Int64
        /// Neither rounding nor the time since the register of before explains it: what was counted there ends, and something else begins.
        var beginsAnew: Bool
    }

    /// The newest sample is the one before it, to the last digit.
    var repeatsItself: Bool { identicalSamples > 0 }

    /// `askedAt` is when the meter was asked: the register was read between then and `uptime`. A process that woke up late finds the answer to
    /// a question of long ago, and takes its register for no newer than that.
    mutating func judge(_ sample: MeterSample, askedAt: Duration, at uptime: Duration) -> Verdict {
        defer { newest = (sample, uptime) }
        if let objection = plausibility.objection(to: sample) { return .refused(objection) }
        if let standstill = standstill(sample, at: uptime) { return .frozen(standstill) }
        guard let believed else { return judgeFirst(sample, askedAt: askedAt, at: uptime) }
        switch compare(sample, with: believed, at: uptime) {
        case .plausible:
            return believe(sample.energyWh, at: askedAt)
        case .fell(let amountWh) where amountWh <= MeterPlausibility.jitterWh:
            return believe(believed.energyWh, at: askedAt)
        case .fell:
            candidate = nil
            return .refused("register fell from \(believed.energyWh) Wh to \(sample.energyWh) Wh")
        case .jumped:
            // However often it says so: no current explains it, and somebody would have to pay for it. Service may accept the register.
            candidate = nil
            return .refused("register jumped from \(believed.energyWh) Wh to \(sample.energyWh) Wh")
        }
    }

    /// Service says that the register may start from what the meter reads now: it was swapped or reset.
    /// - Returns: Nil, and nothing changes, when no sample of the last while says where that is.
    mutating func acceptRegister(at uptime: Duration) -> Acceptance? {
        guard let newest, uptime - newest.at <= Self.acceptableFor, plausibility.objection(to: newest.sample) == nil
        else { return nil }
        let comparison = comparison(of: newest.sample, at: uptime)
        var accepted = Acceptance(sample: newest.sample, energyWh: newest.sample.energyWh, beginsAnew: false)
        switch comparison {
        case .plausible: break
        case .fell(let amountWh) where amountWh <= MeterPlausibility.jitterWh:
            accepted.energyWh = accepted.energyWh.addingClamped(amountWh)
        case .fell, .jumped, nil: accepted.beginsAnew = true
        }
        baseWh = nil
        before = nil
        uncounted = 0
        identicalSamples = 0
        _ = believe(accepted.energyWh, at: newest.at)
        return accepted
    }

    /// With the register that counts; nil when there is none. Since one of before a start any time may have passed, which explains nothing
    /// to somebody who has to pay for it.
    private func comparison(of sample: MeterSample, at uptime: Duration) -> MeterPlausibility.Comparison? {
        if let known = believed ?? before {
            return compare(sample, with: known, at: uptime)
        }
        return baseWh.map { compare(sample, with: ($0, uptime), at: uptime) }
    }

    private func compare(
        _ sample: MeterSample,
        with known: (energyWh: Int64, at: Duration),
        at uptime: Duration
    ) -> MeterPlausibility.Comparison {
        plausibility.compare(
            sample.energyWh,
            with: known.energyWh,
            after: uptime - known.at,
            stepWh: stepWh(of: sample)
        )
    }

    /// The step in which its register counts, Wh.
    private func stepWh(of sample: MeterSample) -> Int64 {
        sample.registerStepWh.map { Int64($0).clamped(to: 1...1_000_000) } ?? registerStepWh
    }

    private mutating func judgeFirst(_ sample: MeterSample, askedAt: Duration, at uptime: Duration) -> Verdict {
        if let baseWh, sample.energyWh < baseWh - MeterPlausibility.jitterWh {
            candidate = nil
            return .refused("register fell from \(baseWh) Wh to \(sample.energyWh) Wh over a restart")
        }
        if let before {
            switch compare(sample, with: before, at: uptime) {
            case .plausible: break
            case .fell(let amountWh) where amountWh <= MeterPlausibility.jitterWh: break
            case .fell:
                candidate = nil
                return .refused("register fell from \(before.energyWh) Wh to \(sample.energyWh) Wh over a restart")
            case .jumped:
                candidate = nil
                return .refused("register jumped from \(before.energyWh) Wh to \(sample.energyWh) Wh over a restart")
            }
        }
        guard countAgreeing(sample, askedAt: askedAt, at: uptime) >= Self.samplesToBelieveFirst else { return .unsure }
        return believe(max(sample.energyWh, baseWh ?? 0, before?.energyWh ?? 0), at: askedAt)
    }

    private mutating func countAgreeing(_ sample: MeterSample, askedAt: Duration, at uptime: Duration) -> Int {
        var count = 1
        if let candidate, compare(sample, with: (candidate.energyWh, candidate.at), at: uptime) == .plausible {
            count += candidate.count
        }
        candidate = (sample.energyWh, askedAt, count)
        return count
    }

    private mutating func believe(_ energyWh: Int64, at uptime: Duration) -> Verdict {
        believed = (energyWh, uptime)
        candidate = nil
        return .believed(energyWh: energyWh)
    }

    /// What shows that the meter stands still; nil while it moves.
    private mutating func standstill(_ sample: MeterSample, at uptime: Duration) -> String? {
        guard let newest else { return nil }
        identicalSamples = sample.hasPhases && sample.repeats(newest.sample) ? identicalSamples + 1 : 0
        // What surely flowed: a current that has just begun says nothing of the time before it.
        let powerW = min(sample.powerW, newest.sample.powerW)
        if sample.energyWh != newest.sample.energyWh {
            uncounted = 0
        } else if powerW >= Self.leastPowerW {
            let elapsed = (uptime - newest.at).wholeMilliseconds.clamped(to: 0...Self.longestStepMilliseconds)
            let scale = 1000 * elapsed * energyTimeScale
            uncounted = uncounted.addingClamped(Int64(powerW).multipliedClamped(by: scale))
        }
        if identicalSamples >= Self.samplesThatFreeze { return "meter repeats the same sample" }
        let limit = Self.stepsThatFreeze * stepWh(of: sample) * 3_600_000_000
        return uncounted > limit ? "register stands still at \(sample.energyWh) Wh while power flows" : nil
    }
}

extension MeterSample {
    /// The same to the last digit. The further quantities may come from other sensors, which go on when the meter does not.
    fileprivate func repeats(_ earlier: MeterSample) -> Bool {
        var (new, old) = (self, earlier)
        new.quantities = []
        old.quantities = []
        return new == old
    }
}
