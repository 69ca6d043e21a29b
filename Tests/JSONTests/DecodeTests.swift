import JSON
import Testing

private struct Limits: Codable, Equatable {
    var amps: Int
    var phases: UInt8?
}

private struct Connector: Codable, Equatable {
    enum Cable: String, Codable { case fixed, socket }

    var id: Int
    var cable: Cable
    var limits: [Limits]
    var extra: [String: Int]
}

private struct Site: Codable, Equatable {
    var connectors: [Connector]
    var note: String?
}

private struct Anything: Codable, Equatable {
    var settings: JSONValue
    var optional: JSONValue?
}

private struct Narrow: Codable { var small: Int8 }
private struct Ratio: Codable { var ratio: Double }
private struct Flag: Codable { var on: Bool }
private struct Nothing: Codable, Equatable {}

@Suite struct DecodeTests {
    private let document = """
        {"connectors":[{"id":1,"cable":"fixed","limits":[{"amps":16,"phases":3},{"amps":32}],"extra":{"x":7}}],"note":null}
        """

    private func decode<T: Decodable>(
        _ type: T.Type,
        _ text: String,
        unknownKeys: JSON.UnknownKeys = .ignored
    ) throws(DecodingError) -> T {
        try JSON.decode(type, from: Array(text.utf8), unknownKeys: unknownKeys)
    }

    /// Path, problem and case of the error.
    private func failure<T: Decodable>(
        _ type: T.Type,
        _ text: String,
        unknownKeys: JSON.UnknownKeys = .ignored
    ) -> String {
        do {
            _ = try decode(type, text, unknownKeys: unknownKeys)
            return "no error"
        } catch {
            let (path, problem) = JSON.describe(error: error)
            let name =
                switch error {
                case .typeMismatch: "typeMismatch"
                case .valueNotFound: "valueNotFound"
                case .keyNotFound: "keyNotFound"
                case .dataCorrupted: "dataCorrupted"
                @unknown default: "unknown"
                }
            return "\(name) \(path): \(problem)"
        }
    }

    @Test func readsNestedTypes() throws {
        let expected = Site(
            connectors: [
                Connector(
                    id: 1,
                    cable: .fixed,
                    limits: [Limits(amps: 16, phases: 3), Limits(amps: 32)],
                    extra: ["x": 7]
                )
            ]
        )
        #expect(try decode(Site.self, document) == expected)
        #expect(try decode(Site.self, document, unknownKeys: .refused) == expected)
    }

    @Test(
        arguments: [
            (
                #""amps":32"#, #""amps":"abc""#,
                #"typeMismatch connectors[0].limits[1].amps: expected an integer, found "abc""#
            ),
            (
                #""amps":32"#, #""amps":1.5"#,
                "typeMismatch connectors[0].limits[1].amps: expected an integer, found 1.5"
            ),
            (
                #""amps":32"#, #""amps":1e-3"#,
                "typeMismatch connectors[0].limits[1].amps: expected an integer, found 1e-3"
            ),
            (
                #""amps":32"#, #""amps":true"#,
                "typeMismatch connectors[0].limits[1].amps: expected an integer, found true"
            ),
            (
                #""amps":32"#, #""amps":[]"#,
                "typeMismatch connectors[0].limits[1].amps: expected an integer, found a list"
            ),
            (
                #""amps":32"#, #""amps":null"#,
                "valueNotFound connectors[0].limits[1].amps: expected an integer, found null"
            ),
            (#""amps":32"#, "", "keyNotFound connectors[0].limits[1].amps: required, but missing"),
            (#"{"amps":32}"#, "32", "typeMismatch connectors[0].limits[1]: expected an object, found 32"),
            (#"{"amps":32}"#, "null", "valueNotFound connectors[0].limits[1]: expected an object, found null"),
            (
                #""phases":3"#, #""phases":256"#,
                "dataCorrupted connectors[0].limits[0].phases: expected an integer from 0 to 255, found 256"
            ),
            (
                #""phases":3"#, #""phases":-1"#,
                "dataCorrupted connectors[0].limits[0].phases: expected an integer from 0 to 255, found -1"
            ),
            (
                #""id":1"#, #""id":99999999999999999999"#,
                "dataCorrupted connectors[0].id: expected an integer from -9223372036854775808 to 9223372036854775807, "
                    + "found 99999999999999999999"
            ),
            (#"{"x":7}"#, #"{"x":"7"}"#, #"typeMismatch connectors[0].extra.x: expected an integer, found "7""#),
            (#"{"x":7}"#, "[]", "typeMismatch connectors[0].extra: expected an object, found a list"),
            (#""note":null"#, #""note":5"#, "typeMismatch note: expected a text, found 5"),
            (#""fixed""#, "1", "typeMismatch connectors[0].cable: expected a text, found 1"),
        ] as [(String, String, String)]
    )
    func errorsNameThePathAndTheKindOfMistake(original: String, replacement: String, expected: String) throws {
        let range = try #require(document.firstRange(of: original))
        let damaged = document.replacingCharacters(in: range, with: replacement)
        #expect(failure(Site.self, damaged) == expected)
    }

    @Test func anUnknownValueOfAClosedEnumIsCorruptData() {
        let text = document.replacing(#""fixed""#, with: #""loose""#)
        #expect(failure(Site.self, text).hasPrefix("dataCorrupted connectors[0].cable: "))
    }

    @Test func scalarsThatDoNotFitAreNamed() {
        #expect(
            failure(Narrow.self, #"{"small":128}"#)
                == "dataCorrupted small: expected an integer from -128 to 127, found 128"
        )
        #expect(failure(Ratio.self, #"{"ratio":"1"}"#) == #"typeMismatch ratio: expected a number, found "1""#)
        #expect(
            failure(Ratio.self, #"{"ratio":1e999}"#)
                == "dataCorrupted ratio: expected a number within range, found 1e999"
        )
        #expect(failure(Flag.self, #"{"on":1}"#) == "typeMismatch on: expected true or false, found 1")
        #expect(failure(Flag.self, #"{"on":"true"}"#) == #"typeMismatch on: expected true or false, found "true""#)
        #expect(failure(Flag.self, "[]") == "typeMismatch : expected an object, found a list")
        #expect(failure([Int].self, "[1,2,null]") == "valueNotFound [2]: expected an integer, found null")
        #expect(failure([[Int]].self, "[[1],[2,{}]]") == "typeMismatch [1][1]: expected an integer, found an object")
    }

    @Test func longTextsAreCutInErrors() {
        let error = failure(Narrow.self, "{\"small\":\"\(String(repeating: "x", count: 5000))\"}")
        #expect(error.count < 130)
    }

    @Test func aSyntaxErrorIsCorruptDataWithoutAPath() {
        do {
            _ = try decode(Site.self, "{")
            Issue.record("accepted")
        } catch {
            guard case .dataCorrupted(let context) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(context.codingPath.isEmpty)
            #expect(
                context.underlyingError as? JSONSyntaxError
                    == JSONSyntaxError(offset: 1, problem: "expected a key in quotes, found the end")
            )
        }
    }

    @Test func unknownKeysAreIgnoredOrRefusedWithTheirPath() {
        let text = document.replacing(#""amps":32"#, with: #""amps":32,"colour":"red""#)
        #expect(failure(Site.self, text) == "no error")
        #expect(
            failure(Site.self, text, unknownKeys: .refused)
                == "dataCorrupted connectors[0].limits[1].colour: unknown key"
        )
        #expect(
            failure(Site.self, #"{"connectors":[],"b":1}"#, unknownKeys: .refused) == "dataCorrupted b: unknown key"
        )
        #expect(failure(Nothing.self, #"{"b":1}"#, unknownKeys: .refused) == "dataCorrupted b: unknown key")
        do {
            _ = try decode(Nothing.self, #"{"b":1}"#, unknownKeys: .refused)
        } catch .dataCorrupted(let context) {
            #expect(context.underlyingError as? UnknownKeyError == UnknownKeyError(key: "b"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func valuesOfAnyShapeKnowAllTheirKeys() throws {
        let text = #"{"settings":{"a":{"b":[1,{"c":2}]}},"optional":null}"#
        let value = try decode(Anything.self, text, unknownKeys: .refused)
        #expect(value == Anything(settings: ["a": ["b": [1, ["c": 2]]]], optional: nil))
        #expect(try decode(JSONValue.self, text, unknownKeys: .refused)["settings"]?["a"] == ["b": [1, ["c": 2]]])
        #expect(
            try decode([String: [String: Bool]].self, #"{"x":{"y":true}}"#, unknownKeys: .refused) == ["x": ["y": true]]
        )
    }

    @Test func membersAreFoundInAnyOrder() throws {
        let text = #"{"extra":{},"limits":[],"id":3,"x":0,"cable":"socket"}"#
        #expect(try decode(Connector.self, text) == Connector(id: 3, cable: .socket, limits: [], extra: [:]))
    }

    @Test func topLevelScalarsAndEmptyTypesWork() throws {
        #expect(try decode(Int.self, "7") == 7)
        #expect(try decode(String?.self, "null") == nil)
        #expect(try decode([Int?].self, "[1,null,3]") == [1, nil, 3])
        #expect(try decode(Nothing.self, "{}") == Nothing())
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
