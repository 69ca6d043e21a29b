public import BusSchema
import JSON

/// Frames to messages, in two steps: a receiver reads the header, decides by it, and reads the payload only then.
public enum BusCodec {
    /// - Throws: `headerTooLarge`, `malformedHeader` or `unsupportedEnvelope`.
    public static func decodeHeader(_ bytes: [UInt8]) throws(BusCodecError) -> Header {
        guard bytes.count <= BusLimits.headerBytes else { throw .headerTooLarge(bytes: bytes.count) }
        let header: Header
        do {
            header = try JSON.decode(Header.self, from: bytes)
        } catch {
            let (path, problem) = JSON.describe(error: error)
            throw .malformedHeader(problem: path.isEmpty ? problem : "\(path): \(problem)")
        }
        guard header.v == 1 else { throw .unsupportedEnvelope(version: header.v) }
        return header
    }

    /// Reads a payload as what the header says it is.
    /// - Throws: `payloadTooLarge`, `malformedPayload` or `mismatchedKind`.
    public static func decodeContent(_ bytes: [UInt8], header: Header) throws(BusCodecError) -> BusContent {
        if header.kind == .error { return .error(try decodeError(bytes, type: header.type)) }
        guard let message = BusRegistry.message(named: header.type) else { return .unknown(type: header.type) }
        switch header.kind {
        case .state:
            guard let state = message as? any BusState.Type else { throw mismatch(header) }
            return .state(try decodeState(state, bytes))
        case .event:
            guard let event = message as? any BusEvent.Type else { throw mismatch(header) }
            return .event(try decodeEvent(event, bytes))
        case .request:
            guard let request = message as? any BusRequest.Type else { throw mismatch(header) }
            return .request(try decodeRequest(request, bytes))
        case .reply:
            guard let request = message as? any BusRequest.Type else { throw mismatch(header) }
            return .reply(try decodeAnyReply(request, bytes))
        default:
            return .unknown(type: header.type)
        }
    }

    /// Reads a payload whose type the caller has already matched against the header.
    /// - Throws: `payloadTooLarge` or `malformedPayload`.
    public static func decode<M: BusMessage>(_ type: M.Type, from bytes: [UInt8]) throws(BusCodecError) -> M {
        try read(type, from: bytes, type: M.type)
    }

    /// Reads the reply to a request of that type.
    /// - Throws: `payloadTooLarge` or `malformedPayload`.
    public static func decodeReply<R: BusRequest>(
        to request: R.Type,
        from bytes: [UInt8]
    ) throws(BusCodecError) -> R.Reply {
        try read(R.Reply.self, from: bytes, type: R.type)
    }

    /// Reads the refusal of a request of that type.
    /// - Throws: `payloadTooLarge` or `malformedPayload`.
    public static func decodeError(_ bytes: [UInt8], type: String) throws(BusCodecError) -> BusError {
        try read(BusError.self, from: bytes, type: type)
    }

    private static func decodeState<M: BusState>(_: M.Type, _ bytes: [UInt8]) throws(BusCodecError) -> any BusState {
        try decode(M.self, from: bytes)
    }

    private static func decodeEvent<M: BusEvent>(_: M.Type, _ bytes: [UInt8]) throws(BusCodecError) -> any BusEvent {
        try decode(M.self, from: bytes)
    }

    private static func decodeRequest<M: BusRequest>(
        _: M.Type,
        _ bytes: [UInt8]
    ) throws(BusCodecError) -> any BusRequest {
        try decode(M.self, from: bytes)
    }

    private static func decodeAnyReply<M: BusRequest>(
        _: M.Type,
        _ bytes: [UInt8]
    ) throws(BusCodecError) -> any BusReply {
        try decodeReply(to: M.self, from: bytes)
    }

    private static func read<T: Decodable>(
        _: T.Type,
        from bytes: [UInt8],
        type: String
    ) throws(BusCodecError) -> T {
        guard bytes.count <= BusLimits.payloadBytes else { throw .payloadTooLarge(type: type, bytes: bytes.count) }
        do {
            return try JSON.decode(
                T.self,
                from: bytes,
                limits: JSONLimits(bytes: BusLimits.payloadBytes, values: BusLimits.payloadValues)
            )
        } catch {
            let (path, problem) = JSON.describe(error: error)
            throw .malformedPayload(type: type, path: path, problem: problem)
        }
    }

    private static func mismatch(_ header: Header) -> BusCodecError {
        .mismatchedKind(type: header.type, kind: header.kind.rawValue)
    }
}
