/// Frames of the PN532, the same on UART, I2C and SPI (NXP UM0701-02 §6.2.1): `00 00 FF LEN LCS TFI PD… DCS 00`.
enum PN532Frame {
    /// From the chip.
    enum Received: Equatable {
        /// `00 00 FF 00 FF 00`: the command arrived.
        case acknowledged
        /// `00 00 FF FF 00 00`: send the last frame again.
        case notAcknowledged
        /// `00 00 FF 01 FF 7F 81 00`: the chip does not understand the command.
        case syntaxError
        /// The data of a frame with `D5`: code of the answer, then its body.
        case answer([UInt8])
        /// A header or data whose checksum is wrong.
        case corrupt
    }

    /// Ends the exchange from the host's side: confirms an answer, and aborts a command that is not answered yet.
    static let acknowledgement: [UInt8] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00]
    /// Asks the chip for its last frame again.
    static let repeatRequest: [UInt8] = [0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00]

    static let fromHost: UInt8 = 0xD4
    static let fromChip: UInt8 = 0xD5
    /// The longest data with its TFI that the chip sends or takes: an extended frame of 264 bytes and the TFI.
    static let longest = 265

    /// A command with its parameters, 1…264 bytes.
    static func command(_ data: [UInt8]) -> [UInt8] {
        precondition((1..<longest).contains(data.count), "Our commands are a few bytes long.")
        let count = data.count + 1
        var frame: [UInt8] = [0x00, 0x00, 0xFF]
        if count <= 255 {
            frame += [UInt8(count), 0 &- UInt8(count)]
        } else {
            let high = UInt8(count >> 8)
            let low = UInt8(count & 0xFF)
            frame += [0xFF, 0xFF, high, low, 0 &- (high &+ low)]
        }
        let sum = data.reduce(fromHost, &+)
        return frame + [fromHost] + data + [0 &- sum, 0x00]
    }
}

/// Finds the frames of the chip in bytes that come cut anywhere, with noise between them. Preamble and postamble may be missing or
/// longer. What begins like a frame and is none is skipped by its first two bytes: a frame may begin within it.
struct PN532Decoder {
    private enum Step: Equatable {
        /// A frame, nil when it says nothing to us, and where the next one may begin.
        case frame(PN532Frame.Received?, end: Int)
        case incomplete
    }

    /// What may still become a frame.
    private var bytes: [UInt8] = []

    mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    mutating func receive(_ received: [UInt8]) -> [PN532Frame.Received] {
        bytes += received
        var frames: [PN532Frame.Received] = []
        var position = 0
        search: while let start = start(from: position) {
            position = start
            switch step(at: start) {
            case .incomplete: break search
            case .frame(let frame, let end):
                if let frame { frames.append(frame) }
                position = end
            }
        }
        // Everything is noise up to a last byte that may begin the next frame.
        if start(from: position) == nil { position = bytes.last == 0x00 ? bytes.count - 1 : bytes.count }
        bytes.removeFirst(position)
        return frames
    }

    /// Whether the beginning of a frame is there and its end is not.
    var isWaiting: Bool { start(from: 0) != nil }

    /// What seemed to be a frame does not end: it was noise, and what came behind its beginning is looked at again.
    mutating func giveUp() -> [PN532Frame.Received] {
        var frames: [PN532Frame.Received] = []
        while let start = start(from: 0) {
            bytes.removeFirst(start + 2)
            frames.append(.corrupt)
            frames += receive([])
        }
        return frames
    }

    /// Where the next `00 FF` is.
    private func start(from position: Int) -> Int? {
        var index = position
        while index + 1 < bytes.count {
            if bytes[index] == 0x00, bytes[index + 1] == 0xFF { return index }
            index += 1
        }
        return nil
    }

    private func step(at start: Int) -> Step {
        let code = start + 2
        guard code + 1 < bytes.count else { return .incomplete }
        switch (bytes[code], bytes[code + 1]) {
        case (0x00, 0xFF): return .frame(.acknowledged, end: code + 2)
        case (0xFF, 0x00): return .frame(.notAcknowledged, end: code + 2)
        case (0xFF, 0xFF):
            guard code + 4 < bytes.count else { return .incomplete }
            let length = Int(bytes[code + 2]) << 8 | Int(bytes[code + 3])
            let sum = bytes[code + 2] &+ bytes[code + 3] &+ bytes[code + 4]
            guard sum == 0, (1...PN532Frame.longest).contains(length) else { return .frame(.corrupt, end: code) }
            return data(from: code + 5, length: length, resuming: code)
        case (let length, let check):
            guard length > 0, length &+ check == 0 else { return .frame(.corrupt, end: code) }
            return data(from: code + 2, length: Int(length), resuming: code)
        }
    }

    /// Where data or checksum are wrong the length may be too, so that the search goes on behind the start code.
    private func data(from first: Int, length: Int, resuming code: Int) -> Step {
        let end = first + length
        guard end < bytes.count else { return .incomplete }
        let data = bytes[first..<end]
        guard data.reduce(bytes[end], &+) == 0 else { return .frame(.corrupt, end: code) }
        switch data[first] {
        case PN532Frame.fromChip where length > 1: return .frame(.answer(Array(data.dropFirst())), end: end + 1)
        case 0x7F where length == 1: return .frame(.syntaxError, end: end + 1)
        // Our own frame, on a line that echoes.
        default: return .frame(nil, end: end + 1)
        }
    }
}
