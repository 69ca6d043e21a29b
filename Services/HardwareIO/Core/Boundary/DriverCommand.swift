public import BusSchema

/// What the core orders devices to do. Every command is idempotent.
public enum DriverCommand: Equatable, Sendable {
    case openContactor(connectorId: Int)
    case closeContactor(connectorId: Int)
    case setPilot(connectorId: Int, PilotSignal)
    /// One pulse towards locked. The driver ends the pulse by itself, also when this process dies.
    case lock(connectorId: Int)
    /// One pulse towards unlocked.
    case unlock(connectorId: Int)
    /// Read the meter now; answered by `meterRead` or `meterFailed`.
    case readMeter(connectorId: Int)
    /// Light and sound for the person in front of the charger. A device without them ignores it.
    case indicate(connectorId: Int, Indicate.Signal)

    /// The device that it is for.
    public var device: Device {
        switch self {
        case .openContactor(let id), .closeContactor(let id): .contactor(connectorId: id)
        case .setPilot(let id, _): .pilot(connectorId: id)
        case .lock(let id), .unlock(let id): .lock(connectorId: id)
        case .readMeter(let id): .meter(connectorId: id)
        case .indicate(let id, _): .indicator(connectorId: id)
        }
    }

    /// The connector that it is for; 0 for the main meter.
    public var connectorId: Int {
        switch self {
        case .openContactor(let id), .closeContactor(let id), .lock(let id), .unlock(let id), .readMeter(let id): id
        case .setPilot(let id, _), .indicate(let id, _): id
        }
    }
}

/// What the charger puts on the control pilot.
public enum PilotSignal: Equatable, Sendable {
    /// Steady +12 V: connected or not, nothing is offered.
    case x1
    /// 1 kHz between +12 V and -12 V with this duty, in thousandths (80…970).
    case pwm(dutyPermille: Int)
    /// Steady -12 V, state F: the charger is not available.
    case f
}

/// Duty of the pilot and the current it stands for (IEC 61851-1 tables A.7 and A.8).
public enum PilotDuty {
    /// The smallest current that has a code, mA. Less cannot be offered.
    public static let lowestMilliamps = 6000
    /// The largest current that has a code, mA.
    public static let highestMilliamps = 80_000

    /// The signal that offers at most `milliamps`: rounded down, steady when there is no code for so little.
    public static func signal(offeringMilliamps milliamps: Int) -> PilotSignal {
        switch milliamps {
        case ..<lowestMilliamps: .x1
        case ...51_000: .pwm(dutyPermille: milliamps / 60)
        default: .pwm(dutyPermille: min(milliamps, highestMilliamps) / 250 + 640)
        }
    }

    /// What an EV may draw at this duty, mA; 0 where the table allows no charging or means digital communication.
    public static func milliamps(atDutyPermille duty: Int) -> Int {
        switch duty {
        case 80..<100: 6000
        case 100...850: duty * 60
        case 851...960: (duty - 640) * 250
        case 961...970: 80_000
        default: 0
        }
    }
}
