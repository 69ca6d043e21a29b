internal import JSON

/// One element of `connectors`: a connector and its devices.
public struct ConnectorSection: SiteReadable, Equatable, Sendable {
    public enum Cable: String, SiteChoice, Sendable {
        /// Permanently attached.
        case fixed
        case socket

        var about: String {
            switch self {
            case .fixed: "permanently attached"
            case .socket: "for the driver's own"
            }
        }
    }

    /// What happens to a running charge when the gateway does not renew its permit.
    public struct PermitLoss: SiteReadable, Equatable, Sendable {
        public enum Action: String, SiteChoice, Sendable {
            /// No lease, no energy.
            case open
            /// A running charge goes on for `graceSeconds`; nothing new begins.
            case `continue`

            var about: String {
                switch self {
                case .open: "the contactor opens at once"
                case .continue: "a running charge goes on for graceSeconds; nothing new begins"
                }
            }
        }

        public var action: Action
        /// 0 with `open`.
        public var graceSeconds: Int

        /// The contactor opens at once.
        public static let standard = PermitLoss(action: .open, graceSeconds: 0)

        init(action: Action, graceSeconds: Int) {
            self.action = action
            self.graceSeconds = graceSeconds
        }

        public init(_ fields: Fields) {
            action = fields.choice("action", "What happens.")
            let isThere = fields.has("graceSeconds")
            graceSeconds = fields.integer(
                "graceSeconds",
                1...86_400,
                default: 3600,
                unit: "s",
                "With continue: how long, at most. Not allowed with open."
            )
            fields.rule([
                "if": ["properties": ["action": ["const": "open"]], "required": ["action"]],
                "then": ["properties": ["graceSeconds": false]],
            ])
            guard action == .open else { return }
            graceSeconds = 0
            if isThere, fields.isRight("action"), fields.isRight("graceSeconds") {
                fields.note("graceSeconds", "goes with \"action\": \"continue\" only")
            }
        }
    }

    /// 1…n over all connectors (OCPP 1.6 §3.8).
    public var id: Int
    public var cable: Cable
    /// The least that installation, contactor and fixed cable can take, per phase. Below 6 A a pilot can offer nothing (IEC 61851-1
    /// table A.7).
    public var maximumCurrentAmps: Int
    /// 1 or 3.
    public var phases: Int
    /// A controller that owns pilot and contactor; nil where there is none.
    public var controller: DriverChoice?
    /// Who drives the control pilot; nil with a controller, and only then.
    public var pilot: DriverChoice?
    /// Nil with a controller, and only then.
    public var contactor: DriverChoice?
    public var meter: DriverChoice
    /// Of the cable in its socket; nil for `"none"`.
    public var lock: DriverChoice?
    public var further: Further
    public var onPermitLost: PermitLoss
    /// Whether an EV that asks for ventilation (state D) may charge here.
    public var allowVentilation: Bool
    /// How long a charge goes on while its meter does not answer. 0 where the meter bills by law.
    public var meterLossGraceSeconds: Int
    /// Least time between two closings of the contactor.
    public var contactorRestSeconds: Int

    /// Devices that a connector may have besides.
    public struct Further: Equatable, Sendable {
        /// Of a socket; where it is not named, the driver of the pilot reads it too.
        public var proximity: DriverChoice?
        public var residualCurrent: DriverChoice?
        public var emergencyStop: DriverChoice?
        public var temperature: DriverChoice?
        public var indicator: DriverChoice?
        /// What adds L2 and L3 to L1.
        public var phaseContactor: DriverChoice?
        /// What sees the voltage behind the contactor.
        public var outputVoltage: DriverChoice?
        /// Whether the residual current device is tested before each closing.
        public var residualCurrentTest: Bool
        /// From here on less is offered.
        public var deratingCelsius: Int
        /// From here on nothing is.
        public var hottestCelsius: Int

        init(_ fields: Fields) {
            proximity = fields.optionalDevice(
                "proximity",
                .proximity,
                "What reads the resistor in the plug of a detachable cable. Default, at a socket: the driver of the pilot."
            )
            residualCurrent = fields.optionalDevice(
                "residualCurrent",
                .residualCurrent,
                "The residual current device. Default: none that this charger hears of."
            )
            emergencyStop = fields.optionalDevice("emergencyStop", .emergencyStop, "The emergency stop.")
            temperature = fields.optionalDevice("temperature", .temperature, "What measures how warm the charger is.")
            indicator = fields.optionalDevice("indicator", .indicator, "Lights and buzzer.")
            phaseContactor = fields.optionalDevice(
                "phaseContactor",
                .phaseContactor,
                "The contactor that adds L2 and L3 to L1, before the other one; released, it leaves one phase. Default: all phases are wired through."
            )
            outputVoltage = fields.optionalDevice(
                "outputVoltage",
                .outputVoltage,
                "What sees voltage behind the contactor, as a second witness of where that is. Default: nothing."
            )
            residualCurrentTest = fields.truth(
                "residualCurrentTest",
                default: true,
                "Whether the residual current device has a test line, and is tested before each closing."
            )
            deratingCelsius = fields.integer(
                "deratingCelsius",
                20...100,
                default: 60,
                unit: "°C",
                "With a temperature: from here on less current is offered."
            )
            hottestCelsius = fields.integer(
                "hottestCelsius",
                25...125,
                default: 80,
                unit: "°C",
                "With a temperature: from here on nothing is offered."
            )
            if hottestCelsius <= deratingCelsius, fields.isRight("hottestCelsius"), fields.isRight("deratingCelsius") {
                fields.note("hottestCelsius", "expected more than deratingCelsius, \(deratingCelsius)")
            }
        }
    }

    /// Every device of the connector.
    public var devices: [(device: SiteDevice, choice: DriverChoice)] {
        let proximity = cable == .socket ? further.proximity ?? controller ?? pilot : nil
        let all: [(SiteDevice, DriverChoice?)] = [
            (.controller, controller), (.pilot, pilot), (.proximity, proximity), (.contactor, contactor),
            (.meter, meter), (.lock, lock),
            (.residualCurrent, further.residualCurrent), (.emergencyStop, further.emergencyStop),
            (.temperature, further.temperature), (.indicator, further.indicator),
            (.phaseContactor, further.phaseContactor), (.outputVoltage, further.outputVoltage),
        ]
        return all.compactMap { device, choice in choice.map { (device, $0) } }
    }

    public init(_ fields: Fields) {
        id = fields.integer("id", 1...SiteFile.maximumDevices, "1…n over all connectors.")
        cable = fields.choice("cable", "The charging cable.")
        maximumCurrentAmps = fields.integer(
            "maximumCurrentAmps",
            6...80,
            unit: "A",
            "The least that installation, contactor and fixed cable can take, per phase."
        )
        phases = fields.number("phases", of: [1, 3], "Of the mains connection.")
        controller = fields.optionalDevice(
            "controller",
            .controller,
            "A controller that owns pilot and contactor, in place of both."
        )
        pilot = fields.optionalDevice("pilot", .pilot, "Who drives the control pilot. Required without a controller.")
        contactor = fields.optionalDevice(
            "contactor",
            .contactor,
            "Who switches the energy. Required without a controller."
        )
        meter = fields.device("meter", .meter, "Who measures it.")
        lock = fields.optionalDevice("lock", .lock, "The lock of the cable in its socket.")
        further = Further(fields)
        let onPermitLost: PermitLoss? = fields.optionalObject(
            "onPermitLost",
            "What happens to a running charge when the gateway does not renew its permit. Default: the contactor opens at once."
        )
        self.onPermitLost = onPermitLost ?? .standard
        allowVentilation = fields.truth(
            "allowVentilation",
            default: false,
            "Whether an EV that asks for ventilation (state D) may charge here."
        )
        meterLossGraceSeconds = fields.integer(
            "meterLossGraceSeconds",
            0...3600,
            default: 60,
            unit: "s",
            "How long a charge goes on while its meter does not answer. 0 where the meter bills by law."
        )
        contactorRestSeconds = fields.integer(
            "contactorRestSeconds",
            1...300,
            default: 5,
            unit: "s",
            "Least time between two closings of the contactor."
        )
        if cable == .fixed, lock != nil, fields.isRight("cable"), fields.isRight("lock") {
            fields.note("lock", "a fixed cable has no lock: expected \"none\"")
        }
        if cable == .fixed, further.proximity != nil, fields.isRight("cable"), fields.isRight("proximity") {
            fields.note("proximity", "a fixed cable has no proximity contact: expected \"none\"")
        }
        let none: JSONValue = ["enum": ["none", ["driver": "none"]]]
        fields.rule([
            "if": ["properties": ["cable": ["const": "fixed"]], "required": ["cable"]],
            "then": ["properties": ["lock": none, "proximity": none]],
        ])
        if cable == .socket, further.proximity == nil, fields.isRight("pilot"),
            let name = (controller ?? pilot)?.driver, let driver = SiteDriver.all.first(where: { $0.name == name }),
            !driver.devices.contains(.proximity)
        {
            fields.note("proximity", "required at a socket, because \(name) does not read it")
        }
        checkFront(fields, none)
        checkSwitching(fields, none)
    }

    /// Pilot and contactor, or a controller that owns both.
    private func checkFront(_ fields: Fields, _ none: JSONValue) {
        for (name, choice) in [("pilot", pilot), ("contactor", contactor)] where fields.isRight(name) {
            if controller == nil, choice == nil {
                let problem =
                    fields.has(name) ? "expected a driver, as there is no controller" : "required, but missing"
                fields.note(name, problem)
            } else if controller != nil, choice != nil {
                fields.note(name, "the controller owns it: expected \"none\"")
            }
        }
        fields.rule([
            "if": ["properties": ["controller": none]],
            "then": [
                "required": ["pilot", "contactor"],
                "properties": ["pilot": ["not": none], "contactor": ["not": none]],
            ],
            "else": ["properties": ["pilot": none, "contactor": none]],
        ])
    }

    /// What belongs to a contactor of ours, and to three phases.
    private func checkSwitching(_ fields: Fields, _ none: JSONValue) {
        let further = [("phaseContactor", further.phaseContactor), ("outputVoltage", further.outputVoltage)]
        for (name, choice) in further where choice != nil && controller != nil && fields.isRight(name) {
            fields.note(name, "the controller owns the contactor: expected \"none\"")
        }
        if self.further.phaseContactor != nil, phases == 1, fields.isRight("phaseContactor"), fields.isRight("phases") {
            fields.note("phaseContactor", "there is one phase: expected \"none\"")
        }
        fields.rule([
            "if": ["properties": ["controller": none]],
            "else": ["properties": ["phaseContactor": none, "outputVoltage": none]],
        ])
        fields.rule([
            "if": ["properties": ["phases": ["const": 1]], "required": ["phases"]],
            "then": ["properties": ["phaseContactor": none]],
        ])
    }
}
