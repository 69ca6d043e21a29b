/// Where the bytes of a reader that prints come from.
public enum PrintedSource: Equatable, Sendable {
    /// A line of characters.
    case characters
    /// Key presses of a reader that is a keyboard, as `struct input_event` of the kernel (linux/input.h).
    case keys(KeyEventLayout)
}

/// The layout of `struct input_event`: two longs of time, then type and code of 16 bits and a value of 32, little-endian,
/// as every machine is that Debian 12 runs a charger on.
public enum KeyEventLayout: Equatable, Sendable {
    case longs32Bit
    case longs64Bit

    /// Bytes of one event.
    public var size: Int {
        switch self {
        case .longs32Bit: 16
        case .longs64Bit: 24
        }
    }

    /// That of this machine.
    public static var native: KeyEventLayout { MemoryLayout<Int>.size == 8 ? .longs64Bit : .longs32Bit }
}

/// Makes characters of key presses (linux/input-event-codes.h), as on a US keyboard, which is what such readers pretend to be.
struct KeyDecoder {
    private let layout: KeyEventLayout
    private var bytes: [UInt8] = []
    private var leftShift = false
    private var rightShift = false

    init(_ layout: KeyEventLayout) { self.layout = layout }

    mutating func reset() {
        bytes.removeAll()
        leftShift = false
        rightShift = false
    }

    mutating func receive(_ received: [UInt8]) -> [UInt8] {
        bytes += received
        var characters: [UInt8] = []
        var position = 0
        while bytes.count - position >= layout.size {
            let event = Array(bytes[position..<(position + layout.size)].suffix(8))
            position += layout.size
            let type = UInt16(event[0]) | UInt16(event[1]) << 8
            let code = UInt16(event[2]) | UInt16(event[3]) << 8
            let value = UInt32(event[4]) | UInt32(event[5]) << 8 | UInt32(event[6]) << 16 | UInt32(event[7]) << 24
            if type == Self.keyType, let character = press(code, value: value) { characters.append(character) }
            if type == 0, code == Self.dropped {
                leftShift = false
                rightShift = false
                characters.append(Self.gap)
            }
        }
        bytes.removeFirst(position)
        return characters
    }

    /// SYN_DROPPED: the kernel had no room, and keys are missing here. What they belong to would be another card's number.
    private static let dropped: UInt16 = 3
    /// Stands for keys that are missing: no number has it, whatever its form, so that what it is in is not read.
    private static let gap: UInt8 = 0

    /// EV_KEY. Others scan codes, synchronisation, lamps.
    private static let keyType: UInt16 = 1

    /// The values are 0 for released, 1 for pressed and 2 for repeated by holding: a reader does not hold keys.
    private mutating func press(_ code: UInt16, value: UInt32) -> UInt8? {
        switch code {
        case 42: leftShift = value != 0
        case 54: rightShift = value != 0
        default:
            guard value == 1, let keys = Self.keys[code] else { return nil }
            return leftShift || rightShift ? keys.shifted : keys.plain
        }
        return nil
    }

    private static let keys: [UInt16: (plain: UInt8, shifted: UInt8)] = {
        var keys: [UInt16: (plain: UInt8, shifted: UInt8)] = [
            28: (0x0D, 0x0D), 96: (0x0D, 0x0D), 15: (0x09, 0x09), 57: (0x20, 0x20),
        ]
        // Rows of keys, from the first code on.
        let rows: [(UInt16, String, String)] = [
            (2, "1234567890-=", "!@#$%^&*()_+"),
            (16, "qwertyuiop[]", "QWERTYUIOP{}"),
            (30, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
            (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
            // The number pad.
            (71, "789-456+1230.", "789-456+1230."),
        ]
        for (first, plain, shifted) in rows {
            for (offset, pair) in zip(plain.utf8, shifted.utf8).enumerated() {
                keys[first + UInt16(offset)] = (pair.0, pair.1)
            }
        }
        keys[55] = (0x2A, 0x2A)
        keys[98] = (0x2F, 0x2F)
        return keys
    }()
}
