public import HardwareCore
public import Primitives

/// The meters of one line: each is read when somebody wants it, registers become samples, and what does not answer or makes no sense is said.
///
/// What a sample means for the bill is judged by the core, which knows the samples before it.
public struct MeterLine: Machine, Sendable {
    /// One meter of the line.
    public struct Meter: Equatable, Sendable {
        /// As the boundary calls it: the connector that it measures, or 0 for the main meter.
        public var connectorId: Int
        /// Its address on the line.
        public var unit: UInt8
        public var map: MeterMap

        public init(connectorId: Int, unit: UInt8, map: MeterMap) {
            self.connectorId = connectorId
            self.unit = unit
            self.map = map
        }
    }

    /// How a meter does.
    public enum Health: String, Equatable, Sendable {
        /// It answered when it was asked last.
        case ok
        /// It did not, once or twice.
        case degraded
        /// It answers, and the others on its line leave it so little time that it is read later than it is wanted.
        case busy
        /// Three times in a row.
        case lost
    }

    public enum Event: Equatable, Sendable {
        case line(LineEvent)
        /// Read it now. While it is being read already, it is read once more after that.
        case wanted(connectorId: Int)
    }

    public enum Effect: Equatable, Sendable {
        case line(LineOrder)
        /// It was read. `takenAt` is the uptime at which it was asked: no value is older.
        case read(connectorId: Int, MeterSample, takenAt: Duration)
        case failed(connectorId: Int, reason: String)
        /// It has this serial number, which is another than before, or the first.
        case serialNumber(connectorId: Int, String)
        case health(connectorId: Int, Health)
    }

    /// A reading that took so long counts as none for the core.
    static let patience = Duration.seconds(2)

    private var master: ModbusMaster
    private var meters: [MeterReader]

    /// - Parameters:
    ///   - meters: Each with an id and a unit of its own.
    ///   - framing: What carries the frames.
    public init(_ meters: [Meter], over framing: ModbusMaster.Framing) {
        master = ModbusMaster(framing)
        self.meters = meters.map(MeterReader.init)
    }

    public var nextDeadline: Deadline? { master.nextDeadline }

    /// What happened on the line so far.
    public var counters: ModbusCounters { master.counters }

    public mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .line(let event):
            if case .opened = event { for index in meters.indices { meters[index].lineOpened() } }
            return perform(master.handle(.line(event), at: moment), at: moment)
        case .wanted(let connectorId):
            guard let index = meters.firstIndex(where: { $0.meter.connectorId == connectorId }) else { return [] }
            return ask(meters[index].wanted(at: moment.uptime), at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        perform(master.deadlineReached(at: moment), at: moment)
    }

    private mutating func ask(_ question: ModbusQuestion?, at moment: Moment) -> [Effect] {
        guard let question else { return [] }
        return perform(master.handle(.asked(question), at: moment), at: moment)
    }

    private mutating func perform(_ effects: [ModbusMaster.Effect], at moment: Moment) -> [Effect] {
        effects.flatMap { effect -> [Effect] in
            switch effect {
            case .line(let order): return [.line(order)]
            case .answered(let question, let result, let askedAt):
                guard let index = meters.firstIndex(where: { $0.meter.connectorId == question.device }) else {
                    return []
                }
                let outcome = meters[index].answered(question, result, askedAt: askedAt, at: moment.uptime)
                return outcome.effects + ask(outcome.next, at: moment)
            }
        }
    }
}
