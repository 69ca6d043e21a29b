/// RFC 6455 §5.2, §11.8.
enum Opcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue >= 0x8 }
}

enum FrameWriter {
    /// One unfragmented frame (RFC 6455 §5.2), masked when there is a key. Every byte of the payload is copied once.
    static func frame(_ opcode: Opcode, payload: some Collection<UInt8>, maskKey: UInt32?) -> [UInt8] {
        let length = payload.count
        var frame: [UInt8] = []
        frame.reserveCapacity(14 + length)
        frame.append(0x80 | opcode.rawValue)
        let maskBit: UInt8 = maskKey == nil ? 0 : 0x80
        switch length {
        case 0...125:
            frame.append(maskBit | UInt8(length))
        case 126...0xFFFF:
            frame.append(maskBit | 126)
            append(UInt64(length), bytes: 2, to: &frame)
        default:
            frame.append(maskBit | 127)
            append(UInt64(length), bytes: 8, to: &frame)
        }
        if let maskKey { append(UInt64(maskKey), bytes: 4, to: &frame) }
        let start = frame.count
        frame.append(contentsOf: payload)
        if let maskKey { Masking.apply(maskKey, offset: 0, to: &frame, from: start) }
        return frame
    }

    private static func append(_ value: UInt64, bytes: Int, to frame: inout [UInt8]) {
        for place in stride(from: bytes - 1, through: 0, by: -1) {
            frame.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place)))
        }
    }
}
