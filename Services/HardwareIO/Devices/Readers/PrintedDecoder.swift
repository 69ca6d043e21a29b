import HardwareCore
import Primitives

/// Finds what a reader printed among the characters that came.
struct PrintedDecoder {
    enum Found: Equatable {
        case card(CardContent)
        case checksumWrong
        /// A frame of another form.
        case unreadable
    }

    private let format: PrintedFormat
    private var characters: [UInt8] = []
    /// A frame has begun.
    private var isInside: Bool
    /// It is longer than any card, so that its end is waited for and nothing is kept.
    private var isTooLong = false
    private var newestAt = Duration.zero

    init(_ format: PrintedFormat) {
        self.format = format
        isInside = format.start == nil
    }

    /// When silence ends what has come so far; nil where it does not.
    var silenceDeadline: Duration? {
        format.endsWithSilence && !characters.isEmpty ? newestAt + format.gap : nil
    }

    mutating func reset() {
        characters.removeAll(keepingCapacity: true)
        isInside = format.start == nil
        isTooLong = false
    }

    mutating func receive(_ received: [UInt8], at uptime: Duration) -> [Found] {
        var found: [Found] = []
        if !characters.isEmpty || isTooLong, uptime - newestAt > format.gap { found += fellSilent() }
        newestAt = uptime
        for byte in received {
            if byte == format.start {
                // Whatever was before it lost its end.
                if isInside, !characters.isEmpty { found.append(.unreadable) }
                reset()
                isInside = true
            } else if !isInside {
                continue
            } else if format.terminators.contains(byte) {
                found += finish()
            } else if characters.count == PrintedFormat.longest {
                isTooLong = true
            } else {
                characters.append(byte)
            }
        }
        return found
    }

    /// No character came for as long as `gap`.
    mutating func fellSilent() -> [Found] {
        guard !format.endsWithSilence else { return finish() }
        reset()
        return [.unreadable]
    }

    private mutating func finish() -> [Found] {
        let frame = characters
        let tooLong = isTooLong
        reset()
        guard !tooLong else { return [.unreadable] }
        let trimmed = frame.filter { $0 != 0x0D && $0 != 0x0A }
        // Between CR and LF, and where a reader prints empty lines.
        guard !trimmed.isEmpty else { return [] }
        let prefix = Array(format.prefix.utf8)
        guard trimmed.starts(with: prefix) else { return [.unreadable] }
        return [read(Array(trimmed.dropFirst(prefix.count)))]
    }

    private func read(_ characters: [UInt8]) -> Found {
        switch format.content {
        case .hexadecimal:
            guard let uid = Self.bytes(characters), !uid.isEmpty else { return .unreadable }
            return .card(.uid(uid))
        case .checked(let withCustomerByte):
            guard let bytes = Self.bytes(characters), bytes.count == 6 else { return .unreadable }
            guard bytes.reduce(0, ^) == 0 else { return .checksumWrong }
            return .card(.uid(Array(bytes.dropFirst(withCustomerByte ? 0 : 1).dropLast())))
        case .text(let allowed):
            guard !characters.isEmpty, characters.allSatisfy(allowed.allows) else { return .unreadable }
            return .card(.printed(String(decoding: characters, as: UTF8.self)))
        }
    }

    private static func bytes(_ digits: [UInt8]) -> [UInt8]? {
        Hexadecimal.bytes(String(decoding: digits, as: UTF8.self))
    }
}
