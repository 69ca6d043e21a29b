internal import BusSchema
internal import Primitives

// How much of a bus payload something takes. What could become too large is refused when it is declared or asked for: a message that
// the bus refuses would never be seen, and a service would not learn its values.

extension String {
    /// Bytes as a JSON text, quotation marks included.
    var jsonBytes: Int {
        utf8.reduce(2) { sum, byte in
            switch byte {
            case 0..<0x20: sum + 6
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): sum + 2
            default: sum + 1
            }
        }
    }
}

extension KeyDeclaration {
    /// The most bytes that `ConfigValue` of this key and owner can take as JSON.
    func mostValueBytes(of owner: ServiceName) -> Int {
        // Names of fields, punctuation, the longest revision, and secretPresent.
        let frame = 110
        return frame + key.jsonBytes + owner.rawValue.jsonBytes + (secret ? 4 : mostTextBytes + 2)
    }

    private var mostTextBytes: Int {
        // A character takes four bytes at most; a byte that is escaped takes two, and then it is a character of its own.
        let longest = Self.longestValueBytes
        let characters = (maximumLength ?? longest).clamped(to: 0...longest)
        let bound = min(4 * characters, 2 * longest)
        switch type {
        case .boolean: return 5
        case .integer: return 20
        case .string: return choices.map { min($0.map(\.jsonBytes).max() ?? 0, bound) } ?? bound
        // Each choice once, and commas.
        case .list: return choices.map { min($0.reduce(0) { $0 + $1.jsonBytes + 1 }, bound) } ?? bound
        default: return min(characters, longest)
        }
    }
}

extension ConfigGet.Entry {
    /// Bytes as JSON, or somewhat more.
    var jsonBytes: Int {
        let texts = [value.value, declaration.defaultValue, declaration.description, declaration.unit]
        let lists = (declaration.choices ?? []).reduce(0) { $0 + $1.jsonBytes + 1 }
        let names = 2 * declaration.key.jsonBytes + value.owner.rawValue.jsonBytes
        return texts.reduce(400 + lists + names) { $0 + ($1?.jsonBytes ?? 4) }
    }
}
