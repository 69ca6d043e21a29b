import Primitives

/// Decides which samples of a meter are believed. Energy is billed by it: what cannot be is refused, and the first is not believed blindly.
struct RegisterJudge {
    enum Verdict: Equatable {
        /// With the register that counts, which jitter does not lower.
        case believed(energyWh: Int64)
        /// The same, after a step of the meter that is not counted.
        case goesOn(energyWh: Int64, RegisterStep)
        /// Cannot be decided yet: look again soon.
        case unsure
        case refused(String)
        /// Refused, and more of the same would not help: the meter stands still.
        case frozen(String)
    }

    /// Consecutive agreeing samples after which the first register after a start is believed.
    static let samplesToBelieveFirst = 2
    /// A meter that was not heard for so long may have been swapped meanwhile.
    static let awayAfter = Duration.seconds(15)
    /// An older sample does not say where the register is now.
    static let acceptableFor = Duration.seconds(15)

    private let plausibility: MeterPlausibility
    /// Whether the contactor falls open by itself when this process dies.
    private let fallsOpen: Bool
    /// Whose register it is. Belongs to what is believed; while a step is looked at again it is the one after that.
    private(set) var origin: RegisterOrigin
    /// The register of before the start, which no sample may fall below; nil when none is known.
    private var baseWh: Int64?
    /// The newest of before the start that was believed, if it is of this boot of the machine.
    private var before: Before?
    private var believed: (energyWh: Int64, at: Duration)?
    /// Samples at a new register, each agreeing with the one before.
    private var candidate: Candidate?
    /// Where the register goes on once two samples agree on where it is in the meter.
    private var step: RegisterStep?
    private var flow: FlowBound
    private var hold: RegisterHold
    private var newest: (sample: MeterSample, at: Duration)?
    private var standstill: MeterStandstill

    private struct Candidate {
        var firstWh: Int64
        var energyWh: Int64
        var at: Duration
        var count: Int
    }

    /// What was believed last before the start.
    struct Before {
        /// As it counts.
        var energyWh: Int64
        var at: Duration
        /// How long current may have flowed since: until the process was surely dead, and its contactor open.
        var flowed: Duration
    }

    init(
        _ configuration: ConnectorConfiguration,
        origin: RegisterOrigin,
        baseWh: Int64?,
        before: Before? = nil,
        refusedWh: Int64? = nil,
        standstill: String? = nil,
        at start: Duration
    ) {
        plausibility = MeterPlausibility(configuration: configuration)
        fallsOpen = !configuration.isControlled && configuration.connectorId != MainMeterConfiguration.connectorId
        flow = FlowBound(plausibility, at: start)
        self.origin = origin
        self.baseWh = baseWh
        self.before = before
        hold = RegisterHold(heldWh: refusedWh)
        self.standstill = MeterStandstill(found: standstill)
    }

    /// A register that service accepted.
    struct Acceptance: Equatable {
        var sample: MeterSample
        var energyWh: Int64
        /// Neither rounding nor the time since the register of before explains it: what was counted there ends, and something else begins.
        var beginsAnew: Bool
    }

    /// Where the register is not believed from, as it counts, Wh; nil while nothing speaks against it.
    var refusedWh: Int64? { hold.refusedWh }

    /// Why the meter counts as one that stands still, until its register moves; nil while it does not.
    var standstillWords: String? { standstill.found }

    /// The newest sample is the one before it, to the last digit.
    var repeatsItself: Bool { standstill.identicalSamples > 0 }

    /// Since when the contactor is surely open; nil while it may not be.
    mutating func contactorIs(openSince: Duration?, at uptime: Duration) {
        flow.contactorIs(openSince: openSince, at: uptime)
    }

    /// `askedAt` is when the meter was asked: the register was read between then and `uptime`. A process that woke up late finds the answer to
    /// a question of long ago, and takes its register for no newer than that.
    mutating func judge(_ sample: MeterSample, askedAt: Duration, at moment: Moment) -> Verdict {
        let uptime = moment.uptime
        let before = newest
        defer { newest = (sample, uptime) }
        if let objection = plausibility.objection(to: sample) { return .refused(objection) }
        if origin.isLeft(by: sample) {
            leave(.anotherMeter, at: uptime)
            origin.serialNumber = sample.serialNumber
        }
        let words = standstill.see(sample, after: before, at: uptime, mayFlow: flow.mayFlow, plausibility)
        self.before?.flowed += flow.flowTime(until: uptime)
        flow.sampled(sample, askedAt: askedAt, at: uptime, frozenSince: standstill.frozenSince)
        if let words { return .frozen(words) }
        let counted = counted(sample)
        if let words = hold.objection(to: counted.energyWh) { return .refused(words) }
        guard let believed else { return judgeFirst(counted, askedAt: askedAt, at: moment) }
        let riseWh = counted.energyWh.subtractingClamped(believed.energyWh)
        if riseWh < -MeterPlausibility.jitterWh {
            candidate = nil
            return .refused("register fell from \(believed.energyWh) Wh to \(counted.energyWh) Wh")
        }
        if isExplained(riseWh, counted, since: believed, at: uptime) {
            return believe(counted, atLeast: believed.energyWh, at: askedAt)
        }
        if flow.wasOpenThroughout, uptime - (before?.at ?? .zero) > Self.awayAfter,
            compare(counted, with: believed, at: uptime) == .plausible
        {
            leave(.unexplained, at: uptime)
            return judgeFirst(counted, askedAt: askedAt, at: moment)
        }
        return refuseRise(from: believed.energyWh, to: counted.energyWh)
    }

    /// However often it says so, and however long one waits: nothing explains it, and somebody would have to pay for it.
    private mutating func refuseRise(from believedWh: Int64, to energyWh: Int64) -> Verdict {
        refuse(
            energyWh,
            flow.wasOpenThroughout
                ? "register rises from \(believedWh) Wh to \(energyWh) Wh although the contactor is open and no current flows"
                : "register jumped from \(believedWh) Wh to \(energyWh) Wh, more than can have flowed"
        )
    }

    private mutating func refuse(_ energyWh: Int64, _ words: String) -> Verdict {
        candidate = nil
        if !plausibility.isOfMainMeter { hold.refuse(energyWh, words) }
        return .refused(words)
    }

    /// Service says that the register may start from what the meter reads now: it was swapped or reset.
    /// - Returns: Nil, and nothing changes, when no sample of the last while says where that is.
    mutating func acceptRegister(at moment: Moment) -> Acceptance? {
        let uptime = moment.uptime
        guard let newest, uptime - newest.at <= Self.acceptableFor, plausibility.objection(to: newest.sample) == nil
        else { return nil }
        var accepted = Acceptance(sample: newest.sample, energyWh: newest.sample.energyWh, beginsAnew: false)
        let counted = counted(newest.sample)
        switch comparison(of: counted, at: uptime) {
        case .plausible where !hold.isRefused: accepted.energyWh = counted.energyWh
        case .fell(let amountWh) where amountWh <= MeterPlausibility.jitterWh:
            accepted.energyWh = counted.energyWh.addingClamped(amountWh)
        case .plausible, .fell, .jumped, nil:
            accepted.beginsAnew = true
            origin.beginAnew(at: moment.utc)
            origin.serialNumber = newest.sample.serialNumber
        }
        step = nil
        hold = RegisterHold()
        standstill = MeterStandstill()
        flow.forget()
        take(accepted.energyWh, at: newest.at)
        return accepted
    }

    /// Nobody is billed by the register of before: from now on what the meter shows counts, as it is.
    /// - Returns: Whether that is something else.
    mutating func takeOwnRegister(at moment: Moment) -> Bool {
        guard origin.offsetWh != 0, step == nil, let believed else { return false }
        self.believed?.energyWh = believed.energyWh.subtractingClamped(origin.offsetWh)
        origin.beginAnew(at: moment.utc)
        return true
    }

    /// With the register that counts, as the meter goes on for another.
    private func counted(_ sample: MeterSample) -> MeterSample {
        var sample = sample
        sample.energyWh = sample.energyWh.addingClamped(origin.offsetWh)
        return sample
    }

    /// With the register that counts; nil when there is none. Since one of before a start any time may have passed, which explains nothing
    /// to somebody who has to pay for it.
    private func comparison(of counted: MeterSample, at uptime: Duration) -> MeterPlausibility.Comparison? {
        if let known = believed ?? before.map({ ($0.energyWh, $0.at) }) {
            return compare(counted, with: known, at: uptime)
        }
        return baseWh.map { compare(counted, with: ($0, uptime), at: uptime) }
    }

    private func compare(
        _ counted: MeterSample,
        with known: (energyWh: Int64, at: Duration),
        at uptime: Duration
    ) -> MeterPlausibility.Comparison {
        plausibility.compare(
            counted.energyWh,
            with: known.energyWh,
            after: uptime - known.at,
            stepWh: plausibility.stepWh(of: counted)
        )
    }

    /// Whether so much can have flowed since the register was believed. Nobody is billed by the main meter, through which more comes and goes between
    /// two samples than through a connector: any current explains its register.
    private func isExplained(
        _ riseWh: Int64,
        _ counted: MeterSample,
        since known: (energyWh: Int64, at: Duration),
        at uptime: Duration
    ) -> Bool {
        guard plausibility.isOfMainMeter else {
            return flow.explains(riseWh: riseWh, stepWh: plausibility.stepWh(of: counted))
        }
        return compare(counted, with: known, at: uptime) != .jumped
    }

    /// The same over a restart: a contactor falls open when its process dies. What the same meter has counted has flowed all the same.
    private func isExplained(_ counted: MeterSample, since before: Before, at uptime: Duration) -> Bool {
        guard fallsOpen, !origin.isOf(counted) else { return true }
        let since = max(before.at, uptime - before.flowed)
        return compare(counted, with: (before.energyWh, since), at: uptime) == .plausible
    }

    /// What the meter shows says nothing any more about the register that counts: that stays where it is until two samples agree.
    private mutating func leave(_ reason: RegisterStep.Reason, at uptime: Duration) {
        defer {
            believed = nil
            before = nil
            baseWh = nil
            candidate = nil
            hold.registerLeaves(at: uptime)
            standstill = MeterStandstill()
        }
        if let step {
            self.step = RegisterStep(reason: .anotherMeter, energyWh: step.energyWh, serialNumber: step.serialNumber)
        } else if let energyWh = believed?.energyWh ?? [baseWh, before?.energyWh].compactMap(\.self).max() {
            step = RegisterStep(reason: reason, energyWh: energyWh, serialNumber: origin.serialNumber)
        }
    }

    private mutating func judgeFirst(_ counted: MeterSample, askedAt: Duration, at moment: Moment) -> Verdict {
        let uptime = moment.uptime
        if let baseWh, counted.energyWh < baseWh - MeterPlausibility.jitterWh {
            candidate = nil
            return .refused("register fell from \(baseWh) Wh to \(counted.energyWh) Wh over a restart")
        }
        if let before {
            switch compare(counted, with: (before.energyWh, before.at), at: uptime) {
            case .plausible:
                if !isExplained(counted, since: before, at: uptime) { leave(.unexplained, at: uptime) }
            case .fell(let amountWh) where amountWh <= MeterPlausibility.jitterWh: break
            case .fell:
                candidate = nil
                return .refused("register fell from \(before.energyWh) Wh to \(counted.energyWh) Wh over a restart")
            case .jumped:
                // From now on somebody looks: what flows is seen, and time alone explains no more than it does now.
                return refuse(
                    counted.energyWh,
                    "register jumped from \(before.energyWh) Wh to \(counted.energyWh) Wh over a restart"
                )
            }
        }
        let agreeing = countAgreeing(counted, askedAt: askedAt, at: uptime)
        guard agreeing.count >= Self.samplesToBelieveFirst else { return .unsure }
        guard let step else {
            return believe(counted, atLeast: max(baseWh ?? 0, before?.energyWh ?? 0), at: askedAt)
        }
        self.step = nil
        flow.forget()
        let shiftWh = step.energyWh.subtractingClamped(agreeing.firstWh)
        origin.shift(by: shiftWh, at: moment.utc)
        let energyWh = counted.energyWh.addingClamped(shiftWh)
        take(energyWh, at: askedAt)
        return .goesOn(energyWh: energyWh, step)
    }

    private mutating func countAgreeing(_ counted: MeterSample, askedAt: Duration, at uptime: Duration) -> Candidate {
        var next = Candidate(firstWh: counted.energyWh, energyWh: counted.energyWh, at: askedAt, count: 1)
        if let candidate, compare(counted, with: (candidate.energyWh, candidate.at), at: uptime) == .plausible {
            next.firstWh = candidate.firstWh
            next.count += candidate.count
        }
        candidate = next
        return next
    }

    private mutating func believe(_ counted: MeterSample, atLeast least: Int64 = 0, at askedAt: Duration) -> Verdict {
        if let serialNumber = counted.serialNumber { origin.serialNumber = serialNumber }
        let energyWh = max(counted.energyWh, least)
        if let believed {
            flow.counted(riseWh: energyWh.subtractingClamped(believed.energyWh))
        } else {
            flow.forget()
        }
        take(energyWh, at: askedAt)
        return .believed(energyWh: energyWh)
    }

    private mutating func take(_ energyWh: Int64, at askedAt: Duration) {
        believed = (energyWh, askedAt)
        before = nil
        baseWh = nil
        candidate = nil
        hold.release()
    }
}
