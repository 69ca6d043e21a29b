public import BusSchema

/// What is ordered of a controller that owns pilot, contactor and residual current, and closes by itself what it is allowed.
public enum RAPIOrder: Equatable, Sendable {
    /// No energy; the pilot is steady at +12 V, and an EV is still seen. What holds after every start.
    case forbid
    /// No energy; the pilot is at -12 V, state F.
    case unavailable
    /// Energy at the EV's wish, with this much for each phase, A; below 6 there is no code for it, and it forbids.
    case permit(amps: Int)
}

/// What such a controller tells.
public enum RAPIReport: Equatable, Sendable {
    /// It answers, and was told that no energy may flow; whatever was ordered before is to be ordered again.
    case answering
    /// It does not answer any more, and opens by itself when it has missed the heartbeat for as long as it was told.
    case lost(reason: String)
    case status(RAPIStatus)
    /// The current that its pilot offers from now on, A.
    case limit(amps: Int)
    /// What it measures itself, nil where it has no sensor.
    case current(milliamps: Int?, millivolts: Int?)
    /// Energy of the session as it counts it, and of all sessions, Wh.
    case energy(sessionWh: Int64, totalWh: Int64)
    /// The hottest of its sensors, in tenths of a degree Celsius.
    case temperature(decidegrees: Int)
}

/// The state of such a controller.
public struct RAPIStatus: Equatable, Sendable {
    /// As the pilot shows it, whether or not energy is allowed; nil while the controller does not know.
    public var pilot: PilotState?
    /// Its relay is closed.
    public var isClosed: Bool
    public var vehicleIsConnected: Bool
    /// It was told to let no energy flow, or waits for leave after its start.
    public var isForbidding: Bool
    /// What keeps it from charging, by its own supervision, or because it does not do what it is told.
    public var fault: HardwareFaultCode?
    /// For people; empty without a fault.
    public var faultDetail: String

    public init(
        pilot: PilotState?,
        isClosed: Bool,
        vehicleIsConnected: Bool,
        isForbidding: Bool,
        fault: HardwareFaultCode? = nil,
        faultDetail: String = ""
    ) {
        self.pilot = pilot
        self.isClosed = isClosed
        self.vehicleIsConnected = vehicleIsConnected
        self.isForbidding = isForbidding
        self.fault = fault
        self.faultDetail = faultDetail
    }
}
