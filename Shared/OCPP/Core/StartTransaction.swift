public import Primitives

/// Reports that a transaction has started. Sent by the charge point. OCPP 1.6 §4.8.
public enum StartTransaction {
    /// `StartTransaction.req`, OCPP 1.6 §6.45.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector, above 0.
        public var connectorId: Int
        /// The identifier that it was started with.
        public var idTag: IdToken
        /// Meter reading at the start, in Wh.
        public var meterStart: Int
        /// The reservation that this transaction used up.
        public var reservationId: Int?
        /// When it started.
        public var timestamp: Timestamp

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            connectorId: Int,
            idTag: IdToken,
            meterStart: Int,
            reservationId: Int? = nil,
            timestamp: Timestamp
        ) {
            self.connectorId = connectorId
            self.idTag = idTag
            self.meterStart = meterStart
            self.reservationId = reservationId
            self.timestamp = timestamp
        }
    }

    /// `StartTransaction.conf`, OCPP 1.6 §6.46.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// What the central system says about the identifier.
        public var idTagInfo: IdTagInfo
        /// The central system's number for it; any integer, 0 and negative ones included (E §3.54).
        public var transactionId: Int

        /// Takes the fields as they are.
        public init(idTagInfo: IdTagInfo, transactionId: Int) {
            self.idTagInfo = idTagInfo
            self.transactionId = transactionId
        }
    }
}
