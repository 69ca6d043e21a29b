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

/// What people do and what goes wrong next, decided by chance.
struct Dice {
    let chance: Chance
    let around: Surroundings

    struct Step {
        var plan: Plan
        var after = Duration.zero

        init(_ plan: Plan, after: Duration = .zero) {
            self.plan = plan
            self.after = after
        }
    }

    private var timeline: Timeline { around.timeline }

    /// What comes next, and what has to come later because of it.
    func next() -> [Step] { timeline.happens(chance.mishaps) ? mishap() : [Step(usage())] }

    /// Until the thing after it.
    var pause: Duration { timeline.delay(.milliseconds(200)...chance.interval * 2) }

    private func pick<T>(_ choices: [T]) -> T { timeline.pick(choices) }

    private func pickConnector() -> Int { 1 + timeline.pick(0..<around.settings.connectors) }

    private func usage() -> Plan {
        let id = pickConnector()
        let idTag = pick(["04A1B2C3", "04A1B2C3", "04D4E5F6", "04D4E5F6", "04B10CED"])
        guard let token = IdToken(idTag) else { return .swipe(idTag) }
        switch timeline.pick(0..<20) {
        case 0..<6: return around.devices.isPlugged(id) ? .unplug(id) : .plug(id)
        case 6..<11: return .swipe(idTag)
        case 11, 12: return .command(.call(.remoteStartTransaction(.init(connectorId: id, idTag: token))))
        case 13, 14: return .command(.stopNewestTransaction)
        case 15:
            let isReady = pick([true, false])
            return .simulate(SimulateHardware(action: .ev, connectorId: id, ready: isReady))
        case 16:
            let battery = Int64(timeline.pick(1..<3001))
            return .simulate(SimulateHardware(action: .ev, connectorId: id, batteryWh: battery))
        case 17:
            let target = timeline.pick(0..<around.settings.connectors + 1)
            let type: AvailabilityType = pick([.operative, .operative, .inoperative])
            return .command(.call(.changeAvailability(.init(connectorId: target, type: type))))
        case 18: return .command(.call(.unlockConnector(.init(connectorId: id))))
        default: return change()
        }
    }

    private func change() -> Plan {
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

    private func mishap() -> [Step] {
        let brief = timeline.delay(.milliseconds(50)...Duration.seconds(20))
        let long = timeline.delay(.seconds(5)...Duration.seconds(400))
        switch timeline.pick(0..<(chance.stepsClock ? 14 : 13)) {
        case 0, 1: return [Step(.kill(pick(Service.allCases), restartAfter: brief))]
        case 2: return [Step(.kill(.gateway, restartAfter: pick([.milliseconds(100), .seconds(3), .seconds(90)])))]
        case 3: return Service.allCases.map { Step(.kill($0, restartAfter: brief)) } + [Step(.silence)]
        case 4: return [Step(.cutPower(long))]
        case 5: return [Step(.upgrade(pick(Service.allCases)))]
        case 6: return [Step(.uplink(false)), Step(.uplink(true), after: long)]
        case 7: return [Step(.stall(brief))]
        case 8: return [Step(.silence)]
        case 9: return [Step(.door(pick([.locked, .answering(httpStatus: 503)]))), Step(.door(.open), after: long)]
        case 10: return [persistMishap()]
        case 11: return [Step(.command(.inject(Fault(serverFault(), action: nil, count: 1))))]
        case 12: return deviceMishap(pickConnector())
        default: return [Step(.stepClock(.seconds(timeline.pick(-5000..<5001))))]
        }
    }

    private func serverFault() -> Fault.Kind {
        let late = timeline.delay(.seconds(1)...Duration.seconds(40))
        return pick([.drop, .delay(late), .error(.internalError), .closeInstead, .closeAfter])
    }

    /// At the next write of the gateway or the config store something goes wrong.
    private func persistMishap() -> Step {
        let service: Service = pick([.gateway, .gateway, .gateway, .config])
        let isWritten = pick([true, false])
        let outage = timeline.delay(.seconds(1)...Duration.seconds(100))
        let kind: PersistFault.Kind = pick([
            .kill(isWritten: isWritten), .powerCut(isWritten: isWritten, lasting: outage),
        ])
        return Step(.failNextWrite(kind, of: service))
    }

    private func deviceMishap(_ id: Int) -> [Step] {
        if chance.fillsDisk, pick([true, false]) {
            return [
                Step(.diskFull(true)),
                Step(.diskFull(false), after: timeline.delay(.seconds(1)...Duration.seconds(120))),
            ]
        }
        guard chance.breaksDevices else { return [Step(.stall(.seconds(1)))] }
        let code: HardwareFaultCode = pick([.powerMeterFailure, .groundFailure, .evCommunicationError, .internalError])
        return [
            Step(.simulate(SimulateHardware(action: .fault, connectorId: id, fault: code))),
            Step(
                .simulate(SimulateHardware(action: .clear, connectorId: id)),
                after: timeline.delay(.seconds(1)...Duration.seconds(200))
            ),
        ]
    }
}
