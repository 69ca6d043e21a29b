import BusSchema
import Primitives

/// Reads one meter and judges what it says: values that cannot be are not passed on, and silence is not hidden.
///
/// Reads each second while current may flow, every 10 s else, and at once when asked. When current has ended it reads once more as
/// soon as the meter has settled: that register is final. After a miss it reads each second until that is decided; a failed meter
/// is tried every 2 s.
struct MeterMachine: Machine {
    enum Event: Equatable {
        case sampleRead(MeterSample)
        case readFailed(String)
        /// Whether current may flow.
        case currentExpected(Bool)
        /// A fresh value is wanted, for the begin or end of something.
        case readingWanted
        /// Service says that the register may start from what the meter reads now: it was swapped or reset.
        case registerAccepted
    }

    enum Effect: Equatable {
        case read
        case publish(MeterReading)
        case failed(String)
        case recovered
        /// For the log.
        case noted(String)
    }

    /// Consecutive cycles without a good sample that make it lost.
    static let missesBeforeFault = 3
    /// Consecutive agreeing samples after which a jump forward is believed.
    static let samplesToBelieveJump = 3

    /// How long the registers of a meter lag behind its terminals.
    static let settling = Duration.milliseconds(300)

    private let connectorId: Int
    private let plausibility: MeterPlausibility
    private var last: MeterReading?
    private var misses = 0
    private(set) var lostSince: Duration?
    private var awaitingAnswer = false
    private var nextReadAt: Duration
    private var currentExpected = false
    /// Samples after a jump of the register, each agreeing with the one before.
    private var jumped: (sample: MeterSample, at: Duration, count: Int)?
    /// The newest sample that was refused for its register only.
    private var refused: MeterSample?

    init(configuration: ConnectorConfiguration, at start: Moment) {
        connectorId = configuration.connectorId
        plausibility = MeterPlausibility(configuration: configuration)
        nextReadAt = start.uptime
    }

    var nextDeadline: Deadline? { Deadline(at: nextReadAt, for: "the meter is read") }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .sampleRead(let sample):
            awaitingAnswer = false
            return judge(sample, at: moment)
        case .readFailed(let reason):
            awaitingAnswer = false
            return miss(reason, at: moment)
        case .currentExpected(let expected):
            guard expected != currentExpected else { return [] }
            currentExpected = expected
            let effects = read(at: moment)
            if !expected { nextReadAt = moment.uptime + Self.settling }
            return effects
        case .readingWanted:
            return awaitingAnswer ? [] : read(at: moment)
        case .registerAccepted:
            last = nil
            guard let sample = refused else { return [] }
            return judge(sample, at: moment)
        }
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        guard nextReadAt <= moment.uptime else { return [] }
        let missed = awaitingAnswer ? miss("no answer", at: moment) : []
        return missed + read(at: moment)
    }

    private var interval: Duration {
        if lostSince != nil { return .seconds(2) }
        return currentExpected || misses > 0 ? .seconds(1) : .seconds(10)
    }

    private mutating func read(at moment: Moment) -> [Effect] {
        awaitingAnswer = true
        // On the grid while the shell is punctual, so that readings do not drift.
        let planned = nextReadAt + interval
        nextReadAt = nextReadAt <= moment.uptime && planned > moment.uptime ? planned : moment.uptime + interval
        return [.read]
    }

    private mutating func judge(_ sample: MeterSample, at moment: Moment) -> [Effect] {
        if let objection = plausibility.objection(to: sample) { return miss(objection, at: moment) }
        guard let last else { return accept(sample, at: moment) }
        let since = moment.uptime - .milliseconds(last.takenAtUptime)
        switch plausibility.compare(sample.energyWh, with: last.energyWh, after: since) {
        case .plausible:
            return accept(sample, at: moment)
        case .fell(let amountWh) where amountWh <= MeterPlausibility.jitterWh:
            var held = sample
            held.energyWh = last.energyWh
            return accept(held, at: moment)
        case .fell:
            refused = sample
            jumped = nil
            return miss("register fell from \(last.energyWh) Wh to \(sample.energyWh) Wh", at: moment)
        case .jumped:
            return judgeJump(sample, from: last.energyWh, at: moment)
        }
    }

    private mutating func judgeJump(_ sample: MeterSample, from lastWh: Int64, at moment: Moment) -> [Effect] {
        var count = 1
        if let jumped,
            plausibility.compare(sample.energyWh, with: jumped.sample.energyWh, after: moment.uptime - jumped.at)
                == .plausible
        {
            count = jumped.count + 1
        }
        let jump = "register jumped from \(lastWh) Wh to \(sample.energyWh) Wh"
        guard count < Self.samplesToBelieveJump else {
            return accept(sample, at: moment) + [.noted(jump + ", believed after \(count) readings")]
        }
        jumped = (sample, moment.uptime, count)
        refused = sample
        return miss(jump, at: moment)
    }

    private mutating func accept(_ sample: MeterSample, at moment: Moment) -> [Effect] {
        let reading = MeterReading(
            connectorId: connectorId,
            takenAt: moment.utc.millisecondsSinceEpoch,
            takenAtUptime: moment.uptime.wholeMilliseconds,
            energyWh: sample.energyWh,
            powerW: sample.powerW,
            voltageMillivolts: sample.voltageMillivolts,
            currentMilliamps: sample.currentMilliamps,
            frequencyMillihertz: sample.frequencyMillihertz,
            valid: true
        )
        let wasLost = lostSince != nil
        last = reading
        misses = 0
        lostSince = nil
        jumped = nil
        refused = nil
        return [.publish(reading)] + (wasLost ? [.recovered] : [])
    }

    private mutating func miss(_ reason: String, at moment: Moment) -> [Effect] {
        misses += 1
        nextReadAt = min(nextReadAt, moment.uptime + .seconds(1))
        guard misses >= Self.missesBeforeFault, lostSince == nil else { return [] }
        lostSince = moment.uptime
        guard var reading = last else { return [.failed(reason)] }
        reading.valid = false
        last = reading
        return [.publish(reading), .failed(reason)]
    }
}

/// What a meter can possibly say.
struct MeterPlausibility: Equatable, Sendable {
    enum Comparison: Equatable {
        case plausible
        case fell(amountWh: Int64)
        case jumped
    }

    /// Meters round their floating point register to nearby values: so much it may fall.
    static let jitterWh: Int64 = 2
    /// Above any mains voltage between phase and neutral.
    static let highestVoltageMillivolts = 300_000

    private let phases: Int
    private let ratedMilliamps: Int
    private let energyTimeScale: Int64

    init(configuration: ConnectorConfiguration) {
        phases = configuration.phases
        ratedMilliamps = configuration.ratedMilliamps
        energyTimeScale = Int64(configuration.energyTimeScale)
    }

    /// What is wrong with a sample by itself; nil when it can be true.
    func objection(to sample: MeterSample) -> String? {
        guard sample.energyWh >= 0 else { return "register is \(sample.energyWh) Wh" }
        guard sample.voltageMillivolts.count == phases, sample.currentMilliamps.count == phases else {
            return "sample has not \(phases) phase(s)"
        }
        if let voltage = sample.voltageMillivolts.first(where: { !(0...Self.highestVoltageMillivolts).contains($0) }) {
            return "voltage is \(voltage) mV"
        }
        // Twice the rated current is left to the over-current supervision, which must see it.
        let limit = 2 * ratedMilliamps
        if let current = sample.currentMilliamps.first(where: { !(-limit...limit).contains($0) }) {
            return "current is \(current) mA"
        }
        if let frequency = sample.frequencyMillihertz, frequency != 0, !(45_000...65_000).contains(frequency) {
            return "frequency is \(frequency) mHz"
        }
        let apparentMilliwatts = zip(sample.voltageMillivolts, sample.currentMilliamps)
            .reduce(0) { $0 + $1.0 * abs($1.1) / 1000 }
        guard sample.powerW.magnitude <= UInt(apparentMilliwatts * 12 / 10_000 + 50) else {
            return "power is \(sample.powerW) W, more than voltage and current make"
        }
        return nil
    }

    /// How a register follows another `interval` later.
    func compare(_ energyWh: Int64, with earlierWh: Int64, after interval: Duration) -> Comparison {
        guard energyWh >= earlierWh else { return .fell(amountWh: earlierWh - energyWh) }
        let highestWatts =
            Int64(ratedMilliamps / 1000 + 1) * Int64(phases)
            * Int64(Self.highestVoltageMillivolts / 1000)
        let seconds = min(max(interval.wholeSeconds, 0) + 1, 1_000_000_000)
        let highestWh = highestWatts * seconds * energyTimeScale / 3600 * 3 / 2 + 10 * energyTimeScale
        return energyWh - earlierWh <= highestWh ? .plausible : .jumped
    }
}
