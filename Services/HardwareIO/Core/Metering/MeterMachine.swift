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
    /// Where it says for so long that it is somewhere else each time, it is lost as one that is silent.
    static let undecidedFor = MeterPoll.answerLimit * missesBeforeFault
    /// Where nobody is billed by it, a register that goes on for another one gives way after so long to what its meter shows.
    static let goesOnFor = Duration.seconds(600)

    /// What the contactor says of the current.
    private enum Outlook {
        /// It may flow.
        case flows
        /// It may begin before anybody says so.
        case begins
        case none
    }

    private let connectorId: Int
    private var poll: MeterPoll
    private var judge: RegisterJudge
    private var quantities: QuantityJudge
    private var outlook = Outlook.flows
    private var newest: MeterReading?
    /// When a reading was published last.
    private(set) var publishedAt: Duration?
    private var trouble = Trouble()
    /// The newest register that was read with the contactor open: what is kept over a restart.
    private(set) var settledWh: Int64?
    /// Whose register that is, and how it follows from what the meter shows.
    private(set) var origin: RegisterOrigin
    /// Since when nobody is billed by it; nil where somebody may be.
    private var isNobodysSince: Duration?

    /// What is wrong since the newest good sample.
    private struct Trouble {
        var misses = 0
        /// Since when no two samples agree on where the register is; nil while none has to.
        var undecidedSince: Duration?
        /// Nil while it is not lost.
        var loss: (since: Duration, reason: String)?
    }

    /// - Parameters:
    ///   - configuration: Of its connector.
    ///   - memory: What was kept over the restart.
    ///   - reading: The newest one of before it, if that was in this boot of the machine.
    ///   - aliveUntil: When the process before this one was last known to be alive; nil when nobody knows.
    ///   - start: Uptime.
    init(
        _ configuration: ConnectorConfiguration,
        memory: HardwareMemory.Outlet,
        reading: MeterReading?,
        aliveUntil: Duration?,
        at start: Duration
    ) {
        connectorId = configuration.connectorId
        poll = MeterPoll(connectorId: connectorId, at: start)
        settledWh = memory.registerWh
        origin = memory.origin
        quantities = QuantityJudge(configuration)
        // One that the memory has overtaken says nothing any more.
        guard let reading, !memory.origin.isNewer(than: reading.origin),
            (0...MeterPlausibility.highestRegisterWh).contains(reading.energyWh)
        else {
            judge = RegisterJudge(
                configuration,
                origin: origin,
                baseWh: memory.registerWh,
                refusedWh: memory.refusedRegisterWh,
                standstill: memory.meter?.standstill,
                at: start
            )
            return
        }
        if reading.registerEpoch != memory.registerEpoch { settledWh = nil }
        origin = reading.origin
        origin.serialNumber = origin.serialNumber ?? memory.origin.serialNumber
        let before = RegisterJudge.Before(reading, aliveUntil: aliveUntil, at: start)
        quantities.take(reading.quantities ?? [], at: before.at)
        judge = RegisterJudge(
            configuration,
            origin: origin,
            baseWh: settledWh,
            before: before,
            // What service accepted since is refused no longer.
            refusedWh: reading.registerEpoch == memory.registerEpoch ? memory.refusedRegisterWh : nil,
            standstill: memory.meter?.standstill,
            at: start
        )
    }

    var nextDeadline: Deadline? { poll.nextDeadline }

    /// Where its register is not believed from, whatever else happens, as it counts, Wh; nil while nothing speaks against it.
    var refusedWh: Int64? { judge.refusedWh }

    /// What is kept of it, beside its register.
    var memory: HardwareMemory.Meter? {
        var memory = origin.memory
        if let words = judge.standstillWords {
            memory = memory ?? HardwareMemory.Meter()
            memory?.standstill = words
        }
        return memory
    }

    /// Since when it is lost; nil while it is not.
    var lostSince: Duration? { trouble.loss?.since }

    /// What is wrong, for the list of faults.
    var failure: String? { trouble.loss?.reason }

    /// Whether a charge may begin on what it says: its newest sample was believed, not long ago.
    func isTrusted(at uptime: Duration) -> Bool {
        guard trouble.loss == nil, trouble.misses == 0, let newest else { return false }
        return uptime - Duration(outsideMilliseconds: newest.takenAtUptime) <= Self.freshFor
    }

    /// A sample came.
    /// - Returns: When the meter was asked for the current that it shows; nil when it stands still and shows the one of before.
    mutating func sampleRead(_ sample: MeterSample, _ turn: inout Turn) -> Duration? {
        var question = poll.answered(interval, &turn)
        // Whatever is said of the contactor: what still counts is not final.
        if sample.showsFlow { question.openSince = nil }
        if let isNobodysSince, turn.uptime - isNobodysSince >= Self.goesOnFor { takeOwnRegister(&turn) }
        let verdict = judge.judge(sample, askedAt: question.moment.uptime, at: turn.moment)
        switch verdict {
        case .believed(let energyWh): believe(sample, energyWh, question, &turn)
        case .goesOn(let energyWh, let step):
            quantities.beginAnew()
            say(step, sample, &turn)
            believe(sample, energyWh, question, &turn)
        case .unsure:
            // The second look decides about these too.
            _ = quantities.believed(sample.quantities, at: turn.uptime)
            doubt(&turn)
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

    /// `openSince` is since when no current can flow, nil while it may; `isCalledFor` that it may begin at any moment.
    mutating func contactorIs(openSince: Duration?, isCalledFor: Bool = false, _ turn: inout Turn) {
        let before = outlook
        outlook = openSince == nil ? .flows : isCalledFor ? .begins : .none
        if outlook == .begins, before == .none {
            poll.lookAgain(after: MeterPoll.intervalUnderCurrent, at: turn.uptime)
        }
        judge.contactorIs(openSince: openSince, at: turn.uptime)
        poll.contactorIs(openSince: openSince, interval, &turn)
    }

    /// Nobody is billed by it. Of the meter of a connector nobody here can say so, however long there is neither an EV nor a permit: a gateway
    /// that is away may come back with a transaction that is not over, and ends it by this register.
    mutating func isNobodys(since uptime: Duration) { isNobodysSince = uptime }

    /// Service says that the register may start from what the meter reads now: it was swapped or reset.
    /// - Returns: Whether the register begins anew with that: nothing counts across it.
    mutating func acceptRegister(_ turn: inout Turn) -> Bool {
        defer { poll.want(interval, &turn) }
        guard let accepted = judge.acceptRegister(at: turn.moment) else { return false }
        settledWh = nil
        if accepted.beginsAnew { quantities.beginAnew() }
        let question = MeterPoll.Question(moment: turn.moment, openSince: nil)
        believe(accepted.sample, accepted.energyWh, question, &turn)
        return accepted.beginsAnew
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        if poll.deadlineReached(interval, &turn) { miss("no answer", &turn) }
    }

    private var interval: Duration {
        if trouble.loss != nil { return MeterPoll.intervalLost }
        return outlook != .none || trouble.misses > 0 ? MeterPoll.intervalUnderCurrent : MeterPoll.intervalIdle
    }

    private mutating func believe(
        _ sample: MeterSample,
        _ energyWh: Int64,
        _ question: MeterPoll.Question,
        _ turn: inout Turn
    ) {
        origin = judge.origin
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
            registerEpoch: origin.epoch,
            meterSerialNumber: origin.serialNumber,
            registerOffsetWh: origin.offsetWh == 0 ? nil : origin.offsetWh,
            registerOffsetSince: origin.offsetSince,
            quantities: further.isEmpty ? nil : further
        )
        newest = reading
        trouble = Trouble()
        if question.openSince != nil { settledWh = energyWh }
        turn.remember(reading)
        publish(reading, &turn)
    }

    /// No bill is there that the register of before would matter to.
    private mutating func takeOwnRegister(_ turn: inout Turn) {
        guard judge.takeOwnRegister(at: turn.moment) else { return }
        settledWh = nil
        origin = judge.origin
        turn.log(
            LogRecord(
                .notice,
                "what the meter shows counts from now on, as it is",
                .init("connectorId", connectorId)
            )
        )
    }

    private func say(_ step: RegisterStep, _ sample: MeterSample, _ turn: inout Turn) {
        var record = LogRecord(
            .warning,
            step.words(with: sample),
            .init("connectorId", connectorId),
            .init("energyWh", step.energyWh),
            .init("meterWh", sample.energyWh)
        )
        if let serialNumber = sample.serialNumber { record.fields.append(.init("serialNumber", serialNumber)) }
        if let before = step.serialNumber { record.fields.append(.init("before", before)) }
        turn.log(record)
    }

    private mutating func publish(_ reading: MeterReading, _ turn: inout Turn) {
        publishedAt = turn.uptime
        turn.publish(reading)
    }

    private mutating func doubt(_ turn: inout Turn) {
        let since = trouble.undecidedSince ?? turn.uptime
        trouble.undecidedSince = since
        guard turn.uptime - since >= Self.undecidedFor else {
            poll.lookAgain(after: MeterPoll.secondLook, at: turn.uptime)
            return
        }
        lose("the meter says each time that its register is somewhere else", &turn)
    }

    private mutating func miss(_ reason: String, _ turn: inout Turn) {
        trouble.misses += 1
        poll.lookAgain(after: MeterPoll.intervalUnderCurrent, at: turn.uptime)
        if trouble.misses >= Self.missesBeforeFault { lose(reason, &turn) }
    }

    private mutating func lose(_ reason: String, _ turn: inout Turn) {
        trouble.misses = max(trouble.misses, Self.missesBeforeFault)
        guard trouble.loss == nil else { return }
        trouble.loss = (turn.uptime, reason)
        guard var reading = newest else { return }
        reading.valid = false
        reading.openSinceUptime = nil
        newest = reading
        publish(reading, &turn)
    }
}
