/// Ends a transaction from afar. Sent by the central system. OCPP 1.6 §5.12.
public enum RemoteStopTransaction {
    /// `RemoteStopTransaction.req`, OCPP 1.6 §6.35.
    public struct Request: Codable, Equatable, Sendable {
        /// The transaction to end.
        public var transactionId: Int

        /// Takes the fields as they are.
        public init(transactionId: Int) {
            self.transactionId = transactionId
        }
    }

    /// `RemoteStopTransaction.conf`, OCPP 1.6 §6.36.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether it will end.
        public var status: RemoteStartStopStatus

        /// Takes the fields as they are.
        public init(status: RemoteStartStopStatus) {
            self.status = status
        }
    }
}
