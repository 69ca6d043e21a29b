import Primitives

/// How warm the charger is, and how much less it may offer for it.
struct TemperatureSensor {
    /// From here on less is offered, and from there on nothing, tenths of a degree Celsius.
    private let deratesFrom: Int
    private let endsAt: Int
    /// It has to cool by so much before more is offered again, so that the offer does not follow every breath of wind.
    static let hysteresis = 20
    /// It has to cool by so much below the end before energy flows again.
    static let recovery = 100
    /// A sensor that says less or more is broken.
    static let plausible = -600...2000
    /// Longest silence.
    static let silenceLimit = Duration.seconds(60)

    /// The highest of the last readings, lowered with hysteresis; nil before the first one.
    private var effective: Int?
    private(set) var isTooHot = false
    private var readAt: Duration
    private var isSilent = false
    private var isImplausible = false

    init(_ derating: ConnectorConfiguration.Derating, at start: Duration) {
        deratesFrom = derating.fromDecidegrees
        endsAt = max(derating.endDecidegrees, derating.fromDecidegrees + 1)
        readAt = start
    }

    var silenceDeadline: Duration? { isSilent ? nil : readAt + Self.silenceLimit }

    /// What is wrong with the sensor, for the list of faults.
    var failure: String? {
        if isSilent { return "temperature was not read for too long" }
        return isImplausible ? "temperature sensor shows what cannot be" : nil
    }

    /// Why nothing may be offered, for the list of faults.
    var highTemperature: String? {
        guard isTooHot, let effective else { return nil }
        return "the charger is at \(effective / 10) °C"
    }

    mutating func becomeSilent() { isSilent = true }

    mutating func read(decidegrees: Int, at uptime: Duration) {
        guard uptime >= readAt else { return }
        readAt = uptime
        isSilent = false
        isImplausible = !Self.plausible.contains(decidegrees)
        guard !isImplausible else { return }
        let before = effective ?? decidegrees
        effective = decidegrees > before ? decidegrees : min(before, decidegrees + Self.hysteresis)
        if decidegrees >= endsAt { isTooHot = true }
        if decidegrees <= endsAt - Self.recovery { isTooHot = false }
    }

    /// The most that may be offered of `milliamps`, rounded down to whole amperes: all of it while it is cool, 6 A at the end.
    func limit(of milliamps: Int) -> Int {
        guard let effective, effective > deratesFrom, milliamps > PilotDuty.lowestMilliamps else { return milliamps }
        let left = max(endsAt - effective, 0)
        let span = milliamps - PilotDuty.lowestMilliamps
        return PilotDuty.lowestMilliamps + span * left / (endsAt - deratesFrom) / 1000 * 1000
    }
}
