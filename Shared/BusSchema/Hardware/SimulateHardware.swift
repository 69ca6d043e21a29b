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
        fault: HardwareFaultCode? = nil
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
    }

    public struct Reply: BusReply {
        /// What the simulated world looks like now, for people.
        public var world: String

        public init(world: String) { self.world = world }
    }
}
