import Primitives

/// What shows where a contactor is, whatever its mirror contact says: the current through it, and the voltage behind it where something sees that.
struct FlowWitness {
    /// Current that no open contactor lets through, mA.
    static let highestLeakMilliamps = 1000
    /// So many samples in a row show it, and so many show that it ended.
    static let samplesOfLeak = 2

    private let seesVoltage: Bool
    /// Samples in a row that speak against the contactor: current through an open one, or none through a conducting one.
    private var contrarySamples = 0
    /// Whether the newest sample shows current, wherever the contactor is.
    private(set) var currentFlows = false
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
            Deadline(at: askAt, for: "the voltage behind the contactor has to be gone")
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
        guard let readUntil, readUntil <= uptime else { return }
        self.readUntil = nil
        forgetVoltage()
    }

    /// - Returns: Whether current flows.
    mutating func currentMeasured(milliamps: Int) -> Bool {
        currentFlows = milliamps > Self.highestLeakMilliamps
        return currentFlows
    }

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
    mutating func currentEnded() { currentFlows = false }
}
