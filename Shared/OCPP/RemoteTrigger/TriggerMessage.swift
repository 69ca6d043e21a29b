/// Has a message sent now. Sent by the central system. OCPP 1.6 §5.17.
public enum TriggerMessage {
    /// `TriggerMessage.req`, OCPP 1.6 §6.51.
    public struct Request: Codable, Equatable, Sendable {
        /// Which message.
        public var requestedMessage: MessageTrigger
        /// For which connector, where that matters. Not checked here (§5.17).
        public var connectorId: Int?

        /// Takes the fields as they are; optional ones default to absent.
        public init(requestedMessage: MessageTrigger, connectorId: Int? = nil) {
            self.requestedMessage = requestedMessage
            self.connectorId = connectorId
        }
    }

    /// `TriggerMessage.conf`, OCPP 1.6 §6.52.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether the message will be sent.
        public var status: TriggerMessageStatus

        /// Takes the fields as they are.
        public init(status: TriggerMessageStatus) {
            self.status = status
        }
    }
}

/// The answer to TriggerMessage. OCPP 1.6 §7.44.
public enum TriggerMessageStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
    /// Unknown or not implemented.
    case notImplemented = "NotImplemented"
}
