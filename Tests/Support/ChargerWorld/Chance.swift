import BusSchema
import CentralSystem
import OCPP
import Primitives

/// Users and mishaps by chance: how often, and of which kinds.
public struct Chance: Sendable {
    /// From one thing to the next, on average.
    public var interval = Duration.seconds(30)
    /// How many of all things are mishaps.
    public var mishaps = 0.35
    /// The wall clock may be set by somebody.
    public var stepsClock = false
    /// Devices may break.
    public var breaksDevices = false
    /// The disk may be full for a while.
    public var fillsDisk = false

    public init() {}
}

extension World {
    /// From now on chance decides what people do and what goes wrong.
    public mutating func begin(_ chance: Chance) {
        self.chance = chance
        plan(.chance, at: now)
    }

    mutating func tryChance() {
        guard let chance else { return }
        let isMishap = Double.random(in: 0..<1, using: &random) < chance.mishaps
        carryOut(isMishap ? mishap(chance) : usage())
        let longest = chance.interval * 2
        plan(.chance, at: now + delay(.milliseconds(200)...longest, using: &random))
    }

    private mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: choices.indices, using: &random)] }

    private mutating func usage() -> Plan {
        let id = Int.random(in: 1...settings.connectors, using: &random)
        let idTag = pick(["04A1B2C3", "04A1B2C3", "04D4E5F6", "04D4E5F6", "04B10CED"])
        guard let token = IdToken(idTag) else { return .swipe(idTag) }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: return isPlugged(id) ? .unplug(id) : .plug(id)
        case 6..<11: return .swipe(idTag)
        case 11, 12: return .command(.call(.remoteStartTransaction(.init(connectorId: id, idTag: token))))
        case 13, 14: return .command(.stopNewestTransaction)
        case 15:
            let isReady = Bool.random(using: &random)
            return .simulate(SimulateHardware(action: .ev, connectorId: id, ready: isReady))
        case 16:
            let battery = Int64.random(in: 1...3000, using: &random)
            return .simulate(SimulateHardware(action: .ev, connectorId: id, batteryWh: battery))
        case 17:
            let target = Int.random(in: 0...settings.connectors, using: &random)
            let type: AvailabilityType = pick([.operative, .operative, .inoperative])
            return .command(.call(.changeAvailability(.init(connectorId: target, type: type))))
        case 18: return .command(.call(.unlockConnector(.init(connectorId: id))))
        default: return change()
        }
    }

    private mutating func change() -> Plan {
        let (key, values): (String, [String]) = pick([
            ("MeterValueSampleInterval", ["20", "10", "60", "0"]),
            ("ConnectionTimeOut", ["60", "30", "90"]),
            ("StopTransactionOnEVSideDisconnect", ["true", "true", "false"]),
            ("ClockAlignedDataInterval", ["0", "300"]),
            ("WebSocketPingInterval", ["10", "30", "0"]),
            ("HeartbeatInterval", ["20", "60"]),
        ])
        guard let name = CiString50(key), let value = CiString500(pick(values)) else { return .swipe("04A1B2C3") }
        return .command(.call(.changeConfiguration(.init(key: name, value: value))))
    }

    private mutating func mishap(_ chance: Chance) -> Plan {
        let brief = delay(.milliseconds(50)...Duration.seconds(20), using: &random)
        let long = delay(.seconds(5)...Duration.seconds(400), using: &random)
        var kinds = 13
        if chance.stepsClock { kinds += 1 }
        switch Int.random(in: 0..<kinds, using: &random) {
        case 0, 1: return .kill(pick(Service.allCases), restartAfter: brief)
        case 2: return .kill(.gateway, restartAfter: pick([.milliseconds(100), .seconds(3), .seconds(90)]))
        case 3:
            for service in Service.allCases { kill(service, restartAfter: brief) }
            return .silence
        case 4: return .cutPower(long)
        case 5: return .upgrade(pick(Service.allCases))
        case 6:
            plan(.uplink(true), at: now + long)
            return .uplink(false)
        case 7: return .stall(brief)
        case 8: return .silence
        case 9:
            plan(.door(refuses: false, httpStatus: nil), at: now + long)
            let refuses = Bool.random(using: &random)
            return .door(refuses: refuses, httpStatus: refuses ? nil : 503)
        case 10: return persistMishap()
        case 11: return .command(.inject(Fault(serverFault(), action: nil, count: 1)))
        case 12: return deviceMishap(chance, id: Int.random(in: 1...settings.connectors, using: &random))
        default: return .stepClock(.seconds(Int.random(in: -5000...5000, using: &random)))
        }
    }

    private mutating func serverFault() -> Fault.Kind {
        let late = delay(.seconds(1)...Duration.seconds(40), using: &random)
        return pick([.drop, .delay(late), .error(.internalError), .closeInstead, .closeAfter])
    }

    /// At the next write of the gateway or the config store something goes wrong.
    private mutating func persistMishap() -> Plan {
        let service: Service = pick([.gateway, .gateway, .gateway, .config])
        let isWritten = Bool.random(using: &random)
        let outage = delay(.seconds(1)...Duration.seconds(100), using: &random)
        let kind: PersistFault.Kind = pick([
            .kill(isWritten: isWritten), .powerCut(isWritten: isWritten, lasting: outage),
        ])
        persistFaults.append(PersistFault(kind, at: writes[service] + 1, of: service))
        return .stall(.zero)
    }

    private mutating func deviceMishap(_ chance: Chance, id: Int) -> Plan {
        if chance.fillsDisk, Bool.random(using: &random) {
            plan(.diskFull(false), at: now + delay(.seconds(1)...Duration.seconds(120), using: &random))
            return .diskFull(true)
        }
        guard chance.breaksDevices else { return .stall(.seconds(1)) }
        let code: HardwareFaultCode = pick([.powerMeterFailure, .groundFailure, .evCommunicationError, .internalError])
        plan(
            .simulate(SimulateHardware(action: .clear, connectorId: id)),
            at: now + delay(.seconds(1)...Duration.seconds(200), using: &random)
        )
        return .simulate(SimulateHardware(action: .fault, connectorId: id, fault: code))
    }
}
