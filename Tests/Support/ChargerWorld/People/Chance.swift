import BusSchema
import CentralSystem
import Glibc
import JSON
import MobileWorld
import OCPP
import Primitives
import SimulatedDisk
import Storage

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
    /// Calls to the disk may fail.
    public var breaksDisk = false
    /// The central system may answer with what cannot be read, with wrong times, and throw the charger out again and again.
    public var isCentralHostile = false
    /// Permits may be granted that nobody knows of.
    public var straysPermits = false
    /// The modem, its card or its network may fail.
    public var breaksModem = false
    /// Permits may leave one phase of three, and all again.
    public var wishesPhases = false
    /// Contactors may weld and phase contactors may stick, and what shows it may lie or be lost.
    public var breaksSwitches = false
    /// Messages may be given up, and people may have them sent again.
    public var resends = false

    public init() {}
}

/// What people do and what goes wrong next, decided by chance.
struct Dice {
    /// The cards that people have.
    static let idTags = ["04A1B2C3", "04D4E5F6", "04B10CED"]

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
    func next() -> [Step] { timeline.happens(chance.mishaps) ? mishap() : usage() }

    /// Until the thing after it.
    var pause: Duration { timeline.delay(.milliseconds(200)...chance.interval * 2) }

    private func pick<T>(_ choices: [T]) -> T { timeline.pick(choices) }

    private func pickConnector() -> Int { 1 + timeline.pick(0..<around.settings.connectors) }

    private func usage() -> [Step] {
        let id = pickConnector()
        let idTag = pick(Self.idTags.dropLast() + Self.idTags)
        if chance.wishesPhases, timeline.happens(0.2) { return [Step(.wishPhases(id, pick([1, 1, 2, 3, nil])))] }
        switch timeline.pick(0..<24) {
        case 0..<6: return [Step(around.devices.isPlugged(id) ? .unplug(id) : .plug(id))]
        case 6..<11: return [Step(.swipe(idTag))]
        case 11:
            return [
                Step(.swipe(idTag)),
                Step(.swipe(idTag), after: timeline.delay(.milliseconds(200)...Duration.seconds(4))),
            ]
        case 12, 13: return [remoteStart(idTag, id)]
        case 14, 15: return [Step(.command(.stopNewestTransaction))]
        case 16: return [Step(.simulate(SimulateHardware(action: .ev, connectorId: id, ready: pick([true, false]))))]
        case 17:
            let battery = Int64(timeline.pick(1..<3001))
            return [Step(.simulate(SimulateHardware(action: .ev, connectorId: id, batteryWh: battery)))]
        case 18:
            let target = timeline.pick(0..<around.settings.connectors + 1)
            let type: AvailabilityType = pick([.operative, .operative, .inoperative])
            return [Step(.command(.call(.changeAvailability(.init(connectorId: target, type: type)))))]
        case 19: return [Step(.command(.call(.unlockConnector(.init(connectorId: id)))))]
        case 20: return reset(id)
        case 21: return [oddCall(id)]
        default: return [Step(change())]
        }
    }

    private func remoteStart(_ idTag: String, _ id: Int) -> Step {
        guard let token = IdToken(idTag) else { return Step(.swipe(idTag)) }
        let connectorId = pick([id, id, nil])
        return Step(.command(.call(.remoteStartTransaction(.init(connectorId: connectorId, idTag: token)))))
    }

    /// Somebody plugs or unplugs while it happens.
    private func reset(_ id: Int) -> [Step] {
        let soon = timeline.delay(.milliseconds(10)...Duration.seconds(8))
        return [
            Step(.command(.call(.reset(.init(type: pick([.soft, .hard])))))),
            Step(around.devices.isPlugged(id) ? .unplug(id) : .plug(id), after: soon),
        ]
    }

    /// What central systems also ask.
    private func oddCall(_ id: Int) -> Step {
        switch timeline.pick(0..<6) {
        case 0: return Step(.command(.call(.getConfiguration(.init()))))
        case 1: return Step(.command(.call(.clearCache(.init()))))
        case 2: return Step(.command(.callText(action: "Unheard", payload: .null)))
        case 3: return Step(.command(.callText(action: "RemoteStartTransaction", payload: ["idTag": 5])))
        case 4: return Step(.command(.call(.remoteStopTransaction(.init(transactionId: 999_999)))))
        default: return Step(.command(.sendText(Array("[3,\"nobody\",{}]".utf8))))
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
        if chance.breaksModem, pick([true, false]) { return modemMishap() }
        if chance.breaksSwitches, pick([true, false]) { return switchMishap(pickConnector()) }
        switch timeline.pick(0..<19) {
        case 0, 1: return [Step(.kill(pick(Service.allCases), restartAfter: brief))]
        case 2: return [Step(.kill(.gateway, restartAfter: pick([.milliseconds(100), .seconds(3), .seconds(90)])))]
        case 3: return Service.allCases.map { Step(.kill($0, restartAfter: brief)) } + [Step(.silence)]
        case 4: return [Step(.cutPower(long))]
        case 5: return [Step(.upgrade(pick(Service.allCases)))]
        case 6 where chance.breaksModem: return [Step(.modem(.callEnded, lasting: .zero))]
        case 6: return [Step(.uplink(false)), Step(.uplink(true), after: long)]
        case 7: return [Step(.signal(pick([3, 14, 15, 24, 25, 80])))]
        case 8: return [Step(.silence)]
        case 9: return [Step(.door(pick([.locked, .answering(httpStatus: 503)]))), Step(.door(.open), after: long)]
        case 10: return [persistMishap()]
        case 11: return [Step(.command(.inject(Fault(serverFault(), action: nil, count: 1))))]
        case 12: return deviceMishap(pickConnector())
        case 13 where chance.stepsClock: return [Step(.stepClock(.seconds(timeline.pick(-5000..<5001))))]
        case 13, 14: return [Step(.freeze(pick([.gateway, .gateway, .config, .modem]), brief))]
        case 15 where chance.straysPermits: return [Step(.strayPermit(pickConnector()))]
        case 16 where chance.resends: return [Step(.resend)]
        case 17 where chance.isCentralHostile: return expulsions()
        case 18: return swap(pickConnector())
        default: return [Step(.stall(brief))]
        }
    }

    private func modemMishap() -> [Step] {
        let lasting = timeline.delay(.seconds(20)...Duration.seconds(1500))
        switch timeline.pick(0..<6) {
        case 0: return [Step(.deadNames(true)), Step(.deadNames(false), after: lasting)]
        case 1: return [Step(.kill(.modem, restartAfter: pick([.milliseconds(200), .seconds(20)])))]
        default: return [Step(.modem(pick(MobileFault.allCases), lasting: lasting))]
        }
    }

    /// The EV leaves and another one comes, while nobody looks, or while only hardware-io looks, which then dies.
    private func swap(_ id: Int) -> [Step] {
        let leaves = timeline.delay(.milliseconds(500)...Duration.seconds(4))
        let comes = leaves + timeline.delay(.seconds(31)...Duration.seconds(40))
        let back = comes + timeline.delay(.milliseconds(100)...Duration.seconds(10))
        let swap = [Step(.unplug(id), after: leaves), Step(.plug(id), after: comes)]
        switch pick([Service.gateway, .hardware, nil]) {
        case .gateway:
            // hardware-io restarts before or after the gateway is back.
            let death = comes + timeline.delay(.milliseconds(100)...Duration.seconds(10))
            return [Step(.kill(.gateway, restartAfter: back))] + swap
                + [Step(.kill(.hardware, restartAfter: pick([.zero, .seconds(4)])), after: death)]
        case .some: return [Step(.kill(.hardware, restartAfter: back))] + swap
        case nil:
            let other = comes + timeline.delay(.milliseconds(100)...Duration.seconds(10))
            return [Step(.kill(.hardware, restartAfter: back)), Step(.kill(.gateway, restartAfter: other))] + swap
        }
    }

    private func serverFault() -> Fault.Kind {
        let late = timeline.delay(.seconds(1)...Duration.seconds(40))
        guard chance.isCentralHostile, pick([true, false]) else {
            return pick([.drop, .delay(late), .error(.internalError), .closeInstead, .closeAfter])
        }
        let error = Duration.seconds(timeline.pick(-7200..<7200))
        return pick([
            .unreadable, .unknownStatus, .error(.securityError), .error(.formationViolation), .wrongTime(error),
        ])
    }

    /// The connection is closed as soon as it has proved itself, again and again.
    private func expulsions() -> [Step] {
        (0..<timeline.pick(2..<12)).map { number in
            Step(.command(.disconnect), after: .seconds(3 * number) + timeline.delay(.zero...Duration.seconds(2)))
        }
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

    /// A call of the disk fails, once or until it is healed.
    private func diskMishap() -> [Step] {
        let service: Service = pick([.gateway, .gateway, .config])
        let kinds: Set<DiskCall>? = pick([[.write], [.syncData, .sync], [.read], [.rename], nil])
        let error = pick([EIO, EIO, ENOSPC])
        let fault = DiskFault(
            call: timeline.pick(1..<6),
            kinds: kinds,
            effect: .error(Errno(error)),
            lasting: pick([.once, .once, .fromThenOn])
        )
        let healed = timeline.delay(.seconds(1)...Duration.seconds(120))
        return [Step(.disk(fault, of: service)), Step(.disk(nil, of: service), after: healed)]
    }

    /// A contactor welds or stays open, a phase contactor sticks or is lost, what shows where they are lies or is lost, alone or together.
    private func switchMishap(_ id: Int) -> [Step] {
        func part(_ part: SimulateHardware.Part) -> SimulateHardware {
            SimulateHardware(action: .part, connectorId: id, on: true, part: part)
        }
        let stuck = [true, true, false].map {
            SimulateHardware(action: .fault, connectorId: id, on: $0, fault: .powerSwitchFailure)
        }
        let alone: [SimulateHardware.Part] = [
            .phaseContactor, .phaseContactorLost, .outputVoltage, .outputVoltageLive, .outputVoltageLost, .mirrorOpen,
            .mirrorSilent,
        ]
        var broken: [SimulateHardware] =
            switch timeline.pick(0..<6) {
            // A weld that the voltage alone shows.
            case 0, 1: [part(.mirrorOpen), stuck[0]]
            case 2: [pick(stuck)]
            case 3: [part(pick(alone)), part(pick(alone))]
            default: [part(pick(alone))]
            }
        if timeline.happens(0.2) { broken.reverse() }
        let between = timeline.delay(.zero...Duration.seconds(20))
        let mended = between + timeline.delay(.seconds(1)...Duration.seconds(200))
        return broken.enumerated().map { Step(.simulate($1), after: $0 == 0 ? .zero : between) }
            // What holds its voltage for a moment is not believed to be repaired at once.
            + [Step(.repair(id), after: mended), Step(.repair(id), after: mended + .seconds(5))]
    }

    private func deviceMishap(_ id: Int) -> [Step] {
        if chance.fillsDisk, pick([true, false]) {
            return [
                Step(.diskFull(true)),
                Step(.diskFull(false), after: timeline.delay(.seconds(1)...Duration.seconds(120))),
            ]
        }
        if chance.breaksDisk, pick([true, false]) { return diskMishap() }
        guard chance.breaksDevices else { return [Step(.stall(.seconds(1)))] }
        let code: HardwareFaultCode = pick([
            .powerMeterFailure, .groundFailure, .emergencyStop, .evCommunicationError, .internalError,
        ])
        return [
            Step(.simulate(SimulateHardware(action: .fault, connectorId: id, fault: code))),
            Step(
                .simulate(SimulateHardware(action: .clear, connectorId: id)),
                after: timeline.delay(.seconds(1)...Duration.seconds(200))
            ),
        ]
    }
}
