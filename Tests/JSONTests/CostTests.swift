import JSON
import Testing

/// What a text may cost, and what its characters may be, is bounded: whoever sends it chooses both.
@Suite struct CostTests {
    /// Generous for a loaded machine; what is not linear takes minutes.
    private static let most = Duration.seconds(10)

    private func time(_ bytes: [UInt8]) -> Duration {
        ContinuousClock().measure { _ = try? JSON.parse(bytes, limits: JSONLimits(bytes: 4 << 20)) }
    }

    private static let grave = "\u{300}"
    private static let dotBelow = "\u{323}"

    @Test func aKeyOfCombiningMarksIsRefusedAtOnce() {
        let marks = String(repeating: Self.grave + Self.dotBelow, count: 1 << 18)
        let members = (0..<17).map { #""\#($0)":0"# } + [#""\#(marks)":0"#, #""x\#(marks)":0"#]
        #expect(time(Array("{\(members.joined(separator: ","))}".utf8)) < Self.most)
    }

    @Test func manyKeysOfCombiningMarksCostNoMoreThanTheirBytes() {
        let marks = String(repeating: Self.grave + Self.dotBelow, count: 15)
        let members = (0..<16_000).map { #""\#($0)\#(marks)":0"# }
        let bytes = Array("{\(members.joined(separator: ","))}".utf8)
        #expect(bytes.count > 1 << 20)
        #expect(time(bytes) < Self.most)
    }

    @Test(arguments: [
        #"{"a":"#, "[", "\"", #"\u0041"#, "1", " ", "é", #"{"k":0,"k":0},"#, "[],", #""","#, "\u{301}", "null,",
    ])
    func aTextOfAnythingCostsNoMoreThanItsBytes(_ piece: String) {
        for opening in ["", "[", "\"", "{\"a\":["] {
            let bytes =
                Array(opening.utf8)
                + Array(repeatElement(Array(piece.utf8), count: (1 << 16) / piece.utf8.count).joined())
            #expect(time(bytes) < Self.most)
        }
    }

    @Test func thirtyCombiningMarksInARowAreTheMost() throws {
        let most = "e" + String(repeating: Self.grave, count: 30)
        #expect(try JSON.parse(Array("\"\(most)\"".utf8)) == .string(most))
        #expect(try JSON.parse(Array("\"\(most)\(most)\"".utf8)) == .string(most + most))
        let error = #expect(throws: JSONSyntaxError.self) { try JSON.parse(Array("\"\(most)\(Self.grave)\"".utf8)) }
        #expect(error?.problem == "more than 30 combining marks in a row")
        // Escaped ones count too.
        let escaped = String(repeating: #"\u0300"#, count: 31)
        #expect(throws: JSONSyntaxError.self) { try JSON.parse(Array("\"\(escaped)\"".utf8)) }
    }

    /// RFC 8259 §8.3: "é" in one code point and in two are different keys.
    @Test(arguments: [0, 20]) func keysAreComparedByTheirBytes(_ others: Int) throws {
        let members = (0..<others).map { #""\#($0)":0"# } + ["\"\u{E9}\":1", "\"e\u{301}\":2"]
        let object = try #require(try JSON.parse(Array("{\(members.joined(separator: ","))}".utf8)).asObject)
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        let twice = members + ["\"\u{E9}\":3"]
        #expect(throws: JSONSyntaxError.self) { try JSON.parse(Array("{\(twice.joined(separator: ","))}".utf8)) }
    }

    @Test(
        arguments: [
            (#"[2,"id","Reset",{"#, [2, "id", "Reset"]), (#"[2,"id","Reset""#, [2, "id", "Reset"]),
            (#"[2,"id","Rese"#, [2, "id"]), (#"[2,"id" "Reset""#, [2, "id"]),
            (#"[2,"id","Reset"]"#, [2, "id", "Reset"]),
            (#" [ -2.5 , "i\u0064" ,"#, [.number(JSONNumber(-2.5)!), "id"]), ("[", []), ("", []), ("{", []),
            ("[true,1,", []),
            ("[1,[2],3,", [1]), (#"[1,"\ud800","#, [1]), ("[1 2", []), (#"[1,"a","b","c","d","#, [1, "a", "b"]),
            ("[1,]", [1]),
        ] as [(String, [JSONValue])]
    )
    func theBeginningOfABrokenListCanBeRead(_ text: String, _ expected: [JSONValue]) {
        #expect(JSON.leadingScalars(Array(text.utf8), count: 3) == expected)
    }
}
