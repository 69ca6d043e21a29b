import EventLoop
import HardwareCore
import HardwareStorage
import Primitives
import SerialPort
import SiteConfiguration

/// A device of the site's file, and who is to drive it.
struct DeviceAssignment {
    let device: Device
    let choice: DriverChoice

    var isSimulated: Bool { choice.driver == DriverChoice.simulated }
}

/// What drivers are made with.
struct DriverSurroundings {
    let loop: EventLoop
    let site: SiteFile
    /// Where drivers keep what has to survive a power cut, and what has to survive the process; real devices always have both.
    var stateFolder = ""
    var runtimeFolder = ""
    /// What tells this boot of the machine from others.
    var boot = ""
    /// The connectors whose residual current device a process before this one may have left in the middle of its test.
    var testsCutShort: Set<Int> = []
    let log: (LogRecord) -> Void

    /// Where the count of a meter's pulses is kept.
    func pulseCount(of device: Device) -> PulseCountFile {
        PulseCountFile(meter: device.name, stateFolder: stateFolder, runtimeFolder: runtimeFolder, boot: boot)
    }

    /// What makes the serial port of a device for its driver.
    func serialPort(_ settings: SerialLineSettings) -> (LineOwner) -> any ByteLine {
        var port = SerialPort.Settings(path: settings.port, line: settings.line)
        if settings.isRS485 { port.rs485 = SerialPort.RS485() }
        port.echoes = settings.ignoresEcho
        return { [loop] owner in SerialPort(port, loop: loop, owner: owner) }
    }

    /// The settings of each device, as its driver reads them.
    /// - Throws: A `SiteFileError`; the file was checked, so that none is expected.
    func settings<Settings: DriverSettings>(
        _ assignments: [DeviceAssignment],
        as type: Settings.Type
    ) throws(SiteFileError) -> [(device: Device, settings: Settings)] {
        var all: [(device: Device, settings: Settings)] = []
        for assignment in assignments {
            all.append((assignment.device, try site.settings(of: assignment.choice, as: type)))
        }
        return all
    }

    /// The same by what they share, in the order of the file: the devices of one port, whose driver is one.
    /// - Throws: A `SiteFileError`; the file was checked, so that none is expected.
    func settings<Settings: DriverSettings, Port: Hashable>(
        _ assignments: [DeviceAssignment],
        as type: Settings.Type,
        by port: (Settings) -> Port
    ) throws(SiteFileError) -> [[(device: Device, settings: Settings)]] {
        var groups: [[(device: Device, settings: Settings)]] = []
        var places: [Port: Int] = [:]
        for (device, settings) in try settings(assignments, as: type) {
            let port = port(settings)
            if let place = places[port] {
                groups[place].append((device, settings))
            } else {
                places[port] = groups.count
                groups.append([(device, settings)])
            }
        }
        return groups
    }
}

/// The drivers of this version. A new one is a file in `Drivers`, its row here, and its settings with their row in `SiteDriver.all`.
struct DriverRegistry {
    struct Row: Sendable {
        /// As in the site's file.
        let name: String
        /// Makes the drivers of all devices that name it, one for each port.
        let make: @Sendable ([DeviceAssignment], DriverSurroundings) throws -> [any Driver]
    }

    /// All but the simulated one, which is made by the daemon, because people move it.
    static let rows: [Row] =
        GPIODrivers.rows + AnalogDrivers.rows + CardReaderDrivers.rows + ModbusDrivers.rows + [RAPIDriver.row]

    /// Makes the drivers of `assignments`.
    /// - Throws: What a driver cannot be made of.
    static func make(
        _ assignments: [DeviceAssignment],
        _ surroundings: DriverSurroundings,
        rows: [Row] = rows
    ) throws -> [any Driver] {
        var drivers: [any Driver] = []
        for row in rows {
            let own = assignments.filter { $0.choice.driver == row.name }
            if !own.isEmpty { drivers += try row.make(own, surroundings) }
        }
        return drivers
    }
}
