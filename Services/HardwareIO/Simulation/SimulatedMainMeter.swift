import BusSchema
import HardwareCore
import Primitives

/// The simulated main meter: it sees what flows to all connectors, and what the house took before they were there. It answers late, and
/// sometimes not at all.
struct SimulatedMainMeter: Equatable, Sendable {
    /// What one connector takes now, and ever took.
    struct Load: Equatable, Sendable {
        var phases: Int
        var milliamps: Int
        var milliwatts: Int64
        var registerMicrowattSeconds: Int64
    }

    /// Register of the house, Wh.
    private static let houseWh: Int64 = 100_000

    private let phases: Int
    private let nominalMillivolts: Int
    private let noise: SimulatedNoise
    private var random: SeededRandom
    private var wasMissing = false
    private var answer: (event: DriverEvent, at: Duration)?

    init(_ configuration: MainMeterConfiguration, _ simulation: SimulationConfiguration) {
        phases = configuration.phases
        nominalMillivolts = simulation.nominalMillivolts
        noise = simulation.noise
        random = SeededRandom(seed: simulation.seed &+ 3_000_000)
    }

    static func == (left: SimulatedMainMeter, right: SimulatedMainMeter) -> Bool {
        left.answer?.event == right.answer?.event && left.answer?.at == right.answer?.at
    }

    var nextDeadline: Deadline? { Deadline(at: answer?.at, for: "the main meter answers") }

    /// It was asked; it answers what it shows now.
    mutating func asked(_ loads: [Load], at uptime: Duration) {
        wasMissing =
            !wasMissing && noise.missingPerMille > 0
            && Int.random(in: 0..<1000, using: &random) < noise.missingPerMille
        let connectorId = MainMeterConfiguration.connectorId
        let event =
            wasMissing
            ? DriverEvent.meterFailed(connectorId: connectorId, reason: "no answer")
            : .meterRead(connectorId: connectorId, sample(loads))
        let earliest = SimulatedSensors.earliestAnswerMilliseconds
        let delay = Int.random(in: earliest...max(noise.slowestAnswerMilliseconds, earliest), using: &random)
        answer = (event, uptime + Duration(outsideMilliseconds: delay))
    }

    mutating func advance(to uptime: Duration) -> [DriverEvent] {
        guard let answer, answer.at <= uptime else { return [] }
        self.answer = nil
        return [answer.event]
    }

    private mutating func sample(_ loads: [Load]) -> MeterSample {
        let register = loads.reduce(Int64(0)) { $0 + $1.registerMicrowattSeconds }
        let milliwatts = loads.reduce(Int64(0)) { $0 + $1.milliwatts }
        return MeterSample(
            energyWh: Self.houseWh + MicrowattSeconds.wholeWattHours(register),
            powerW: Int((milliwatts + 500) / 1000),
            voltageMillivolts: (0..<phases).map { _ in nominalMillivolts + Int.random(in: -400...400, using: &random) },
            currentMilliamps: (0..<phases).map { phase in
                loads.reduce(0) { $0 + (phase < $1.phases ? $1.milliamps : 0) }
            }
        )
    }
}
