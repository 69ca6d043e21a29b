import JSON
import OCPP
import Testing

/// The types of OCPP 1.6 chapter 7 that do more than hold a value.
@Suite struct VocabularyTests {
    // Shows: CORE-AUTH-07, J-RPC-29
    @Test func identifiersCompareWithoutRegardToCaseAndKeepTheirSpelling() {
        let tag: IdToken = "04aB"
        #expect(tag == "04AB")
        #expect(tag.text == "04aB")
        #expect(Set([tag, "04AB", "04ab", "04AC"]).count == 2)
        #expect(tag != "04AB ")
        #expect(tag != "04aC")
        #expect("[" as IdToken != "{")  // differ by the bit that tells the cases of letters apart
    }

    // Shows: CORE-CFG-06, J-RPC-29
    @Test func textsEndAtTheirLimit() {
        #expect(CiString20(String(repeating: "x", count: 20)) != nil)
        #expect(CiString20(String(repeating: "x", count: 21)) == nil)
        #expect(CiString500(String(repeating: "x", count: 500)) != nil)
        #expect(CiString500(String(repeating: "x", count: 501)) == nil)
        #expect(CiString20(String()) != nil)
    }

    // Shows: J-RPC-29
    @Test(arguments: ["ä", "\u{7F}", "a\u{0}", "tab\t", "\u{1F697}"])
    func textsAreOfPrintableAsciiOnly(_ text: String) {
        #expect(CiString50(text) == nil)
    }

    @Test func textsForPeopleAreMadeToFit() {
        #expect(CiString20(fitting: "Schütz klebt\n").text == "Sch?tz klebt?")
        #expect(CiString20(fitting: String(repeating: "é", count: 30)).text == String(repeating: "?", count: 20))
    }

    @Test(arguments: [
        ("8.1", 81), ("0.3", 3), ("21.7", 217), ("32", 320), ("32.0", 320), ("-0.1", -1), ("0", 0), ("1.6e1", 160),
        ("99999999999999.9", 999_999_999_999_999),
    ])
    func ratesAreReadToTheTenth(_ text: String, _ tenths: Int) throws {
        let rates = try JSON.decode([ChargingRate].self, from: Array("[\(text)]".utf8))
        #expect(rates == [ChargingRate(tenths: tenths)])
    }

    @Test func everyTenthIsWrittenAndReadExactly() throws {
        let rates = (-2000...40000).map(ChargingRate.init(tenths:))
        let bytes = try JSON.encode(rates)
        #expect(try JSON.decode([ChargingRate].self, from: bytes) == rates)
        #expect(String(decoding: bytes, as: UTF8.self) == "[" + rates.map(\.description).joined(separator: ",") + "]")
    }

    @Test(arguments: ["0.05", "8.15", "1e-3", "1e20", "-1e300"]) func otherRatesAreRefused(_ text: String) {
        #expect(throws: DecodingError.self) { try JSON.decode([ChargingRate].self, from: Array("[\(text)]".utf8)) }
    }

    // Shows: CORE-MV-31
    @Test func bothSpellingsOfCelsiusAreReadAndNoInventedUnit() throws {
        let bytes = Array(#"["Celcius","Celsius","Wh"]"#.utf8)
        #expect(try JSON.decode([UnitOfMeasure].self, from: bytes) == [.celsius, .celsius, .wh])
        #expect(throws: DecodingError.self) { try JSON.decode([UnitOfMeasure].self, from: Array(#"["Hertz"]"#.utf8)) }
    }

    // Shows: J-RPC-35
    @Test func aListOfOneOrMoreIsNeverEmpty() {
        #expect(OneOrMore([Int]()) == nil)
        #expect(OneOrMore([1, 2])?.elements == [1, 2])
        #expect(OneOrMore(1, 2).map { $0 } == [1, 2])
        #expect(OneOrMore(7).first == 7)
    }

    @Test func everyTriggerIsReadBackFromItsSpelling() {
        #expect(MessageTrigger.known.count == 6)
        for trigger in MessageTrigger.known { #expect(MessageTrigger(rawValue: trigger.rawValue) == trigger) }
    }

    // Shows: CORE-STAT-02
    /// OCPP 1.6 §7.7.
    @Test func aConnectorHasOneOfNineStatuses() {
        #expect(
            Set(ChargePointStatus.allCases.map(\.rawValue)) == [
                "Available", "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing", "Reserved",
                "Unavailable", "Faulted",
            ]
        )
    }

    // Shows: CORE-MV-25, CORE-MV-37
    /// OCPP 1.6 §7.35, §7.30.
    @Test func readingsHaveEightContextsAndFiveLocations() {
        #expect(
            Set(ReadingContext.allCases.map(\.rawValue)) == [
                "Interruption.Begin", "Interruption.End", "Other", "Sample.Clock", "Sample.Periodic",
                "Transaction.Begin", "Transaction.End", "Trigger",
            ]
        )
        #expect(Set(Location.allCases.map(\.rawValue)) == ["Body", "Cable", "EV", "Inlet", "Outlet"])
    }
}
