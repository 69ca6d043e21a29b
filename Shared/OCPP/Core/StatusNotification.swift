public import Primitives

/// Reports the status of a connector. Sent by the charge point. OCPP 1.6 §4.9.
public enum StatusNotification {
    /// `StatusNotification.req`, OCPP 1.6 §6.47.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector; 0 is the main controller. Not negative.
        public var connectorId: Int
        /// The fault, or `noError`.
        public var errorCode: ChargePointErrorCode
        /// More about the error, for people.
        public var info: CiString50?
        /// The status.
        public var status: ChargePointStatus
        /// Since when; absent means the time of receipt.
        public var timestamp: Timestamp?
        /// Whose extension `vendorErrorCode` belongs to.
        public var vendorId: CiString255?
        /// The vendor's own error code.
        public var vendorErrorCode: CiString50?

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            connectorId: Int,
            errorCode: ChargePointErrorCode,
            info: CiString50? = nil,
            status: ChargePointStatus,
            timestamp: Timestamp? = nil,
            vendorId: CiString255? = nil,
            vendorErrorCode: CiString50? = nil
        ) {
            self.connectorId = connectorId
            self.errorCode = errorCode
            self.info = info
            self.status = status
            self.timestamp = timestamp
            self.vendorId = vendorId
            self.vendorErrorCode = vendorErrorCode
        }

        /// Reads the fields and checks their ranges.
        /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            connectorId = try container.decode(.connectorId, in: 0...)
            errorCode = try container.decode(ChargePointErrorCode.self, forKey: .errorCode)
            info = try container.decodeIfPresent(CiString50.self, forKey: .info)
            status = try container.decode(ChargePointStatus.self, forKey: .status)
            timestamp = try container.decodeIfPresent(Timestamp.self, forKey: .timestamp)
            vendorId = try container.decodeIfPresent(CiString255.self, forKey: .vendorId)
            vendorErrorCode = try container.decodeIfPresent(CiString50.self, forKey: .vendorErrorCode)
        }
    }

    /// `StatusNotification.conf`, OCPP 1.6 §6.48.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }
}
