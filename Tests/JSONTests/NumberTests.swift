import JSON
import Testing

@Suite struct NumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        try #require(try JSON.parse(Array(text.utf8)).asNumber)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("12", 12), ("-12", -12), ("12.0", 12), ("12.000", 12), ("-3.0", -3),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9223372036854775807.0", Int64.max),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999999", nil),
            ("1.5", nil), ("1.05", nil), ("0.1", nil),
            ("1e3", 1000), ("1E0", 1), ("10e-1", 1), ("1.2e+1", 12), ("-1.20e2", -120), ("1.25e1", nil), ("1e-1", nil),
            ("0e999", 0),
            ("-0.0e-9", 0), ("9.223372036854775807e18", Int64.max), ("922337203685477580800e-2", nil),
            ("9223372036854775807000e-3", Int64.max),
            ("1e18", 1_000_000_000_000_000_000), ("1e19", nil), ("1e99999999999999999999", nil),
            ("1e-99999999999999999999", nil),
        ] as [(String, Int64?)]
    )
    func anIntegerIsOneByItsValue(text: String, expected: Int64?) throws {
        #expect(try number(text).asInt64 == expected)
        #expect(try number(text).asInt == expected.map(Int.init))
    }

    @Test(
        arguments: [
            ("0.1", 0.1), ("1e3", 1000), ("-0.0", -0.0), ("1E-400", 0), ("1e400", nil),
            ("12345678901234567890", 12_345_678_901_234_567_168),
        ] as [(String, Double?)]
    )
    func aDoubleIsTheNearestOne(text: String, expected: Double?) throws {
        #expect(try number(text).asDouble == expected)
    }

    @Test func notANumberHasNoText() {
        #expect(JSONNumber(Double.nan) == nil)
        #expect(JSONNumber(-Double.infinity) == nil)
        #expect(JSONNumber(0.1)?.text == "0.1")
        #expect(JSONNumber(UInt64.max).text == "18446744073709551615")
    }
}
