/// Frames of Modbus TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.3): a header of transaction, protocol 0 and length, then unit,
/// function, data. The transaction tells a late answer from the one that is waited for.
struct ModbusNetworkFrames: Equatable, Sendable {
    enum Finding: Equatable {
        case reply(ModbusReply)
        /// Whole frames that answer something else: so many.
        case others(Int)
        /// What came is no Modbus; where the next frame begins nobody can know.
        case nonsense
    }

    /// Transaction, protocol, length, unit.
    private static let headerLength = 7

    private var heard: [UInt8] = []

    static func frame(_ request: ModbusRequest, transaction: UInt16) -> [UInt8] {
        let body = request.body
        return [
            UInt8(truncatingIfNeeded: transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0, 0,
            UInt8(truncatingIfNeeded: body.count + 1), request.unit,
        ] + body
    }

    /// Takes what came; returns the answer once it is complete. Answers to other transactions are passed over.
    mutating func received(_ bytes: [UInt8], to request: ModbusRequest?, transaction: UInt16) -> Finding {
        heard += bytes
        var place = 0
        var others = 0
        defer { heard.removeFirst(place) }
        while heard.count - place >= Self.headerLength {
            let length = Int(heard[place + 4]) << 8 | Int(heard[place + 5])
            guard heard[place + 2] == 0, heard[place + 3] == 0, (3...254).contains(length) else { return .nonsense }
            let end = place + 6 + length
            guard end <= heard.count else { break }
            let number = UInt16(heard[place]) << 8 | UInt16(heard[place + 1])
            let (unit, body) = (heard[place + 6], heard[(place + Self.headerLength)..<end])
            place = end
            if let request, number == transaction, unit == request.unit, let reply = ModbusReply(body, to: request) {
                return .reply(reply)
            }
            others += 1
        }
        return .others(others)
    }
}
