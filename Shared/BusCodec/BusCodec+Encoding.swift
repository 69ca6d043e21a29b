public import BusSchema
import JSON

/// Messages to frames. Every function refuses what exceeds `BusLimits`, so that it never gets onto the wire.
extension BusCodec {
    /// A state, event or request.
    /// - Throws: `payloadTooLarge`, `headerTooLarge` or `unwritable`.
    public static func encode<M: BusMessage>(_ message: M, header: Header) throws(BusCodecError) -> BusFrames {
        precondition(header.type == M.type, "A header must name the type of its payload.")
        let topic = header.kind == .request ? requestTopic(M.type) : message.topic
        return try frames(topic: topic, header: header, payload: message)
    }

    /// The answer to a request of the header's type.
    /// - Throws: `payloadTooLarge`, `headerTooLarge` or `unwritable`.
    public static func encode(reply: some BusReply, header: Header) throws(BusCodecError) -> BusFrames {
        precondition(header.kind == .reply, "A reply travels as a reply.")
        return try frames(topic: replyTopic(header.type), header: header, payload: reply)
    }

    /// The refusal of a request of the header's type.
    /// - Throws: `payloadTooLarge`, `headerTooLarge` or `unwritable`.
    public static func encode(error: BusError, header: Header) throws(BusCodecError) -> BusFrames {
        precondition(header.kind == .error, "An error travels as an error.")
        return try frames(topic: replyTopic(header.type), header: header, payload: error)
    }

    /// The second frame alone.
    /// - Throws: `headerTooLarge`.
    public static func encodeHeader(_ header: Header) throws(BusCodecError) -> [UInt8] {
        let bytes = try write(header, type: header.type)
        guard bytes.count <= BusLimits.headerBytes else { throw .headerTooLarge(bytes: bytes.count) }
        return bytes
    }

    /// The topic under which a server publishes a copy of a request for the tap.
    public static func requestTopic(_ type: String) -> String { "request.\(type)" }

    /// The topic under which a server publishes a copy of a reply or an error for the tap.
    public static func replyTopic(_ type: String) -> String { "reply.\(type)" }

    private static func frames(
        topic: String,
        header: Header,
        payload: some Encodable
    ) throws(BusCodecError) -> BusFrames {
        let payloadBytes = try write(payload, type: header.type)
        guard payloadBytes.count <= BusLimits.payloadBytes else {
            throw .payloadTooLarge(type: header.type, bytes: payloadBytes.count)
        }
        return BusFrames(topic: Array(topic.utf8), header: try encodeHeader(header), payload: payloadBytes)
    }

    private static func write(_ value: some Encodable, type: String) throws(BusCodecError) -> [UInt8] {
        do {
            return try JSON.encode(value)
        } catch {
            throw .unwritable(type: type, problem: "\(error)")
        }
    }
}
