import EventLoop
import HardwareCore
import HardwareDevices
import HardwareSite
import Primitives
import SerialPort
import SiteConfiguration

/// The drivers `modbus-rtu` and `modbus-tcp`: one for each line, with all meters on it.
enum ModbusDrivers {
    static let rows = [serial, network]

    static let serial = DriverRegistry.Row(name: ModbusSerialSettings.driver) { assignments, surroundings in
        let groups = try surroundings.settings(assignments, as: ModbusSerialSettings.self, by: \.line.port)
        return try groups.map { group -> any Driver in
            let line = group[0].settings.line
            let framing = ModbusMaster.Framing.serial(baud: line.line.baud)
            let meters = group.map { (device: $0.device, choice: $0.settings.meter) }
            return try driver(meters, over: framing, surroundings, surroundings.serialPort(line))
        }
    }

    static let network = DriverRegistry.Row(name: ModbusNetworkSettings.driver) { assignments, surroundings in
        let groups = try surroundings.settings(assignments, as: ModbusNetworkSettings.self) { "\($0.host):\($0.port)" }
        return try groups.map { group -> any Driver in
            let (host, port) = (group[0].settings.host, UInt16(clamping: group[0].settings.port))
            let meters = group.map { (device: $0.device, choice: $0.settings.meter) }
            return try driver(meters, over: .network, surroundings) { owner in
                NetworkLine(host: host, port: port, loop: surroundings.loop, owner: owner)
            }
        }
    }

    private static func driver(
        _ chosen: [(device: Device, choice: MeterChoice)],
        over framing: ModbusMaster.Framing,
        _ surroundings: DriverSurroundings,
        _ makeLine: (LineOwner) -> any ByteLine
    ) throws -> LineDriver<ModbusMeters> {
        let files = MeterFiles(surroundings.site)
        let hardware = try HardwareSettings(surroundings.site, seed: 0).hardware
        let meters = try chosen.map { device, choice in
            let map = MeterMap(try files.description(choice.type), phases: hardware.phases(of: device))
            let connectorId = device.connectorId ?? MainMeterConfiguration.connectorId
            return MeterLine.Meter(connectorId: connectorId, unit: UInt8(clamping: choice.unit), map: map)
        }
        return LineDriver(
            chosen.map(\.device),
            ModbusMeters(meters, over: framing),
            loop: surroundings.loop,
            log: surroundings.log,
            makeLine: makeLine
        )
    }
}

extension HardwareConfiguration {
    /// Of what a meter measures.
    fileprivate func phases(of device: Device) -> Int {
        guard device != .meter(connectorId: MainMeterConfiguration.connectorId) else { return mainMeter?.phases ?? 1 }
        return connectors.first { $0.connectorId == device.connectorId }?.phases ?? 1
    }
}
