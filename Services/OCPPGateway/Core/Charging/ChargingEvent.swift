public import BusSchema

/// Facts for the charging part.
public enum ChargingEvent: Equatable, Sendable {
    case hardwareConnector(ConnectorState)
    case hardwareMeter(MeterReading)
    case hardwareReader(ReaderState)
    /// Signal of the modem that is in use, percent; nil where there is none.
    case uplinkSignal(percent: Int?)
    /// Any other sign of life from hardware-io.
    case hardwareAlive
    case cardPresented(CardPresented)
    case permitAnswered(connectorId: Int, transaction: String, PermitOutcome)
    case lockAnswered(connectorId: Int, LockOutcome)
    case unlockAnswered(connectorId: Int, UnlockOutcome)
    /// The WebSocket is open and the registration is Accepted. `registered` tells that a BootNotification was just accepted,
    /// so that every status is due (E §3.22); else it is a mere reconnect.
    case wentOnline(registered: Bool)
    /// The WebSocket is open, and the central system has yet to say whether it accepts this charger, for the first time or anew.
    case beganRegistering
    /// There is no WebSocket, or the central system answered Pending or Rejected.
    case wentOffline
    case keysChanged(OCPPKeys)
    /// The messages asked for by `loadQueue`, in order; fewer than asked for means that there are no more.
    case queueLoaded([QueueEntry])
    /// The journal could not be read.
    case queueLoadFailed(reason: String)
    case persistFailed(reason: String)
    case compactionFailed(reason: String)
    /// Files that hold what could not be read of the journal.
    case recordsKeptAside(files: [String])
    /// The document of availability is on disk.
    case availabilitySaved
    /// It is not, and nobody knows what the disk holds of it.
    case availabilitySaveFailed
    /// The document of the authorization cache is on disk.
    case authorizationCacheSaved
    /// It is not, and nobody knows what the disk holds of it.
    case authorizationCacheSaveFailed
    /// Something was received on the connection.
    case linkProvedAlive
    /// True time minus the wall clock, from an answer of the central system.
    case clockSynchronised(offset: Duration, error: Duration = .zero, isProven: Bool = false)
    /// The program is about to end; charging goes on meanwhile.
    case terminationRequested
}
