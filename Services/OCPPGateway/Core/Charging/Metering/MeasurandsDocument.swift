import OCPP

/// What each meter of this charger gave when it was read last: a list of measurands that the central system sets can be judged by it from the
/// start on, before hardware-io is heard or while it is away (OCPP 1.6 §3.16.4).
public struct MeasurandsDocument: Document {
    public static let name = "measurands"
    public static let magic = "ocpp-measurands"
    public static let formatVersion: UInt16 = 1
    /// The first readings bring one thing after the other.
    public static let patience = Duration.seconds(10)
    /// Whatever is missing the readings say anew.
    public static let keepsPrevious = false

    /// One meter.
    public struct Meter: Codable, Equatable, Sendable {
        /// 0 is the main meter.
        public var connectorId: Int
        /// As lists of measurands spell them, in their order.
        public var measurands: [String]

        public init(connectorId: Int, measurands: [String]) {
            self.connectorId = connectorId
            self.measurands = measurands
        }
    }

    public var meters: [Meter]

    public init(meters: [Meter]) { self.meters = meters }

    /// What the meter of that connector gave; nil where it was never read. What this version does not know is left out.
    func measurands(of connectorId: Int) -> Set<MeasurandSelection>? {
        guard let meter = meters.first(where: { $0.connectorId == connectorId }) else { return nil }
        return Set(meter.measurands.prefix(Self.mostOfOneMeter).compactMap { MeasurandSelection($0) })
    }

    /// More than there are measurands and phases.
    private static let mostOfOneMeter = 500
}
