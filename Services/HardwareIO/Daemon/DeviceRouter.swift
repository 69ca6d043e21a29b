import HardwareCore

/// Which driver has which device: orders go to the one that owns it, and reports come from it alone.
final class DeviceRouter {
    private enum Phase { case made, starting, running, stopped }

    /// Where everything goes that drivers report.
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }
    /// A driver reported something of a device that is not its own: a bug of ours.
    var onStranger: (DriverEvent) -> Void = { _ in }

    private let drivers: [any Driver]
    private let owners: [Device: any Driver]
    private var phase = Phase.made
    /// Reported before everybody was started.
    private var held: [(event: DriverEvent, takenAt: Duration?)] = []

    /// Devices have one owner: the configuration was checked.
    init(_ drivers: [any Driver]) {
        self.drivers = drivers
        var owners: [Device: any Driver] = [:]
        for driver in drivers {
            for device in driver.devices {
                precondition(owners[device] == nil, "A device has one driver: the configuration was checked.")
                owners[device] = driver
            }
        }
        self.owners = owners
        for driver in drivers {
            driver.report = { [unowned self, unowned driver] in take($0, $1, from: driver) }
        }
    }

    /// Everything that somebody drives.
    var devices: [Device] { drivers.flatMap(\.devices) }

    /// Starts every driver, then `first`, whose orders find them all started; what they reported meanwhile comes after that.
    func start(first: () -> Void) {
        phase = .starting
        for driver in drivers { driver.start() }
        first()
        phase = .running
        let reports = held
        held = []
        for (event, takenAt) in reports { report(event, takenAt) }
    }

    /// What nobody drives is ordered in vain: a charger without lights has none to set.
    func perform(_ command: DriverCommand) {
        guard phase != .stopped else { return }
        owners[command.device]?.perform(command)
    }

    /// The process ends, whichever way. Nothing is ordered or reported any more.
    func stop() {
        guard phase != .stopped else { return }
        phase = .stopped
        // What switches energy first: another driver may have to wait for its device.
        for driver in drivers where driver.switchesEnergy { driver.stop() }
        for driver in drivers where !driver.switchesEnergy { driver.stop() }
    }

    private func take(_ event: DriverEvent, _ takenAt: Duration?, from driver: any Driver) {
        if let device = event.device, owners[device] !== driver { return onStranger(event) }
        switch phase {
        case .made, .starting: held.append((event, takenAt))
        case .running: report(event, takenAt)
        case .stopped: break
        }
    }
}

extension Driver {
    fileprivate var switchesEnergy: Bool {
        devices.contains { device in
            switch device {
            case .contactor, .controller: true
            default: false
            }
        }
    }
}
