import BusSchema
import CentralSystem
import OCPP
import Primitives

/// Everybody who does something to a charger: users, operators, technicians, and those who break it.
final class People {
    private let around: Surroundings
    private let central: CentralSite
    private let processes: Processes
    /// What they do by chance, if they do.
    private var dice: Dice?

    init(_ around: Surroundings, _ central: CentralSite, _ processes: Processes) {
        self.around = around
        self.central = central
        self.processes = processes
    }

    /// From now on chance decides what people do and what goes wrong; nil ends that.
    func begin(_ chance: Chance?) {
        let isNew = dice == nil
        dice = chance.map { Dice(chance: $0, around: around) }
        if isNew { roll(after: .zero) }
    }

    private func roll(after pause: Duration) {
        around.timeline.at(around.timeline.now + pause) { [unowned self] in
            guard let dice else { return }
            for step in dice.next() {
                guard step.after > .zero else {
                    carryOut(step.plan)
                    continue
                }
                around.timeline.at(around.timeline.now + step.after) { [unowned self] in carryOut(step.plan) }
            }
            roll(after: dice.pause)
        }
    }

    /// Makes it happen now.
    func carryOut(_ plan: Plan) {
        switch plan {
        case .plug(let id): simulate(SimulateHardware(action: .plug, connectorId: id))
        case .unplug(let id): simulate(SimulateHardware(action: .unplug, connectorId: id))
        case .swipe(let idTag): simulate(SimulateHardware(action: .swipe, readerId: 1, idTag: idTag))
        case .simulate(let request): simulate(request)
        case .command(let command): central.command(command)
        case .kill(let service, let duration): processes.kill(service, restartAfter: duration)
        case .upgrade(let service): processes.upgrade(service)
        case .cutPower(let duration): processes.cutPower(for: duration)
        case .uplink(let isUp): around.network.setUplink(isUp)
        case .stall(let duration): around.network.stall(for: duration)
        case .silence: around.network.silence()
        case .stepClock(let duration):
            around.notebook.note("world", "the clock steps by \(duration)")
            around.clock.step(by: duration)
        case .diskFull(let isFull): around.disks.setFull(isFull)
        case .failNextWrite(let kind, let service): around.disks.addNext(kind, of: service)
        case .door(let door): around.network.setDoor(door)
        }
    }

    /// A service technician repairs everything at a connector, and acknowledges what is latched.
    func repair(_ connectorId: Int) {
        simulate(SimulateHardware(action: .clear, connectorId: connectorId))
        simulate(SimulateHardware(action: .clear, readerId: 1))
        let state: ConnectorState? = around.bus.published(by: .hardware, String(connectorId))
        for code in state?.faults ?? [] {
            processes.hardware.acknowledge(around.bus.order(), ClearFault(connectorId: connectorId, code: code))
        }
    }

    private func simulate(_ request: SimulateHardware) {
        around.notebook.note("people", request)
        if [.fault, .clear, .meter, .lock].contains(request.action) {
            around.auditor.disturbed(at: around.timeline.now)
            around.auditor.isDeviceBroken = request.action != .clear
        }
        around.devices.simulate(request)
    }
}
