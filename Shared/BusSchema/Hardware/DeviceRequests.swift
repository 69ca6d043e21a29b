/// Request: hold the cable, because a transaction is about to begin with it. The reply says that it was taken; whether the lock holds is
/// said by `ConnectorState.lock`. Held until `Unlock`, or until the EV leaves; a permit that follows takes it over. Refused without a
/// cable that is connected to an EV. A hardware-io before schema version 9 does not know it, and locks with the permit.
public struct Lock: BusRequest {
    public static let type = "hardware.lock"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.services
    public typealias Reply = Done

    /// 1…n (OCPP 1.6 §3.8).
    public var connectorId: Int

    public init(connectorId: Int) { self.connectorId = connectorId }
}

/// Request: release the cable lock. Refused while the contactor is closed.
public struct Unlock: BusRequest {
    public static let type = "hardware.unlock"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.services

    public var connectorId: Int

    public init(connectorId: Int) { self.connectorId = connectorId }

    public struct Outcome: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let unlocked = Outcome(rawValue: "unlocked")
        public static let failed = Outcome(rawValue: "failed")
        /// No lock here.
        public static let notSupported = Outcome(rawValue: "notSupported")
    }

    public struct Reply: BusReply {
        public var outcome: Outcome

        public init(outcome: Outcome) { self.outcome = outcome }
    }
}

/// Request: tell the person in front of the charger something (light, buzzer).
public struct Indicate: BusRequest {
    public static let type = "hardware.indicate"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.services
    public typealias Reply = Done

    public struct Signal: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let cardRead = Signal(rawValue: "cardRead")
        public static let accepted = Signal(rawValue: "accepted")
        public static let rejected = Signal(rawValue: "rejected")
    }

    public var connectorId: Int
    public var signal: Signal

    public init(connectorId: Int, signal: Signal) {
        self.connectorId = connectorId
        self.signal = signal
    }
}

/// Request: bring everything into its safe state and start anew, as a hard Reset wants it (OCPP 1.6 §5.14). The reply comes before that:
/// it will be done.
public struct RestartHardware: BusRequest {
    public static let type = "hardware.restart"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.services
    public typealias Reply = Done

    /// Why, for the log.
    public var reason: String

    public init(reason: String) { self.reason = reason }
}

/// Request: end a latched fault, if its cause is gone.
public struct ClearFault: BusRequest {
    public static let type = "hardware.clearFault"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.people
    public typealias Reply = Done

    public var connectorId: Int
    public var code: HardwareFaultCode

    public init(connectorId: Int, code: HardwareFaultCode) {
        self.connectorId = connectorId
        self.code = code
    }
}
