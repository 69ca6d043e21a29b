import BusSchema
import Primitives

/// How many phases a connector has towards the EV, where a contactor of its own adds L2 and L3.
///
/// It is never moved under load: the contactor has to be open for sure, nothing offered, and both for so long that the EV has noticed; nothing is
/// offered, and nothing closes until the phase contactor is seen where it was sent. Released, it leaves one phase; that is where it is when nobody
/// drives its line.
struct PhaseMachine {
    private enum State: Equatable {
        /// What it was ordered last is void: its driver was lost, or it failed. Next: moving or resting with one phase, once it was read and nothing flows.
        case unknown
        /// Next: resting when it is seen there, or unknown at `limit`, with a failure.
        case moving(PhaseCount, limit: FollowLimit)
        case resting(PhaseCount)
    }

    /// So long nothing can flow and nothing is offered before it is moved: many EVs take another number of phases only after that.
    static let quietTime = Duration.seconds(10)
    /// Longest time from the order until its contact follows.
    static let followLimit = Duration.seconds(1)
    /// The most moves within an hour. What is over asks for the fewer phases, and waits.
    static let movesPerHour = 12
    private static let hour = Duration.seconds(3600)

    private let connectorId: Int
    private var state: State
    /// As its contact was read last; nil while that is not known.
    private var isClosed: Bool?
    /// When it was read last; what comes later and is older says nothing.
    private var readAt: Duration
    /// When it has to be read next at the latest; nil while it is known to be silent.
    private var readUntil: Duration?
    /// Within the last hour, ascending.
    private var moves: [Duration] = []
    /// When there may be another one; nil when that is now.
    private var waitsUntil: Duration?
    /// What the permit allows; nil without one.
    private var target: PhaseCount?
    /// Since when nothing can flow, nothing is offered, and it may be moved; nil while that is not so.
    private var quietSince: Duration?
    /// What it did wrong and nobody has cleared yet, over restarts too: what failed once will fail again.
    private(set) var failure: String?
    /// Samples in a row that show current on a phase that it says to have taken away.
    private var contrarySamples = 0

    /// `failure` is what was latched before the start.
    init(connectorId: Int, failure: String? = nil, at start: Duration) {
        self.connectorId = connectorId
        self.failure = failure
        // It may still be falling after the process before this one died.
        state = .moving(.one, limit: FollowLimit(start + ContactorMachine.readingLimit))
        readAt = start
        readUntil = start + ContactorMachine.readingLimit
    }

    /// How many lead to the contactor; nil while nobody knows.
    var connected: PhaseCount? { if case .resting(let count) = state { count } else { nil } }

    /// Whether it may be between two positions: nothing closes then.
    var isSettled: Bool { connected != nil }

    /// Whether a sample spoke against its contact, and another one has to decide.
    var isInDoubt: Bool { contrarySamples > 0 }

    /// Why nobody can say yet how many lead to the contactor; nil when it is known.
    var unsettled: String? {
        switch state {
        case .resting: nil
        case .moving(let count, _): "the phase contactor is not seen to be \(count == .three ? "closed" : "open") yet"
        case .unknown where isClosed == nil: "the position of the phase contactor is not known yet"
        case .unknown:
            "the phase contactor rests: it is ordered once nothing has flowed for \(Self.quietTime.wholeSeconds) s"
        }
    }

    /// Its contact is not read although it should be, for the list of faults.
    var silence: String? {
        readUntil == nil ? "position of the phase contactor was not read for too long" : nil
    }

    /// Why nothing is offered with the phases as they are; nil when it may be.
    var objection: String? {
        guard let connected else { return unsettled }
        guard let target, target != connected else { return nil }
        guard waitsUntil != nil else {
            return "the phases are being switched from \(connected.rawValue) to \(target.rawValue)"
        }
        // Fewer phases than allowed are allowed.
        guard target.rawValue < connected.rawValue else { return nil }
        return "the phase contactor moved \(Self.movesPerHour) times within an hour and rests"
    }

    var nextDeadline: Deadline? {
        let move: Duration? =
            switch state {
            case .moving(_, let limit): limit.at
            case .unknown: isClosed == nil || failure != nil ? nil : quietEnough
            case .resting(let count):
                // While it has moved too often, what matters is when it may again, wherever the contactor is then.
                target == nil || target == count ? nil : waitsUntil ?? quietEnough
            }
        return earliest(
            Deadline(at: move, for: "the phase contactor moves, or has moved"),
            Deadline(at: readUntil, for: "the phase contactor was not read for too long")
        )
    }

    mutating func deadlineReached(at uptime: Duration) {
        if case .moving(let count, var limit) = state {
            if !limit.isOver(at: uptime) {
                state = .moving(count, limit: limit)
            } else if isClosed == (count == .three) {
                // It never had to move, so that no change was reported.
                state = .resting(count)
            } else {
                state = .unknown
                if isClosed != nil { failure = "the phase contactor did not follow its order to \(words(count))" }
            }
        }
        guard let readUntil, readUntil <= uptime else { return }
        state = .unknown
        isClosed = nil
        self.readUntil = nil
    }

    /// What is allowed now, and since when nothing can flow. Comes before anything is decided about the contactor: what is moved here keeps it open.
    mutating func follow(target: PhaseCount?, quietSince: Duration?, _ turn: inout Turn) {
        self.target = target
        self.quietSince = quietSince
        moves.removeAll { turn.uptime - $0 >= Self.hour }
        waitsUntil = moves.count < Self.movesPerHour ? nil : moves.first.map { $0 + Self.hour }
        guard failure == nil, let isClosed, let quietEnough, quietEnough <= turn.uptime else { return }
        switch state {
        case .moving: break
        case .unknown:
            turn.order(.switchPhases(connectorId: connectorId, .one))
            state = isClosed ? .moving(.one, limit: FollowLimit(turn.uptime + Self.followLimit)) : .resting(.one)
        case .resting(let count):
            guard let target, target != count, waitsUntil == nil else { break }
            moves.append(turn.uptime)
            state = .moving(target, limit: FollowLimit(turn.uptime + Self.followLimit))
            turn.order(.switchPhases(connectorId: connectorId, target))
            turn.log(
                LogRecord(
                    .notice,
                    "the phases are switched",
                    .init("connectorId", connectorId),
                    .init("phases", target.rawValue)
                )
            )
        }
    }

    /// What this turn made of it, as `quietSince` of `follow`: the next move is counted from there.
    mutating func isQuiet(since: Duration?) { quietSince = since }

    mutating func feedbackRead(closed: Bool, at uptime: Duration) {
        guard uptime >= readAt else { return }
        readAt = uptime
        isClosed = closed
        readUntil = uptime + ContactorMachine.silenceLimit
        switch state {
        case .moving(let count, _) where closed == (count == .three): state = .resting(count)
        case .resting(let count) where closed != (count == .three):
            state = .unknown
            failure = "the phase contactor \(closed ? "closed" : "opened") without an order"
        case .unknown, .moving, .resting: break
        }
    }

    /// The meter measured so much on each phase. Released, it lets nothing through to L2 and L3, whatever its contact says.
    mutating func currentsMeasured(milliamps: [Int]) {
        let stray = milliamps.dropFirst().map { Int(clamping: $0.magnitude) }.max() ?? 0
        guard state == .resting(.one), stray > FlowWitness.highestLeakMilliamps else {
            contrarySamples = 0
            return
        }
        contrarySamples += 1
        guard contrarySamples >= FlowWitness.samplesOfLeak else { return }
        contrarySamples = 0
        state = .unknown
        let words = amperes(min(stray, OutletMachine.highestMilliamps))
        failure = "\(words) flow on a phase that the phase contactor has taken away"
    }

    /// Its driver is lost, or is back: where it is, it has to say again, and it is ordered anew.
    mutating func lose(at uptime: Duration) {
        state = .unknown
        isClosed = nil
        readUntil = uptime + ContactorMachine.readingLimit
    }

    /// Service says that the cause is repaired. It is released, and has to be seen there.
    mutating func clearFailure() { failure = nil }

    private var quietEnough: Duration? { quietSince.map { $0 + Self.quietTime } }

    private func words(_ count: PhaseCount) -> String { count == .three ? "close" : "open" }
}
