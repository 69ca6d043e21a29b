/// Request: from now on, DataTransfer of the central system under this vendorId is this program's (OCPP 1.6 §5.6): it sees each as
/// `ocpp.dataTransfer` and answers with `ocpp.answerDataTransfer`. Ends after `leaseSeconds` unless repeated, so that nobody waits for a program
/// that is gone. The newest registration of a vendorId counts.
public struct RegisterVendor: BusRequest {
    public static let type = "ocpp.registerVendor"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people
    public typealias Reply = Done

    /// 1…255 characters; from the reversed DNS namespace (OCPP 1.6 §4.3).
    public var vendorId: String
    /// The messageIds that it knows; others are answered UnknownMessageId without asking it. Nil: it judges them all itself.
    public var messageIds: [String]?
    /// 1…3600; 0 ends the registration.
    public var leaseSeconds: Int

    public init(vendorId: String, messageIds: [String]? = nil, leaseSeconds: Int) {
        self.vendorId = vendorId
        self.messageIds = messageIds
        self.leaseSeconds = leaseSeconds
    }
}

/// Event: the central system sent a DataTransfer to a vendorId that is registered (OCPP 1.6 §5.6). Unanswered for four seconds, it is answered
/// Rejected, as is one with more than 40 000 bytes of data, which is not shown.
public struct DataTransferReceived: BusEvent {
    public static let type = "ocpp.dataTransfer"

    /// To be named in the answer.
    public var number: Int
    public var vendorId: String
    public var messageId: String?
    public var data: String?

    public init(number: Int, vendorId: String, messageId: String?, data: String?) {
        self.number = number
        self.vendorId = vendorId
        self.messageId = messageId
        self.data = data
    }
}

/// What a DataTransfer is answered with (OCPP 1.6 §7.23).
public struct TransferStatus: OpenEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let accepted = TransferStatus(rawValue: "Accepted")
    public static let rejected = TransferStatus(rawValue: "Rejected")
    public static let unknownMessageId = TransferStatus(rawValue: "UnknownMessageId")
    public static let unknownVendorId = TransferStatus(rawValue: "UnknownVendorId")
}

/// Request: the answer to an `ocpp.dataTransfer`. Refused when nobody waits for it any more.
public struct AnswerDataTransfer: BusRequest {
    public static let type = "ocpp.answerDataTransfer"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people
    public typealias Reply = Done

    public var number: Int
    /// Accepted, Rejected or UnknownMessageId.
    public var status: TransferStatus
    public var data: String?

    public init(number: Int, status: TransferStatus, data: String? = nil) {
        self.number = number
        self.status = status
        self.data = data
    }
}

/// Request: send a DataTransfer to the central system (OCPP 1.6 §4.3). Refused while there is none that accepted us, or while too many wait; the
/// reply is the central system's.
public struct SendDataTransfer: BusRequest {
    public static let type = "ocpp.sendDataTransfer"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people

    /// 1…255 characters.
    public var vendorId: String
    /// At most 50 characters.
    public var messageId: String?
    /// As much as the bus carries (`BusLimits.payloadBytes`).
    public var data: String?

    public init(vendorId: String, messageId: String? = nil, data: String? = nil) {
        self.vendorId = vendorId
        self.messageId = messageId
        self.data = data
    }

    public struct Reply: BusReply {
        public var status: TransferStatus
        public var data: String?

        public init(status: TransferStatus, data: String? = nil) {
            self.status = status
            self.data = data
        }
    }
}
