/// State: everything hardware-io knows of one connector. Topic `hardware.connector.<connectorId>`.
public struct ConnectorState: BusState {
    public static let type = "hardware.connector"
    public var instance: String? { String(connectorId) }

    /// 1…n (OCPP 1.6 §3.8).
    public var connectorId: Int
    /// Random at each start of hardware-io: a change means that permits are gone and the contactor was open.
    public var bootId: String
    /// IEC 61851-1 state of the control pilot; nil until it was read once.
    public var pilot: PilotState?
    public var contactor: ContactorState
    public var lock: LockState
    /// The permit in force; nil when there is none.
    public var permit: PermitInForce?
    /// What the pilot offers the EV now, per phase; 0 when it offers nothing.
    public var offeredMilliamps: Int
    /// Highest current of installation, cable and contactor, per phase.
    public var ratedMilliamps: Int
    /// That lead to the contactor now: of the mains connection, or those that a phase contactor leaves of it.
    public var phases: Int
    /// Cable permanently attached: no lock, plugging happens at the EV.
    public var fixedCable: Bool
    /// Present faults, worst first.
    public var faults: [HardwareFaultCode]
    /// Why no energy flows although the EV asks for it; for people. Nil while energy flows or nobody asks.
    public var notChargingBecause: String?
    /// Uptime in milliseconds since when the contactor is surely open; nil while current may flow, or while that is not certain. A new
    /// value at each opening, which the final reading of the meter names.
    public var openSinceUptime: Int64?
    /// Uptime in milliseconds when the EV that is connected came, which is there without a gap since then. Nil without one, and for one that
    /// was found. It outlives a restart of hardware-io that is no longer than `longestGap`. A transaction that began before has lost its EV.
    public var pluggedSinceUptime: Int64?
    /// Uptime in milliseconds of the first reading of a hardware-io that knew nothing of the EV which is connected, and found it there: it may
    /// have come before. Nil without one, and for one that came while hardware-io looked. In a field of its own, because a gateway that does
    /// not know this one takes an EV without `pluggedSinceUptime` for the one of before.
    public var vehicleFoundUptime: Int64?

    /// Uptime in milliseconds since when it is known that the EV which is connected is there without a gap: when it came, or when it was found.
    public var vehicleSinceUptime: Int64? { pluggedSinceUptime ?? vehicleFoundUptime }

    /// An EV that is there before and after a gap no longer than this is the same one: nobody takes an EV away and brings another faster.
    public static let longestGap = Duration.seconds(30)

    public init(
        connectorId: Int,
        bootId: String,
        pilot: PilotState?,
        contactor: ContactorState,
        lock: LockState,
        permit: PermitInForce?,
        offeredMilliamps: Int,
        ratedMilliamps: Int,
        phases: Int,
        fixedCable: Bool,
        faults: [HardwareFaultCode],
        notChargingBecause: String?,
        openSinceUptime: Int64? = nil,
        pluggedSinceUptime: Int64? = nil,
        vehicleFoundUptime: Int64? = nil
    ) {
        self.connectorId = connectorId
        self.bootId = bootId
        self.pilot = pilot
        self.contactor = contactor
        self.lock = lock
        self.permit = permit
        self.offeredMilliamps = offeredMilliamps
        self.ratedMilliamps = ratedMilliamps
        self.phases = phases
        self.fixedCable = fixedCable
        self.faults = faults
        self.notChargingBecause = notChargingBecause
        self.openSinceUptime = openSinceUptime
        self.pluggedSinceUptime = pluggedSinceUptime
        self.vehicleFoundUptime = vehicleFoundUptime
    }
}

/// IEC 61851-1 table A.2: A no EV, B connected, C ready, D ready with ventilation, E error, F not available.
public struct PilotState: OpenEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let a = PilotState(rawValue: "A")
    public static let b = PilotState(rawValue: "B")
    public static let c = PilotState(rawValue: "C")
    public static let d = PilotState(rawValue: "D")
    public static let e = PilotState(rawValue: "E")
    public static let f = PilotState(rawValue: "F")

    /// An EV is connected (B, C or D).
    public var isPlugged: Bool { self == .b || self == .c || self == .d }
    /// The EV asks for energy (C or D).
    public var asksForEnergy: Bool { self == .c || self == .d }
}

public struct ContactorState: OpenEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let open = ContactorState(rawValue: "open")
    /// Ordered to close, feedback still open.
    public static let closing = ContactorState(rawValue: "closing")
    public static let closed = ContactorState(rawValue: "closed")
    /// Ordered to open, feedback still closed.
    public static let opening = ContactorState(rawValue: "opening")
    /// Feedback stays closed although ordered to open: energy cannot be stopped here.
    public static let welded = ContactorState(rawValue: "welded")
}

public struct LockState: OpenEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Fixed cable, or a socket without a lock.
    public static let absent = LockState(rawValue: "absent")
    public static let unlocked = LockState(rawValue: "unlocked")
    public static let locking = LockState(rawValue: "locking")
    public static let locked = LockState(rawValue: "locked")
    public static let unlocking = LockState(rawValue: "unlocking")
    public static let failed = LockState(rawValue: "failed")
}

/// A permit as hardware-io holds it.
public struct PermitInForce: Codable, Equatable, Sendable {
    public var limitMilliamps: Int
    /// Uptime in milliseconds at which it ends unless renewed.
    public var validUntilUptime: Int64
    /// Own uuid of the transaction it was granted for.
    public var transaction: String

    /// How many phases may carry it; nil for all that are wired.
    public var phases: Int?

    public init(limitMilliamps: Int, validUntilUptime: Int64, transaction: String, phases: Int? = nil) {
        self.limitMilliamps = limitMilliamps
        self.validUntilUptime = validUntilUptime
        self.transaction = transaction
        self.phases = phases
    }
}

/// Faults of devices. The names that OCPP has are its error codes (OCPP 1.6 §7.6), letter for letter.
public struct HardwareFaultCode: OpenEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The contactor does not follow its order: welded, or does not close.
    public static let powerSwitchFailure = HardwareFaultCode(rawValue: "PowerSwitchFailure")
    public static let powerMeterFailure = HardwareFaultCode(rawValue: "PowerMeterFailure")
    public static let connectorLockFailure = HardwareFaultCode(rawValue: "ConnectorLockFailure")
    /// Pilot out of range or diode missing.
    public static let evCommunicationError = HardwareFaultCode(rawValue: "EVCommunicationError")
    public static let groundFailure = HardwareFaultCode(rawValue: "GroundFailure")
    public static let highTemperature = HardwareFaultCode(rawValue: "HighTemperature")
    public static let overCurrentFailure = HardwareFaultCode(rawValue: "OverCurrentFailure")
    public static let overVoltage = HardwareFaultCode(rawValue: "OverVoltage")
    public static let underVoltage = HardwareFaultCode(rawValue: "UnderVoltage")
    public static let readerFailure = HardwareFaultCode(rawValue: "ReaderFailure")
    /// Somebody pressed the emergency stop. OCPP has a reason for the end that it means (§7.36), and no error code.
    public static let emergencyStop = HardwareFaultCode(rawValue: "EmergencyStop")
    /// Somebody opened the charger. OCPP has no code of its own for it: OtherError.
    public static let enclosureOpen = HardwareFaultCode(rawValue: "EnclosureOpen")
    /// The controller of the pilot or a driver is lost.
    public static let internalError = HardwareFaultCode(rawValue: "InternalError")

    /// The faults that this version knows, worst first: what endangers people, then what stops charging, then what disturbs.
    public static let known: [HardwareFaultCode] = [
        .emergencyStop, .groundFailure, .powerSwitchFailure, .enclosureOpen, .overCurrentFailure, .highTemperature,
        .overVoltage, .underVoltage, .evCommunicationError, .connectorLockFailure, .internalError, .powerMeterFailure,
        .readerFailure,
    ]
}
