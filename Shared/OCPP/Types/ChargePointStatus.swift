/// Status of a connector; the main controller (connector 0) has only Available, Unavailable and Faulted. OCPP 1.6 §7.7.
public enum ChargePointStatus: String, ClosedEnumeration {
    case available = "Available"
    case preparing = "Preparing"
    case charging = "Charging"
    /// The charge point offers no energy.
    case suspendedEVSE = "SuspendedEVSE"
    /// Energy is offered and not taken.
    case suspendedEV = "SuspendedEV"
    case finishing = "Finishing"
    case reserved = "Reserved"
    case unavailable = "Unavailable"
    case faulted = "Faulted"
}
