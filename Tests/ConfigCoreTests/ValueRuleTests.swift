import BusSchema
import Testing

@Suite struct ValueRuleTests {
    /// The canonical text, or the complaint.
    private func result(_ declaration: KeyDeclaration, _ text: String) -> String {
        do { return try declaration.canonical(text) } catch { return error.description }
    }

    @Test(arguments: [("true", "true"), ("FALSE", "false"), ("True", "true")])
    func aBooleanIsWrittenInLowerCase(text: String, canonical: String) {
        #expect(result(.boolean("B"), text) == canonical)
    }

    @Test(arguments: ["", "yes", "1", " true", "tru"])
    func anythingElseIsNoBoolean(text: String) {
        #expect(
            result(.boolean("LocalPreAuthorize"), text)
                == "LocalPreAuthorize: expected true or false, found \"\(text)\""
        )
    }

    @Test(arguments: [("0", "0"), ("86400", "86400"), ("007", "7")])
    func anIntegerLosesItsLeadingZeros(text: String, canonical: String) {
        #expect(result(.integer("I"), text) == canonical)
    }

    @Test(arguments: ["abc", "", "-1", "-0", "+5", "1.5", "1 ", " 1", "86401", "0x10", "١", "99999999999999999999"])
    func anythingElseIsNoInteger(text: String) {
        let expected = "MeterValueSampleInterval: expected an integer 0…86400 s, found \"\(text)\""
        #expect(result(.integer("MeterValueSampleInterval"), text) == expected)
    }

    @Test func aMinusIsFineOnlyWhereTheMinimumIsNegative() {
        let signed = KeyDeclaration.integer("I", "0", -40, 40)
        #expect(["-40", "-0", "40"].map { result(signed, $0) } == ["-40", "0", "40"])
        #expect(result(signed, "-41") == "I: expected an integer -40…40 s, found \"-41\"")
        #expect(result(signed, "--4") == "I: expected an integer -40…40 s, found \"--4\"")
    }

    @Test func anIntegerWithoutRangeIsAtLeastZero() {
        let open = KeyDeclaration(key: "I", type: .integer, defaultValue: nil, access: .readWrite, description: "")
        #expect(result(open, "9223372036854775807") == "9223372036854775807")
        #expect(result(open, "-1") == "I: expected an integer of at least 0, found \"-1\"")
    }

    @Test func aStringIsKeptAsItIs() {
        #expect(result(.string("S", length: 5), "größ ") == "größ ")
        #expect(result(.string("S"), "") == "")
    }

    @Test func aStringIsLimitedInLength() {
        #expect(result(.string("S", length: 3), "abcd") == "S: expected at most 3 characters, found 4")
        #expect(
            result(.string("S"), String(repeating: "x", count: 4097))
                == "S: expected at most 4096 characters, found 4097"
        )
        #expect(
            result(.string("S"), String(repeating: "€", count: 4000))
                == "S: expected at most 4096 characters, found 4000"
        )
    }

    @Test(arguments: ["a\nb", "\u{0}", "\u{7F}", "tab\t"])
    func controlCharactersAreRefused(text: String) {
        #expect(result(.string("S"), text) == "S: expected printable text, found control characters")
    }

    @Test func aChoiceTakesTheDeclaredSpelling() {
        let mode = KeyDeclaration.string("Mode", choices: ["Local", "Remote"])
        #expect(["local", "REMOTE"].map { result(mode, $0) } == ["Local", "Remote"])
        #expect(result(mode, "both") == "Mode: expected one of Local, Remote, found \"both\"")
        #expect(result(mode, "") == "Mode: expected one of Local, Remote, found \"\"")
    }

    @Test func aListIsTrimmedAndItsChoicesSpelledAsDeclared() {
        let data = KeyDeclaration.list("Data", choices: ["Voltage", "Current.Import"])
        #expect(result(data, " voltage ,CURRENT.IMPORT") == "Voltage,Current.Import")
        #expect(result(data, "Voltage,Power") == "Data: expected one of Voltage, Current.Import, found \"Power\"")
        #expect(result(.list("Free"), "a b , c") == "a b,c")
    }

    @Test(arguments: ["", " ", "   "])
    func anEmptyListIsTheEmptyText(text: String) {
        #expect(result(.list("Data", choices: ["Voltage"]), text) == "")
    }

    @Test(arguments: [",", "a,", ",a", "a,,b", "a, ,b"])
    func aMissingItemIsNoItem(text: String) {
        #expect(result(.list("Data"), text) == "Data: expected items separated by single commas, found \"\(text)\"")
    }

    @Test(arguments: ["Voltage,Voltage", "Voltage, voltage"])
    func aListThatNamesAnItemTwiceIsRefused(text: String) {
        let data = KeyDeclaration.list("Data", choices: ["Voltage"])
        #expect(result(data, text) == "Data: expected each item once, found \"Voltage\" twice")
        #expect(result(.list("Free"), "a,A") == "a,A")
    }

    @Test func aListIsLimitedInItems() {
        #expect(result(.list("Data", items: 2), "a,b") == "a,b")
        #expect(result(.list("Data", items: 2), "a,b,c") == "Data: expected at most 2 items, found 3")
    }

    private let key = KeyDeclaration(
        key: "K",
        type: .hexadecimal,
        defaultValue: nil,
        access: .writeOnly,
        secret: true,
        description: "",
        minimum: 2,
        maximum: 3
    )

    @Test(arguments: ["00ff", "0A1b2C"])
    func bytesAreKeptAsTheyAreSpelled(text: String) {
        #expect(result(key, text) == text)
    }

    @Test(arguments: ["", "00", "000", "00000", "0011223344", "zz00", "0x00", "00 0", "٠٠"])
    func anythingElseIsNoKey(text: String) {
        #expect(result(key, text) == "K: expected 2…3 bytes as two hex digits each, found something else")
    }

    @Test func aLongValueIsCutInTheComplaint() {
        let complaint = result(.boolean("B"), String(repeating: "x", count: 500))
        #expect(complaint == "B: expected true or false, found \"\(String(repeating: "x", count: 59))…\"")
    }

    @Test func theComplaintAboutASecretSaysNothingOfIt() {
        let complaint = result(.secret("AuthorizationKey"), String(repeating: "hunter2", count: 10))
        #expect(complaint == "AuthorizationKey: expected at most 40 characters, found something else")
    }
}
