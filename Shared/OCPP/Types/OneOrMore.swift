/// A list with the cardinality 1..*: never empty.
///
/// The JSON schemas set no `minItems` although the text requires an element (OCPP 1.6 §6.31, §7.13, §7.33); the type keeps the rule
/// both ways.
public struct OneOrMore<Element> {
    /// The elements, at least one.
    public let elements: [Element]

    /// A list of `first` and what follows it.
    public init(_ first: Element, _ rest: Element...) { elements = [first] + rest }

    /// Nil when there is no element.
    public init?(_ elements: some Sequence<Element>) {
        let elements = Array(elements)
        guard !elements.isEmpty else { return nil }
        self.elements = elements
    }

    /// The first element, which always exists.
    public var first: Element { elements[0] }
}

extension OneOrMore: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Element { elements[position] }
}

extension OneOrMore: Equatable where Element: Equatable {}
extension OneOrMore: Sendable where Element: Sendable {}

extension OneOrMore: Decodable where Element: Decodable {
    /// Reads a list.
    /// - Throws: `DecodingError.dataCorrupted` with `ConstraintViolation.occurrence` when it is empty.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        elements = try container.decode([Element].self)
        guard !elements.isEmpty else {
            throw ConstraintViolation.occurrence("at least one element is expected").decodingError(
                at: container.codingPath
            )
        }
    }
}

extension OneOrMore: Encodable where Element: Encodable {
    /// Writes a plain list.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(elements)
    }
}
