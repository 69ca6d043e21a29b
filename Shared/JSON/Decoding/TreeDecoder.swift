/// What a value sees while it is read: a node of the tree, with the way to it.
final class TreeDecoder: Decoder {
    let value: JSONValue
    private let refusesUnknownKeys: Bool
    private let parent: TreeDecoder?
    private let step: PathStep?
    /// Which members the value asked for; kept only where unknown ones are refused.
    private var asked: [Bool] = []
    private var nextPosition = 0

    init(_ value: JSONValue, refusesUnknownKeys: Bool, parent: TreeDecoder? = nil, step: PathStep? = nil) {
        self.value = value
        self.refusesUnknownKeys = refusesUnknownKeys
        self.parent = parent
        self.step = step
        if refusesUnknownKeys, case .object(let object) = value {
            asked = Array(repeating: false, count: object.count)
        }
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Put together only when somebody asks, which is when something is wrong.
    var codingPath: [any CodingKey] {
        guard let step else { return [] }
        return (parent?.codingPath ?? []) + [step]
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else {
            throw mismatch([String: JSONValue].self, "an object", value, nil)
        }
        return KeyedDecodingContainer(KeyedTreeContainer(decoder: self, object: object))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch([JSONValue].self, "a list", value, nil) }
        return UnkeyedTreeContainer(decoder: self, elements: elements)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    // MARK: - For the containers

    func child(_ value: JSONValue, at step: PathStep) -> TreeDecoder {
        TreeDecoder(value, refusesUnknownKeys: refusesUnknownKeys, parent: self, step: step)
    }

    func decode<T: Decodable>(_ type: T.Type, of value: JSONValue, at step: PathStep) throws -> T {
        let decoder = child(value, at: step)
        let result = try T(from: decoder)
        try decoder.finish()
        return result
    }

    /// The member of that name; having asked for it makes it a known one.
    func find(_ name: String, in object: JSONObject) -> JSONValue? {
        guard let position = object.position(of: name, near: nextPosition) else { return nil }
        nextPosition = position + 1
        if refusesUnknownKeys { asked[position] = true }
        return object.members[position].value
    }

    func markAllAsked() {
        for position in asked.indices { asked[position] = true }
    }

    /// Called when the value was read.
    /// - Throws: `DecodingError.dataCorrupted` over an `UnknownKeyError` for a member that it did not ask for.
    func finish() throws(DecodingError) {
        guard refusesUnknownKeys, let position = asked.firstIndex(of: false), case .object(let object) = value else {
            return
        }
        let key = object.members[position].key
        throw .dataCorrupted(
            .init(
                codingPath: codingPath + [PathStep.name(key)],
                debugDescription: "unknown key",
                underlyingError: UnknownKeyError(key: key)
            )
        )
    }
}

/// A member that the type does not know, under `JSON.UnknownKeys.refused`.
public struct UnknownKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    public var key: String

    public init(key: String) { self.key = key }

    public var description: String { "unknown key \(key)" }
}

/// One part of a coding path: a member's name, or a position in a list.
enum PathStep: CodingKey {
    case name(String)
    case index(Int)

    init?(stringValue: String) { self = .name(stringValue) }
    init?(intValue: Int) { self = .index(intValue) }

    var stringValue: String {
        switch self {
        case .name(let name): name
        case .index(let index): String(index)
        }
    }

    var intValue: Int? {
        switch self {
        case .name: nil
        case .index(let index): index
        }
    }
}
