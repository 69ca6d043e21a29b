import BusSchema
import OCPP
import Primitives

/// The main meter, connector 0: what it measured is told without a transaction (E §3.16), clock-aligned always and sampled while anybody
/// charges (OCPP 1.6 §3.16.3, §4.7). Nothing of it belongs to a transaction, so that nothing is kept for a connection that is not there.
struct MainMeter: Equatable, Sendable {
    /// What waits for the slot.
    private struct Waiting: Equatable {
        var number: Int64
        var time: EventTime
        var values: [SampledValue]
        var period: StoredPeriod?
    }

    private struct Intervals: Equatable {
        var sampled: MeterInterval
        var aligned: MeterInterval
    }

    /// More have nobody who takes them.
    private static let mostWaiting = 8

    private var facts: ConnectorFacts
    private var schedule: MeteringSchedule?
    private var intervals: Intervals?
    private var waiting: [Waiting] = []
    private var count: Int64 = 0

    /// `measurands` are those that it gave before the start; nil where that is not known, or there was none.
    init(_ measurands: Set<MeasurandSelection>?, at uptime: Duration) { facts = ConnectorFacts(measurands, at: uptime) }

    /// Whether there is one, and it does not work.
    var hasFailed: Bool { facts.meterFailed }

    var nextDeadline: Deadline? { schedule?.nextDeadline }

    /// What it gives.
    var measurands: KnownMeasurands { facts.measurands }

    /// Whether there is one, and it gives that; nothing is offered by it.
    func measures(_ selection: MeasurandSelection) -> Bool {
        if case .offer = selection.measurand.traits.source { return false }
        return measurands.hasMeter && measurands.covers(selection)
    }

    mutating func observed(_ reading: MeterReading, _ turn: ChargingTurn) {
        let before = facts.reading
        facts.note(reading, at: turn.uptime)
        guard reading.valid else { return }
        if schedule == nil { schedule = MeteringSchedule(anchor: turn.uptime, turn) }
        if intervals == nil || reading.registerEpoch != before?.registerEpoch {
            let interval = MeterInterval(since: turn.now, energyWh: reading.energyWh)
            intervals = Intervals(sampled: interval, aligned: interval)
        }
        let figures = reading.figures(registerWh: reading.energyWh, offer: nil)
        intervals?.sampled.follow(figures, at: turn.uptime)
        intervals?.aligned.follow(figures, at: turn.uptime)
    }

    mutating func keysChanged(_ turn: ChargingTurn) { schedule?.keysChanged(turn) }

    mutating func clockChanged(_ turn: ChargingTurn) { schedule?.clockChanged(turn) }

    mutating func wentOffline() { waiting = [] }

    mutating func deadlineReached(isCharging: Bool, _ turn: ChargingTurn) {
        while let due = schedule?.popDue(turn) {
            guard let reading = facts.freshReading(within: turn.configuration.meterStaleAfter, at: turn.uptime)
            else { continue }
            let figures = reading.figures(registerWh: reading.energyWh, offer: nil)
            switch due {
            case .sampled(let at): takeSampled(at: at, figures, isCharging: isCharging, turn)
            case .aligned(let utc): takeAligned(utc: utc, figures, turn)
            }
        }
    }

    /// Whether anything waits to be sent.
    var hasNext: Bool { !waiting.isEmpty }

    /// The message to send now, with its number; nil when there is none. Sent once, whatever becomes of it.
    mutating func next(_ clock: EventClock, at moment: Moment) -> (number: Int64, MeterValues.Request)? {
        while !waiting.isEmpty {
            let first = waiting.removeFirst()
            func element(_ time: EventTime, _ values: [SampledValue]) -> MeterValue? {
                OneOrMore(values).map {
                    MeterValue(timestamp: clock.timestamp(of: time, at: moment), sampledValue: $0)
                }
            }
            let elements = [
                first.period.flatMap { element($0.since, $0.values) }, element(first.time, first.values),
            ]
            guard let values = OneOrMore(elements.compactMap(\.self)) else { continue }
            return (first.number, MeterValues.Request(connectorId: 0, transactionId: nil, meterValue: values))
        }
        return nil
    }

    private mutating func takeSampled(
        at: Duration,
        _ figures: [MeterFigure],
        isCharging: Bool,
        _ turn: ChargingTurn
    ) {
        let time = turn.clock.time(uptime: at, at: turn.moment)
        let all = figures + (intervals?.sampled.energy ?? [])
        intervals?.sampled.beginAnew(since: time, at: turn.uptime)
        guard isCharging else { return }
        add(time, Self.values(turn.keys.core.meterValuesSampledData, all, .samplePeriodic), nil, turn)
    }

    private mutating func takeAligned(utc: Int64, _ figures: [MeterFigure], _ turn: ChargingTurn) {
        guard let interval = intervals?.aligned else { return }
        let time = EventTime(utc: utc, boot: nil, uptime: turn.uptime.wholeMilliseconds)
        let selections = turn.keys.core.meterValuesAlignedData
        let course = interval.energy + interval.averages(at: turn.uptime)
        let period = StoredPeriod(since: interval.since, values: Self.values(selections, course, .sampleClock))
        let registers = figures.filter(\.place.measurand.isRegister)
        intervals?.aligned.beginAnew(since: time, at: turn.uptime)
        add(time, Self.values(selections, registers, .sampleClock), period, turn)
    }

    private static func values(
        _ selections: [MeasurandSelection],
        _ figures: [MeterFigure],
        _ context: ReadingContext
    ) -> [SampledValue] {
        MeasurandRendering.values(selections, of: figures, context: context, location: .inlet)
    }

    private mutating func add(
        _ time: EventTime,
        _ values: [SampledValue],
        _ period: StoredPeriod?,
        _ turn: ChargingTurn
    ) {
        guard turn.isOnline, !values.isEmpty || period != nil, waiting.count < Self.mostWaiting else { return }
        count += 1
        waiting.append(Waiting(number: count, time: time, values: values, period: period))
    }
}
