/// An object: members in the order of the document, each key once. Keys are the same when their bytes are (RFC 8259 §8.3).
public struct JSONObject: Sendable {
    public struct Member: Hashable, Sendable {
        public let key: String
        public var value: JSONValue

        public static func == (left: Member, right: Member) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value == right.value
        }

        public func hash(into hasher: inout Hasher) {
            key.hashBytes(into: &hasher)
            hasher.combine(value)
        }
    }

    public private(set) var members: [Member] = []
    /// Positions by key, kept only for objects that are large enough for searching to hurt.
    private var positions: [Key: Int]?

    private static let indexedCount = 16

    public init() {}

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }

    /// Reads, replaces in place, appends, or (with nil) removes.
    public subscript(_ key: String) -> JSONValue? {
        get { position(of: key, near: 0).map { members[$0].value } }
        set {
            switch (position(of: key, near: 0), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (nil, let value?):
                add(key: key, value: value)
            case (let position?, nil):
                members.remove(at: position)
                if positions != nil { reindex() }
            case (nil, nil):
                return
            }
        }
    }

    /// Adds a member. Returns false, changing nothing, when the key is there already.
    public mutating func append(key: String, value: JSONValue) -> Bool {
        guard position(of: key, near: 0) == nil else { return false }
        add(key: key, value: value)
        return true
    }

    /// Where the key is. Types ask in the order in which they were written, so the search starts at `hint` and wraps.
    func position(of key: String, near hint: Int) -> Int? {
        if let positions { return positions[Key(text: key)] }
        let count = members.count
        var position = hint < count ? hint : 0
        for _ in 0..<count {
            if members[position].key.hasSameBytes(as: key) { return position }
            position += 1
            if position == count { position = 0 }
        }
        return nil
    }

    private mutating func add(key: String, value: JSONValue) {
        // Four at once instead of one, two, four: nearly no object has a single member.
        if members.isEmpty { members.reserveCapacity(4) }
        members.append(Member(key: key, value: value))
        if positions != nil {
            positions?[Key(text: key)] = members.count - 1
        } else if members.count > Self.indexedCount {
            reindex()
        }
    }

    private mutating func reindex() {
        var table: [Key: Int] = [:]
        table.reserveCapacity(members.count)
        for (position, member) in members.enumerated() { table[Key(text: member.key)] = position }
        positions = table
    }
}

/// A key that hashes and compares by its bytes. The hash is seeded for each process, so nobody outside can make keys collide.
private struct Key: Hashable {
    let text: String

    static func == (left: Key, right: Key) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}

extension String {
    /// Whether the texts are equal byte by byte. `==` asks for canonical equivalence instead, and takes time that grows with the
    /// square of a run of combining marks.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Feeds the bytes, as `hasSameBytes` compares them.
    func hashBytes(into hasher: inout Hasher) {
        for byte in utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}

extension JSONObject: Hashable {
    /// Objects are unordered (RFC 8259 §4): the order of members does not tell them apart.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        var combined = 0
        for member in members { combined ^= member.hashValue }
        hasher.combine(combined)
    }
}
