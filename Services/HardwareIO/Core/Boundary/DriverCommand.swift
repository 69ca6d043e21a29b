public import BusSchema

/// What the core orders devices to do. Every command is idempotent.
public enum DriverCommand: Equatable, Sendable {
    case openContactor(connectorId: Int)
    case closeContactor(connectorId: Int)
    case setPilot(connectorId: Int, PilotSignal)
    /// Of a phase contactor: given only while the contactor of the connector is open for sure. An order that finds its device away is not kept.
    case switchPhases(connectorId: Int, PhaseCount)
    /// Say at once where the device is (contactor, phase contactor, lock) or what it sees (voltage behind the contactor); it is read for that, where it
    /// can be. A device that moves meanwhile says so when it is there. One that is lost, or that nobody reads, does not answer.
    case readPosition(Device)
    /// One pulse towards locked. The driver ends the pulse by itself, also when this process dies.
    case lock(connectorId: Int)
    /// One pulse towards unlocked.
    case unlock(connectorId: Int)
    /// Read the meter now; answered by `meterRead` or `meterFailed`.
    case readMeter(connectorId: Int)
    /// Of a controller that owns pilot and contactor. Repeated each second, also when nothing changed: a driver passes the heartbeat of its
    /// controller on with these alone, so that a core that hangs looks dead to it.
    case control(connectorId: Int, ControllerOrder)
    /// Let the residual current device trip and recover; answered by `residualCurrentTested`. What it reports meanwhile is part of the test.
    case testResidualCurrent(connectorId: Int)
    /// What the lights show from now on, until it is ordered otherwise. Told anew when the device is back.
    case show(connectorId: Int, IndicatorLook)
    /// Light and sound for the person in front of the charger. A device without them ignores it.
    case indicate(connectorId: Int, Indicate.Signal)

    /// The device that it is for.
    public var device: Device {
        switch self {
        case .openContactor(let id), .closeContactor(let id): .contactor(connectorId: id)
        case .setPilot(let id, _): .pilot(connectorId: id)
        case .switchPhases(let id, _): .phaseContactor(connectorId: id)
        case .readPosition(let device): device
        case .lock(let id), .unlock(let id): .lock(connectorId: id)
        case .readMeter(let id): .meter(connectorId: id)
        case .control(let id, _): .controller(connectorId: id)
        case .testResidualCurrent(let id): .residualCurrent(connectorId: id)
        case .indicate(let id, _), .show(let id, _): .indicator(connectorId: id)
        }
    }

    /// The connector that it is for; 0 for the main meter.
    public var connectorId: Int {
        switch self {
        case .openContactor(let id), .closeContactor(let id), .lock(let id), .unlock(let id), .readMeter(let id),
            .testResidualCurrent(let id):
            id
        case .setPilot(let id, _), .control(let id, _), .indicate(let id, _), .show(let id, _),
            .switchPhases(let id, _):
            id
        case .readPosition(let device): device.connectorId ?? 0
        }
    }

    /// Whether it takes energy away, and so comes before everything else.
    public var isOpening: Bool {
        switch self {
        case .openContactor, .control(_, .forbid), .control(_, .unavailable): true
        default: false
        }
    }
}

/// How many phases a connector with a phase contactor has towards the EV.
public enum PhaseCount: Int, Equatable, Sendable, CaseIterable {
    case one = 1
    case three = 3
}

/// What people see of a connector. How it looks is the driver's; how it is told from other things stands here and nowhere else.
public enum IndicatorLook: String, Equatable, Sendable, CaseIterable {
    /// Nobody is there.
    case available
    /// An EV is connected, and no energy was permitted for it.
    case connected
    /// Energy is permitted, and the EV or the charger waits.
    case waiting
    case charging
    /// Something keeps energy from flowing that somebody has to look at.
    case fault
    /// Not in service.
    case unavailable
}

/// What is ordered of a controller that owns pilot, contactor and residual current, and closes by itself what it is allowed.
public enum ControllerOrder: Equatable, Sendable {
    /// No energy; the pilot is steady at +12 V, and an EV is still seen. What holds after every start.
    case forbid
    /// No energy; the pilot is at -12 V, state F.
    case unavailable
    /// Energy at the EV's wish, with at most so much for each phase, mA; 6000 or more.
    case permit(milliamps: Int)
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
