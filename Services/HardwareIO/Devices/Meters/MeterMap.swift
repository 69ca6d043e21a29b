internal import BusSchema
internal import HardwareCore
internal import Primitives
public import SiteConfiguration

/// How one meter is asked, and how its registers become a sample.
public struct MeterMap: Equatable, Sendable {
    /// Registers that are read with one question.
    struct Batch: Equatable, Sendable {
        var function: ModbusRequest.Function
        var address: UInt16
        var count: Int
    }

    public let description: MeterDescription
    /// Those of the connector: of a meter with more, the first are used.
    let phases: Int
    /// In the order in which they are asked.
    let batches: [Batch]

    /// - Parameters:
    ///   - description: Of the meter.
    ///   - phases: Of what it measures, 1…3.
    public init(_ description: MeterDescription, phases: Int) {
        self.description = description
        self.phases = min(phases, description.phases)
        batches = Self.batches(description)
    }

    /// What speaks against this meter for something with so many phases; nil when nothing does.
    public static func objection(to description: MeterDescription, phases: Int) -> String? {
        guard description.phases > 0, description.phases < phases else { return nil }
        return "\(description.name) measures \(description.phases) phase, and there are \(phases)"
    }

    // MARK: - Asking

    private static func batches(_ description: MeterDescription) -> [Batch] {
        let rules = description.reading
        var spans: [(function: Int, range: Range<Int>)] = description.values.flatMap { value in
            let start = Int(value.address)
            let exponent = value.exponentAddress.map { (value.function, Int($0)..<Int($0) + 1) }
            return [(value.function, start..<start + value.type.registers)] + (exponent.map { [$0] } ?? [])
        }
        spans.sort { ($0.function, $0.range.lowerBound) < ($1.function, $1.range.lowerBound) }
        var joined: [(function: Int, range: Range<Int>)] = []
        for span in spans {
            guard let last = joined.last, last.function == span.function,
                span.range.lowerBound - last.range.upperBound <= rules.gap,
                max(span.range.upperBound, last.range.upperBound) - last.range.lowerBound <= rules.mostRegisters
            else {
                joined.append(span)
                continue
            }
            let end = max(last.range.upperBound, span.range.upperBound)
            joined[joined.count - 1].range = last.range.lowerBound..<end
        }
        return joined.map { span in
            Batch(
                function: span.function == 3 ? .readHoldingRegisters : .readInputRegisters,
                address: UInt16(clamping: span.range.lowerBound),
                count: span.range.count
            )
        }
    }

    // MARK: - Understanding

    /// What keeps registers from being a sample.
    enum Refusal: Error, Equatable {
        /// This is no number.
        case noNumber(MeterMeasure, MeterPhase?)
        /// Nothing but zeros: the meter is alive, and has no mains.
        case allZero

        var reason: String {
            switch self {
            case .noNumber(let measure, let phase):
                "\(measure.rawValue)\(phase.map { " of \($0.rawValue)" } ?? "") is no number"
            case .allZero: "all registers are zero: the meter has no mains"
            }
        }
    }

    /// - Throws: why they are none, without any value invented.
    func sample(_ registers: MeterRegisters) throws(Refusal) -> MeterSample {
        let lines = Array([MeterPhase.l1, .l2, .l3].prefix(phases))
        var voltages: [Int] = []
        var currents: [Int] = []
        for line in lines {
            voltages.append(try required(.voltage, line, registers))
            currents.append(try required(.current, line, registers))
        }
        let energy = try required(.energyImport, nil, registers)
        let power = try power(registers)
        let sample = MeterSample(
            energyWh: Int64(Self.rounded(energy)),
            powerW: Self.rounded(power),
            voltageMillivolts: voltages,
            currentMilliamps: currents,
            frequencyMillihertz: optional(.frequency, nil, registers),
            quantities: quantities(registers),
            registerStepWh: max(description.energyStepWh, step(.energyImport, registers)),
            hasPhases: description.phases > 0
        )
        let isDead = !voltages.isEmpty && (voltages + currents + [energy, power]).allSatisfy { $0 == 0 }
        if isDead { throw .allZero }
        return sample
    }

    /// Of all together: told, or the sum of the phases.
    private func power(_ registers: MeterRegisters) throws(Refusal) -> Int {
        if value(.power, nil) != nil { return try required(.power, nil, registers) }
        var sum = 0
        for line in [MeterPhase.l1, .l2, .l3].prefix(description.phases) {
            sum = sum.addingClamped(try required(.power, line, registers))
        }
        return sum
    }

    /// What else it measures. A power that is negative flows the other way, and is told as such.
    private func quantities(_ registers: MeterRegisters) -> [MeterQuantity] {
        description.values.compactMap { value in
            guard let thousandths = registers.thousandths(value, of: description),
                let measurand = Self.measurand(value, isNegative: thousandths < 0)
            else { return nil }
            let isDirected = value.quantity == .power || value.quantity == .reactivePower
            return MeterQuantity(
                measurand,
                phase: value.phase.map { MeterQuantity.Phase(rawValue: $0.rawValue) },
                thousandths: isDirected ? abs(thousandths) : thousandths
            )
        }
    }

    /// As a further quantity; nil for what a sample has a place of its own for.
    private static func measurand(_ value: MeterValue, isNegative: Bool) -> MeterQuantity.Measurand? {
        switch value.quantity {
        case .energyImport, .frequency: nil
        case .energyExport: .energyActiveExportRegister
        case .reactiveEnergyImport: .energyReactiveImportRegister
        case .reactiveEnergyExport: .energyReactiveExportRegister
        case .power where value.phase == nil: nil
        case .power: isNegative ? .powerActiveExport : .powerActiveImport
        case .reactivePower: isNegative ? .powerReactiveExport : .powerReactiveImport
        case .powerFactor: .powerFactor
        case .voltage: [.l1L2, .l2L3, .l3L1].contains(value.phase) ? .voltage : nil
        case .current: value.phase == .neutral ? .currentImport : nil
        case .temperature: .temperature
        }
    }

    private func value(_ measure: MeterMeasure, _ phase: MeterPhase?) -> MeterValue? {
        description.values.first { $0.quantity == measure && $0.phase == phase }
    }

    private func optional(_ measure: MeterMeasure, _ phase: MeterPhase?, _ registers: MeterRegisters) -> Int? {
        value(measure, phase).flatMap { registers.thousandths($0, of: description) }.map { Int($0) }
    }

    /// The step in which a number of that size can be told at all.
    private func step(_ measure: MeterMeasure, _ registers: MeterRegisters) -> Int {
        value(measure, nil).flatMap { registers.step($0, of: description) } ?? 1
    }

    private func required(
        _ measure: MeterMeasure,
        _ phase: MeterPhase?,
        _ registers: MeterRegisters
    ) throws(Refusal) -> Int {
        guard let thousandths = optional(measure, phase, registers) else { throw .noNumber(measure, phase) }
        return thousandths
    }

    /// Thousandths to whole units, to the nearest.
    private static func rounded(_ thousandths: Int) -> Int {
        (thousandths + (thousandths < 0 ? -500 : 500)) / 1000
    }
}
