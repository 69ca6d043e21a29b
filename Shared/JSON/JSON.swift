/// The module's functions: bytes to tree, tree to values, values to bytes.
public enum JSON {
    /// What to do with members of an object that the decoded type did not ask for.
    public enum UnknownKeys: Sendable {
        /// Messages: newer senders may say more than we know.
        case ignored
        /// Files that people write: a misspelled key must not be lost silently.
        case refused
    }

    /// Reads one document.
    /// - Throws: `JSONSyntaxError` with the byte offset, for anything RFC 8259 does not allow, duplicate keys, and excess.
    public static func parse(
        _ bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(JSONSyntaxError) -> JSONValue {
        var parser = Parser(bytes, limits: limits)
        return try parser.document()
    }

    /// What a list begins with when the document as a whole cannot be read: its first elements, at most `count`, as far as they are
    /// texts or numbers. Empty for anything that does not begin as a list. Costs no more than those elements are long.
    public static func leadingScalars(_ bytes: [UInt8], count: Int) -> [JSONValue] {
        var parser = Parser(bytes, limits: JSONLimits(bytes: bytes.count))
        return parser.leadingScalars(count: count)
    }

    /// Reads a value out of a tree. With `root`, the paths of errors begin with it: for a value that is part of a larger document.
    /// - Throws: `DecodingError` with the path; see the README for which case means what.
    public static func decode<T: Decodable>(
        _ type: T.Type,
        from value: JSONValue,
        root: String? = nil,
        unknownKeys: UnknownKeys = .ignored
    ) throws(DecodingError) -> T {
        let step = root.map(PathStep.name)
        let decoder = TreeDecoder(value, refusesUnknownKeys: unknownKeys == .refused, step: step)
        do {
            let result = try T(from: decoder)
            try decoder.finish()
            return result
        } catch let error as DecodingError {
            throw error
        } catch {
            throw .dataCorrupted(.init(codingPath: [], debugDescription: "\(error)", underlyingError: error))
        }
    }

    /// Reads a value out of a document.
    /// - Throws: `DecodingError`; a document that is not JSON is `dataCorrupted` over a `JSONSyntaxError`.
    public static func decode<T: Decodable>(
        _ type: T.Type,
        from bytes: [UInt8],
        unknownKeys: UnknownKeys = .ignored,
        limits: JSONLimits = JSONLimits()
    ) throws(DecodingError) -> T {
        let value: JSONValue
        do {
            value = try parse(bytes, limits: limits)
        } catch {
            throw .dataCorrupted(.init(codingPath: [], debugDescription: error.description, underlyingError: error))
        }
        return try decode(type, from: value, unknownKeys: unknownKeys)
    }

    /// Writes a value: compact, members in the order in which the type encodes them, slashes as they are.
    /// - Throws: `EncodingError.invalidValue` for NaN and infinities, which JSON cannot say.
    public static func encode(_ value: some Encodable) throws(EncodingError) -> [UInt8] {
        let writer = StreamWriter()
        do {
            try writer.write(value)
        } catch let error as EncodingError {
            throw error
        } catch {
            throw .invalidValue(value, .init(codingPath: [], debugDescription: "\(error)", underlyingError: error))
        }
        return writer.bytes
    }

    /// Writes a tree, compact or (for people) indented by two spaces; members as they are or sorted by key.
    public static func write(_ value: JSONValue, pretty: Bool = false, sortedKeys: Bool = false) -> [UInt8] {
        var writer = TreeWriter(pretty: pretty, sortedKeys: sortedKeys)
        writer.write(value, depth: 0)
        return writer.bytes
    }

    /// The error in words for people: where (`connectors[0].maximumCurrentAmps`, empty for the whole document), and what
    /// (`expected an integer, found "abc"`).
    public static func describe(error: DecodingError) -> (path: String, problem: String) {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            (describe(path: context.codingPath), context.debugDescription)
        case .keyNotFound(let key, let context):
            (describe(path: context.codingPath + [key]), "required, but missing")
        @unknown default:
            ("", "\(error)")
        }
    }

    /// A coding path as people write it: names joined by points, positions in brackets, counted from 0.
    public static func describe(path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return text
    }
}
