/// Event: a fault came or went. The state of the connector or reader carries those that are present.
public struct HardwareFault: BusEvent {
    public static let type = "hardware.fault"

    /// Nil for faults of a reader.
    public var connectorId: Int?
    public var readerId: Int?
    public var code: HardwareFaultCode
    public var present: Bool
    /// For people.
    public var detail: String

    public init(connectorId: Int?, readerId: Int? = nil, code: HardwareFaultCode, present: Bool, detail: String) {
        self.connectorId = connectorId
        self.readerId = readerId
        self.code = code
        self.present = present
        self.detail = detail
    }
}
