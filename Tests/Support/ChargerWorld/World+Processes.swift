import BusSchema
import ConfigCore
import GatewayCore
import HardwareCore
import HardwareSimulation
import ModemCore
import OCPP
import Primitives

/// Birth and death of processes.
extension World {
    mutating func scheduleStart(_ service: Service, after duration: Duration) {
        let late = Duration.milliseconds(Int64.random(in: 0...500, using: &random))
        queue.add(.start(service), at: now + duration + late)
    }

    /// Kills the process: nothing of what it was about to do happens. Whoever watches it starts it anew after `duration`.
    public mutating func kill(_ service: Service, restartAfter duration: Duration = .seconds(2)) {
        guard isAlive(service) else { return }
        note("world", "\(service) is killed")
        die(service, takesSockets: true)
        scheduleStart(service, after: duration)
    }

    /// Asks the process to end, as an upgrade does, and starts it anew `duration` after it has.
    public mutating func upgrade(_ service: Service) {
        guard isAlive(service) else { return }
        note("world", "\(service) is asked to end")
        switch service {
        case .hardware: tellHardware(.terminationRequested)
        case .gateway: tell(.terminationRequested)
        case .config, .modem: end(service, restartAfter: .seconds(1))
        }
    }

    /// The process has ended by itself, after a farewell.
    mutating func end(_ service: Service, restartAfter duration: Duration) {
        guard isAlive(service) else { return }
        if service == .gateway { gatewayDisk.flush() }
        publish(announcement(of: service, isRunning: false), from: service)
        die(service, takesSockets: true)
        scheduleStart(service, after: duration)
    }

    /// Cuts the power of the whole charger.
    public mutating func cutPower(for duration: Duration) {
        guard hasPower else { return }
        note("world", "the power is cut for \(duration)")
        hasPower = false
        auditor.disturbed(at: now)
        for service in Service.allCases { die(service, takesSockets: false) }
        for problem in auditor.lost(gatewayDisk.losePower(using: &random)) { violate(problem) }
        queue.add(.powerOn, at: now + duration)
    }

    mutating func powerOn() {
        guard !hasPower else { return }
        note("world", "the power is back")
        hasPower = true
        bootedAt = now
        machineBoot += 1
        if !settings.hasBatteryClock { clockError = Self.firstUtcIsForgotten - now }
        for service in Service.allCases { scheduleStart(service, after: Self.bootTime) }
    }

    mutating func start(_ service: Service) {
        guard hasPower, !isAlive(service) else { return }
        incarnations[service] += 1
        note("world", "\(service) starts as number \(incarnations[service])")
        switch service {
        case .hardware: startHardware()
        case .gateway: startGateway()
        case .config: startConfig()
        case .modem: startModem()
        }
        publish(announcement(of: service, isRunning: true), from: service)
        begin(service)
        connectBus(of: service)
        queue.add(.repetition(of: service, publisher: incarnations[service]), at: now + bus.repetition)
    }

    private mutating func die(_ service: Service, takesSockets: Bool) {
        touched = Set(Clocked.allCases)
        auditor.disturbed(at: now)
        retained[service] = []
        subscribed[service] = false
        busy[service] = false
        switch service {
        case .hardware:
            leaveDevices()
            auditor.hardwareDied(at: now)
            hardware = nil
            hardwareInputs = []
        case .gateway:
            gateway = nil
            gatewayInputs = []
            for other in Service.allCases { subscribed[other] = false }
            calls = [:]
            if takesSockets { dropSocket() } else { socket = nil }
            auditor.gatewayDied()
        case .config:
            config = nil
            configInputs = []
        case .modem:
            modem = nil
        }
    }

    private func announcement(of service: Service, isRunning: Bool) -> Announce {
        Announce(
            service: service.name,
            version: SoftwareVersion.current,
            schemaVersion: BusRegistry.schemaVersion,
            pid: 1000 * incarnations[service] + service.rawValue,
            startedAt: moment.utc.millisecondsSinceEpoch,
            publishes: [],
            serves: [],
            simulated: service == .hardware,
            running: isRunning
        )
    }

    // MARK: - Beginnings

    private mutating func startHardware() {
        hardware = HardwareMachine(configuration: Self.hardware(settings), bootId: random.uuid(), at: moment)
        charger = SimulatedCharger(configuration: Self.devices(settings), world: yard, at: moment)
    }

    private mutating func startGateway() {
        guard let table = try? OCPPKeyTable(site: Self.site(settings)) else {
            preconditionFailure("The settings name OCPP keys and values that exist.")
        }
        gateway = GatewayMachine(
            configuration: gatewayConfiguration,
            table: table,
            snapshot: gatewayDisk.snapshot,
            restored: gatewayDisk.restored,
            seed: random.next(),
            at: moment
        )
        auditor.gatewayStarted()
    }

    private mutating func startConfig() {
        var machine = ConfigMachine()
        for change in configDisk.changes { machine.restore(change) }
        machine.restore(secrets: configDisk.secrets)
        config = machine
    }

    private mutating func startModem() {
        modem = ModemMachine(ModemConfiguration(uplinks: [.init(name: "cellular", driver: .simulated)]))
    }

    private mutating func begin(_ service: Service) {
        switch service {
        case .hardware:
            tellHardware(.started)
            takeDevices { charger, moment in charger.handle(.started, at: moment) }
        case .gateway: tell(.started)
        case .config: break
        case .modem:
            tell(modem: .started)
            if !network.isUp { cutSimulatedUplink() }
        }
    }

    // MARK: - What is built in

    static func connectors(_ settings: WorldSettings) -> [ConnectorConfiguration] {
        (1...settings.connectors).map {
            ConnectorConfiguration(
                connectorId: $0,
                ratedMilliamps: WorldSettings.ratedMilliamps,
                phases: settings.phases,
                cable: settings.hasLock ? .socket(lock: true) : .fixed,
                onPermitLost: settings.onPermitLost
            )
        }
    }

    static func hardware(_ settings: WorldSettings) -> HardwareConfiguration {
        let all = Array(1...settings.connectors)
        return HardwareConfiguration(
            connectors: connectors(settings),
            readers: [ReaderConfiguration(readerId: 1, connectorIds: all, simulated: true)]
        )
    }

    static func devices(_ settings: WorldSettings) -> SimulationConfiguration {
        SimulationConfiguration(
            connectors: connectors(settings),
            readerIds: [1],
            seed: settings.seed,
            firstRegisterWh: 1_000_000
        )
    }

    private static func site(_ settings: WorldSettings) -> KeySite {
        KeySite(
            numberOfConnectors: settings.connectors,
            fixedCable: !settings.hasLock,
            phases: settings.phases,
            defaults: settings.keys
        )
    }

    private var gatewayConfiguration: GatewayConfiguration {
        let connectors = (1...settings.connectors).map {
            ChargingConfiguration.Connector(
                id: $0,
                fixedCable: !settings.hasLock,
                hasLock: settings.hasLock,
                ratedMilliamps: WorldSettings.ratedMilliamps,
                phases: settings.phases
            )
        }
        let identity = WorldSettings.identity
        return GatewayConfiguration(
            endpoint: Endpoint(url: "ws://cs.example/\(identity)", host: "cs.example", port: 80, identity: identity),
            bootNotification: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
            callTimeout: WorldSettings.callTimeout,
            charging: ChargingConfiguration(
                connectors: connectors,
                powerLoss: settings.powerLoss,
                permitLease: WorldSettings.permitLease,
                machineBootId: "boot \(machineBoot)",
                clockIsTrusted: StationClock.isTrusted(moment.utc)
            )
        )
    }
}
