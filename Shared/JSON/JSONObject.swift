/// An object: members in the order of the document, each key once.
public struct JSONObject: Sendable {
    public struct Member: Hashable, Sendable {
        public let key: String
        public var value: JSONValue
    }

    public private(set) var members: [Member] = []
    /// Positions by key, kept only for objects that are large enough for searching to hurt.
    private var positions: [String: Int]?

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
        if let positions { return positions[key] }
        let count = members.count
        var position = hint < count ? hint : 0
        for _ in 0..<count {
            if members[position].key == key { return position }
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
            positions?[key] = members.count - 1
        } else if members.count > Self.indexedCount {
            reindex()
        }
    }

    private mutating func reindex() {
        var table: [String: Int] = [:]
        table.reserveCapacity(members.count)
        for (position, member) in members.enumerated() { table[member.key] = position }
        positions = table
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
