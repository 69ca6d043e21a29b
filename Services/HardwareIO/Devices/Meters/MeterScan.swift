public import Primitives

/// Finds who answers on a serial line: each speed and parity in turn, each address, one question that reads and changes nothing. A refusal is an
/// answer too.
public struct MeterScan: Machine, Sendable {
    public enum Effect: Equatable, Sendable {
        case line(LineOrder)
        /// What is tried from now on.
        case trying(LineSettings)
        case found(LineSettings, unit: UInt8)
        /// Nothing is left to try.
        case finished
        /// The line is gone.
        case failed(String)
    }

    /// In this order; what meters leave the factory with comes first.
    public static let usualSettings: [LineSettings] = [9600, 2400, 19_200, 115_200].flatMap { baud in
        [LineSettings.Parity.none, .even].map { LineSettings(baud: baud, parity: $0) }
    }

    /// Meters that are new have a low address, Iskra's has 33.
    public static let usualUnits: [UInt8] = Array(1...10) + [33]

    /// An answer takes less, unless it is that of a gateway.
    static let timing = ModbusTiming(answer: .milliseconds(250), pause: .milliseconds(60), attempts: 2)

    private var settings: [LineSettings]
    private let units: [UInt8]
    private var master = ModbusMaster(.serial(baud: 9600))
    private var isOpen = false
    private var isOver = false
    private var waiting = 0

    /// - Parameters:
    ///   - settings: To be tried, in this order.
    ///   - units: Addresses, 1…247.
    public init(settings: [LineSettings] = usualSettings, units: [UInt8] = usualUnits) {
        self.settings = settings
        self.units = units.filter { (1...247).contains($0) }
    }

    public var nextDeadline: Deadline? { isOver ? nil : master.nextDeadline }

    public mutating func handle(_ event: LineEvent, at moment: Moment) -> [Effect] {
        guard !isOver else { return [] }
        switch event {
        case .closed(let reason):
            isOver = true
            return [.failed(reason)]
        case .opened where !isOpen:
            isOpen = true
            return tryNext(at: moment)
        case .opened: return []
        case .received: return perform(master.handle(.line(event), at: moment), at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        isOver ? [] : perform(master.deadlineReached(at: moment), at: moment)
    }

    private mutating func tryNext(at moment: Moment) -> [Effect] {
        guard let line = settings.first, !units.isEmpty else {
            isOver = true
            return [.finished]
        }
        master = ModbusMaster(.serial(baud: line.baud))
        waiting = units.count
        var effects: [Effect] = [.trying(line), .line(.configure(line)), .line(.discardInput)]
        effects += perform(master.handle(.line(.opened), at: moment), at: moment)
        for unit in units {
            let request = ModbusRequest(unit: unit, function: .readInputRegisters, address: 0, count: 2)
            let question = ModbusQuestion(device: Int(unit), request: request, timing: Self.timing)
            effects += perform(master.handle(.asked(question), at: moment), at: moment)
        }
        return effects
    }

    private mutating func perform(_ effects: [ModbusMaster.Effect], at moment: Moment) -> [Effect] {
        var result: [Effect] = []
        for effect in effects {
            switch effect {
            // A line on which nobody answers is what a scan is for: nothing is wrong with it.
            case .line(.reopen): break
            case .line(let order): result.append(.line(order))
            case .answered(let question, let outcome, _):
                waiting -= 1
                if Self.isAnswer(outcome), let line = settings.first {
                    result.append(.found(line, unit: question.request.unit))
                }
            }
        }
        guard waiting == 0, isOpen, !effects.isEmpty, !settings.isEmpty else { return result }
        settings.removeFirst()
        return result + tryNext(at: moment)
    }

    private static func isAnswer(_ outcome: Result<[UInt16], ModbusFailure>) -> Bool {
        switch outcome {
        case .success, .failure(.exception): true
        case .failure: false
        }
    }
}
