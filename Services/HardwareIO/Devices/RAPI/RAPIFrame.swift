/// One line of RAPI, the protocol of OpenEVSE controllers (rapi_proc.h, protocol 5): `$words… :ss^XX` and a carriage return.
///
/// `XX` is the XOR of all bytes before `^`, or their sum before `*`, which older firmware writes. `ss` is an id of the question (01…FF) that
/// the answer repeats.
struct RAPIFrame: Equatable {
    /// At least one, the first of them what kind of line it is.
    var words: [String]
    var sequence: UInt8?

    init(words: [String], sequence: UInt8? = nil) {
        self.words = words
        self.sequence = sequence
    }

    /// The line with its `$` and without its carriage return. Nil where it is none, has no checksum, or the wrong one.
    init?(_ line: some Collection<UInt8>) {
        let line = Array(line)
        guard line.first == 0x24, let mark = line.lastIndex(where: { $0 == 0x5E || $0 == 0x2A }) else { return nil }
        let body = line[..<mark]
        let sum = line[mark] == 0x5E ? body.reduce(0, ^) : body.reduce(0, &+)
        let digits = line[(mark + 1)...]
        guard digits.count == 2, Self.hexadecimal(digits).map({ $0 == Int(sum) }) == true else { return nil }
        guard body.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        var words = body.dropFirst().split(separator: 0x20)
        if words.count > 1, let last = words.last, last.first == 0x3A {
            guard last.count == 3, let id = Self.hexadecimal(last.dropFirst()), id > 0 else { return nil }
            sequence = UInt8(id)
            words.removeLast()
        }
        guard !words.isEmpty else { return nil }
        self.words = words.map { String(decoding: $0, as: UTF8.self) }
    }

    /// As it is sent, with its carriage return.
    var bytes: [UInt8] {
        var line = "$" + words.joined(separator: " ")
        if let sequence { line += " :" + Self.digits(sequence) }
        let sum = line.utf8.reduce(0, ^)
        return Array((line + "^" + Self.digits(sum)).utf8) + [0x0D]
    }

    private static func digits(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    private static func hexadecimal(_ digits: some Collection<UInt8>) -> Int? {
        Int(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

/// Finds the lines of a controller in bytes that come cut anywhere, with noise between them.
struct RAPIDecoder {
    /// Longer than any answer.
    private static let longest = 96

    /// From its `$` on; empty before.
    private var line: [UInt8] = []
    /// Lines that were none, or had a wrong checksum.
    private(set) var damaged: Int64 = 0

    mutating func reset() { line.removeAll(keepingCapacity: true) }

    mutating func receive(_ bytes: [UInt8]) -> [RAPIFrame] {
        var frames: [RAPIFrame] = []
        for byte in bytes {
            switch byte {
            case 0x24:
                // Whatever was before it lost its end.
                if !line.isEmpty { damaged += 1 }
                line = [byte]
            case 0x0D:
                guard !line.isEmpty else { continue }
                if let frame = RAPIFrame(line) { frames.append(frame) } else { damaged += 1 }
                reset()
            default:
                guard !line.isEmpty else { continue }
                line.append(byte)
                if line.count > Self.longest {
                    damaged += 1
                    reset()
                }
            }
        }
        return frames
    }
}
