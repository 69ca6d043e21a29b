import BusSchema

/// Which of the further quantities of a sample are believed. Nothing is billed by them, so that one that cannot be is left out, and the
/// sample counts without it.
struct QuantityJudge {
    private struct Place: Hashable {
        var measurand: MeterQuantity.Measurand
        var phase: MeterQuantity.Phase?
    }

    private let ratedMilliamps: Int64
    /// The newest of each register, which no later one may fall below (OCPP 1.6 §7.31).
    private var registers: [Place: Int64] = [:]

    init(ratedMilliamps: Int) { self.ratedMilliamps = Int64(ratedMilliamps) }

    /// Remembers the registers of a reading that was believed.
    mutating func take(_ quantities: [MeterQuantity]) { _ = believed(quantities) }

    /// The meter was swapped or reset: its registers may be anywhere.
    mutating func beginAnew() { registers = [:] }

    /// Those that can be true, each measurand and phase once, in their order.
    mutating func believed(_ quantities: [MeterQuantity]) -> [MeterQuantity] {
        var seen: Set<Place> = []
        return quantities.prefix(MeterQuantity.mostInOneReading).filter { quantity in
            let place = Place(measurand: quantity.measurand, phase: quantity.phase)
            guard seen.insert(place).inserted, range(of: quantity.measurand)?.contains(quantity.thousandths) == true
            else { return false }
            guard Self.registers.contains(quantity.measurand) else { return true }
            guard quantity.thousandths >= registers[place] ?? 0 else { return false }
            registers[place] = quantity.thousandths
            return true
        }
    }

    private static let registers: Set<MeterQuantity.Measurand> = [
        .energyActiveExportRegister, .energyReactiveExportRegister, .energyReactiveImportRegister,
    ]

    /// What can be, in thousandths; nil for a measurand that is not known here.
    private func range(of measurand: MeterQuantity.Measurand) -> ClosedRange<Int64>? {
        let highestMilliamps = 2 * ratedMilliamps
        // Of one phase, or of three together: nobody is billed by it.
        let highestPower = 3 * highestMilliamps * Int64(MeterPlausibility.highestVoltageMillivolts / 1000)
        return switch measurand {
        case .currentExport, .currentImport: 0...highestMilliamps
        case .energyActiveExportRegister, .energyReactiveExportRegister, .energyReactiveImportRegister:
            0...MeterPlausibility.highestRegisterWh * 1000
        case .powerActiveExport, .powerActiveImport, .powerReactiveExport, .powerReactiveImport: 0...highestPower
        case .powerFactor: -1000...1000
        case .rpm: 0...30_000_000
        case .soC: 0...100_000
        case .temperature: -50_000...150_000
        // Between phases it is the square root of three times that to neutral.
        case .voltage: 0...Int64(MeterPlausibility.highestVoltageMillivolts) * 1733 / 1000
        default: nil
        }
    }
}
