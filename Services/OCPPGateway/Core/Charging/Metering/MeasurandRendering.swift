import BusSchema
import OCPP

/// Writes a meter reading as sampled values (OCPP 1.6 §7.43): one per phase where the quantity has phases, units always stated
/// except for Frequency, which has none in the enumeration (E §3.86).
struct MeasurandRendering {
    var reading: MeterReading
    /// What the pilot offers now, per phase.
    var offeredMilliamps: Int
    /// The one that counts: never below a register that was reported before (OCPP 1.6 §7.31), nor of another epoch.
    var registerWh: Int64

    /// The values of a list of measurands. What the meter does not give is left out.
    func values(_ selections: [MeasurandSelection], context: ReadingContext) -> [SampledValue] {
        selections.flatMap { values($0, context: context) }
    }

    private func values(_ selection: MeasurandSelection, context: ReadingContext) -> [SampledValue] {
        func single(_ value: String, _ unit: UnitOfMeasure?) -> [SampledValue] {
            guard selection.phase == nil else { return [] }
            return [
                SampledValue(
                    value: value,
                    context: context,
                    measurand: selection.measurand,
                    location: .outlet,
                    unit: unit
                )
            ]
        }
        func perPhase(_ thousandths: [Int], _ unit: UnitOfMeasure, _ phases: [Phase]) -> [SampledValue] {
            zip(thousandths, phases).compactMap { value, phase in
                guard selection.phase == nil || Self.same(selection.phase, phase) else { return nil }
                return SampledValue(
                    value: Self.decimal(thousandths: Int64(value)),
                    context: context,
                    measurand: selection.measurand,
                    phase: selection.phase ?? phase,
                    location: .outlet,
                    unit: unit
                )
            }
        }
        switch selection.measurand {
        case .energyActiveImportRegister: return single(String(registerWh), .wh)
        case .powerActiveImport: return single(String(reading.powerW), .w)
        case .currentImport: return perPhase(reading.currentMilliamps, .a, [.l1, .l2, .l3])
        case .voltage: return perPhase(reading.voltageMillivolts, .v, [.l1N, .l2N, .l3N])
        case .currentOffered: return single(Self.decimal(thousandths: Int64(offeredMilliamps)), .a)
        case .frequency:
            return reading.frequencyMillihertz.map { single(Self.decimal(thousandths: Int64($0)), nil) } ?? []
        case .currentExport, .energyActiveExportRegister, .energyReactiveExportRegister, .energyReactiveImportRegister,
            .energyActiveExportInterval, .energyActiveImportInterval, .energyReactiveExportInterval,
            .energyReactiveImportInterval, .powerActiveExport, .powerFactor, .powerOffered, .powerReactiveExport,
            .powerReactiveImport, .rpm, .soC, .temperature:
            return []
        }
    }

    /// `Voltage.L1` selects what is measured between L1 and N.
    private static func same(_ selected: Phase?, _ measured: Phase) -> Bool {
        switch (selected, measured) {
        case (.l1, .l1N), (.l2, .l2N), (.l3, .l3N): true
        default: selected == measured
        }
    }

    /// Exact decimal text of a number of thousandths, without superfluous digits.
    static func decimal(thousandths value: Int64) -> String {
        let magnitude = value.magnitude
        var fraction = String(magnitude % 1000)
        fraction = String(repeating: "0", count: 3 - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let whole = (value < 0 ? "-" : "") + String(magnitude / 1000)
        return fraction.isEmpty ? whole : whole + "." + fraction
    }
}
