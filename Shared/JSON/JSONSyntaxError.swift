/// Why bytes are not a JSON document, and where.
public struct JSONSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes before the offending one.
    public var offset: Int
    /// In words: what was found, or what was expected.
    public var problem: String

    public init(offset: Int, problem: String) {
        self.offset = offset
        self.problem = problem
    }

    public var description: String { "\(problem) at byte \(offset)" }

    /// Line and column, from 1, for files that people edit. The column counts bytes.
    public func position(in bytes: [UInt8]) -> (line: Int, column: Int) {
        let before = bytes.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (line, before.count - lineStart + 1)
    }
}

/// How much a document may be.
public struct JSONLimits: Equatable, Sendable {
    /// Largest document, bytes.
    public var bytes: Int
    /// Deepest nesting of arrays and objects.
    public var depth: Int
    /// Most values, those inside of lists and objects included. Each takes a place in the tree and a tenth of a microsecond to read, however few
    /// bytes it has: `[1,1,1` costs twenty times what a text of the same length does.
    public var values: Int
    /// Most combining marks in a row, as the Stream-Safe Text Format has it (Unicode Standard Annex 15; RFC 8259 §9 lets a parser
    /// limit the characters of texts). Comparing and hashing a `String` takes time that grows with the square of such a run.
    public static let combiningMarks = 30

    public init(bytes: Int = 1024 * 1024, depth: Int = 64, values: Int = 64 * 1024) {
        precondition(bytes >= 0 && (0...512).contains(depth), "The parser recurses: more than 512 could end its stack.")
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }
}
