/// Request: move the simulated world in front of the charger. Refused where the device is not simulated.
public struct SimulateHardware: BusRequest {
    public static let type = "hardware.sim"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.people

    public struct Action: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Connect the EV (connectorId). With `ready` false it stays in state B.
        public static let plug = Action(rawValue: "plug")
        /// Pull the cable at the EV (connectorId).
        public static let unplug = Action(rawValue: "unplug")
        /// Present a card (readerId, idTag as hex UID).
        public static let swipe = Action(rawValue: "swipe")
        /// Change the EV (connectorId; `ready`, `currentMilliamps` it can take, `batteryWh` left to fill).
        public static let ev = Action(rawValue: "ev")
        /// A current that flows whatever the limit says (connectorId, `currentMilliamps`).
        public static let load = Action(rawValue: "load")
        /// Make a device fail (connectorId or readerId, `fault`).
        public static let fault = Action(rawValue: "fault")
        /// Repair it.
        public static let clear = Action(rawValue: "clear")
        /// Jam (`on` true) or free the cable lock.
        public static let lock = Action(rawValue: "lock")
        /// Silence (`on` false) or revive the meter, or set its register (`energyWh`).
        public static let meter = Action(rawValue: "meter")
        /// Break (`on` true) or mend a part that has no fault code of its own (connectorId, `part`).
        public static let part = Action(rawValue: "part")
    }

    /// A part of the charger or of the EV that can be broken by itself.
    public struct Part: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The diode of the EV is missing.
        public static let diode = Part(rawValue: "diode")
        /// The generator of the pilot makes no PWM.
        public static let pwm = Part(rawValue: "pwm")
        /// The EV asks with ventilation (state D).
        public static let ventilation = Part(rawValue: "ventilation")
        /// The pilot is not measured any more, and nobody says so.
        public static let pilotSensor = Part(rawValue: "pilotSensor")
        /// The mirror contact of the contactor is not read any more.
        public static let mirrorSilent = Part(rawValue: "mirrorSilent")
        /// The mirror contact shows open, whatever the contactor does.
        public static let mirrorOpen = Part(rawValue: "mirrorOpen")
        /// The position of the cable lock is not read any more.
        public static let lockContact = Part(rawValue: "lockContact")
        /// The proximity contact is not read any more.
        public static let proximity = Part(rawValue: "proximity")
        /// The meter repeats its last sample for ever.
        public static let meterFrozen = Part(rawValue: "meterFrozen")
        /// The meter answers after seconds.
        public static let meterSlow = Part(rawValue: "meterSlow")
        /// The register of the meter is zero at the next start of hardware-io.
        public static let registerAtStart = Part(rawValue: "registerAtStart")

        /// The residual current device does not trip when it is tested.
        public static let residualCurrentTest = Part(rawValue: "residualCurrentTest")

        /// The phase contactor stays where it is.
        public static let phaseContactor = Part(rawValue: "phaseContactor")

        /// The phase contactor does not answer any more, and has fallen.
        public static let phaseContactorLost = Part(rawValue: "phaseContactorLost")

        /// No voltage is seen behind the contactor, wherever it is.
        public static let outputVoltage = Part(rawValue: "outputVoltage")

        /// Voltage is seen behind the contactor, wherever it is.
        public static let outputVoltageLive = Part(rawValue: "outputVoltageLive")

        /// What sees the voltage behind the contactor does not answer any more.
        public static let outputVoltageLost = Part(rawValue: "outputVoltageLost")

        /// It is hot: the charger is at 70 °C.
        public static let heat = Part(rawValue: "heat")

        /// Every one that this version can break.
        public static let known: Set<Part> = [
            .diode, .pwm, .ventilation, .pilotSensor, .mirrorSilent, .mirrorOpen, .lockContact, .proximity,
            .meterFrozen, .meterSlow, .registerAtStart, .residualCurrentTest,
            .heat, .phaseContactor, .phaseContactorLost, .outputVoltage, .outputVoltageLive, .outputVoltageLost,
        ]
    }

    public var action: Action
    public var connectorId: Int?
    public var readerId: Int?
    public var idTag: String?
    public var ready: Bool?
    public var on: Bool?
    public var currentMilliamps: Int?
    public var batteryWh: Int64?
    public var energyWh: Int64?
    public var fault: HardwareFaultCode?
    public var part: Part?

    public init(
        action: Action,
        connectorId: Int? = nil,
        readerId: Int? = nil,
        idTag: String? = nil,
        ready: Bool? = nil,
        on: Bool? = nil,
        currentMilliamps: Int? = nil,
        batteryWh: Int64? = nil,
        energyWh: Int64? = nil,
        fault: HardwareFaultCode? = nil,
        part: Part? = nil
    ) {
        self.action = action
        self.connectorId = connectorId
        self.readerId = readerId
        self.idTag = idTag
        self.ready = ready
        self.on = on
        self.currentMilliamps = currentMilliamps
        self.batteryWh = batteryWh
        self.energyWh = energyWh
        self.fault = fault
        self.part = part
    }

    public struct Reply: BusReply {
        /// What the simulated world looks like now, for people.
        public var world: String

        public init(world: String) { self.world = world }
    }
}
