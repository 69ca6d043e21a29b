public import HardwareCore
public import Primitives

/// A meter that gives a pulse for every so many watt-hours (S0, IEC 62053-31): the count is ours, and has to outlive us.
///
/// The count goes to the disk before a register is told while nothing flows, a minute after the save before at the earliest, and every ten minutes while
/// something does, so that flash is spared.
/// A power cut in a charge costs the pulses since then: the register comes back lower than it was told, and the core, which keeps the one from
/// before the charge, bills no more than was counted.
public struct PulseCounter: Machine, Sendable {
    public struct Settings: Equatable, Sendable {
        /// The connector that it measures, or 0 for the main meter.
        public var connectorId: Int
        /// 1…100 000.
        public var pulsesPerKilowattHour: Int
        /// Nearer pulses are the bouncing of one contact.
        public var leastInterval: Duration

        public init(connectorId: Int, pulsesPerKilowattHour: Int, leastInterval: Duration = .milliseconds(20)) {
            self.connectorId = connectorId
            self.pulsesPerKilowattHour = pulsesPerKilowattHour.clamped(to: 1...100_000)
            self.leastInterval = leastInterval
        }
    }

    public enum Event: Equatable, Sendable {
        /// The contact closed, at this uptime.
        case pulsed(at: Duration)
        /// So many more pulses came than were seen one by one, around now.
        case missed(Int)
        case wanted
        /// Service says what the count is: after the meter was swapped, or the disk lost it.
        case counted(Int64)
    }

    public enum Effect: Equatable, Sendable {
        /// The count must be on disk before what follows.
        case store(Int64)
        case read(connectorId: Int, MeterSample, takenAt: Duration)
        case failed(connectorId: Int, reason: String)
    }

    private enum Due: String, DeadlineName {
        case store = "the count of pulses is stored"
    }

    /// While it moves it is stored so often.
    static let storeInterval = Duration.seconds(600)
    /// After so long without a pulse nothing flows that could be told from nothing.
    static let quiet = Duration.seconds(60)
    /// When a pulse is missing for so many times the distance of the two before it, it is not late, but does not come: power that is told on and on
    /// without a pulse would be more than the register ever counts, and HardwareCore would take the meter for one that stands still.
    static let mostDistances = 3
    /// Between two saves that only a load that comes and goes asks for.
    static let leastStoreInterval = Duration.seconds(60)

    private let settings: Settings
    /// Nil when the disk does not know it.
    public private(set) var count: Int64?
    private var storedCount: Int64?
    private var storedAt: Duration?
    private var lastPulse: Duration?
    private var interval: Duration?
    private var deadlines = Deadlines<Due>()
    /// Pulses that came too soon after another.
    public private(set) var bounces = 0

    /// - Parameters:
    ///   - settings: Of the meter.
    ///   - count: As it was stored; 0 for a new one, nil when it cannot be read.
    public init(_ settings: Settings, count: Int64?) {
        self.settings = settings
        self.count = count.map { max(0, $0) }
        storedCount = self.count
    }

    public var nextDeadline: Deadline? { deadlines.next }

    public mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .pulsed(let at): pulsed(at: min(at, moment.uptime))
        case .missed(let pulses): count = count?.addingClamped(Int64(max(0, pulses)))
        case .wanted: return wanted(at: moment.uptime)
        case .counted(let told):
            count = max(0, told)
            return store(at: moment.uptime)
        }
        if count != storedCount, !deadlines.isSet(.store) {
            deadlines.set(.store, at: moment.uptime + Self.storeInterval)
        }
        return []
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        guard deadlines.popDue(at: moment.uptime) != nil else { return [] }
        return store(at: moment.uptime)
    }

    private mutating func pulsed(at uptime: Duration) {
        if let lastPulse {
            guard uptime - lastPulse >= settings.leastInterval else {
                bounces += 1
                return
            }
            interval = uptime - lastPulse
        }
        lastPulse = uptime
        count = count?.addingClamped(1)
    }

    private mutating func wanted(at now: Duration) -> [Effect] {
        guard let count else {
            return [.failed(connectorId: settings.connectorId, reason: "the count of its pulses is lost")]
        }
        let rate = Int64(settings.pulsesPerKilowattHour)
        let (whole, rest) = count.quotientAndRemainder(dividingBy: rate)
        let sample = MeterSample(
            energyWh: whole.multipliedClamped(by: 1000).addingClamped(rest * 1000 / rate),
            powerW: power(at: now),
            voltageMillivolts: [],
            currentMilliamps: [],
            registerStepWh: (1000 + settings.pulsesPerKilowattHour - 1) / settings.pulsesPerKilowattHour,
            hasPhases: false
        )
        let told = Effect.read(connectorId: settings.connectorId, sample, takenAt: now)
        let mayStore = storedAt.map { now - $0 >= Self.leastStoreInterval } ?? true
        return (sample.powerW == 0 && mayStore ? store(at: now) : []) + [told]
    }

    /// What the last two pulses say, and less the longer the next one does not come.
    private func power(at now: Duration) -> Int {
        guard let lastPulse, let interval, now - lastPulse < Self.quiet,
            now - lastPulse <= interval * Self.mostDistances
        else { return 0 }
        let milliseconds = max(interval, now - lastPulse).wholeMilliseconds.clamped(to: 1...60_000)
        return Int(3_600_000_000 / Int64(settings.pulsesPerKilowattHour) / milliseconds)
    }

    private mutating func store(at now: Duration) -> [Effect] {
        deadlines.clear(.store)
        guard let count, count != storedCount else { return [] }
        storedAt = now
        storedCount = count
        return [.store(count)]
    }
}
