/// What a peer did against RFC 6455, or beyond our limits. The connection is failed with `closeCode`.
public enum WebSocketViolation: Error, Equatable, Sendable {
    /// A reserved bit without an extension (§5.2).
    case reservedBits
    case unknownOpcode(UInt8)
    /// A client must mask (§5.1).
    case unmaskedFrame
    /// A server must not (§5.1).
    case maskedFrame
    case fragmentedControlFrame
    /// More than 125 bytes (§5.5).
    case oversizedControlFrame
    /// A length written in more bytes than needed (§5.2).
    case nonMinimalLength
    /// The highest bit of a 64-bit length (§5.2).
    case impossibleLength
    /// A continuation of nothing (§5.4).
    case unexpectedContinuation
    /// A new message within a fragmented one (§5.4).
    case expectedContinuation
    /// A text, or the reason of a Close, that is not UTF-8 (§8.1).
    case invalidUTF8
    case illegalCloseCode(UInt16)
    /// A Close with one byte: half a code (§5.5.1).
    case truncatedCloseCode
    case messageTooBig(limitBytes: Int)
    case tooManyFragments(limit: Int)
    /// Server: bytes beyond the limit before the request was answered.
    case dataBeforeUpgrade

    public var closeCode: CloseCode {
        switch self {
        case .reservedBits, .unknownOpcode, .unmaskedFrame, .maskedFrame, .fragmentedControlFrame,
            .oversizedControlFrame,
            .nonMinimalLength, .impossibleLength, .unexpectedContinuation, .expectedContinuation, .illegalCloseCode,
            .truncatedCloseCode:
            .protocolError
        case .invalidUTF8: .invalidPayload
        case .messageTooBig: .messageTooBig
        case .tooManyFragments, .dataBeforeUpgrade: .policyViolation
        }
    }
}

extension WebSocketViolation: CustomStringConvertible {
    /// For the log, and as the reason of our Close frame: at most 123 bytes.
    public var description: String {
        switch self {
        case .reservedBits: "reserved bit set without an extension"
        case .unknownOpcode(let opcode): "unknown opcode \(opcode)"
        case .unmaskedFrame: "frame of a client without mask"
        case .maskedFrame: "frame of a server with mask"
        case .fragmentedControlFrame: "fragmented control frame"
        case .oversizedControlFrame: "control frame longer than 125 bytes"
        case .nonMinimalLength: "length not in its shortest form"
        case .impossibleLength: "length above 2^63"
        case .unexpectedContinuation: "continuation without a first frame"
        case .expectedContinuation: "new message before the end of a fragmented one"
        case .invalidUTF8: "text is not UTF-8"
        case .illegalCloseCode(let code): "close code \(code) is not allowed"
        case .truncatedCloseCode: "close frame with half a code"
        case .messageTooBig(let limit): "message longer than \(limit) bytes"
        case .tooManyFragments(let limit): "message in more than \(limit) fragments"
        case .dataBeforeUpgrade: "data before the end of the handshake"
        }
    }
}
