public import BusSchema

/// What devices report. The whole boundary between decisions and devices is this enum and `DriverCommand`: real drivers
/// (GPIO, serial lines, Modbus) and the simulation speak the same values.
///
/// A driver reports the present position of everything it reads once when it starts, and again after `deviceRecovered`. Positions are
/// reported again at least every 10 s, also when nothing changes: silence is how a broken sensor shows. With each it says when the reading was
/// taken (`HardwareMachine.Event.driver`): what comes late is old.
public enum DriverEvent: Equatable, Sendable {
    /// The control pilot was sampled, measured at the charger: the positive and the negative half-wave. Both are equal while
    /// the pilot is steady (no PWM). Expected every 10 ms from a board that samples; from one that reports changes twice at each change,
    /// since one odd reading does not count, every second while an EV is plugged in, and every 10 s else. Any `Int` is legal.
    case pilotRead(connectorId: Int, highMillivolts: Int, lowMillivolts: Int)

    /// The contactor's mirror contact, debounced by the driver (10 ms), on every change and at least every 10 s.
    case contactorFeedback(connectorId: Int, closed: Bool)

    /// The same of a phase contactor: closed, all three phases lead to the contactor. Its driver leaves it released when it starts.
    case phaseFeedback(connectorId: Int, closed: Bool)

    /// Whether there is voltage behind the contactor, towards the EV; debounced by the driver, on every change and at least every 10 s.
    case outputVoltageRead(connectorId: Int, live: Bool)

    /// The position of the cable lock, on every change and at least every 10 s.
    case lockFeedback(connectorId: Int, locked: Bool)

    /// The resistor in the plug of a detachable cable (IEC 61851-1 table B.2); nil when there is no plug in the socket.
    /// Not debounced. Twice at each change, every second while a plug is in the socket, and every 10 s else.
    case proximityRead(connectorId: Int, ohms: Int?)

    /// The meter answered `readMeter`, with values no older than that command.
    case meterRead(connectorId: Int, MeterSample)

    /// The meter did not answer, or answered with something that is no number.
    case meterFailed(connectorId: Int, reason: String)

    /// A controller that owns pilot and contactor says how things stand, debounced by it; on every change and at least every 10 s, every
    /// second while its contactor is closed.
    case controllerRead(connectorId: Int, ControllerReading)

    /// The residual current device tripped and recovered when it was tested, or did not.
    case residualCurrentTested(connectorId: Int, passed: Bool)

    /// How warm the charger is, tenths of a degree Celsius. Any `Int` is legal. At each change of a degree and at least every 30 s.
    case temperatureRead(connectorId: Int, decidegrees: Int)

    /// A protective device or a sensor of the board tripped or recovered (residual current, temperature, voltage).
    case faultReported(connectorId: Int, code: HardwareFaultCode, present: Bool, detail: String)

    /// A card came into the field. May repeat while it stays.
    case cardRead(readerId: Int, CardContent)

    /// The card left the field. A driver whose device cannot tell reports it after the card was silent for a while.
    case cardGone(readerId: Int)

    /// A device stopped answering for good, until `deviceRecovered`.
    case deviceLost(Device, reason: String)

    /// A device answers for the first time, or again after it was lost. It may have lost its own state: orders are repeated to it.
    case deviceRecovered(Device)

    /// How well a device answers, when that changes, and the counters at most every 10 s. Decides about nothing: it is told to others.
    case healthReported(Device, DeviceHealth)

    /// The connector that it is about; nil for a reader.
    public var connectorId: Int? {
        if case .faultReported(let id, _, _, _) = self { id } else { device?.connectorId }
    }

    /// The device that it comes from; nil for a fault, which any sensor of the board may report.
    public var device: Device? {
        switch self {
        case .pilotRead(let id, _, _): .pilot(connectorId: id)
        case .contactorFeedback(let id, _): .contactor(connectorId: id)
        case .phaseFeedback(let id, _): .phaseContactor(connectorId: id)
        case .outputVoltageRead(let id, _): .outputVoltage(connectorId: id)
        case .lockFeedback(let id, _): .lock(connectorId: id)
        case .proximityRead(let id, _): .proximity(connectorId: id)
        case .meterRead(let id, _), .meterFailed(let id, _): .meter(connectorId: id)
        case .controllerRead(let id, _): .controller(connectorId: id)
        case .residualCurrentTested(let id, _): .residualCurrent(connectorId: id)
        case .temperatureRead(let id, _): .temperature(connectorId: id)
        case .faultReported: nil
        case .cardRead(let id, _), .cardGone(let id): .reader(readerId: id)
        case .deviceLost(let device, _), .deviceRecovered(let device), .healthReported(let device, _): device
        }
    }
}

extension DriverEvent {
    /// A device was read, so that it is there.
    public var isAnswer: Bool {
        switch self {
        case .pilotRead, .contactorFeedback, .phaseFeedback, .outputVoltageRead, .lockFeedback, .proximityRead,
            .meterRead, .controllerRead, .residualCurrentTested, .temperatureRead, .cardRead:
            true
        case .meterFailed, .faultReported, .cardGone, .deviceLost, .deviceRecovered, .healthReported: false
        }
    }
}

/// What a controller that owns pilot and contactor knows of both. What its own supervision finds wrong is told by `faultReported`.
public struct ControllerReading: Equatable, Sendable {
    /// As the pilot shows it, whether or not energy is allowed; nil while the controller does not know.
    public var pilot: PilotState?
    /// Its contactor is closed.
    public var isClosed: Bool

    public init(pilot: PilotState?, isClosed: Bool) {
        self.pilot = pilot
        self.isClosed = isClosed
    }
}

/// How well a device answers.
public struct DeviceHealth: Equatable, Sendable {
    /// What is wrong although it answers, for people; nil when nothing is.
    public var trouble: String?
    /// What the driver counts, since its start.
    public var counters: [DeviceState.Counter]

    public init(trouble: String? = nil, counters: [DeviceState.Counter] = []) {
        self.trouble = trouble
        self.counters = counters
    }
}

/// What a reader gives for a card.
public enum CardContent: Equatable, Sendable {
    /// The card's own number, first byte first as the reader reports it.
    case uid([UInt8])
    /// Characters from a reader that renders the number itself (serial readers that print).
    case printed(String)
}

/// One reading of a meter, in the units of the bus. Drivers convert; values that are not finite become `meterFailed`.
public struct MeterSample: Equatable, Sendable {
    /// Lifetime import register, Wh.
    public var energyWh: Int64
    /// Total active power, W.
    public var powerW: Int
    /// Phase to neutral, one per phase, mV.
    public var voltageMillivolts: [Int]
    /// One per phase, mA.
    public var currentMilliamps: [Int]
    /// Mains frequency, mHz; nil when the meter does not measure it.
    public var frequencyMillihertz: Int?
    /// Whatever else the meter measures. One that could not be read is left out.
    public var quantities: [MeterQuantity]
    /// The step in which the register counts, Wh; nil where the driver does not know it.
    public var registerStepWh: Int?
    /// False for a meter that tells neither voltages nor currents (one that gives pulses): there are none in the sample, it may repeat
    /// itself while nothing flows, and it shows no over-current.
    public var hasPhases: Bool
    /// By which the meter is told from another one; nil where it tells none, or could not be asked.
    public var serialNumber: String?

    public init(
        energyWh: Int64,
        powerW: Int,
        voltageMillivolts: [Int],
        currentMilliamps: [Int],
        frequencyMillihertz: Int? = nil,
        quantities: [MeterQuantity] = [],
        registerStepWh: Int? = nil,
        hasPhases: Bool = true,
        serialNumber: String? = nil
    ) {
        self.energyWh = energyWh
        self.powerW = powerW
        self.voltageMillivolts = voltageMillivolts
        self.currentMilliamps = currentMilliamps
        self.frequencyMillihertz = frequencyMillihertz
        self.quantities = quantities
        self.registerStepWh = registerStepWh
        self.hasPhases = hasPhases
        self.serialNumber = serialNumber
    }
}
