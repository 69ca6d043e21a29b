import GPIOLines
import HardwareCore
import HardwareDevices
import Primitives
import SiteConfiguration

/// The drivers on GPIO lines, each made of what the site's file says about its lines.
enum GPIODrivers {
    /// Says whether something has tripped, and measures nothing.
    static let input = "gpio-input"

    static let rows: [DriverRegistry.Row] = [
        DriverRegistry.Row(name: "gpio-contactor") { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOContactorSettings.self).map { device, settings in
                make(contactor(settings, device), surroundings)
            }
        },
        DriverRegistry.Row(name: "gpio-lock") { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOLockSettings.self).map { device, settings in
                make(lock(settings, connectorId: device.connectorId ?? 0), surroundings)
            }
        },
        DriverRegistry.Row(name: "gpio-indicator") { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOIndicatorSettings.self).compactMap { device, settings in
                indicator(settings, connectorId: device.connectorId ?? 0).map { make($0, surroundings) }
            }
        },
        DriverRegistry.Row(name: input) { assignments, surroundings in
            try surroundings.settings(assignments, as: GPIOInputSettings.self).compactMap { device, settings in
                let isCutShort = device.connectorId.map(surroundings.testsCutShort.contains) ?? false
                return alarm(settings, device, testWasCutShort: isCutShort).map { make($0, surroundings) }
            }
        },
    ]

    /// What a device cannot do as the site's file describes it; nil when that is nothing.
    static func remark(_ choice: DriverChoice, of site: SiteFile) -> String? {
        switch choice.driver {
        case "gpio-contactor":
            guard let settings = try? site.settings(of: choice, as: GPIOContactorSettings.self) else { return nil }
            return settings.feedback == nil
                ? "without a mirror contact: a weld shows by current alone, after the cable was let go" : nil
        case "gpio-lock":
            guard let settings = try? site.settings(of: choice, as: GPIOLockSettings.self) else { return nil }
            return settings.feedback == nil
                ? "without a contact of its bolt: whether the cable is held nobody knows" : nil
        default: return nil
        }
    }

    /// A machine, and the groups of lines that it wants.
    struct Parts {
        let device: any LinesDevice
        let groups: [GPIOLineGroup.Settings]
    }

    /// Of a connector, or of its phases.
    static func contactor(_ settings: GPIOContactorSettings, _ device: Device) -> Parts {
        let connectorId = device.connectorId ?? 0
        let hasContact = settings.feedback != nil
        let isOfPhases = device == .phaseContactor(connectorId: connectorId)
        let name = "charger \(isOfPhases ? "phases" : "contactor") \(connectorId)"
        return Parts(
            device: isOfPhases
                ? PhaseLines(connectorId: connectorId, hasContact: hasContact)
                : ContactorLines(connectorId: connectorId, hasContact: hasContact),
            groups: [GPIOLineGroup.Settings([line(settings.output)], direction: .output(initial: 0), consumer: name)]
                + [settings.feedback].compactMap { $0.map { inputs($0, settings.debounceMilliseconds, name) } }
        )
    }

    static func lock(_ settings: GPIOLockSettings, connectorId: Int) -> Parts {
        let name = "charger lock \(connectorId)"
        let bridge = [line(settings.lockOutput), line(settings.unlockOutput)]
        return Parts(
            device: LockLines(
                connectorId: connectorId,
                pulseMilliseconds: settings.pulseMilliseconds,
                hasContact: settings.feedback != nil
            ),
            groups: [GPIOLineGroup.Settings(bridge, direction: .output(initial: 0), consumer: name)]
                + [settings.feedback].compactMap { $0.map { inputs($0, settings.debounceMilliseconds, name) } }
        )
    }

    /// Nil where the file names no line.
    static func indicator(_ settings: GPIOIndicatorSettings, connectorId: Int) -> Parts? {
        let all: [(IndicatorLines.Part, PinSettings?)] = [
            (.red, settings.red), (.green, settings.green), (.blue, settings.blue), (.buzzer, settings.buzzer),
        ]
        let pins = all.compactMap { part, pin in pin.map { (part, $0) } }
        guard !pins.isEmpty else { return nil }
        return Parts(
            device: IndicatorLines(connectorId: connectorId, parts: pins.map(\.0)),
            groups: [
                GPIOLineGroup.Settings(
                    pins.map { line($0.1) },
                    direction: .output(initial: 0),
                    consumer: "charger indicator \(connectorId)"
                )
            ]
        )
    }

    static func alarm(_ settings: GPIOInputSettings, _ device: Device, testWasCutShort: Bool = false) -> Parts? {
        let name = "charger \(device.name)"
        if case .outputVoltage(let id) = device {
            let groups = [inputs(settings.input, settings.debounceMilliseconds, name)]
            return Parts(device: VoltageLine(connectorId: id), groups: groups)
        }
        let hasTest = settings.test != nil
        guard let alarm = AlarmLine(device, hasTest: hasTest, testWasCutShort: testWasCutShort) else { return nil }
        let test = settings.test.map {
            GPIOLineGroup.Settings([line($0)], direction: .output(initial: 0), consumer: name)
        }
        let groups = [inputs(settings.input, settings.debounceMilliseconds, name)] + [test].compactMap(\.self)
        return Parts(device: alarm, groups: groups)
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

    static func inputs(_ pin: PinSettings, _ milliseconds: Int, _ consumer: String) -> GPIOLineGroup.Settings {
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
