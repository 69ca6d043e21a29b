import OCPP
import Primitives

/// hardware-io starts anew within a Reset.
public enum HardwareRestart {
    /// How long its answer to the order is waited for.
    public static let patience: Duration = .seconds(2)
}

/// A Reset under way (OCPP 1.6 §5.14): transactions are stopped, what they leave to say is given some time, hardware-io starts anew if it is
/// Hard, then the program does; or the machine boots, if it is Hard and the site wants that. What could not be delivered is on disk and follows after the next registration.
///
/// An attempt fails when the disk does not take the end of the transactions, because a restart would forget it, when hardware-io does not
/// follow, or when the disk does not take that it is over, because the next process would do it once more. It is repeated as often as `ResetRetries` says (OCPP 1.6 §9.1.22).
struct ResetMachine: Equatable, Sendable {
    private enum State: Equatable {
        case idle
        /// An earlier process was in the middle of it; that this one goes on is being stored. Next: windingUp, idle.
        case resuming(ResetDocument.Progress)
        /// Waiting for the last messages, and until `pause` in any case. Next: restartingHardware, bootingMachine, resting, closing.
        case windingUp(ResetDocument.Progress, pause: Duration?, until: Duration)
        /// hardware-io was asked and answers. Next: closing, resting.
        case restartingHardware(ResetDocument.Progress, until: Duration)
        /// The machine was asked to boot, which ends this program; until then the disk says that the reset is under way, and the next boot
        /// that it is over. Next: resting, idle.
        case bootingMachine(ResetDocument.Progress, until: Duration)
        /// All is done but the restart, and that it is over is being stored. Next: over, resting.
        case closing(ResetDocument.Progress)
        /// An attempt failed. Next: windingUp, idle.
        case resting(ResetDocument.Progress, until: Duration)
        /// The restart was ordered; final.
        case over
    }

    /// What a reset needs to know to go on.
    struct Circumstances {
        /// Nothing is left to say to the central system.
        var everythingSaid: Bool
        /// The end of every transaction is on disk: whoever starts anew knows of it.
        var endsAreKept: Bool
        /// The disk says that a reset is under way.
        var isOnDisk: Bool
        /// `ResetRetries`.
        var retries: Int
        /// Hard means that the machine boots.
        var bootsMachine: Bool
    }

    /// What is to be done next.
    enum Step: Equatable {
        /// The answer is `hardwareAnswered`.
        case restartHardware
        /// Only a failure is answered, by `machineBootFailed`.
        case bootMachine
        case restart
        /// So many attempts have failed, the last one for this reason; there is another.
        case tryAgain(after: Int, reason: String)
        /// There is none: the charger goes on as it is.
        case giveUp(reason: String)
    }

    /// Longer than its answer is waited for, so that the reason why there is none arrives.
    private static let hardwareLimit = HardwareRestart.patience + .seconds(1)
    private static let restAfterFailure = Duration.seconds(5)
    /// The central system has time to read the answer to its Reset: some take a connection that closes with it for a Reset that failed.
    static let pause = Duration.seconds(1)

    private var state: State = .idle

    /// One was begun and not given up. `InoperabilityReason.reset` is what keeps anything from beginning meanwhile.
    var isUnderWay: Bool { state != .idle }

    /// What the next process has to know if this one dies now.
    var document: ResetDocument {
        switch state {
        case .idle, .closing, .over: ResetDocument(underWay: nil)
        case .resuming(let progress), .windingUp(let progress, _, _), .restartingHardware(let progress, _),
            .bootingMachine(let progress, _), .resting(let progress, _):
            ResetDocument(underWay: progress)
        }
    }

    var nextDeadline: Deadline? {
        switch state {
        case .idle, .resuming, .closing, .over: nil
        case .windingUp(_, let pause, let until):
            Deadline(at: pause ?? until, for: "the time for last words before the reset is over")
        case .restartingHardware(_, let until): Deadline(at: until, for: "hardware-io should have answered")
        case .bootingMachine(_, let until): Deadline(at: until, for: "the machine should have booted")
        case .resting(_, let until): Deadline(at: until, for: "the reset is tried again")
        }
    }

    /// Starts it. `sequence` is the number of the newest message. Returns false when one is under way already.
    mutating func begin(_ type: ResetType, boot: String, sequence: Int64, at moment: Moment) -> Bool {
        guard state == .idle else { return false }
        let pause = moment.uptime + Self.pause
        let progress = ResetDocument.Progress(type: type, attempt: 1, boot: boot, sequence: sequence)
        windUp(progress, pause: pause, at: moment)
        return true
    }

    /// Goes on with what an earlier process of this boot of the machine was in the middle of. Returns the type; nil when there is nothing to
    /// go on with: a boot of the machine is a reset by itself. The process that died was a failed attempt, and the new one waits until that
    /// is on disk: where nothing can be stored, the charger would start anew for ever.
    ///
    /// `newestBegin` is the number of the begin of the newest transaction that runs: one that began after the reset did shows that it was
    /// over, though the disk could not be told.
    mutating func resume(_ document: ResetDocument?, boot: String, newestBegin: Int64?) -> ResetType? {
        guard var progress = document?.underWay, progress.boot == boot, state == .idle else { return nil }
        if let begun = progress.sequence, let newestBegin, begun < newestBegin { return nil }
        progress.attempt += 1
        state = .resuming(progress)
        return progress.type
    }

    /// The document is on disk, or could not be stored. Returns the step that follows.
    mutating func documentSaved(_ isSaved: Bool, retries: Int, at moment: Moment) -> Step? {
        if case .closing(let progress) = state {
            guard isSaved else { return failed(progress, "that it is over cannot be stored", retries, at: moment) }
            state = .over
            return .restart
        }
        guard case .resuming(let progress) = state else { return nil }
        guard isSaved, progress.attempt - 1 <= retries else {
            state = .idle
            return .giveUp(reason: isSaved ? "the program ended in the middle of it" : "its progress cannot be stored")
        }
        windUp(progress, at: moment)
        return nil
    }

    /// hardware-io said whether it starts anew. Returns the step that follows.
    mutating func hardwareAnswered(_ problem: String?, retries: Int, at moment: Moment) -> Step? {
        guard case .restartingHardware(let progress, _) = state else { return nil }
        if let problem { return failed(progress, problem, retries, at: moment) }
        state = .closing(progress)
        return nil
    }

    /// Nobody boots the machine. Returns the step that follows.
    mutating func machineBootFailed(_ reason: String, retries: Int, at moment: Moment) -> Step? {
        guard case .bootingMachine(let progress, _) = state else { return nil }
        return failed(progress, reason, retries, at: moment)
    }

    /// The step that is due; to be called until there is none.
    mutating func next(_ now: Circumstances, at moment: Moment) -> Step? {
        switch state {
        case .windingUp(let progress, let pause, let until):
            if let pause {
                guard pause <= moment.uptime else { return nil }
                state = .windingUp(progress, pause: nil, until: until)
            }
            guard now.everythingSaid || until <= moment.uptime else { return nil }
            guard now.endsAreKept else {
                return failed(progress, "the end of a transaction is not on disk", now.retries, at: moment)
            }
            guard progress.type == .hard else {
                state = .closing(progress)
                return next(now, at: moment)
            }
            if now.bootsMachine {
                state = .bootingMachine(progress, until: moment.uptime + MachineBoot.patience)
                return .bootMachine
            }
            state = .restartingHardware(progress, until: moment.uptime + Self.hardwareLimit)
            return .restartHardware
        case .restartingHardware(let progress, let until) where until <= moment.uptime:
            return failed(progress, "hardware-io does not answer", now.retries, at: moment)
        case .bootingMachine(let progress, let until) where until <= moment.uptime:
            return failed(progress, "the machine does not boot", now.retries, at: moment)
        case .resting(var progress, let until) where until <= moment.uptime:
            progress.attempt += 1
            windUp(progress, at: moment)
            return next(now, at: moment)
        case .closing where !now.isOnDisk:
            state = .over
            return .restart
        case .idle, .resuming, .restartingHardware, .bootingMachine, .closing, .resting, .over: return nil
        }
    }

    private mutating func windUp(_ progress: ResetDocument.Progress, pause: Duration? = nil, at moment: Moment) {
        // Hard is the last resort for a charge point that does not work well: it does not wait for the central system (E §3.82).
        let limit: Duration = progress.type == .soft ? .seconds(20) : .seconds(2)
        state = .windingUp(progress, pause: pause, until: moment.uptime + limit)
    }

    private mutating func failed(
        _ progress: ResetDocument.Progress,
        _ reason: String,
        _ retries: Int,
        at moment: Moment
    ) -> Step {
        guard progress.attempt <= retries else {
            state = .idle
            return .giveUp(reason: reason)
        }
        state = .resting(progress, until: moment.uptime + Self.restAfterFailure)
        return .tryAgain(after: progress.attempt, reason: reason)
    }
}
