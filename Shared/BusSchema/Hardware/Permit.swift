/// Request: the gateway allows, or forbids, energy on a connector. A permit, not a switch: hardware-io closes the contactor
/// when permit, EV, lock and self-tests agree, and opens it when any is gone or the lease ends.
public struct Permit: BusRequest {
    public static let type = "hardware.permit"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.services

    public var connectorId: Int
    /// False takes the permit away.
    public var granted: Bool
    /// Highest current per phase; below 6 A nothing is offered (IEC 61851-1 table A.7), the permit stays.
    public var limitMilliamps: Int
    /// End of the lease, uptime in milliseconds. The gateway renews it well before.
    public var validUntilUptime: Int64
    /// Own uuid of the transaction it is granted for.
    public var transaction: String

    /// How many phases may carry it, 1…3; nil for all that are wired. Fewer than are wired can be left only where a phase contactor is built in, which
    /// takes a pause of the charge; elsewhere such a permit is refused. A hardware-io before schema version 15 does not know it, and uses them all.
    public var phases: Int?

    public init(
        connectorId: Int,
        granted: Bool,
        limitMilliamps: Int,
        validUntilUptime: Int64,
        transaction: String,
        phases: Int? = nil
    ) {
        self.connectorId = connectorId
        self.granted = granted
        self.limitMilliamps = limitMilliamps
        self.validUntilUptime = validUntilUptime
        self.transaction = transaction
        self.phases = phases
    }

    public struct Reply: BusReply {
        /// The connector as it stands right after the request.
        public var connector: ConnectorState

        public init(connector: ConnectorState) { self.connector = connector }
    }
}
