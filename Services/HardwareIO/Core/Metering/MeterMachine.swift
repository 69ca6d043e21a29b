import BusSchema
import Primitives

/// One meter: asks it, judges what it says, and publishes what is believed. Silence and nonsense are not hidden.
///
/// It is asked each second while current may flow, every 10 s else, and at once when somebody needs a value. When current has ended it is
/// asked once more as soon as the meter has settled: that register is final, and its reading names the opening that it comes after.
struct MeterMachine {
    /// Consecutive cycles without a good sample that make it lost.
    static let missesBeforeFault = 3
    /// Oldest reading on which a charge may begin.
    static let freshFor = Duration.seconds(15)

    private let connectorId: Int
    private var poll: MeterPoll
    private var judge: RegisterJudge
    private var quantities: QuantityJudge
    private var isUnderCurrent = true
    private var newest: MeterReading?
    /// When a reading was published last.
    private(set) var publishedAt: Duration?
    private var misses = 0
    private var loss: (since: Duration, reason: String)?
    /// The newest register that was read with the contactor open: what is kept over a restart.
    private(set) var settledWh: Int64?
    /// When the register began anew last, UTC milliseconds since 1970; nil when it never did. Tells others what they must not count across.
    private(set) var registerEpoch: Int64?

    /// `memory` is what was kept over the restart, `reading` the newest one of before it, if that was in this boot of the machine.
    init(
        _ configuration: ConnectorConfiguration,
        memory: HardwareMemory.Outlet,
        reading: MeterReading?,
        at start: Duration
    ) {
        connectorId = configuration.connectorId
        poll = MeterPoll(connectorId: connectorId, at: start)
        settledWh = memory.registerWh
        registerEpoch = memory.registerEpoch
        quantities = QuantityJudge(configuration)
        // One that the memory has overtaken says nothing any more.
        guard let reading, reading.registerEpoch ?? .min >= memory.registerEpoch ?? .min,
            (0...MeterPlausibility.highestRegisterWh).contains(reading.energyWh)
        else {
            judge = RegisterJudge(configuration, baseWh: memory.registerWh)
            return
        }
        if reading.registerEpoch != memory.registerEpoch { settledWh = nil }
        registerEpoch = reading.registerEpoch
        let takenAt = min(Duration(outsideMilliseconds: reading.takenAtUptime), start)
        quantities.take(reading.quantities ?? [], at: takenAt)
        judge = RegisterJudge(configuration, baseWh: settledWh, before: (reading.energyWh, takenAt))
    }

    var nextDeadline: Deadline? { poll.nextDeadline }

    /// Since when it is lost; nil while it is not.
    var lostSince: Duration? { loss?.since }

    /// What is wrong, for the list of faults.
    var failure: String? { loss?.reason }

    /// Whether a charge may begin on what it says: its newest sample was believed, not long ago.
    func isTrusted(at uptime: Duration) -> Bool {
        guard loss == nil, misses == 0, let newest else { return false }
        return uptime - Duration(outsideMilliseconds: newest.takenAtUptime) <= Self.freshFor
    }

    /// A sample came.
    /// - Returns: When the meter was asked for the current that it shows; nil when it stands still and shows the one of before.
    mutating func sampleRead(_ sample: MeterSample, _ turn: inout Turn) -> Duration? {
        let question = poll.answered(interval, &turn)
        let verdict = judge.judge(sample, askedAt: question.moment.uptime, at: turn.uptime)
        switch verdict {
        case .believed(let energyWh):
            believe(sample, energyWh, question, &turn)
        case .unsure:
            // The second look decides about these too.
            _ = quantities.believed(sample.quantities, at: turn.uptime)
            poll.lookAgain(after: MeterPoll.secondLook, at: turn.uptime)
        case .refused(let reason): miss(reason, &turn)
        case .frozen(let reason): lose(reason, &turn)
        }
        // A register alone that stands still makes no current untrue.
        if case .frozen = verdict, judge.repeatsItself { return nil }
        return question.moment.uptime
    }

    mutating func readFailed(_ reason: String, _ turn: inout Turn) {
        _ = poll.answered(interval, &turn)
        miss(reason, &turn)
    }

    /// A fresh value is wanted, for the begin or the end of something.
    mutating func wantReading(_ turn: inout Turn) { poll.want(interval, &turn) }

    /// The newest sample has to be confirmed soon.
    mutating func lookAgain(_ turn: inout Turn) { poll.lookAgain(after: MeterPoll.secondLook, at: turn.uptime) }

    /// Since when no current can flow; nil while it may.
    mutating func contactorIs(openSince: Duration?, _ turn: inout Turn) {
        isUnderCurrent = openSince == nil
        poll.contactorIs(openSince: openSince, interval, &turn)
    }

    /// Service says that the register may start from what the meter reads now: it was swapped or reset.
    /// - Returns: Whether the register begins anew with that: nothing counts across it.
    mutating func acceptRegister(_ turn: inout Turn) -> Bool {
        defer { poll.want(interval, &turn) }
        guard let accepted = judge.acceptRegister(at: turn.uptime) else { return false }
        settledWh = nil
        if accepted.beginsAnew {
            quantities.beginAnew()
            let now = turn.moment.utc.millisecondsSinceEpoch
            registerEpoch = now == registerEpoch ? now.addingClamped(1) : now
        }
        let question = MeterPoll.Question(moment: turn.moment, openSince: nil)
        believe(accepted.sample, accepted.energyWh, question, &turn)
        return accepted.beginsAnew
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        if poll.deadlineReached(interval, &turn) { miss("no answer", &turn) }
    }

    private var interval: Duration {
        if loss != nil { return MeterPoll.intervalLost }
        return isUnderCurrent || misses > 0 ? MeterPoll.intervalUnderCurrent : MeterPoll.intervalIdle
    }

    private mutating func believe(
        _ sample: MeterSample,
        _ energyWh: Int64,
        _ question: MeterPoll.Question,
        _ turn: inout Turn
    ) {
        let further = quantities.believed(sample.quantities, at: turn.uptime)
        let reading = MeterReading(
            connectorId: connectorId,
            takenAt: question.moment.utc.millisecondsSinceEpoch,
            takenAtUptime: question.moment.uptime.wholeMilliseconds,
            energyWh: energyWh,
            powerW: sample.powerW,
            voltageMillivolts: sample.voltageMillivolts,
            currentMilliamps: sample.currentMilliamps,
            frequencyMillihertz: sample.frequencyMillihertz,
            valid: true,
            openSinceUptime: question.openSince?.wholeMilliseconds,
            registerEpoch: registerEpoch,
            quantities: further.isEmpty ? nil : further
        )
        newest = reading
        misses = 0
        loss = nil
        if question.openSince != nil { settledWh = energyWh }
        turn.remember(reading)
        publish(reading, &turn)
    }

    private mutating func publish(_ reading: MeterReading, _ turn: inout Turn) {
        publishedAt = turn.uptime
        turn.publish(reading)
    }

    private mutating func miss(_ reason: String, _ turn: inout Turn) {
        misses += 1
        poll.lookAgain(after: MeterPoll.intervalUnderCurrent, at: turn.uptime)
        if misses >= Self.missesBeforeFault { lose(reason, &turn) }
    }

    private mutating func lose(_ reason: String, _ turn: inout Turn) {
        misses = max(misses, Self.missesBeforeFault)
        guard loss == nil else { return }
        loss = (turn.uptime, reason)
        guard var reading = newest else { return }
        reading.valid = false
        reading.openSinceUptime = nil
        newest = reading
        publish(reading, &turn)
    }
}
