/// Any JSON value. Equality is that of content: texts by their bytes, numbers by their text, objects whatever the order of their
/// members.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue: Hashable {
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.string(let one), .string(let other)): one.hasSameBytes(as: other)
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)): one == other
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let number): hasher.combine(number)
        case .string(let text): text.hashBytes(into: &hasher)
        case .array(let elements): hasher.combine(elements)
        case .object(let object): hasher.combine(object)
        }
    }
}

extension JSONValue {
    public var isNull: Bool { self == .null }

    /// The content when it is `true` or `false`.
    public var asBool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The content when it is a number.
    public var asNumber: JSONNumber? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// The content when it is an integer that fits; see `JSONNumber.asInt64`.
    public var asInt: Int? { asNumber?.asInt }

    /// The content when it is a text.
    public var asString: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The content when it is a list.
    public var asArray: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The content when it is an object.
    public var asObject: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The member of that name when this is an object that has it.
    public subscript(_ key: String) -> JSONValue? { asObject?[key] }

    /// What it is, short enough for an error message.
    public var excerpt: String {
        switch self {
        case .null: return "null"
        case .array: return "a list"
        case .object: return "an object"
        case .bool, .number, .string:
            let text = String(decoding: JSON.write(self), as: UTF8.self)
            let scalars = text.unicodeScalars
            guard scalars.index(scalars.startIndex, offsetBy: 61, limitedBy: scalars.endIndex) != nil else {
                return text
            }
            return String(scalars.prefix(57)) + "..."
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// The compact document.
    public var description: String { String(decoding: JSON.write(self), as: UTF8.self) }
}

extension JSONValue: Codable {
    /// Takes the tree as it is. Works under `JSON.decode` only: another decoder has no tree of ours.
    public init(from decoder: any Decoder) throws {
        guard let tree = decoder as? TreeDecoder else {
            let problem = "a JSONValue can only be read by JSON.decode"
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
        }
        tree.markAllAsked()
        self = tree.value
    }

    /// Writes the tree as it is. Works under `JSON.encode` only.
    public func encode(to encoder: any Encoder) throws {
        guard let stream = encoder as? StreamEncoder else {
            let problem = "a JSONValue can only be written by JSON.encode"
            throw EncodingError.invalidValue(self, .init(codingPath: encoder.codingPath, debugDescription: problem))
        }
        stream.write(self)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    public init(floatLiteral value: Double) { self = JSONNumber(value).map(JSONValue.number) ?? .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(nilLiteral: ()) { self = .null }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements {
            let added = object.append(key: key, value: value)
            precondition(added, "A literal that names a member twice is a mistake in the source.")
        }
        self = .object(object)
    }
}
