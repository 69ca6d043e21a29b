import BusSchema
import GatewayCore
import Primitives
import Storage

/// Birth and death of the four processes, as systemd sees to it, and of the whole board.
final class Processes {
    let gateway: GatewayProcess
    let hardware: HardwareProcess
    private let config: ConfigProcess
    private let modem: any UplinkService
    /// Nil where the uplink is simulated.
    private(set) var mobile: ModemProcess?
    private let around: Surroundings
    /// Counts the processes of each service.
    private var births = PerService(0)

    init(_ around: Surroundings) {
        self.around = around
        // The order of their deadlines: devices have added theirs before.
        hardware = HardwareProcess(around)
        gateway = GatewayProcess(around)
        var reboot: () -> Void = {}
        mobile = around.settings.hasModem ? ModemProcess(around, reboot: { reboot() }) : nil
        modem = mobile ?? UplinkProcess(around)
        config = ConfigProcess(around)
        hardware.hasEnded = { [unowned self] in end(.hardware) }
        gateway.hasEnded = { [unowned self] in end(.gateway) }
        modem.hasEnded = { [unowned self] in end(.modem) }
        config.hasEnded = { [unowned self] in end(.config) }
        reboot = { [unowned self] in cutPower(for: .seconds(1)) }
        connect()
        for service in Service.allCases { scheduleStart(service, after: MachineClock.bootTime) }
    }

    private func connect() {
        around.bus.receivers.publication = { [unowned self] in gateway.hear($0) }
        around.bus.receivers.gatewayTold = { [unowned self] in modem.hear($0) }
        around.bus.receivers.answer = { [unowned self] in gateway.hear($1, to: $0) }
        around.bus.receivers.request = { [unowned self] service, id, order in
            switch service {
            case .hardware: hardware.hear(id, order)
            case .config: config.hear(id, order)
            case .modem: modem.hear(id, order)
            case .gateway: break
            }
        }
        around.network.ends.gatewayLink = { [unowned self] event in
            // A CALL may have gone out on a connection that was over, before the gateway could know: on a new one none waits.
            if case .handshakeFinished = event { around.auditor.connectionEnded() }
            gateway.hear(event)
        }
        around.network.ends.gatewayText = { [unowned self] in gateway.hear($0) }
        around.network.ends.ended = { [unowned self] in around.auditor.connectionEnded() }
        around.network.ends.fellSilent = { [unowned self] in around.auditor.connectionFellSilent() }
        around.network.ends.uplinkMoved = { [unowned self] in modem.setUplink($0) }
        around.disks.strike = { [unowned self] fault, service in
            if case .powerCut(_, let duration) = fault { cutPower(for: duration) } else { kill(service) }
        }
        around.disks.whenFailed = { [unowned self] in around.auditor.writeFailed() }
    }

    private func process(_ service: Service) -> any ServiceProcess {
        switch service {
        case .hardware: hardware
        case .gateway: gateway
        case .config: config
        case .modem: modem
        }
    }

    func isAlive(_ service: Service) -> Bool { process(service).isAlive }

    // MARK: - One process

    private func scheduleStart(_ service: Service, after duration: Duration) {
        let late = around.timeline.delay(.zero...Duration.milliseconds(500))
        around.timeline.at(around.timeline.now + duration + late) { [unowned self] in start(service) }
    }

    private func start(_ service: Service) {
        guard around.clock.hasPower, !isAlive(service) else { return }
        births[service] += 1
        around.auditor.disturbed()
        around.notebook.note("world", "\(service) starts as number \(births[service])")
        around.bus.opened(by: service, process: births[service])
        do throws(StorageError) {
            try process(service).start()
        } catch {
            around.notebook.note("world", "\(service) cannot start: \(error)")
            around.auditor.writeFailed()
            die(service)
            return scheduleStart(service, after: .seconds(2))
        }
        announce(service, isRunning: true)
        process(service).begin()
        around.bus.search(for: service)
    }

    /// Kills the process: nothing of what it was about to do happens. Whoever watches it starts it anew after `duration`.
    func kill(_ service: Service, restartAfter duration: Duration = .seconds(2)) {
        guard isAlive(service) else { return }
        around.notebook.note("world", "\(service) is killed")
        die(service)
        scheduleStart(service, after: duration)
    }

    /// Asks the process to end, as an upgrade does; it comes back when it has.
    func upgrade(_ service: Service) {
        guard isAlive(service) else { return }
        around.notebook.note("world", "\(service) is asked to end")
        process(service).askToEnd()
    }

    /// The process does nothing for a while. hardware-io never stands still: its watchdog would be there.
    func freeze(_ service: Service, for duration: Duration) {
        guard isAlive(service) else { return }
        around.notebook.note("world", "\(service) stands still for \(duration)")
        switch service {
        case .gateway: gateway.freeze(until: around.timeline.now + duration)
        case .config: config.freeze(until: around.timeline.now + duration)
        case .modem: modem.freeze(until: around.timeline.now + duration)
        case .hardware: break
        }
        around.timeline.at(around.timeline.now + duration) { [unowned self] in around.auditor.disturbed() }
    }

    /// The process has ended by itself, after a farewell.
    private func end(_ service: Service) {
        guard isAlive(service) else { return }
        announce(service, isRunning: false)
        die(service)
        scheduleStart(service, after: .seconds(1))
    }

    private func die(_ service: Service) {
        around.timeline.touchAll()
        around.auditor.disturbed()
        around.bus.closed(by: service)
        process(service).die(hasPower: around.clock.hasPower)
    }

    private func announce(_ service: Service, isRunning: Bool) {
        let announce = Announce(
            service: service.name,
            version: SoftwareVersion.current,
            schemaVersion: BusRegistry.schemaVersion,
            pid: 1000 * births[service] + service.rawValue,
            startedAt: around.clock.moment.utc.millisecondsSinceEpoch,
            publishes: [],
            serves: [],
            simulated: service == .hardware,
            running: isRunning
        )
        around.bus.publish(AnyBusMessage(announce), from: service)
    }

    /// The modem measures so much from now on, percent, until the modem manager ends.
    func setSignal(_ percent: Int) {
        guard isAlive(.modem) else { return }
        around.notebook.note("world", "the signal is \(percent) %")
        modem.setSignal(percent)
    }

    // MARK: - The board

    /// Cuts the power of the whole charger.
    func cutPower(for duration: Duration) {
        guard around.clock.hasPower else { return }
        around.notebook.note("world", "the power is cut for \(duration)")
        around.clock.losePower()
        around.auditor.powerLost()
        for service in Service.allCases { die(service) }
        around.disks.losePower()
        around.timeline.at(around.timeline.now + duration) { [unowned self] in
            around.notebook.note("world", "the power is back")
            around.clock.gainPower()
            for service in Service.allCases { scheduleStart(service, after: MachineClock.bootTime) }
        }
    }
}
