import BusSchema
import HardwareCore
import Primitives

/// What the simulated meter measures beyond register, power, voltages, currents and frequency. Some of it is missing from time to time, or
/// cannot be true, as the noise says.
struct SimulatedQuantities: Equatable, Sendable {
    /// What there is to measure.
    struct Load: Equatable, Sendable {
        var voltageMillivolts: [Int]
        /// Of these phases, how many carry it.
        var connectedPhases: Int
        var milliamps: Int
        var milliwatts: Int64
        var registerMicrowattSeconds: Int64
        /// What the battery of the EV still takes; nil without an EV.
        var missingMicrowattSeconds: Int64?
    }

    /// Reactive power of a charger in an EV, per mille of the active power.
    private static let reactivePerMille: Int64 = 100
    private static let powerFactorThousandths: Int64 = 995
    /// Inside the charger: without load, and more per ampere, thousandths of a degree.
    private static let restTemperature: Int64 = 28_000
    private static let temperaturePerAmpere: Int64 = 600
    private static let fanStartsAt: Int64 = 40_000
    /// Of every EV, Wh.
    private static let batteryWh: Int64 = 60_000

    let measurands: Set<MeterQuantity.Measurand>
    private let noise: SimulatedNoise
    private var random: SeededRandom

    init(_ measurands: Set<MeterQuantity.Measurand>, noise: SimulatedNoise, seed: UInt64) {
        self.measurands = measurands
        self.noise = noise
        random = SeededRandom(seed: seed)
    }

    /// What one reading of the meter says.
    mutating func read(_ load: Load) -> [MeterQuantity] {
        (power(load) + currents(load) + voltages(load) + surroundings(load)).compactMap { quantity in
            guard measurands.contains(quantity.measurand), !isOneOf(noise.missingPerMille) else { return nil }
            var quantity = quantity
            if isOneOf(noise.oddPerMille) { quantity.thousandths = .max }
            return quantity
        }
    }

    private func power(_ load: Load) -> [MeterQuantity] {
        let phases = load.voltageMillivolts.count
        let reactiveMilliwatts = load.milliwatts * Self.reactivePerMille / 1000
        let reactiveMilliwattHours = load.registerMicrowattSeconds / 3_600_000 * Self.reactivePerMille / 1000
        return [
            MeterQuantity(.energyActiveExportRegister, thousandths: 0),
            MeterQuantity(.energyReactiveImportRegister, thousandths: reactiveMilliwattHours),
            MeterQuantity(.energyReactiveExportRegister, thousandths: 0),
            MeterQuantity(.powerActiveExport, thousandths: 0),
            MeterQuantity(.powerReactiveImport, thousandths: reactiveMilliwatts),
            MeterQuantity(.powerReactiveExport, thousandths: 0),
            MeterQuantity(.powerFactor, thousandths: load.milliamps == 0 ? 1000 : Self.powerFactorThousandths),
        ]
            + Self.lines.prefix(phases).enumerated().map { index, line in
                let milliwatts = index < load.connectedPhases ? load.milliwatts / Int64(load.connectedPhases) : 0
                return MeterQuantity(.powerActiveImport, phase: line, thousandths: milliwatts)
            }
    }

    private mutating func currents(_ load: Load) -> [MeterQuantity] {
        let phases = load.voltageMillivolts.count
        // Three equal currents leave little for the neutral conductor; one returns there.
        let neutral = load.connectedPhases == 1 ? load.milliamps : load.milliamps / 100
        return Self.lines.prefix(phases).map { MeterQuantity(.currentExport, phase: $0, thousandths: 0) }
            + [MeterQuantity(.currentImport, phase: .n, thousandths: Int64(neutral))]
    }

    private func voltages(_ load: Load) -> [MeterQuantity] {
        let volts = load.voltageMillivolts
        guard volts.count == 3 else { return [] }
        return [(MeterQuantity.Phase.l1L2, 0, 1), (.l2L3, 1, 2), (.l3L1, 2, 0)].map { phase, first, second in
            // 120 degrees apart: the square root of three times the mean.
            MeterQuantity(.voltage, phase: phase, thousandths: Int64(volts[first] + volts[second]) * 1732 / 2000)
        }
    }

    private mutating func surroundings(_ load: Load) -> [MeterQuantity] {
        let wobble = Int64(Int.random(in: -300...300, using: &random))
        let temperature = Self.restTemperature + Int64(load.milliamps) * Self.temperaturePerAmpere / 1000 + wobble
        let fan: Int64 = temperature > Self.fanStartsAt ? 2_400_000 + wobble : 0
        var found = [
            MeterQuantity(.temperature, thousandths: temperature), MeterQuantity(.rpm, thousandths: fan),
        ]
        if let missing = load.missingMicrowattSeconds {
            let missingWh = min(MicrowattSeconds.wholeWattHours(missing), Self.batteryWh)
            let charged = (Self.batteryWh - missingWh) * 100 / Self.batteryWh
            found.append(MeterQuantity(.soC, thousandths: charged * 1000))
        }
        return found
    }

    private static let lines: [MeterQuantity.Phase] = [.l1, .l2, .l3]

    private mutating func isOneOf(_ perMille: Int) -> Bool {
        perMille > 0 && Int.random(in: 0..<1000, using: &random) < perMille
    }
}
