/// Frames of Modbus RTU (Modbus over Serial Line V1.02 §2.5.1): unit, function, data, checksum.
///
/// A frame ends by silence, which a process cannot time. So the end is decided by length: what is asked for says how long the answer is. The
/// answer is looked for at every byte that has come, so that noise before it, and frames of others, do not matter.
struct ModbusSerialFrames: Equatable, Sendable {
    /// What the bytes from one place on are.
    private enum Candidate {
        case nothing
        /// So far it looks like the answer.
        case begun
        /// It looked like the answer until the checksum came.
        case broken
        case complete(ModbusReply)
    }

    /// No answer is longer (V1.02 §2.5.1.1).
    private static let longestFrame = 256

    private var heard: [UInt8] = []
    /// Whether something like the answer came whose checksum was wrong.
    private(set) var isBroken = false

    /// The frame of a question.
    static func frame(_ request: ModbusRequest) -> [UInt8] {
        let bytes = [request.unit] + request.body
        let sum = ModbusChecksum.of(bytes)
        return bytes + [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
    }

    /// Whether something has come that may be the beginning of the answer.
    var hasBegun: Bool { !heard.isEmpty }

    /// Takes what came; returns the answer once it is complete.
    mutating func received(_ bytes: [UInt8], to request: ModbusRequest) -> ModbusReply? {
        heard += bytes
        return search(request, isOver: false)
    }

    /// Nothing more came for a while: an answer that seemed to begin may have been noise in front of the real one.
    mutating func silenceFell(_ request: ModbusRequest) -> ModbusReply? {
        defer { heard = [] }
        return search(request, isOver: true)
    }

    private mutating func search(_ request: ModbusRequest, isOver: Bool) -> ModbusReply? {
        var place = 0
        defer { heard.removeFirst(min(place, heard.count)) }
        while place < heard.count {
            switch candidate(at: place, request) {
            case .complete(let reply):
                place = heard.count
                return reply
            case .begun where !isOver: return nil
            case .broken:
                isBroken = true
                place += 1
            case .begun, .nothing: place += 1
            }
        }
        return nil
    }

    private func candidate(at place: Int, _ request: ModbusRequest) -> Candidate {
        let rest = heard[place...].prefix(Self.longestFrame)
        guard let unit = rest.first, unit == request.unit else { return .nothing }
        guard rest.count >= 2 else { return .begun }
        let function = rest[place + 1]
        let length: Int
        if function == request.function.rawValue | 0x80 {
            length = 5
        } else if function == request.function.rawValue {
            length = 5 + 2 * request.count
            guard rest.count >= 3 else { return .begun }
            guard Int(rest[place + 2]) == 2 * request.count else { return .nothing }
        } else {
            return .nothing
        }
        guard rest.count >= length else { return .begun }
        let frame = rest.prefix(length)
        let sum = ModbusChecksum.of(frame.dropLast(2))
        guard UInt8(truncatingIfNeeded: sum) == frame[place + length - 2],
            UInt8(truncatingIfNeeded: sum >> 8) == frame[place + length - 1]
        else { return .broken }
        return ModbusReply(frame.dropFirst().dropLast(2), to: request).map { .complete($0) } ?? .nothing
    }
}
