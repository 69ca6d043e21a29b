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
    /// What an adapter that hears itself is expected to repeat of our own question, and how much of that has come.
    private var echo: [UInt8] = []
    private var echoed = 0
    /// Whether something like the answer came whose checksum was wrong.
    private(set) var isBroken = false

    /// The frame of a question.
    static func frame(_ request: ModbusRequest) -> [UInt8] {
        let bytes = [request.unit] + request.body
        let sum = ModbusChecksum.of(bytes)
        return bytes + [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
    }

    /// Begins to listen for the answer to a question.
    /// - Parameter echo: What an adapter that hears itself is going to repeat first.
    init(expectingEcho echo: [UInt8] = []) { self.echo = echo }

    /// Whether something has come that may be the beginning of the answer.
    var hasBegun: Bool { !heard.isEmpty }

    /// Takes what came; returns the answer once it is complete.
    mutating func received(_ bytes: [UInt8], to request: ModbusRequest) -> ModbusReply? {
        for byte in bytes {
            if echoed < echo.count, byte == echo[echoed] {
                echoed += 1
                continue
            }
            // One that does not repeat everything, or nothing this time: all of it is judged like anything else.
            if echoed < echo.count { heard += echo[..<echoed] }
            echoed = echo.count
            heard.append(byte)
        }
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
