import Primitives

/// What shows where a contactor is, whatever its mirror contact says: the current through it, and the voltage behind it where something sees that.
struct FlowWitness {
    /// Current in samples that follow each other: when the meter was asked for the first one, and for the newest.
    struct Flow: Equatable {
        let since: Duration
        var askedAt: Duration
    }

    /// Current that no open contactor lets through, mA.
    static let highestLeakMilliamps = 1000
    /// So many samples in a row show it, and so many show that it ended.
    static let samplesOfLeak = 2
    /// Current that was measured before a controller said "open" speaks against that for so long, where no newer sample decides.
    static let lastingFor = Duration.seconds(5)

    private let seesVoltage: Bool
    /// Samples in a row that speak against the contactor: current through an open one, or none through a conducting one.
    private var contrarySamples = 0
    /// The samples in a row that show current, wherever the contactor is; nil where the newest one shows none.
    private(set) var flow: Flow?
    /// When current that was measured before a controller said that it opened says nothing any more; nil while it counts.
    private var fadesAt: Duration?
    /// Nil while nothing is known of it.
    private var voltage: Bool?
    /// Since when there is none for sure; nil while there is some, or nothing is known of it.
    private(set) var deadSince: Duration?
    /// When it is asked whether the voltage of before the opening is gone; nil when it was, or nothing opened.
    private var askAt: Duration?
    /// When the newest voltage was read; what comes later and is older says nothing.
    private var readAt: Duration
    /// When it has to be read next at the latest; nil while it is known to be silent, and where nothing sees it.
    private var readUntil: Duration?

    init(seesVoltage: Bool, at start: Duration) {
        self.seesVoltage = seesVoltage
        readAt = start
        readUntil = seesVoltage ? start + ContactorMachine.readingLimit : nil
    }

    /// Whether the newest sample shows current.
    var currentFlows: Bool { flow != nil }

    /// There is voltage behind the contactor, as far as anybody sees it.
    var isLive: Bool { voltage == true }

    /// Why nothing may close now, for people; nil when it may.
    var objection: String? {
        guard seesVoltage, voltage != false else { return nil }
        return isLive
            ? "there is voltage behind the open contactor" : "the voltage behind the contactor has not been read"
    }

    /// What is wrong with the sensor of the voltage, for the list of faults.
    var silence: String? {
        seesVoltage && readUntil == nil ? "the voltage behind the contactor was not read for too long" : nil
    }

    /// Whether a sample spoke against the contactor, and another one has to decide.
    var isInDoubt: Bool { contrarySamples > 0 }

    var nextDeadline: Deadline? {
        earliest(
            Deadline(at: readUntil, for: "the voltage behind the contactor was not read for too long"),
            Deadline(at: askAt, for: "the voltage behind the contactor has to be gone"),
            Deadline(at: fadesAt, for: "the current of before the opening was measured long ago")
        )
    }

    /// The contactor has opened. A sensor tells a change at once, and repeats itself seldom: one that still saw voltage is asked when that has to be gone.
    mutating func contactorOpened(at uptime: Duration) {
        if isLive { askAt = uptime + ContactorMachine.voltageSettling }
    }

    /// - Returns: Whether the sensor has to be asked now.
    mutating func asks(at uptime: Duration) -> Bool {
        guard let askAt, askAt <= uptime else { return false }
        self.askAt = nil
        return isLive
    }

    mutating func deadlineReached(at uptime: Duration) {
        if let fadesAt, fadesAt <= uptime { currentEnded() }
        guard let readUntil, readUntil <= uptime else { return }
        self.readUntil = nil
        forgetVoltage()
    }

    /// The meter was asked at `askedAt`; `openSince` is when the contactor was last said to have opened, nil while it is not said to be open.
    mutating func currentMeasured(milliamps: Int, askedAt: Duration, openSince: Duration?) {
        guard milliamps > Self.highestLeakMilliamps else { return currentEnded() }
        flow = Flow(since: flow?.since ?? askedAt, askedAt: askedAt)
        if openSince.map({ askedAt - $0 >= MeterPoll.settling }) ?? true { fadesAt = nil }
    }

    /// Whether a controller does not know where its relay is, and would not know of a weld either: under a permit it says that it is open, says
    /// so again, and current flows all the while. One that has closed may not have told yet.
    func refutes(openSince: Duration, readAt: Duration) -> Bool {
        guard let flow else { return false }
        let since = max(flow.since, openSince)
        return flow.askedAt - since >= Self.lastingFor && readAt > since
    }

    /// A controller says that it opened. Current of just before is gone once the meter shows that, or has been silent for long.
    mutating func controllerOpened(at uptime: Duration) { if currentFlows { fadesAt = uptime + Self.lastingFor } }

    /// Counts a sample.
    /// - Returns: Whether enough of them spoke against the contactor; they count from the first one again then.
    mutating func isSure(isContrary: Bool) -> Bool {
        contrarySamples = isContrary ? contrarySamples + 1 : 0
        guard contrarySamples >= Self.samplesOfLeak else { return false }
        contrarySamples = 0
        return true
    }

    /// - Returns: Whether it says anything: the sensor is built in, and nothing newer is known.
    mutating func voltageRead(live: Bool, at uptime: Duration) -> Bool {
        guard seesVoltage, uptime >= readAt else { return false }
        readAt = uptime
        readUntil = uptime + ContactorMachine.silenceLimit
        deadSince = live ? nil : deadSince ?? uptime
        if !live { askAt = nil }
        voltage = live
        return true
    }

    mutating func loseVoltage(at uptime: Duration) {
        guard seesVoltage else { return }
        forgetVoltage()
        readUntil = uptime + ContactorMachine.readingLimit
    }

    private mutating func forgetVoltage() {
        voltage = nil
        deadSince = nil
        askAt = nil
    }

    /// The contactor was moved, or lost: samples of before decide nothing.
    mutating func beginAnew() {
        contrarySamples = 0
        askAt = nil
    }

    /// The contactor was seen to open: what was measured before says nothing about now.
    mutating func currentEnded() {
        flow = nil
        fadesAt = nil
    }
}

extension MeterSample {
    /// Whether it shows current that no open contactor lets through.
    var showsFlow: Bool { currentMilliamps.contains { $0.magnitude > UInt(FlowWitness.highestLeakMilliamps) } }
}
