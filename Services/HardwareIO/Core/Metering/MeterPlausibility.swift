import Primitives

/// What a meter can possibly say.
struct MeterPlausibility: Equatable, Sendable {
    enum Comparison: Equatable {
        case plausible
        case fell(amountWh: Int64)
        case jumped
    }

    /// Meters round their floating point register to nearby values: so much it may fall.
    static let jitterWh: Int64 = 2
    /// Above any register: no outlet delivers a terawatt hour. What cannot be a register is never believed, however often it is said.
    static let highestRegisterWh: Int64 = 1_000_000_000_000
    /// Above any mains voltage between phase and neutral.
    static let highestVoltageMillivolts = 300_000

    private let phases: Int
    private let ratedMilliamps: Int
    let energyTimeScale: Int64
    /// What flows through the main meter may flow back to the mains, which its register does not count.
    let isOfMainMeter: Bool
    private let registerStepWh: Int64

    init(configuration: ConnectorConfiguration) {
        phases = configuration.phases
        ratedMilliamps = configuration.ratedMilliamps
        energyTimeScale = Int64(configuration.energyTimeScale)
        registerStepWh = Int64(configuration.registerStepWh)
        isOfMainMeter = configuration.connectorId == MainMeterConfiguration.connectorId
    }

    /// The step in which the register of a sample counts, Wh.
    func stepWh(of sample: MeterSample) -> Int64 {
        sample.registerStepWh.map { Int64($0).clamped(to: 1...1_000_000) } ?? registerStepWh
    }

    /// What is wrong with a sample by itself; nil when it can be true.
    func objection(to sample: MeterSample) -> String? {
        guard (0...Self.highestRegisterWh).contains(sample.energyWh) else { return "register is \(sample.energyWh) Wh" }
        let told = sample.hasPhases ? phases : 0
        guard sample.voltageMillivolts.count == told, sample.currentMilliamps.count == told else {
            return "sample has not \(told) phase(s)"
        }
        guard sample.hasPhases else {
            let highest = highestWatts * 2
            return sample.powerW.magnitude <= highest.magnitude
                ? nil : "power is \(sample.powerW) W, more than can flow"
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

    /// What can flow at all, W.
    var highestWatts: Int64 {
        Int64(ratedMilliamps / 1000 + 1) * Int64(phases) * Int64(Self.highestVoltageMillivolts / 1000)
    }

    /// How a register that counts in steps of `stepWh` follows another `interval` later.
    func compare(_ energyWh: Int64, with earlierWh: Int64, after interval: Duration, stepWh: Int64) -> Comparison {
        guard energyWh >= earlierWh else { return .fell(amountWh: earlierWh - energyWh) }
        let seconds = min(max(interval.wholeSeconds, 0) + 1, 1_000_000_000)
        let highestWh = highestWatts * seconds * energyTimeScale / 3600 * 3 / 2 + max(10, stepWh) * energyTimeScale
        return energyWh - earlierWh <= highestWh ? .plausible : .jumped
    }
}
