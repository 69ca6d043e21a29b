public import Primitives

/// How an uplink that does not come up by itself is helped: gently first, harder only when that failed, never faster than each step's spacing.
///
/// Three redials after each step; then the next harder step whose spacing is over. No step is left out on the first way up. From the top it
/// begins again at the bottom, with spacings that double, so that every step comes again for as long as it takes. What only waits for the network gets
/// the radio switched off and on after an hour, and nothing harder; what only a person can mend is left alone.
public struct RecoveryLadder: Sendable, Equatable {
    /// How the uplink is, as far as the ladder is concerned.
    public enum Input: Equatable, Sendable {
        /// Up, and nothing speaks against it.
        case well
        /// The carrier is at work.
        case working
        case ill
        /// Searching, or denied.
        case waiting
        /// Nothing but a person helps.
        case person
    }

    private enum Timer: String, DeadlineName {
        case act = "the next step to recover an uplink"
        case patience = "the network has been waited for: the radio may begin anew"
        case work = "an uplink has been at work for too long"
        case lasting = "an uplink has been well for long: the ladder begins at its foot again"
    }

    /// One fault, from its beginning until the uplink was well for long.
    private struct Episode: Equatable {
        /// Failed attempts since the last step above redialling, the free one not counted.
        var dials = 0
        /// The first dial after a step fails easily (the packet network is not there yet) and counts for nothing.
        var hasFreeDial = false
        /// The last step above redialling.
        var rung = RecoveryStep.redial
        /// Steps taken in it: on the first way up none is left out.
        var tried: Set<RecoveryStep> = []
        /// How often the radio was switched only because the network was waited for.
        var patienceUsed = 0
    }

    static let dialsPerStep = 3
    static let wellFor = Duration.seconds(600)
    /// A carrier that says for so long that it is at work has stopped.
    static let longestWork = Duration.seconds(900)
    /// Networks have been seen to take fifty minutes; switching earlier begins the search anew.
    static let firstPatience = Duration.seconds(3600)
    static let longestPatience = Duration.seconds(14_400)

    public private(set) var memory: LadderMemory
    /// Without `hostReboot`.
    private let steps: Set<RecoveryStep>
    private let mayRebootHost: Bool
    private var input: Input?
    /// It has said for too long that it is at work, and no step was taken since: it may say so again.
    private var hasStalled = false
    private var episode: Episode?
    private var deadlines = Deadlines<Timer>()
    private var random: SeededRandom

    /// - Parameters:
    ///   - steps: Those that the carrier can take.
    ///   - mayRebootHost: By configuration.
    ///   - memory: Of the time before.
    ///   - seed: Of the jitter.
    public init(steps: Set<RecoveryStep>, mayRebootHost: Bool, memory: LadderMemory, seed: UInt64) {
        self.steps = steps.subtracting([.hostReboot])
        self.mayRebootHost = mayRebootHost
        self.memory = memory
        random = SeededRandom(seed: seed)
    }

    public var nextDeadline: Deadline? { deadlines.next }
    /// Whether there is no fault that it knows of, or the uplink was well for long since.
    public var isAtRest: Bool { episode == nil }
    /// What it waits for next, for people; nil when nothing is planned.
    public var nextAttempt: Duration? { deadlines[.act] }

    /// The first event: no time of the past is later than that.
    mutating func bound(to moment: Moment) { memory.bound(to: moment.uptime) }

    /// Tells how the uplink is; the same again changes nothing.
    public mutating func observe(_ new: Input, at moment: Moment) {
        guard new != input, !(hasStalled && new == .working) else { return }
        let old = input
        hasStalled = false
        input = new
        deadlines.clear(.lasting)
        deadlines.clear(.work)
        switch new {
        case .well:
            deadlines.clear(.act)
            deadlines.clear(.patience)
            if episode != nil || memory.hasCounts { deadlines.set(.lasting, at: moment.uptime + Self.wellFor) }
        case .working:
            // A step that was just ordered leads here; what was planned before is up to the carrier now.
            deadlines.clear(.act)
            if !steps.isEmpty { deadlines.set(.work, at: moment.uptime + Self.longestWork) }
        case .ill:
            if episode == nil { episode = Episode() }
            if old != .ill { armDial(at: moment) }
        case .waiting:
            if episode == nil { episode = Episode() }
            deadlines.clear(.act)
            // A search that is told of again and again is one search.
            if !deadlines.isSet(.patience) { armPatience(at: moment) }
        case .person:
            deadlines.clear(.act)
            deadlines.clear(.patience)
        }
    }
    /// The step that is due, if one is. It stands in `memory` already, which is to be on disk before the step is taken.
    public mutating func deadlineReached(at moment: Moment, isHostFree: Bool) -> RecoveryStep? {
        while let timer = deadlines.popDue(at: moment.uptime) {
            switch timer {
            case .lasting:
                episode = nil
                memory.forgetCounts()
            case .work:
                observe(.ill, at: moment)
                hasStalled = true
            case .patience:
                if let step = losePatience(at: moment) { return step }
            case .act:
                if let step = act(at: moment, isHostFree: isHostFree) { return step }
            }
        }
        return nil
    }

    /// Moves the next attempt.
    /// - Returns: Whether one is planned.
    mutating func act(at uptime: Duration) -> Bool {
        guard deadlines.isSet(.act) else { return false }
        deadlines.set(.act, at: uptime)
        return true
    }

    private mutating func act(at moment: Moment, isHostFree: Bool) -> RecoveryStep? {
        guard input == .ill, var episode else { return nil }
        hasStalled = false
        defer { self.episode = episode }
        if episode.dials >= Self.dialsPerStep, let step = harderStep(episode, at: moment, isHostFree: isHostFree) {
            memory.take(step, at: moment.uptime)
            episode.rung = step
            episode.tried.insert(step)
            episode.dials = 0
            episode.hasFreeDial = true
            // Should the carrier show no change, the next attempt comes all the same.
            deadlines.set(.act, at: moment.uptime + step.settling)
            return step
        }
        if episode.hasFreeDial { episode.hasFreeDial = false } else { episode.dials = min(episode.dials + 1, 20) }
        self.episode = episode
        armDial(at: moment)
        guard steps.contains(.redial) else { return nil }
        return .redial
    }

    private mutating func losePatience(at moment: Moment) -> RecoveryStep? {
        guard input == .waiting, steps.contains(.radio) else { return nil }
        episode?.patienceUsed += 1
        armPatience(at: moment)
        guard memory.earliest(.radio) <= moment.uptime else { return nil }
        memory.take(.radio, at: moment.uptime)
        return .radio
    }

    /// The first step above the last one, around the top and from the foot again, whose spacing is over; on the first way up the very next one.
    private func harderStep(_ episode: Episode, at moment: Moment, isHostFree: Bool) -> RecoveryStep? {
        let possible = RecoveryStep.allCases.filter {
            $0 != .redial && ($0 == .hostReboot ? mayRebootHost && isHostFree : steps.contains($0))
        }
        let above = possible.filter { $0 > episode.rung }
        for step in above + possible.filter({ $0 <= episode.rung }) {
            if memory.earliest(step) <= moment.uptime { return step }
            // Half a day may lie between two boots of the host: nothing waits for the next one.
            if !episode.tried.contains(step), step > episode.rung, step != .hostReboot { return nil }
        }
        return nil
    }

    /// 5, 10, 20 … 300 s with a fifth of jitter either way, so that chargers of one cell do not dial together.
    private mutating func armDial(at moment: Moment) {
        guard !steps.isEmpty || mayRebootHost else { return }
        let doublings = (episode?.dials ?? 0).clamped(to: 0...6)
        let wait = min(Duration.seconds(5) * (1 << doublings), .seconds(300))
        let jittered = random.duration(in: (wait * 4 / 5)...(wait * 6 / 5))
        deadlines.set(.act, at: moment.uptime + jittered)
    }

    private mutating func armPatience(at moment: Moment) {
        let doublings = (episode?.patienceUsed ?? 0).clamped(to: 0...4)
        let wait = min(Self.firstPatience * (1 << doublings), Self.longestPatience)
        let jittered = random.duration(in: wait...(wait * 6 / 5))
        deadlines.set(.patience, at: moment.uptime + jittered)
    }
}
