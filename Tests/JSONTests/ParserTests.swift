import JSON
import Primitives
import Testing

private func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) -> JSONValue {
    try JSON.parse(Array(text.utf8), limits: limits)
}

@Suite struct ParserTests {
    @Test(
        arguments: [
            ("null", nil), ("true", true), (" \t\r\nfalse\n", false), ("0", 0), ("-12", -12), ("\"\"", ""),
            ("[]", []), ("{}", [:]), ("[ 1 , [ ] , { } ]", [1, [], [:]]),
            (#"{"a":1,"b":{"c":[true,null]}}"#, ["a": 1, "b": ["c": [true, nil]]]),
            (#"{"":0}"#, ["": 0]), (#"{"a":1,"A":2}"#, ["a": 1, "A": 2]),
            (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
            (#""\u0041\u00e9\u20AC\u0000""#, .string("Aé€\u{0}")), (#""\ud83d\ude00""#, "😀"),
            ("\"😀é\u{7F}\"", "😀é\u{7F}"),
            (#""/""#, "/"), ("\"\u{FEFF}x\"", "\u{FEFF}x"),
        ] as [(String, JSONValue)]
    )
    func readsWhatTheGrammarAllows(text: String, expected: JSONValue) throws {
        #expect(try parse(text) == expected)
    }

    @Test(arguments: [
        "0", "-0", "1.0", "1.50", "-0.1e-10", "1E5", "1e+5", "123456789012345678901234567890", "0.10", "0e0",
    ])
    func numbersKeepTheirText(text: String) throws {
        #expect(try parse(text).asNumber?.text == text)
    }

    @Test(
        arguments: [
            ("", 0), ("   ", 3), ("[1,]", 3), (#"{"a":1,}"#, 7), ("{,}", 1), ("[,1]", 1), ("[1 2]", 3), ("[1", 2),
            ("[", 1),
            ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5), (#"{"a" 1}"#, 5), (#"{"a":1"#, 6), (#"{"a":1 "b":2}"#, 7),
            ("{a:1}", 1),
            ("{1:1}", 1), ("'a'", 0), ("]", 0), ("}", 0), (":", 0), ("tru", 0), ("True", 0), ("nul", 0), ("nullx", 4),
            ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("undefined", 0), ("+1", 0), ("-", 1), ("01", 1), ("-01", 2),
            ("1.", 2), (".5", 0), ("1.e5", 2), ("1e", 2), ("1e+", 3), ("0x10", 1), ("1_000", 1), ("1,2", 1), ("1 1", 2),
            ("--1", 1), ("1.2.3", 3), ("{} {}", 3), ("[] // no", 3), ("/* no */ []", 0), ("\u{FEFF}[]", 0), ("\"", 1),
            ("\"a", 2), ("\"a\\", 3), (#""\x41""#, 2), (#""\'""#, 2), (#""\u12""#, 5), (#""\u12g4""#, 5),
            (#""\u 123""#, 3),
            (#""\U0041""#, 2), ("\"a\nb\"", 2), ("\"a\tb\"", 2), ("\"\u{0}\"", 1), ("\"\\u0041\u{1}\"", 7),
            ("[1]\u{0}", 3),
            ("\u{C}[]", 0), ("\u{A0}[]", 0), ("\u{2028}[]", 0), (#"{"a":1,"a":1}"#, 7), (#"{"a":1,"\u0061":2}"#, 7),
            (#""\ud800""#, 1), (#""\udc00""#, 1), (#""\ud800\ud800""#, 1), (#""\ud800\u0041""#, 1), (#""\ud800x""#, 1),
            (#""\ud800\n""#, 1), (#""\ude00\ud83d""#, 1),
        ] as [(String, Int)]
    )
    func refusesWhatTheGrammarForbidsAndSaysWhere(text: String, offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try parse(text) }
        #expect(error?.offset == offset, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]]
    )
    func refusesInvalidUTF8InTexts(bytes: [UInt8]) {
        for escape in [[], Array(#"\n"#.utf8)] {
            let document = [0x22] + escape + bytes + [0x22]
            #expect(throws: JSONSyntaxError.self) { try JSON.parse(document) }
        }
        #expect(throws: JSONSyntaxError.self) { try JSON.parse(bytes) }
        #expect(throws: JSONSyntaxError.self) { try JSON.parse([0x7B, 0x22] + bytes + [0x22, 0x3A, 0x31, 0x7D]) }
    }

    @Test func saysInWordsWhatWasExpected() {
        func problem(_ text: String) -> String? {
            do { _ = try parse(text) } catch { return error.description }
            return nil
        }
        #expect(problem(#"{"a" 1}"#) == "expected a colon, found '1' at byte 5")
        #expect(problem("[1") == "expected a comma or the end of the list, found the end at byte 2")
        #expect(problem("\u{1}") == "expected a value, found byte 0x01 at byte 0")
        #expect(problem(#"{"a":1,"a":1}"#) == #"duplicate key "a" at byte 7"#)
    }

    @Test func aPositionIsLineAndColumn() {
        let text = Array("{\n  \"a\": 1\n  \"b\": 2\n}".utf8)
        do {
            _ = try JSON.parse(text)
            Issue.record("a missing comma was accepted")
        } catch {
            #expect(error.position(in: text) == (3, 3))
        }
    }

    @Test func nestingIsLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(64)) }
        #expect(throws: JSONSyntaxError(offset: 64, problem: "nested deeper than 64")) { try parse(nested(65)) }
        #expect(throws: JSONSyntaxError.self) { try parse(nested(3), limits: JSONLimits(depth: 2)) }
        #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
        let objects = String(repeating: #"{"a":"#, count: 200_000)
        #expect(throws: JSONSyntaxError(offset: 64 * 5, problem: "nested deeper than 64")) { try parse(objects) }
    }

    @Test func valuesAreLimitedHoweverFewBytesTheyHave() throws {
        #expect(try parse("[1,[2]]", limits: JSONLimits(values: 4)) == [1, [2]])
        #expect(throws: JSONSyntaxError(offset: 4, problem: "more than 3 values")) {
            try parse("[1,[2]]", limits: JSONLimits(values: 3))
        }
        #expect(throws: JSONSyntaxError(offset: 10, problem: "more than 2 values")) {
            try parse(#"{"a":1,"":2}"#, limits: JSONLimits(values: 2))
        }
        let many = "[" + String(repeating: "1,", count: 100_000) + "1]"
        #expect(throws: JSONSyntaxError(offset: 1 + 2 * 65_535, problem: "more than 65536 values")) { try parse(many) }
    }

    @Test func sizeIsLimited() throws {
        #expect(try parse("[1]", limits: JSONLimits(bytes: 3)) == [1])
        #expect(throws: JSONSyntaxError(offset: 2, problem: "the document exceeds 2 bytes")) {
            try parse("[1]", limits: JSONLimits(bytes: 2))
        }
    }

    @Test func objectsKeepTheirOrderAndFindTheirMembers() throws {
        let keys = (0..<300).map { "key\(($0 * 7) % 300)" }
        let text = "{" + keys.map { "\"\($0)\":\"\($0)\"" }.joined(separator: ",") + "}"
        var object = try #require(try parse(text).asObject)
        #expect(object.keys == keys)
        #expect(keys.allSatisfy { object[$0] == .string($0) })
        #expect(object["absent"] == nil)
        object["key7"] = nil
        object["key14"] = 14
        object["new"] = true
        #expect(object.count == 300)
        #expect(object["key7"] == nil)
        #expect(object["key14"] == 14)
        #expect(object["key21"] == "key21")
        #expect(object.keys.last == "new")
        let repeated = text.dropLast() + ",\"key5\":1}"
        #expect(throws: JSONSyntaxError.self) { try parse(String(repeated)) }
    }

    @Test func objectsAreEqualWhateverTheirOrder() throws {
        let one = try parse(#"{"a":1,"b":[2]}"#)
        let other = try parse(#"{"b":[2],"a":1}"#)
        #expect(one == other)
        #expect(Set([one]).contains(other))
        #expect(one != ["a": 1, "b": [3]])
        #expect(one != ["a": 1])
    }

    /// Damaged documents are refused or read as something that can be written and read again; nothing traps.
    @Test(arguments: 1...8)
    func damagedDocumentsNeverTrap(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let original = Array(
            #"[2,"19223201","BootNotification",{"a":[1.5e3,-0,null,true,false],"é😀":"\ud83d\ude00\n","o":{"x":{}}}]"#
                .utf8
        )
        let alphabet = Array(#"{}[]:,"\/0123456789.eE+-truefalsn"#.utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xED, 0xFF]
        var accepted = 0
        for _ in 0..<4000 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = byte
                case 1: bytes.insert(byte, at: position)
                case 2: bytes.remove(at: position)
                default: bytes.removeSubrange(position..<min(bytes.count, position + 9))
                }
                if bytes.isEmpty { bytes = [byte] }
            }
            guard let value = try? JSON.parse(bytes) else { continue }  // refused: the usual outcome
            accepted += 1
            #expect(try JSON.parse(JSON.write(value)) == value, "seed \(seed)")
        }
        #expect(accepted > 0)
    }
}
