import HardwareCore
import Primitives

/// The mains at one connector: voltage under load, power, and what a meter reads there. Integers throughout.
struct SimulatedPower: Equatable, Sendable {
    /// Of the supply line, mV per A.
    static let resistanceMillivoltsPerAmpere = 150
    static let nominalMillihertz = 50_000

    let phases: Int
    /// Those that lead to the contactor: L1, and what a phase contactor adds to it.
    var connectedPhases: Int
    /// Without load, phase to neutral.
    let nominalMillivolts: Int

    init(phases: Int, nominalMillivolts: Int) {
        self.phases = phases
        connectedPhases = phases
        self.nominalMillivolts = nominalMillivolts
    }

    func millivolts(at milliamps: Int) -> Int {
        nominalMillivolts - milliamps * Self.resistanceMillivoltsPerAmpere / 1000
    }

    /// Of all phases that are connected together, mW.
    func milliwatts(at milliamps: Int) -> Int64 {
        Int64(connectedPhases) * Int64(millivolts(at: milliamps)) * Int64(milliamps) / 1000
    }

    /// What the meter shows now; voltage and frequency wobble, power and energy are exact.
    func sample(milliamps: Int, registerMicrowattSeconds: Int64, noise: inout SeededRandom) -> MeterSample {
        let voltages = (0..<phases).map { _ in millivolts(at: milliamps) + Int.random(in: -400...400, using: &noise) }
        return MeterSample(
            energyWh: MicrowattSeconds.wholeWattHours(registerMicrowattSeconds),
            powerW: Int((milliwatts(at: milliamps) + 500) / 1000),
            voltageMillivolts: voltages,
            currentMilliamps: (0..<phases).map { $0 < connectedPhases ? milliamps : 0 },
            frequencyMillihertz: Self.nominalMillihertz + Int.random(in: -20...20, using: &noise)
        )
    }
}
