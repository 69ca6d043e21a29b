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

/// Request: what a card that lies on a reader, or lay there a moment ago, would be called under each setting of the reader. For whoever sets up a
/// charger for the lists of a central system. A hardware-io before schema version 12 does not know it.
public struct ShowCard: BusRequest {
    public static let type = "hardware.showCard"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.people

    public var readerId: Int

    public init(readerId: Int) { self.readerId = readerId }

    /// An idTag, and the settings that give it.
    public struct Rendering: Codable, Equatable, Sendable {
        /// As they stand in `charger.json`: `hex reversed lower`.
        public var settings: String
        public var idTag: String

        public init(settings: String, idTag: String) {
            self.settings = settings
            self.idTag = idTag
        }
    }

    public struct Reply: BusReply {
        /// The idTag by the reader's settings of today; nil without a card, and of one that gives none.
        public var idTag: String?
        /// Why the card gives none, for people.
        public var refusal: String?
        /// Empty without a card, and of one whose reader prints the idTag itself.
        public var renderings: [Rendering]

        public init(idTag: String? = nil, refusal: String? = nil, renderings: [Rendering] = []) {
            self.idTag = idTag
            self.refusal = refusal
            self.renderings = renderings
        }
    }
}
