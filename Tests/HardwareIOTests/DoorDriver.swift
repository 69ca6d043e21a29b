// Services/HardwareIO/Daemon/Drivers/DoorDriver.swift
import BusSchema
import HardwareCore
import Primitives
import SerialPort
import SiteConfiguration

@testable import hardware_io

/// An emergency stop on a serial port that sends `1` when it is pressed, and `0` when it is released.
struct DoorDevice: LineDevice {
    let door: Device
    var nextDeadline: Deadline? { nil }

    mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput] {
        guard case .received(let bytes) = event, let last = bytes.last, let id = door.connectorId else { return [] }
        let isPressed = DriverEvent.faultReported(
            connectorId: id,
            code: .emergencyStop,
            present: last == 0x31,
            detail: "emergency stop"
        )
        return [.report(.deviceRecovered(door)), .report(isPressed)]
    }

    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput] { [] }
    mutating func deadlineReached(at moment: Moment) -> [DeviceOutput] { [] }
}

enum DoorDriver {
    static let row = DriverRegistry.Row(name: "door") { assignments, surroundings in
        try surroundings.settings(assignments, as: DoorSettings.self).map { device, settings in
            LineDriver(
                [device],
                DoorDevice(door: device),
                loop: surroundings.loop,
                log: surroundings.log,
                makeLine: surroundings.serialPort(settings.serial)
            )
        }
    }
}
