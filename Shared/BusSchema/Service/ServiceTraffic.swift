/// Request: the newest messages that a service published, was asked and answered. Served by every service, out of its memory.
public struct ServiceTraffic: BusRequest {
    public static let type = "service.traffic"
    /// Where it goes unless somebody else is named.
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people

    public init() {}

    public struct Reply: BusReply {
        public var service: ServiceName
        /// The oldest first.
        public var messages: [Message]

        public init(service: ServiceName, messages: [Message]) {
            self.service = service
            self.messages = messages
        }
    }

    public struct Message: Codable, Equatable, Sendable {
        /// UTC milliseconds since 1970.
        public var at: Int64
        public var kind: Header.Kind
        public var topic: String
        public var id: String
        /// The service that sent it.
        public var source: ServiceName
        /// Id of the message that it answers or follows from.
        public var cause: String?
        /// What is known of a message that was not written, because nobody listened to it.
        public var note: String?
        /// As it was written, in clear; absent when nobody listened, and for one that is large or long ago.
        public var payload: String?

        public init(
            at: Int64,
            kind: Header.Kind,
            topic: String,
            id: String,
            source: ServiceName,
            cause: String?,
            note: String? = nil,
            payload: String?
        ) {
            self.at = at
            self.kind = kind
            self.topic = topic
            self.id = id
            self.source = source
            self.cause = cause
            self.note = note
            self.payload = payload
        }
    }
}
