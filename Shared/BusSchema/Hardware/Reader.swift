/// State: one card reader. Topic `hardware.reader.<readerId>`.
public struct ReaderState: BusState {
    public static let type = "hardware.reader"
    public var instance: String? { String(readerId) }

    public var readerId: Int
    /// Connectors that a card here is meant for.
    public var connectorIds: [Int]
    public var faults: [HardwareFaultCode]
    public var simulated: Bool

    public init(readerId: Int, connectorIds: [Int], faults: [HardwareFaultCode], simulated: Bool) {
        self.readerId = readerId
        self.connectorIds = connectorIds
        self.faults = faults
        self.simulated = simulated
    }
}

/// Event: a card was presented, once per presentation however long it is held.
public struct CardPresented: BusEvent {
    public static let type = "hardware.card"

    public var readerId: Int
    /// Connectors that the reader serves; the gateway chooses among them.
    public var connectorIds: [Int]
    /// The card's UID rendered as the configuration says, 1…20 characters (OCPP 1.6 §7.28).
    public var idTag: String

    public init(readerId: Int, connectorIds: [Int], idTag: String) {
        self.readerId = readerId
        self.connectorIds = connectorIds
        self.idTag = idTag
    }
}
