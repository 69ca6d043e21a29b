/// Reports readings. Sent by the charge point. OCPP 1.6 §4.7.
public enum MeterValues {
    /// `MeterValues.req`, OCPP 1.6 §6.31.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector; 0 is the main meter. Not negative.
        public var connectorId: Int
        /// The transaction that the readings belong to.
        public var transactionId: Int?
        /// The readings, grouped by the time they were taken.
        public var meterValue: OneOrMore<MeterValue>

        /// Takes the fields as they are; optional ones default to absent.
        public init(connectorId: Int, transactionId: Int? = nil, meterValue: OneOrMore<MeterValue>) {
            self.connectorId = connectorId
            self.transactionId = transactionId
            self.meterValue = meterValue
        }

        /// Reads the fields and checks their ranges.
        /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            connectorId = try container.decode(.connectorId, in: 0...)
            transactionId = try container.decodeIfPresent(Int.self, forKey: .transactionId)
            meterValue = try container.decode(OneOrMore<MeterValue>.self, forKey: .meterValue)
        }
    }

    /// `MeterValues.conf`, OCPP 1.6 §6.32.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }
}
