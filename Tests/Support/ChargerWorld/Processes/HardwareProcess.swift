import BusSchema
import HardwareCore
import Primitives

/// The process of hardware-io: the adapter between its core and the world.
final class HardwareProcess: ServiceProcess {
    /// It ended by itself, after a farewell.
    var hasEnded: () -> Void = {}

    /// How many phases a load manager of the site lets the permits of a connector have, on their way from the gateway.
    var wishedPhases: [Int: Int] = [:]

    private let around: Surroundings
    private let host: VirtualHost<HardwareMachine>
    /// What it stored: on disk, so that it survives the process and power cuts.
    private var memory = HardwareMemory()
    /// What it remembered: in the runtime folder, which survives the process only.
    private var readings: [MeterReading] = []
    private var vehicles: [VehicleSight] = []
    private var latches: [OutletLatches] = []

    init(_ around: Surroundings) {
        self.around = around
        host = VirtualHost(around.timeline, around.clock)
        host.perform = { [unowned self] effect in
            perform(effect)
            return nil
        }
        around.devices.report = { [unowned self] in host.deliver(.driver($0)) }
    }

    var isAlive: Bool { host.isAlive }

    func start() {
        around.auditor.hardwareStarted()
        let bootId = around.timeline.uuid()
        host.start(
            HardwareMachine(
                configuration: BuiltIn.hardware(around.settings),
                bootId: bootId,
                memory: memory,
                readings: readings,
                vehicles: vehicles,
                latches: latches,
                at: around.clock.moment
            )
        )
        around.devices.attach()
    }

    func begin() {
        host.deliver(.started)
        around.devices.start()
    }

    func askToEnd() { host.deliver(.terminationRequested) }

    func die(hasPower: Bool) {
        around.devices.detach()
        if !hasPower {
            readings = []
            vehicles = []
            latches = []
        }
        around.auditor.hardwareDied()
        host.die()
    }

    func hear(_ id: RequestID, _ order: BusCall.Order) {
        switch order {
        case .permit(var permit):
            permit.phases = wishedPhases[permit.connectorId]
            around.auditor.permitDelivered(permit)
            host.deliver(.permitRequested(id, permit))
        case .lock(let lock): host.deliver(.lockRequested(id, lock))
        case .unlock(let unlock): host.deliver(.unlockRequested(id, unlock))
        case .indicate(let indication): host.deliver(.indicateRequested(id, indication))
        case .restartHardware: host.deliver(.restartRequested(id, RestartHardware(reason: "Reset")))
        case .declare, .store, .report: break
        }
    }

    /// A service technician acknowledges what is latched.
    func acknowledge(_ id: RequestID, _ request: ClearFault) { host.deliver(.clearFaultRequested(id, request)) }

    private func perform(_ effect: HardwareEffect) {
        switch effect {
        case .command(let command):
            around.auditor.ordered(command)
            around.devices.perform(command)
        case .store(let document):
            memory = document
            host.deliver(.memoryStored)
        case .rememberLatches(let outlet):
            latches.removeAll { $0.connectorId == outlet.connectorId }
            latches.append(outlet)
        case .remember(let reading):
            readings.removeAll { $0.connectorId == reading.connectorId }
            readings.append(reading)
        case .rememberVehicle(let sight):
            vehicles.removeAll { $0.connectorId == sight.connectorId }
            vehicles.append(sight)
        case .reply(let id, let reply): around.bus.answer(id, .hardware(reply))
        case .refuse(let id, let error): around.bus.answer(id, .error(error))
        case .publish(let message): around.bus.publish(message, from: .hardware)
        case .log(let record): around.log("hardware", record)
        case .finish, .restart: hasEnded()
        }
    }
}
