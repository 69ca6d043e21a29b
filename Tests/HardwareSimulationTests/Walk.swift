import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives

/// One walk by chance: a yard, and what its people and its broken parts do there. The same manner and seed give the same walk.
struct Walk {
    /// What kind of things happen. Each leads often to what is too seldom in the others.
    enum Manner: CaseIterable {
        /// Everything, of everything a little.
        case wild
        /// Nearly whole parts and people without patience: permits and switches within seconds, and a process that is never restarted.
        case hasty
        /// A contactor that fails again and again, restarts after it, and people who want their cable.
        case welding
    }

    private(set) var yard: Yard
    private let manner: Manner
    private var random: SeededRandom

    init(_ manner: Manner, seed: Int) {
        self.manner = manner
        random = SeededRandom(seed: UInt64(seed))
        let connector = Self.connector(manner, seed)
        yard = Self.yard(connector, &random)
        yard.model = SafetyModel(connector, at: yard.worldTime)
        yard.restart()
    }

    mutating func go(steps: Int) {
        let longest = manner == .hasty ? Duration.seconds(4) : .seconds(9)
        for _ in 0..<steps {
            switch manner {
            case .wild: doAnything()
            case .hasty: hurry()
            case .welding: weld()
            }
            yard.wait(random.duration(in: .zero...longest))
            // What was told is the model's to know; keeping it would make long walks slow.
            yard.told = yard.told.suffix(200)
        }
    }

    /// In the end: no permit, so no energy, unless a contact is stuck.
    mutating func endsWithoutEnergy() -> Bool {
        yard.permit(0, transaction: "")
        yard.wait(.seconds(8))
        if yard.charger.world.connectors[0].broken.contactorStuckClosed == true { return true }
        return yard.connector().map { $0.contactor != .closed } != false
    }

    /// Both cables, with and without a grace, and one whose contactor may close rarely.
    private static func connector(_ manner: Manner, _ seed: Int) -> ConnectorConfiguration {
        var connector = seed.isMultiple(of: 2) && manner != .welding ? Yard.fixedCable : Yard.socket
        if seed % 3 == 1 { connector.onPermitLost = .continueFor(.seconds(10)) }
        if manner == .wild, seed.isMultiple(of: 4) {
            connector.equipment.testsResidualCurrent = true
            connector.equipment.derating = ConnectorConfiguration.Derating()
        }
        if seed % 4 == (manner == .wild ? 1 : 3) {
            connector.phases = 3
            connector.equipment.switchesPhases = true
            connector.equipment.seesOutputVoltage = true
        }
        if seed % 5 == 1 { connector.closingsPerHour = 6 }
        if manner == .hasty, seed.isMultiple(of: 2) { connector.closingsPerHour = 3 }
        return connector
    }

    /// A board that is worse than any, and a disk that takes its time.
    private static func yard(_ connector: ConnectorConfiguration, _ random: inout SeededRandom) -> Yard {
        let noise = SimulatedNoise(
            jitterMilliseconds: 40,
            slowestAnswerMilliseconds: 700,
            slowestMirrorMilliseconds: 470,
            slowestVoltageMilliseconds: 900,
            missingPerMille: 60,
            repeatedPerMille: 60,
            oddPerMille: 50,
            rareFaultsPerMillion: 4000
        )
        var yard = Yard([connector], noise: noise)
        yard.diskDelay = random.duration(in: .milliseconds(1) ... .milliseconds(400))
        return yard
    }
}

// MARK: - What happens

extension Walk {
    private static let faults: [HardwareFaultCode] = [
        .powerSwitchFailure, .powerMeterFailure, .connectorLockFailure, .evCommunicationError, .groundFailure,
        .highTemperature, .overCurrentFailure, .internalError,
    ]

    private static let parts: [SimulateHardware.Part] = [
        .diode, .pwm, .ventilation, .pilotSensor, .mirrorSilent, .mirrorOpen, .lockContact, .proximity, .meterFrozen,
        .meterSlow, .residualCurrentTest, .heat, .phaseContactor, .phaseContactorLost, .outputVoltage,
        .outputVoltageLive,
        .outputVoltageLost,
    ]

    private mutating func doAnything() {
        switch Int.random(in: 0..<24, using: &random) {
        case 0, 1: plug()
        case 2: simulate(SimulateHardware(action: .unplug, connectorId: 1))
        case 3: switchVehicle()
        case 4: draw(upTo: 40_000)
        case 5:
            let code = Self.faults.randomElement(using: &random)
            simulate(SimulateHardware(action: .fault, connectorId: 1, fault: code))
        case 6, 7: repair()
        case 8: simulate(SimulateHardware(action: .lock, connectorId: 1, on: Bool.random(using: &random)))
        case 9: simulate(SimulateHardware(action: .meter, connectorId: 1, on: Bool.random(using: &random)))
        case 10: yard.unlock()
        case 11: yard.restart()
        case 12: yard.permit(0)
        case 13: breakPart(Self.parts.randomElement(using: &random) ?? .diode, Bool.random(using: &random))
        case 14: yard.permit(0, transaction: "another")
        case 15: yard.stall(random.duration(in: .zero ... .seconds(12)))
        case 16:
            guard Bool.random(using: &random) else { return yard.reboot() }
            yard.terminateAndRestart()
        case 17:
            // A lease that ends while nobody looks.
            yard.permit(16_000, seconds: 3, transaction: Bool.random(using: &random) ? "transaction" : "another")
            yard.stall(random.duration(in: .zero ... .seconds(6)))
        default: permit()
        }
    }

    private mutating func hurry() {
        switch Int.random(in: 0..<18, using: &random) {
        case 0, 1: plug()
        case 2: simulate(SimulateHardware(action: .unplug, connectorId: 1))
        case 3, 4, 5, 6: switchVehicle()
        case 7: draw(upTo: 40_000)
        case 8: yard.permit(0)
        case 9: acknowledge()
        case 10: yard.stall(random.duration(in: .zero ... .seconds(3)))
        case 11: yard.unlock()
        case 12, 13:
            // The sensor of the pilot is gone and back before anybody could forget what it read.
            breakPart(.pilotSensor, true)
            yard.wait(random.duration(in: .zero ... .seconds(2)))
            breakPart(.pilotSensor, false)
        default: permit()
        }
    }

    private mutating func weld() {
        switch Int.random(in: 0..<16, using: &random) {
        case 0: plug()
        case 1: switchVehicle()
        case 2: draw(upTo: 16_000)
        case 3: repair()
        case 4: breakPart(.mirrorOpen, Bool.random(using: &random))
        case 5:
            let isStuckClosed = Bool.random(using: &random)
            simulate(
                SimulateHardware(action: .fault, connectorId: 1, on: isStuckClosed, fault: .powerSwitchFailure)
            )
        case 6, 7: yard.unlock()
        case 8: yard.restart()
        case 9: yard.reboot()
        case 10: yard.permit(0)
        default: permit()
        }
    }

    private mutating func plug() {
        let battery = Int64.random(in: 0...20_000, using: &random)
        simulate(SimulateHardware(action: .plug, connectorId: 1, batteryWh: battery))
    }

    /// The EV begins or ends to ask for energy.
    private mutating func switchVehicle() {
        simulate(SimulateHardware(action: .ev, connectorId: 1, ready: Bool.random(using: &random)))
    }

    /// The EV takes so much, whatever it is offered.
    private mutating func draw(upTo milliamps: Int) {
        let drawn = Int.random(in: 0...milliamps, using: &random)
        simulate(SimulateHardware(action: .load, connectorId: 1, currentMilliamps: drawn))
    }

    private mutating func breakPart(_ part: SimulateHardware.Part, _ isBroken: Bool) {
        simulate(SimulateHardware(action: .part, connectorId: 1, on: isBroken, part: part))
    }

    /// A technician repairs everything, and acknowledges what is latched.
    private mutating func repair() {
        for fault in yard.connector()?.faults ?? [] { yard.clear(fault) }
        simulate(SimulateHardware(action: .clear, connectorId: 1))
    }

    /// A technician acknowledges something, whether it is there or not.
    private mutating func acknowledge() { yard.clear(Self.faults.randomElement(using: &random) ?? .groundFailure) }

    private mutating func permit() {
        yard.permit(
            Int.random(in: 1...40_000, using: &random),
            seconds: Int64.random(in: 1...60, using: &random),
            transaction: Int.random(in: 0..<5, using: &random) == 0 ? "another" : "transaction",
            phases: yard.configuration.connectors[0].equipment.switchesPhases
                ? [nil, 1, 1, 3].randomElement(using: &random) ?? nil : nil
        )
    }

    /// Refused where it makes no sense, such as a lock on a fixed cable.
    private mutating func simulate(_ request: SimulateHardware) { try? yard.simulate(request) }
}
