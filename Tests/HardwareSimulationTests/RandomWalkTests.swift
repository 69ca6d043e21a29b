import BusSchema
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

    @Test(arguments: 0..<16)
    func nothingForbiddenEverHappens(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var yard = Yard([seed.isMultiple(of: 2) ? Yard.fixedCable : Yard.socket])
        for _ in 0..<150 {
            step(&yard, &random)
            yard.wait(random.duration(in: .zero ... .seconds(9)))
        }
        check(yard, seed: seed)
        // In the end: no permit, so no energy, unless a contact is stuck.
        yard.permit(0)
        yard.wait(.seconds(8))
        let stuck = yard.charger.world.connectors[0].broken.contactorStuckClosed == true
        if !stuck { #expect(yard.connector().map { $0.contactor != .closed } == true, "seed \(seed)") }
        #expect(yard.wakeUps < 12_000, "seed \(seed)")
    }

    private func step(_ yard: inout Yard, _ random: inout SeededRandom) {
        let code = Self.faults.randomElement(using: &random)
        let sim: SimulateHardware
        switch Int.random(in: 0..<16, using: &random) {
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
        default:
            return yard.permit(
                Int.random(in: 1...40_000, using: &random),
                seconds: Int64.random(in: 1...60, using: &random)
            )
        }
        // Refused where it makes no sense, such as a lock on a fixed cable.
        try? yard.simulate(sim)
    }

    private func check(_ yard: Yard, seed: Int) {
        var register: Int64 = 0
        var permittedUntil = Duration.zero
        var boot = ""
        for entry in yard.told {
            guard case .publish(let message) = entry.effect else { continue }
            if let reading = message.value as? MeterReading {
                #expect(reading.energyWh >= register, "seed \(seed): register fell at \(entry.at)")
                register = reading.energyWh
            }
            guard let state = message.value as? ConnectorState else { continue }
            if state.bootId != boot {
                boot = state.bootId
                permittedUntil = .zero
            }
            if state.permit != nil, state.offeredMilliamps > 0 { permittedUntil = .seconds(1_000_000) }
            if state.permit == nil || state.offeredMilliamps == 0 {
                permittedUntil = min(permittedUntil, entry.at + .seconds(6))
            }
            guard state.contactor == .closed || state.contactor == .closing else { continue }
            #expect(entry.at <= permittedUntil, "seed \(seed): energy without a permit at \(entry.at)")
            #expect(
                state.pilot == .c,
                "seed \(seed): closed at \(entry.at) in state \(String(describing: state.pilot))"
            )
            #expect(state.faults.allSatisfy { $0 == .powerMeterFailure }, "seed \(seed): closed with \(state.faults)")
            #expect(state.fixedCable || state.lock == .locked, "seed \(seed): closed and \(state.lock)")
        }
    }
}
