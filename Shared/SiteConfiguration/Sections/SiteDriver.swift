/// A kind of device, by the member of a connector, of the main meter or of a reader that names its driver.
public enum SiteDevice: String, Sendable, CaseIterable {
    case pilot, proximity, contactor, phaseContactor, outputVoltage, meter, lock, residualCurrent, emergencyStop
    case temperature, indicator, controller, reader
}

/// A driver that this version has, what it drives and what it needs to know. hardware-io makes it (`DriverRegistry`); a test compares both.
public struct SiteDriver: Sendable {
    public let name: String
    public let about: String
    /// What it can drive.
    public let devices: Set<SiteDevice>
    /// Its settings beside the name.
    public let shape: @Sendable () -> SiteShape
    /// Reads them, and says what of the charger it needs.
    let read: @Sendable (Fields) -> [DriverClaim]

    /// A driver by its name, with the type of what stands beside that.
    init<Settings: DriverSettings>(
        _ name: String,
        _ settings: Settings.Type,
        for devices: Set<SiteDevice>,
        _ about: String
    ) {
        self.name = name
        self.about = about
        self.devices = devices
        shape = { Settings.shape }
        read = { fields in
            let settings = Settings(fields)
            fields.end()
            return settings.claims
        }
    }

    /// Whether `key` is one of its settings.
    func knows(_ key: String) -> Bool {
        guard case .object(let fields, _) = shape() else { return false }
        return fields.contains { $0.name == key }
    }

    /// No hardware at all.
    static let simulated = SiteDriver(
        DriverChoice.simulated,
        NoSettings.self,
        for: Set(SiteDevice.allCases).subtracting([.controller]),
        "no hardware at all"
    )
    /// No device.
    static let none = SiteDriver("none", NoSettings.self, for: [], "there is none")

    /// Every driver of a device. A new one gets its row here, and another one in `DriverRegistry` of hardware-io.
    public static let all: [SiteDriver] = [
        simulated,
        SiteDriver(
            "gpio-contactor",
            GPIOContactorSettings.self,
            for: [.contactor, .phaseContactor],
            "a contactor on GPIO lines: coil and mirror contact"
        ),
        SiteDriver(
            "gpio-lock",
            GPIOLockSettings.self,
            for: [.lock],
            "a cable lock on GPIO lines: H-bridge and contact of the bolt"
        ),
        SiteDriver(
            "gpio-indicator",
            GPIOIndicatorSettings.self,
            for: [.indicator],
            "lights and a buzzer on GPIO lines"
        ),
        SiteDriver(
            "gpio-input",
            GPIOInputSettings.self,
            for: [.residualCurrent, .emergencyStop, .temperature, .outputVoltage],
            "a GPIO line that says that something has tripped, or that there is voltage"
        ),
        SiteDriver(
            "pwm-pilot",
            PWMPilotSettings.self,
            for: [.pilot],
            "a control pilot made by a PWM of the kernel, and measured by a converter (IIO)"
        ),
        SiteDriver(
            "iio-proximity",
            ProximityInputSettings.self,
            for: [.proximity],
            "a proximity contact that a converter measures (IIO)"
        ),
        SiteDriver("s0-meter", PulseMeterSettings.self, for: [.meter], "a meter that gives pulses on a GPIO line (S0)"),
        SiteDriver("pn532", PN532Settings.self, for: [.reader], "card reader with a PN532 on a serial line (HSU)"),
        SiteDriver("rdm6300", RDM6300Settings.self, for: [.reader], "reader of 125 kHz fobs: RDM6300, ID-12, ID-20"),
        SiteDriver(
            "twn4",
            TWN4Settings.self,
            for: [.reader],
            "Elatec TWN4 and others that print the UID and a line end"
        ),
        SiteDriver(
            "line-reader",
            LineReaderSettings.self,
            for: [.reader],
            "reader that prints lines of any other form"
        ),
        SiteDriver("evdev", KeyboardReaderSettings.self, for: [.reader], "reader on USB that types as a keyboard"),
        SiteDriver("rapi", OpenEVSESettings.self, for: [.controller], "OpenEVSE controller on a serial line (RAPI)"),
        SiteDriver(
            ModbusSerialSettings.driver,
            ModbusSerialSettings.self,
            for: [.meter],
            "a meter on a serial line that speaks Modbus RTU"
        ),
        SiteDriver(
            ModbusNetworkSettings.driver,
            ModbusNetworkSettings.self,
            for: [.meter],
            "a meter that speaks Modbus TCP"
        ),
    ]

    /// Those of one kind of device; with the word for no device where that may be.
    static func drivers(of device: SiteDevice, orNone: Bool = false) -> [SiteDriver] {
        (orNone ? [none] : []) + all.filter { $0.devices.contains(device) }
    }
}

extension SiteDriver {
    /// A modem that is ours.
    static let modem = SiteDriver("modem", ModemUplinkSection.self, for: [], "a cellular modem that takes AT commands")
    /// A modem that is ModemManager's.
    static let mmcli = SiteDriver(
        "mmcli",
        MMCLIUplinkSection.self,
        for: [],
        "a cellular modem that ModemManager has, which is told by mmcli"
    )
    /// No network at all.
    static let simulatedUplink = SiteDriver(
        DriverChoice.simulated,
        NoSettings.self,
        for: [],
        "cut and mended by request"
    )
    /// An uplink that is not ours to keep up.
    static let `static` = SiteDriver(
        "static",
        NoSettings.self,
        for: [],
        "somebody else keeps it up; it counts as up while the interface has an address"
    )
}

extension [SiteDriver] {
    /// Of uplinks. A new kind gets its line here; modem-manager makes its carrier.
    static let uplinks: [SiteDriver] = [.static, .simulatedUplink, .modem, .mmcli]
}

/// Of a driver that has nothing to know.
public struct NoSettings: DriverSettings {
    public init(_ fields: Fields) {}
}
