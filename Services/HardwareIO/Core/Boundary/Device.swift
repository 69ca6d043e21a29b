/// One device of the charger: what an order goes to, what a reading comes from, and what can be lost.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    /// The generator and sensor of the control pilot.
    case pilot(connectorId: Int)
    /// What reads the resistor in the plug of a detachable cable.
    case proximity(connectorId: Int)
    case contactor(connectorId: Int)
    /// The contactor that adds L2 and L3 to L1. Released, it leaves one phase.
    case phaseContactor(connectorId: Int)
    /// What sees whether there is voltage behind the contactor.
    case outputVoltage(connectorId: Int)
    /// Connector 0 is the main meter.
    case meter(connectorId: Int)
    case lock(connectorId: Int)
    /// The residual current device, or the monitor of one.
    case residualCurrent(connectorId: Int)
    case emergencyStop(connectorId: Int)
    case temperature(connectorId: Int)
    /// Lights and buzzer.
    case indicator(connectorId: Int)
    case reader(readerId: Int)
    /// A controller that owns pilot and contactor, and closes by itself.
    case controller(connectorId: Int)

    /// For people.
    public var description: String {
        switch self {
        case .pilot(let id): "control pilot of connector \(id)"
        case .proximity(let id): "proximity contact of connector \(id)"
        case .contactor(let id): "contactor of connector \(id)"
        case .phaseContactor(let id): "phase contactor of connector \(id)"
        case .outputVoltage(let id): "voltage behind the contactor of connector \(id)"
        case .meter(MainMeterConfiguration.connectorId): "main meter"
        case .meter(let id): "meter of connector \(id)"
        case .lock(let id): "cable lock of connector \(id)"
        case .residualCurrent(let id): "residual current device of connector \(id)"
        case .emergencyStop(let id): "emergency stop of connector \(id)"
        case .temperature(let id): "temperature sensor of connector \(id)"
        case .indicator(let id): "indicator of connector \(id)"
        case .reader(let id): "card reader \(id)"
        case .controller(let id): "controller of connector \(id)"
        }
    }

    /// Its name on the bus: `meter-1`.
    public var name: String {
        switch self {
        case .pilot(let id): "pilot-\(id)"
        case .proximity(let id): "proximity-\(id)"
        case .contactor(let id): "contactor-\(id)"
        case .phaseContactor(let id): "phase-contactor-\(id)"
        case .outputVoltage(let id): "output-voltage-\(id)"
        case .meter(MainMeterConfiguration.connectorId): "main-meter"
        case .meter(let id): "meter-\(id)"
        case .lock(let id): "lock-\(id)"
        case .residualCurrent(let id): "residual-current-\(id)"
        case .emergencyStop(let id): "emergency-stop-\(id)"
        case .temperature(let id): "temperature-\(id)"
        case .indicator(let id): "indicator-\(id)"
        case .reader(let id): "reader-\(id)"
        case .controller(let id): "controller-\(id)"
        }
    }

    /// The connector that it belongs to; nil for a reader.
    public var connectorId: Int? {
        switch self {
        case .pilot(let id), .proximity(let id), .contactor(let id), .phaseContactor(let id), .outputVoltage(let id),
            .meter(let id), .lock(let id),
            .residualCurrent(let id), .emergencyStop(let id), .temperature(let id), .indicator(let id),
            .controller(let id):
            id
        case .reader: nil
        }
    }
}
