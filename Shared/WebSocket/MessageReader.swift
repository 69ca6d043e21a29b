/// Bytes to messages: frames taken apart, unmasked, put together, checked (RFC 6455 §5). Works with any chunking.
struct MessageReader: Equatable, Sendable {
    enum Item: Equatable {
        case text([UInt8])
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(code: CloseCode, reason: String)
    }

    private enum Phase: Equatable {
        case opcode
        case length
        case extendedLength(missing: Int, width: Int, value: UInt64)
        case maskKey(missing: Int, length: Int, value: UInt32)
        case payload(missing: Int, offset: Int)
    }

    /// Whether frames must come masked (from clients) or must not.
    let expectsMask: Bool
    let limits: WebSocketLimits

    private var phase = Phase.opcode
    /// Of the current frame.
    private var opcode = Opcode.continuation
    private var isFinal = true
    private var maskKey: UInt32 = 0
    /// Of the current message: text or binary; nil between messages.
    private var kind: Opcode?
    private var message: [UInt8] = []
    private var fragments = 0
    private var validator = UTF8Validator()
    /// Payload of the current control frame, which may come between the fragments of a message.
    private var control: [UInt8] = []

    init(expectsMask: Bool, limits: WebSocketLimits) {
        self.expectsMask = expectsMask
        self.limits = limits
    }

    /// Takes bytes off `chunk` until an item is complete; nil when all are taken before.
    /// - Throws: `WebSocketViolation` at the first byte that breaks the protocol. The reader is of no use afterwards.
    mutating func next(_ chunk: inout ArraySlice<UInt8>) throws(WebSocketViolation) -> Item? {
        while true {
            switch phase {
            case .payload(0, _):
                phase = .opcode
                if let item = try frameEnded() { return item }
            case .payload(let missing, let offset):
                guard !chunk.isEmpty else { return nil }
                try receivePayload(&chunk, missing: missing, offset: offset)
            case .opcode, .length, .extendedLength, .maskKey:
                guard let byte = chunk.popFirst() else { return nil }
                try receiveHeader(byte)
            }
        }
    }

    // MARK: - Header

    private mutating func receiveHeader(_ byte: UInt8) throws(WebSocketViolation) {
        switch phase {
        case .opcode:
            try begin(byte)
            phase = .length
        case .length:
            guard (byte & 0x80 != 0) == expectsMask else { throw expectsMask ? .unmaskedFrame : .maskedFrame }
            let length = Int(byte & 0x7F)
            guard !opcode.isControl || length <= 125 else { throw .oversizedControlFrame }
            switch length {
            case 126: phase = .extendedLength(missing: 2, width: 2, value: 0)
            case 127: phase = .extendedLength(missing: 8, width: 8, value: 0)
            default: try lengthKnown(length)
            }
        case .extendedLength(let missing, let width, let value):
            let value = value << 8 | UInt64(byte)
            guard missing == 1 else {
                phase = .extendedLength(missing: missing - 1, width: width, value: value)
                return
            }
            guard value >= (width == 2 ? 126 : 0x1_0000) else { throw .nonMinimalLength }
            guard let length = Int(exactly: value) else { throw .impossibleLength }
            try lengthKnown(length)
        case .maskKey(let missing, let length, let value):
            maskKey = value << 8 | UInt32(byte)
            phase =
                missing == 1
                ? .payload(missing: length, offset: 0)
                : .maskKey(missing: missing - 1, length: length, value: maskKey)
        case .payload:
            preconditionFailure("The payload is not read byte by byte.")
        }
    }

    private mutating func begin(_ byte: UInt8) throws(WebSocketViolation) {
        guard byte & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = Opcode(rawValue: byte & 0x0F) else { throw .unknownOpcode(byte & 0x0F) }
        isFinal = byte & 0x80 != 0
        self.opcode = opcode
        switch opcode {
        case .continuation:
            guard kind != nil else { throw .unexpectedContinuation }
        case .text, .binary:
            guard kind == nil else { throw .expectedContinuation }
            kind = opcode
        case .close, .ping, .pong:
            guard isFinal else { throw .fragmentedControlFrame }
            return
        }
        fragments += 1
        guard fragments <= limits.maximumFragments else { throw .tooManyFragments(limit: limits.maximumFragments) }
    }

    private mutating func lengthKnown(_ length: Int) throws(WebSocketViolation) {
        if !opcode.isControl {
            guard length <= limits.maximumMessageBytes - message.count else {
                throw .messageTooBig(limitBytes: limits.maximumMessageBytes)
            }
            // Not more at once than a peer has to prove that it means it; and not in small steps, each of which copies the message.
            let needed = message.count + min(length, 64 * 1024)
            if needed > message.capacity { message.reserveCapacity(max(needed, 2 * message.capacity)) }
        }
        phase = expectsMask ? .maskKey(missing: 4, length: length, value: 0) : .payload(missing: length, offset: 0)
    }

    // MARK: - Payload

    private mutating func receivePayload(
        _ chunk: inout ArraySlice<UInt8>,
        missing: Int,
        offset: Int
    ) throws(WebSocketViolation) {
        let part = chunk.prefix(missing)
        chunk = chunk.dropFirst(part.count)
        phase = .payload(missing: missing - part.count, offset: offset + part.count)
        if opcode.isControl {
            let start = control.count
            control += part
            if expectsMask { Masking.apply(maskKey, offset: offset, to: &control, from: start) }
        } else {
            let start = message.count
            message += part
            if expectsMask { Masking.apply(maskKey, offset: offset, to: &message, from: start) }
            guard kind != .text || validator.receive(message, from: start) else { throw .invalidUTF8 }
        }
    }

    private mutating func frameEnded() throws(WebSocketViolation) -> Item? {
        if opcode.isControl {
            let payload = control
            control = []
            switch opcode {
            case .ping: return .ping(payload)
            case .pong: return .pong(payload)
            case .close: return try Self.close(payload)
            case .continuation, .text, .binary: preconditionFailure("Not a control frame.")
            }
        }
        guard isFinal else { return nil }
        guard kind != .text || validator.isComplete else { throw .invalidUTF8 }
        let item: Item = kind == .text ? .text(message) : .binary(message)
        kind = nil
        message = []
        fragments = 0
        return item
    }

    /// Code and reason of a Close frame (RFC 6455 §5.5.1).
    private static func close(_ payload: [UInt8]) throws(WebSocketViolation) -> Item {
        guard !payload.isEmpty else { return .close(code: .noStatus, reason: "") }
        guard payload.count >= 2 else { throw .truncatedCloseCode }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isLegalOnTheWire else { throw .illegalCloseCode(code.rawValue) }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .invalidUTF8 }
        return .close(code: code, reason: reason)
    }
}
