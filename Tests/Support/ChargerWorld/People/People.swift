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
        if plan.isMishap { around.auditor.disturbed() }
        switch plan {
        case .plug(let id): simulate(SimulateHardware(action: .plug, connectorId: id))
        case .unplug(let id): simulate(SimulateHardware(action: .unplug, connectorId: id))
        case .swipe(let idTag): simulate(SimulateHardware(action: .swipe, readerId: 1, idTag: idTag))
        case .simulate(let request): simulate(request)
        case .repair(let id): repair(id)
        case .command(let command):
            if case .inject(let fault) = command { expect(fault.kind) }
            central.command(command)
        case .freeze(let service, let duration):
            around.auditor.calm.answersComeLate(by: duration)
            processes.freeze(service, for: duration)
        case .wishPhases(let id, let phases):
            around.notebook.note("world", "permits of connector \(id) have phases: \(phases.map { "\($0)" } ?? "all")")
            processes.hardware.wishedPhases[id] = phases
        case .strayPermit(let id): strayPermit(id)
        case .resend: processes.gateway.resend()
        case .kill(let service, let duration): processes.kill(service, restartAfter: duration)
        case .upgrade(let service): processes.upgrade(service)
        case .cutPower(let duration): processes.cutPower(for: duration)
        case .uplink(let isUp): around.network.setUplink(isUp)
        case .modem(let fault, let lasting):
            around.notebook.note("world", fault)
            processes.mobile?.fail(fault, lasting: lasting)
        case .deadNames(let areDead): processes.mobile?.killNames(areDead)
        case .signal(let percent): processes.setSignal(percent)
        case .stall(let duration):
            around.auditor.calm.answersComeLate(by: duration)
            around.network.stall(for: duration)
        case .silence: around.network.silence()
        case .stepClock(let duration):
            around.notebook.note("world", "the clock steps by \(duration)")
            around.clock.step(by: duration)
            around.auditor.calm.clockStepped()
        case .diskFull(let isFull): around.disks.setFull(isFull)
        case .diskReadOnly(let isReadOnly): around.disks.setReadOnly(isReadOnly)
        case .failNextWrite(let kind, let service): around.disks.addNext(kind, of: service)
        case .disk(let fault, let service): around.disks.plan(fault, of: service)
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

    /// What the auditor may hold against the charger's clock afterwards.
    private func expect(_ fault: Fault.Kind) {
        switch fault {
        case .delay(let duration): around.auditor.calm.answersComeLate(by: duration)
        case .wrongTime: around.auditor.calm.clockStepped()
        default: break
        }
    }

    private func strayPermit(_ id: Int) {
        let permit = Permit(
            connectorId: id,
            granted: true,
            limitMilliamps: 16_000,
            validUntilUptime: (around.clock.uptime + .seconds(200)).wholeMilliseconds,
            transaction: "stray at \(around.timeline.now)"
        )
        around.notebook.note("people", permit)
        guard processes.isAlive(.hardware) else { return }
        processes.hardware.hear(around.bus.order(), .permit(permit))
    }

    private func simulate(_ request: SimulateHardware) {
        around.notebook.note("people", request)
        if [.fault, .clear, .meter, .lock, .part].contains(request.action) {
            around.auditor.disturbed()
            around.auditor.calm.isDeviceBroken = request.action != .clear
            around.auditor.calm.broke(at: request.connectorId ?? 0)
        }
        around.devices.simulate(request)
    }
}
