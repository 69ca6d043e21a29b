import Bus
import BusSchema
import EventLoop
import HardwareCore
import HardwareSimulation
import HardwareStorage
import Log
import Primitives
import ServiceHost
import Storage

/// Wiring: bus requests and drivers feed the core, whose effects go to drivers, bus and log, in their order.
final class HardwareDaemon {
    private let host: ServiceHost
    private let bus: BusEndpoint
    private let log: Log
    private let machine: MachineHost<HardwareMachine>
    private let simulated: SimulatedDriver?
    private let router: DeviceRouter
    private var open: [RequestID: (Result<HardwareReply, BusError>) -> Void] = [:]
    private var lastRequest: UInt64 = 0
    /// Id of the request whose consequences are being performed.
    private var cause: String?
    /// Nil where nothing is kept.
    private var memory: MemoryWriter?
    private let lock: FolderLock?
    /// Nil where nothing is kept: a simulated register that begins anew at each start would be one that fell.
    private var readings: ReadingsFile?

    init(_ host: ServiceHost) throws {
        self.host = host
        log = host.log
        var random = SystemRandomNumberGenerator()
        let site = try host.readSite()
        let settings = try HardwareSettings(site, seed: random.next())
        let boot = try host.machineBootId(site)
        bus = try host.joinBus(
            publishes: [
                ConnectorState.self, MeterReading.self, ReaderState.self, DeviceState.self, CardPresented.self,
                HardwareFault.self,
            ],
            serves: [
                Permit.self, Lock.self, Unlock.self, Indicate.self, RestartHardware.self, ClearFault.self,
                ShowCard.self, TestHardware.self, SimulateHardware.self,
            ],
            simulated: settings.simulation != nil
        )
        let stateFolder = try Self.stateFolder(settings, host)
        lock = try stateFolder.flatMap { try Self.lock($0, host) }
        simulated = try Self.makeSimulation(settings, host)
        readings = stateFolder.map { _ in ReadingsFile(folder: host.makeRuntimeFolder(), boot: boot) }
        let newest = readings?.load { host.log.write($0) } ?? []
        let latches = readings?.latches ?? []
        let start = EventLoop.now()
        let surroundings = DriverSurroundings(
            loop: host.loop,
            site: site,
            stateFolder: stateFolder ?? "",
            runtimeFolder: stateFolder.map { _ in host.makeRuntimeFolder() } ?? "",
            boot: boot,
            testsCutShort: Set(latches.filter { $0.testMayGoOn(at: start.uptime) }.map(\.connectorId))
        ) { host.log.write($0) }
        let real = try DriverRegistry.make(settings.assignments, surroundings)
        router = DeviceRouter(real + (simulated.map { [$0] } ?? []))
        let core = HardwareMachine(
            configuration: settings.hardware,
            bootId: random.uuid(),
            memory: try stateFolder.map { try Self.memory(in: $0, settings, host) } ?? HardwareMemory(),
            readings: newest,
            vehicles: readings?.vehicles ?? [],
            latches: latches,
            at: start
        )
        machine = MachineHost(core, loop: host.loop)
        memory = try stateFolder.map { folder in
            try MemoryWriter(folder: folder, loop: host.loop) { [unowned self] in machine.deliver($0) }
        }
        machine.perform = { [unowned self] in perform($0) }
        router.report = { [unowned self] in machine.deliver(.driver($0, takenAt: $1)) }
        router.onStranger = { [log] in
            log.write(LogRecord(.fault, "a driver reported of a device that is not its own", .init("event", "\($0)")))
        }
        if memory != nil {
            host.flashWrites = { [unowned self] in
                guard let written = memory?.written else { return (0, 0) }
                return (written.bytes, written.syncs)
            }
        }
        host.onTermination = { [unowned self] in machine.deliver(.terminationRequested) }
        host.onEnd = { [unowned self] in router.stop() }
        serve()
        router.start { machine.deliver(.started) }
    }

    private static func memory(
        in folder: String,
        _ settings: HardwareSettings,
        _ host: ServiceHost
    ) throws -> HardwareMemory {
        let connectorIds = settings.hardware.connectors.map(\.connectorId)
        return try MemoryFile(folder: folder).load(connectorIds: connectorIds, tryAgain: host.waitForDevice) {
            host.log.write($0)
        }
    }

    /// Where what must survive a restart is kept; nil where the simulated world does not survive one either.
    private static func stateFolder(_ settings: HardwareSettings, _ host: ServiceHost) throws -> String? {
        guard !settings.realDevices.isEmpty || settings.keepsSimulation else { return nil }
        return try host.makeStateDirectory()
    }

    /// Two of them with runtime folders of their own would write over each other's memory.
    /// - Throws: `StorageError.inUse`.
    private static func lock(_ folder: String, _ host: ServiceHost) throws -> FolderLock? {
        do throws(StorageError) {
            return try FolderLock(path: folder + "/hardware-io.lock")
        } catch {
            if case .inUse = error { throw error }
            host.log.write(LogRecord(.warning, "the state folder is not locked", .init("reason", error)))
            return nil
        }
    }

    /// The simulated devices, announced at every start: nobody may take this charger for a real one.
    private static func makeSimulation(_ settings: HardwareSettings, _ host: ServiceHost) throws -> SimulatedDriver? {
        guard let simulation = settings.simulation else { return nil }
        let file =
            settings.keepsSimulation ? WorldFile(path: try host.makeStateDirectory() + "/simulation.json") : nil
        let driver = SimulatedDriver(settings.simulatedDevices, simulation, file: file, loop: host.loop) { problem in
            host.log.write(LogRecord(.error, "the simulated world begins anew", .init("problem", problem)))
        }
        driver.onLog = { host.log.write($0) }
        host.log.write(
            LogRecord(
                .notice,
                "SIMULATED DEVICES ARE IN USE" + (settings.unreal.map { ": \($0)" } ?? ""),
                .init("devices", settings.simulatedDevices.map(\.name).joined(separator: ",")),
                .init("state", file?.path ?? "not kept")
            )
        )
        for device in settings.realDevices where settings.isMixed(device) {
            let message = "A REAL DEVICE WORKS WITH SIMULATED ONES: what the simulation invents moves it"
            host.log.write(LogRecord(.warning, message, .init("device", device)))
        }
        return driver
    }

    private func serve() {
        bus.serve(Permit.self) { [unowned self] header, request, responder in
            take(header) {
                .permitRequested($0, request)
            } answer: { reply in
                guard case .permit(let reply) = reply else { Self.misfit(responder) }
                responder.reply(reply)
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(Lock.self) { [unowned self] header, request, responder in
            take(header) {
                .lockRequested($0, request)
            } answer: { _ in
                responder.reply(Done())
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(Unlock.self) { [unowned self] header, request, responder in
            take(header) {
                .unlockRequested($0, request)
            } answer: { reply in
                guard case .unlock(let reply) = reply else { Self.misfit(responder) }
                responder.reply(reply)
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(Indicate.self) { [unowned self] header, request, responder in
            take(header) {
                .indicateRequested($0, request)
            } answer: { _ in
                responder.reply(Done())
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(RestartHardware.self) { [unowned self] header, request, responder in
            take(header) {
                .restartRequested($0, request)
            } answer: { _ in
                responder.reply(Done())
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(ClearFault.self) { [unowned self] header, request, responder in
            take(header) {
                .clearFaultRequested($0, request)
            } answer: { _ in
                responder.reply(Done())
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(ShowCard.self) { [unowned self] header, request, responder in
            take(header) {
                .cardRequested($0, request)
            } answer: { reply in
                guard case .card(let reply) = reply else { Self.misfit(responder) }
                responder.reply(reply)
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(TestHardware.self) { [unowned self] header, request, responder in
            take(header) {
                .testRequested($0, request)
            } answer: { reply in
                guard case .test(let reply) = reply else { Self.misfit(responder) }
                responder.reply(reply)
            } refuse: {
                responder.answer(.failure($0))
            }
        }
        bus.serve(SimulateHardware.self) { [unowned self] header, request, responder in
            responder.answer(simulate(request, header))
        }
    }

    /// Hands a request to the core and remembers whom to answer.
    private func take(
        _ header: Header,
        _ event: (RequestID) -> HardwareMachine.Event,
        answer: @escaping (HardwareReply) -> Void,
        refuse: @escaping (BusError) -> Void
    ) {
        lastRequest += 1
        let id = RequestID(lastRequest)
        open[id] = { result in
            switch result {
            case .success(let reply): answer(reply)
            case .failure(let error): refuse(error)
            }
        }
        causing(header.id) { machine.deliver(event(id)) }
    }

    private func simulate(_ request: SimulateHardware, _ header: Header) -> Result<SimulateHardware.Reply, BusError> {
        guard let simulated else { return .failure(BusError(.refused, "the devices of this charger are real")) }
        do throws(BusError) {
            let ids = machine.machine.connectorIds
            let connectorId = request.connectorId ?? (ids.count == 1 ? ids.first : nil)
            // Those that are latched stay when their cause is gone, until service clears them.
            let latched = connectorId.map { machine.machine.faults(on: $0) } ?? []
            cause = header.id
            defer { cause = nil }
            try simulated.simulate(request, among: router.devices)
            if request.action == .clear, let connectorId, simulated.isAlone(on: connectorId, among: router.devices) {
                for code in latched where request.fault == nil || request.fault == code {
                    acknowledge(code, connectorId: connectorId)
                }
            }
            return .success(SimulateHardware.Reply(world: simulated.summary))
        } catch {
            return .failure(error)
        }
    }

    /// A simulated repair comes with the service technician who acknowledges it. What is still broken stays a fault.
    private func acknowledge(_ code: HardwareFaultCode, connectorId: Int) {
        lastRequest += 1
        let request = ClearFault(connectorId: connectorId, code: code)
        machine.deliver(.clearFaultRequested(RequestID(lastRequest), request))
    }

    private func causing(_ id: String, _ body: () -> Void) {
        cause = id
        body()
        cause = nil
    }

    private func perform(_ effect: HardwareEffect) -> MachineHost<HardwareMachine>.Performed {
        switch effect {
        case .command(let command):
            router.perform(command)
        case .store(let document):
            if let memory { memory.save(document) } else { machine.deliver(.memoryStored) }
        case .rememberLatches(let latches):
            if let problem = readings?.remember(latches) { log.write(problem) }
        case .remember(let reading):
            if let problem = readings?.remember(reading) { log.write(problem) }
        case .rememberVehicle(let sight):
            if let problem = readings?.remember(sight) { log.write(problem) }
        case .reply(let id, let reply):
            open.removeValue(forKey: id)?(.success(reply))
        case .refuse(let id, let error):
            open.removeValue(forKey: id)?(.failure(error))
        case .publish(let message):
            publish(message)
        case .log(let record):
            log.write(record)
        case .finish:
            host.end()
        case .restart:
            host.restart()
        }
        return .done
    }

    private func publish(_ message: AnyBusMessage) {
        let connectorId: Int? =
            switch message.value {
            case let state as ConnectorState: state.connectorId
            case let reading as MeterReading: reading.connectorId
            case let fault as HardwareFault: fault.connectorId
            default: nil
            }
        let transaction = connectorId.flatMap { machine.machine.permit(on: $0)?.transaction }
        bus.publish(message, cause: cause, transaction: transaction)
    }

    private static func misfit<R: BusRequest>(_: Responder<R>) -> Never {
        preconditionFailure("The core answers \(R.type) with a reply of its kind.")
    }
}
