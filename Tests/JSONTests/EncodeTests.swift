import JSON
import Testing

private struct Widths: Codable, Equatable {
    var a: Int8 = .min
    var b: Int16 = .min
    var c: Int32 = .min
    var d: Int64 = .min
    var e: UInt8 = .max
    var f: UInt16 = .max
    var g: UInt32 = .max
    var h: UInt64 = .max
    var i: Int = .max
    var j: UInt = 0
    var k: Float = 0.1
    var l: Double = -1e-7
    var m: Bool = true
    var n: String = "ü/\"\\\n\u{1}"
}

private struct Tree: Codable, Equatable {
    enum Level: String, Codable { case low, high }
    struct Leaf: Codable, Equatable {
        var name: String
        var level: Level?
    }

    var zulu: Int
    var alpha: [Leaf]
    var table: [String: [Int]]
    var none: Leaf?
    var optionals: [String?]
    var nested: [[Bool]]
}

/// Writes by hand what synthesized types never do.
private struct ByHand: Codable, Equatable {
    var x: Int
    var y: [Int]

    enum Keys: String, CodingKey { case first, second, after }

    init(x: Int, y: [Int]) {
        self.x = x
        self.y = y
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let inner = try container.nestedContainer(keyedBy: Keys.self, forKey: .first)
        x = try inner.decode(Int.self, forKey: .second)
        var list = try container.nestedUnkeyedContainer(forKey: .second)
        var pair = try list.nestedUnkeyedContainer()
        y = []
        while !pair.isAtEnd { y.append(try pair.decode(Int.self)) }
        guard try container.decodeNil(forKey: .after), list.isAtEnd else {
            throw DecodingError.dataCorruptedError(forKey: .after, in: container, debugDescription: "expected null")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        var inner = container.nestedContainer(keyedBy: Keys.self, forKey: .first)
        try inner.encode(x, forKey: .second)
        var list = container.nestedUnkeyedContainer(forKey: .second)
        var pair = list.nestedUnkeyedContainer()
        try pair.encode(contentsOf: y)
        try container.encodeNil(forKey: .after)
    }
}

extension UnkeyedEncodingContainer {
    fileprivate mutating func encode(contentsOf values: [Int]) throws {
        for value in values { try encode(value) }
    }
}

private struct Nothing: Codable, Equatable {}
private struct Holder: Codable, Equatable {
    var nothing = Nothing()
    var list = [Nothing()]
}
private struct Ratio: Codable { var ratio: [Double] }
private struct Anything: Codable, Equatable { var any: JSONValue }

@Suite struct EncodeTests {
    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSON.encode(value), as: UTF8.self)
    }

    private func roundTrip<T: Codable>(_ value: T) throws -> T {
        try JSON.decode(T.self, from: try JSON.encode(value), unknownKeys: .refused)
    }

    @Test func membersComeInOrderOfTheTypeAndAbsentOnesNotAtAll() throws {
        let tree = Tree(
            zulu: 1,
            alpha: [.init(name: "n", level: .high), .init(name: "", level: nil)],
            table: ["k": [1, 2]],
            none: nil,
            optionals: ["a", nil],
            nested: [[], [true]]
        )
        let expected =
            #"{"zulu":1,"alpha":[{"name":"n","level":"high"},{"name":""}],"table":{"k":[1,2]},"#
            + #""optionals":["a",null],"nested":[[],[true]]}"#
        #expect(try text(tree) == expected)
        #expect(try roundTrip(tree) == tree)
    }

    @Test func everyWidthSurvivesARoundTrip() throws {
        #expect(try roundTrip(Widths()) == Widths())
        #expect(try roundTrip([Widths(), Widths(a: 5, k: 1e20, n: "")]) == [Widths(), Widths(a: 5, k: 1e20, n: "")])
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("", #""""#), ("a/b", #""a/b""#), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{8}\u{1F}", #""\u0000\u0008\u001f""#), ("é😀\u{7F}\u{2028}", "\"é😀\u{7F}\u{2028}\""),
        ("a\"é\"b", #""a\"é\"b""#),
    ])
    func onlyWhatMustBeEscapedIs(value: String, expected: String) throws {
        #expect(try text(value) == expected)
        #expect(try roundTrip(value) == value)
        #expect(String(decoding: JSON.write(.string(value)), as: UTF8.self) == expected)
    }

    @Test func nestedContainersAreClosedByWhatFollows() throws {
        let value = ByHand(x: 3, y: [4, 5])
        #expect(try text(value) == #"{"first":{"second":3},"second":[[4,5]],"after":null}"#)
        #expect(try roundTrip([value, value]) == [value, value])
    }

    @Test func typesWithoutContentAreEmptyObjects() throws {
        #expect(try text(Nothing()) == "{}")
        #expect(try text(Holder()) == #"{"nothing":{},"list":[{}]}"#)
        #expect(try roundTrip(Holder()) == Holder())
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func whatIsNoNumberIsRefusedWithItsPath(value: Double) {
        do {
            _ = try JSON.encode(Ratio(ratio: [1, value]))
            Issue.record("accepted")
        } catch .invalidValue(_, let context) {
            #expect(JSON.describe(path: context.codingPath) == "ratio[1]")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func topLevelScalarsAreDocuments() throws {
        #expect(try text(5) == "5")
        #expect(try text("x") == #""x""#)
        #expect(try text(true) == "true")
        #expect(try text(Int?.none) == "null")
        #expect(try text([Int]()) == "[]")
        #expect(try text(230.0) == "230.0")
    }

    @Test func treesPassThroughUnchanged() throws {
        let tree = try JSON.parse(Array(#"{"b":[1.50,{"a":null}],"a":"x\/y"}"#.utf8))
        #expect(try text(Anything(any: tree)) == #"{"any":{"b":[1.50,{"a":null}],"a":"x/y"}}"#)
        #expect(try roundTrip(Anything(any: tree)) == Anything(any: tree))
    }

    @Test func treesAreWrittenCompactPrettyAndSorted() throws {
        let tree = try JSON.parse(Array(#"{"b":[1,{}],"a":{"d":[],"c":true}}"#.utf8))
        #expect(tree.description == #"{"b":[1,{}],"a":{"d":[],"c":true}}"#)
        #expect(
            String(decoding: JSON.write(tree, sortedKeys: true), as: UTF8.self)
                == #"{"a":{"c":true,"d":[]},"b":[1,{}]}"#
        )
        let pretty = """
            {
              "b": [
                1,
                {}
              ],
              "a": {
                "d": [],
                "c": true
              }
            }
            """
        #expect(String(decoding: JSON.write(tree, pretty: true), as: UTF8.self) == pretty)
    }
}
