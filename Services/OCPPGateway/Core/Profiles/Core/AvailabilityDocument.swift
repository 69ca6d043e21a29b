/// What the central system took out of service (OCPP 1.6 §5.2: it survives a restart).
public struct AvailabilityDocument: Document {
    public static let name = "availability"
    public static let magic = "ocpp-availability"
    public static let formatVersion: UInt16 = 1

    /// Ascending; 0 is the charge point.
    public var inoperative: [Int]

    public init(inoperative: [Int] = []) { self.inoperative = inoperative }
}
