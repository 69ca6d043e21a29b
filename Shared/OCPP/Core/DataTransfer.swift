/// Carries what the protocol has no message for. Sent by both sides. OCPP 1.6 §4.3, §5.6.
public enum DataTransfer {
    /// `DataTransfer.req`, OCPP 1.6 §6.15.
    public struct Request: Codable, Equatable, Sendable {
        /// Whose extension it is.
        public var vendorId: CiString255
        /// Which message of that vendor.
        public var messageId: CiString50?
        /// Anything, of any length.
        public var data: String?

        /// Takes the fields as they are; optional ones default to absent.
        public init(vendorId: CiString255, messageId: CiString50? = nil, data: String? = nil) {
            self.vendorId = vendorId
            self.messageId = messageId
            self.data = data
        }
    }

    /// `DataTransfer.conf`, OCPP 1.6 §6.16.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether it was understood.
        public var status: DataTransferStatus
        /// Anything, of any length.
        public var data: String?

        /// Takes the fields as they are; optional ones default to absent.
        public init(status: DataTransferStatus, data: String? = nil) {
            self.status = status
            self.data = data
        }
    }
}

/// The answer to DataTransfer. The running text of §4.3 says `UnknownVendor`; the enumeration decides. OCPP 1.6 §7.23.
public enum DataTransferStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
    case unknownMessageId = "UnknownMessageId"
    case unknownVendorId = "UnknownVendorId"
}
