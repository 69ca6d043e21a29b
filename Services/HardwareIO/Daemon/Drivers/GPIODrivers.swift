import GPIOLines
import HardwareCore
import HardwareDevices
import Primitives
import SiteConfiguration

/// The drivers on GPIO lines, each made of what the site's file says about its lines.
enum GPIODrivers {
    static let rows: [DriverRegistry.Row] = [
        DriverRegistry.Row(name: "gpio-contactor") { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOContactorSettings.self).map { device, settings in
                make(contactor(settings, connectorId: device.connectorId ?? 0), surroundings)
            }
        },
        DriverRegistry.Row(name: "gpio-lock") { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOLockSettings.self).map { device, settings in
                make(lock(settings, connectorId: device.connectorId ?? 0), surroundings)
            }
        },
        DriverRegistry.Row(name: "gpio-input") { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOInputSettings.self).compactMap { device, settings in
                alarm(settings, device).map { make($0, surroundings) }
            }
        },
    ]

    /// A machine, and the groups of lines that it wants.
    struct Parts {
        let device: any LinesDevice
        let groups: [GPIOLineGroup.Settings]
    }

    static func contactor(_ settings: GPIOContactorSettings, connectorId: Int) -> Parts {
        let name = "charger contactor \(connectorId)"
        return Parts(
            device: ContactorLines(connectorId: connectorId),
            groups: [
                GPIOLineGroup.Settings([line(settings.output)], direction: .output(initial: 0), consumer: name),
                input(settings.feedback, settings.debounceMilliseconds, name),
            ]
        )
    }

    static func lock(_ settings: GPIOLockSettings, connectorId: Int) -> Parts {
        let name = "charger lock \(connectorId)"
        let bridge = [line(settings.lockOutput), line(settings.unlockOutput)]
        return Parts(
            device: LockLines(connectorId: connectorId, pulseMilliseconds: settings.pulseMilliseconds),
            groups: [
                GPIOLineGroup.Settings(bridge, direction: .output(initial: 0), consumer: name),
                input(settings.feedback, settings.debounceMilliseconds, name),
            ]
        )
    }

    static func alarm(_ settings: GPIOInputSettings, _ device: Device) -> Parts? {
        AlarmLine(device).map {
            Parts(device: $0, groups: [input(settings.input, settings.debounceMilliseconds, "charger \(device.name)")])
        }
    }

    private static func make(_ parts: Parts, _ surroundings: DriverSurroundings) -> any Driver {
        LinesDriver(
            parts.device,
            parts.groups,
            kernel: LinuxGPIO(),
            loop: surroundings.loop,
            log: surroundings.log
        )
    }

    private static func input(_ pin: PinSettings, _ milliseconds: Int, _ consumer: String) -> GPIOLineGroup.Settings {
        let direction = GPIODirection.input(debounce: .milliseconds(milliseconds))
        return GPIOLineGroup.Settings([line(pin)], direction: direction, consumer: consumer)
    }

    private static func line(_ pin: PinSettings) -> GPIOLineGroup.Settings.Line {
        let place: GPIOLineName.Line = UInt32(pin.line).map { .offset($0) } ?? .name(pin.line)
        let bias: GPIOBias =
            switch pin.bias {
            case .asIs: .asIs
            case .pullUp: .pullUp
            case .pullDown: .pullDown
            case .disabled: .disabled
            }
        return GPIOLineGroup.Settings.Line(
            GPIOLineName(chip: pin.chip, line: place),
            isActiveLow: pin.activeLow,
            bias: bias
        )
    }
}
