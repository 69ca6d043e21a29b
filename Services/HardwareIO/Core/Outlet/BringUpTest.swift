import BusSchema
import Primitives

/// A test of one part by whoever puts the charger into operation: what is to be moved meanwhile, what was seen, and its end, which comes by itself.
///
/// It moves nothing itself. The owners of the parts ask it what it wants in each turn, and it wants nothing any more from the moment on in which an
/// EV is there, a permit is in force, a fault shows, or its time is over.
struct BringUpTest {
    /// What it sees in one turn.
    struct Sight {
        var uptime: Duration
        /// Why nothing may be tested now; nil when it may.
        var objection: String?
        var contactor: ContactorState
        var contactorFailure: String?
        /// Why the contactor does not close now.
        var rests: String?
        var lock: LockState
        /// Whether the residual current device is being tested.
        var isTestingResidualCurrent: Bool
        var residualCurrentFailure: String?
    }

    private enum Step: Equatable {
        /// The part is to go where it is tested; the next step comes when it is there.
        case going(since: Duration)
        /// It is there, and stays for a moment.
        case staying(since: Duration)
        /// It is to go back.
        case returning(since: Duration)
    }

    private struct Run {
        let id: RequestID
        let part: TestHardware.Part
        var until: FollowLimit
        var step: Step
        /// Of the lights: so many looks were shown before the present one.
        var shown = 0
        var findings: [String] = []
    }

    /// The longest test, of a process that was awake.
    static let limit = Duration.seconds(4)
    /// One that slept has so long to hear what became of its order, and to take it back.
    static let hearing = Duration.seconds(2)
    /// How long the contactor stays closed.
    static let closedFor = Duration.milliseconds(500)
    /// How long the pilot carries a signal.
    static let signalFor = Duration.seconds(1)
    /// How long each look is shown.
    static let lookFor = Duration.milliseconds(500)
    static let offeredMilliamps = 16_000
    /// Of a half-wave that nobody loads, mV (IEC 61851-1 table A.4).
    private static let unloaded = 11_000...13_000

    private var run: Run?

    var isRunning: Bool { run != nil }

    var nextDeadline: Deadline? {
        guard let run else { return nil }
        return Deadline(at: min(run.until.at, stepEnd(run) ?? run.until.at), for: "a test of hardware goes on")
    }

    // MARK: - What it wants

    /// Whether the contactor is to be closed; nil when that is not its affair.
    var wantsContactor: Bool? {
        guard let run, run.part == .relay else { return nil }
        if case .returning = run.step { return false }
        return true
    }

    var wantsLock: LockMachine.Wish? {
        guard let run, run.part == .lock else { return nil }
        if case .going = run.step { return .locked }
        return .unlocked
    }

    /// What the pilot is to carry, mA; nil when that is not its affair.
    var wantsMilliamps: Int? { run?.part == .pilot ? Self.offeredMilliamps : nil }

    /// What the lights are to show.
    var look: IndicatorLook? {
        guard let run, run.part == .led else { return nil }
        return IndicatorLook.allCases[min(run.shown, IndicatorLook.allCases.count - 1)]
    }

    // MARK: - Its course

    mutating func begin(_ part: TestHardware.Part, _ id: RequestID, at uptime: Duration) {
        let stays = part == .pilot || part == .led
        run = Run(
            id: id,
            part: part,
            until: FollowLimit(uptime + Self.limit, hearing: Self.hearing),
            step: stays ? .staying(since: uptime) : .going(since: uptime)
        )
    }

    /// Everything that was told in this turn is known: the test goes on, or ends.
    mutating func follow(_ sight: Sight, _ turn: inout Turn) {
        guard let run else { return }
        if let objection = sight.objection { return end(passed: false, "ended early: \(objection)", &turn) }
        switch run.part {
        case .relay: followRelay(run, sight, &turn)
        case .lock: followLock(run, sight, &turn)
        case .rcd where !sight.isTestingResidualCurrent:
            let failure = sight.residualCurrentFailure
            return end(passed: failure == nil, failure ?? "the residual current device tripped and recovered", &turn)
        case .led:
            guard let due = stepEnd(run), due <= sight.uptime else { break }
            self.run?.shown += 1
            self.run?.step = .staying(since: sight.uptime)
            guard run.shown + 1 >= IndicatorLook.allCases.count else { break }
            let looks = IndicatorLook.allCases.map(\.rawValue).joined(separator: ", ")
            return end(passed: true, "it was ordered to show: \(looks)", &turn)
        case .pilot:
            guard let due = stepEnd(run), due <= sight.uptime else { break }
            return end(passed: false, "no signal that nobody loads was read", &turn)
        default: break
        }
        // As it is after this turn.
        guard let now = self.run, self.run?.until.isOver(at: sight.uptime) == true else { return }
        end(passed: false, overdue(now, sight), &turn)
    }

    /// The pilot was read.
    mutating func pilotRead(highMillivolts: Int, lowMillivolts: Int, _ turn: inout Turn) {
        guard let run, run.part == .pilot else { return }
        let words = "\(highMillivolts) mV and \(lowMillivolts) mV"
        guard Self.unloaded.contains(highMillivolts), Self.unloaded.contains(-lowMillivolts.clamped(to: -1_000_000...0))
        else {
            if run.findings.count < 5 { self.run?.findings.append("read \(words)") }
            return
        }
        end(passed: true, "the signal of \(amperes(Self.offeredMilliamps)) is on the line: \(words)", &turn)
    }

    /// The meter was read.
    mutating func meterRead(_ sample: MeterSample, _ turn: inout Turn) {
        guard let run, run.part == .meter else { return }
        var words = ["register \(sample.energyWh) Wh", "power \(sample.powerW) W"]
        if sample.hasPhases {
            words.append("voltages \(sample.voltageMillivolts.map { "\($0) mV" }.joined(separator: ", "))")
            words.append("currents \(sample.currentMilliamps.map { "\($0) mA" }.joined(separator: ", "))")
        }
        if let serialNumber = sample.serialNumber { words.append("serial number \(serialNumber)") }
        end(passed: true, words.joined(separator: "; "), &turn)
    }

    mutating func meterFailed(_ reason: String, _ turn: inout Turn) {
        guard let run, run.part == .meter else { return }
        end(passed: false, "the meter was not read: \(reason)", &turn)
    }

    private mutating func followRelay(_ run: Run, _ sight: Sight, _ turn: inout Turn) {
        switch (run.step, sight.contactor) {
        case (.going(let since), .closed):
            let seenAt = max(turn.readAt, since)
            self.run?.findings.append("closed, seen \((seenAt - since).wholeMilliseconds) ms after the order")
            self.run?.step = .staying(since: seenAt)
        case (.staying, .open): end(passed: false, "it did not stay closed", &turn)
        case (.staying(let since), _) where since + Self.closedFor <= sight.uptime:
            self.run?.step = .returning(since: sight.uptime)
        case (.returning(let since), .open):
            let after = (max(turn.readAt, since) - since).wholeMilliseconds
            end(passed: true, "open, seen \(after) ms after the order", &turn)
        default: break
        }
    }

    private mutating func followLock(_ run: Run, _ sight: Sight, _ turn: inout Turn) {
        switch (run.step, sight.lock) {
        case (.going(let since), .locked):
            let after = (max(turn.readAt, since) - since).wholeMilliseconds
            self.run?.findings.append("locked after \(after) ms")
            self.run?.step = .returning(since: sight.uptime)
        case (.returning(let since), .unlocked):
            let after = (max(turn.readAt, since) - since).wholeMilliseconds
            end(passed: true, "unlocked after \(after) ms", &turn)
        default: break
        }
    }

    private func stepEnd(_ run: Run) -> Duration? {
        guard case .staying(let since) = run.step else { return nil }
        return switch run.part {
        case .relay: since + Self.closedFor
        case .led: since + Self.lookFor
        default: since + Self.signalFor
        }
    }

    private func overdue(_ run: Run, _ sight: Sight) -> String {
        switch (run.part, run.step) {
        case (.relay, .going):
            sight.contactorFailure ?? sight.rests.map { "it may not close now: \($0)" } ?? "it did not close"
        case (.relay, _): "it did not open"
        case (.lock, .going): "it did not lock"
        case (.lock, _): "it did not unlock"
        default: "there was no answer within \(Self.limit.wholeSeconds) s"
        }
    }

    private mutating func end(passed: Bool, _ finding: String, _ turn: inout Turn) {
        guard let run else { return }
        self.run = nil
        let findings = run.findings + [finding]
        turn.reply(run.id, .test(TestHardware.Reply(passed: passed, findings: findings)))
        turn.log(
            LogRecord(
                passed ? .notice : .warning,
                "test of hardware is over",
                .init("part", run.part),
                .init("passed", passed),
                .init("found", findings.joined(separator: "; "))
            )
        )
    }
}
