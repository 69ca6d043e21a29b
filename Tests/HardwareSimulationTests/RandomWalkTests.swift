import BusSchema
import Glibc
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

/// Whatever people, cars and broken parts do in whatever order: what must never happen.
@Suite struct RandomWalkTests {
    private static let faults: [HardwareFaultCode] = [
        .powerSwitchFailure, .powerMeterFailure, .connectorLockFailure, .evCommunicationError, .groundFailure,
        .highTemperature, .overCurrentFailure, .internalError,
    ]

    private static let parts: [SimulateHardware.Part] = [
        .diode, .pwm, .ventilation, .pilotSensor, .mirrorSilent, .mirrorOpen, .lockContact, .proximity, .meterFrozen,
        .meterSlow,
    ]

    /// `HARDWARE_WALK_SEED` replays one seed; with `HARDWARE_WALK_COUNT` so many from there on are played.
    private static let seeds: Range<Int> = {
        func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
        let first = number("HARDWARE_WALK_SEED")
        return (first ?? 0)..<(first ?? 0) + (number("HARDWARE_WALK_COUNT") ?? (first == nil ? 24 : 1))
    }()

    /// Both cables, with and without a grace, and one whose contactor may close rarely.
    private static func connector(_ seed: Int) -> ConnectorConfiguration {
        var connector = seed.isMultiple(of: 2) ? Yard.fixedCable : Yard.socket
        if seed % 3 == 1 { connector.onPermitLost = .continueFor(.seconds(10)) }
        if seed % 5 == 1 { connector.closingsPerHour = 6 }
        return connector
    }

    /// A board that is worse than any, and a disk that takes its time.
    private static func yard(_ seed: Int, _ random: inout SeededRandom) -> Yard {
        let noise = SimulatedNoise(
            jitterMilliseconds: 40,
            slowestAnswerMilliseconds: 700,
            missingPerMille: 60,
            repeatedPerMille: 60,
            oddPerMille: 50,
            rareFaultsPerMillion: 4000
        )
        var yard = Yard([connector(seed)], noise: noise)
        yard.diskDelay = random.duration(in: .milliseconds(1) ... .milliseconds(400))
        return yard
    }

    @Test(arguments: seeds)
    func nothingForbiddenEverHappens(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var yard = Self.yard(seed, &random)
        yard.model = SafetyModel(Self.connector(seed), at: yard.worldTime)
        yard.restart()
        for _ in 0..<250 {
            step(&yard, &random)
            yard.wait(random.duration(in: .zero ... .seconds(9)))
            // What was told is the model's to know; keeping it would make long walks slow.
            yard.told = yard.told.suffix(200)
        }
        #expect(yard.model?.violations == [], "seed \(seed)")
        // In the end: no permit, so no energy, unless a contact is stuck.
        yard.permit(0, transaction: "")
        yard.wait(.seconds(8))
        let stuck = yard.charger.world.connectors[0].broken.contactorStuckClosed == true
        if !stuck { #expect(yard.connector().map { $0.contactor != .closed } != false, "seed \(seed)") }
        #expect(yard.wakeUps < 30_000, "seed \(seed)")
    }

    /// The walk would prove nothing if nothing ever closed in it.
    @Test func theWalkCharges() {
        var closings = 0
        for seed in 0..<16 {
            var random = SeededRandom(seed: UInt64(seed))
            var yard = Self.yard(seed, &random)
            yard.model = SafetyModel(Self.connector(seed), at: yard.worldTime)
            yard.restart()
            for _ in 0..<100 {
                step(&yard, &random)
                yard.wait(random.duration(in: .zero ... .seconds(9)))
                yard.told = yard.told.suffix(200)
            }
            closings += yard.model?.closingCount ?? 0
        }
        #expect(closings >= 50)
    }

    private func step(_ yard: inout Yard, _ random: inout SeededRandom) {
        let code = Self.faults.randomElement(using: &random)
        let sim: SimulateHardware
        switch Int.random(in: 0..<24, using: &random) {
        case 0, 1:
            sim = SimulateHardware(
                action: .plug,
                connectorId: 1,
                batteryWh: Int64.random(in: 0...20_000, using: &random)
            )
        case 2: sim = SimulateHardware(action: .unplug, connectorId: 1)
        case 3: sim = SimulateHardware(action: .ev, connectorId: 1, ready: Bool.random(using: &random))
        case 4:
            sim = SimulateHardware(
                action: .load,
                connectorId: 1,
                currentMilliamps: Int.random(in: 0...40_000, using: &random)
            )
        case 5: sim = SimulateHardware(action: .fault, connectorId: 1, fault: code)
        case 6, 7:
            sim = SimulateHardware(action: .clear, connectorId: 1)
            for fault in yard.connector()?.faults ?? [] { yard.clear(fault) }
        case 8: sim = SimulateHardware(action: .lock, connectorId: 1, on: Bool.random(using: &random))
        case 9: sim = SimulateHardware(action: .meter, connectorId: 1, on: Bool.random(using: &random))
        case 10: return yard.unlock()
        case 11: return yard.restart()
        case 12: return yard.permit(0)
        case 13:
            sim = SimulateHardware(
                action: .part,
                connectorId: 1,
                on: Bool.random(using: &random),
                part: Self.parts.randomElement(using: &random)
            )
        case 14: return yard.permit(0, transaction: "another")
        case 15: return yard.stall(random.duration(in: .zero ... .seconds(12)))
        case 16:
            guard Bool.random(using: &random) else { return yard.reboot() }
            return yard.terminateAndRestart()
        case 17:
            // A lease that ends while nobody looks.
            yard.permit(16_000, seconds: 3, transaction: Bool.random(using: &random) ? "transaction" : "another")
            return yard.stall(random.duration(in: .zero ... .seconds(6)))
        default:
            return yard.permit(
                Int.random(in: 1...40_000, using: &random),
                seconds: Int64.random(in: 1...60, using: &random),
                transaction: Int.random(in: 0..<5, using: &random) == 0 ? "another" : "transaction"
            )
        }
        // Refused where it makes no sense, such as a lock on a fixed cable.
        try? yard.simulate(sim)
    }
}
