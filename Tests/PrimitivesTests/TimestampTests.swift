import Primitives
import Testing

@Suite struct TimestampTests {
    // Shows: J-RPC-31
    @Test func everyMillisecondIsWrittenExactly() {
        for millisecond in Int64(0)..<1000 {
            let text = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000 + millisecond).description
            let digits = String(millisecond)
            let fraction = String(repeating: "0", count: 3 - digits.count) + digits
            #expect(text == "2026-01-01T00:00:00.\(fraction)Z")
        }
    }

    @Test func everyDayOfFourCenturiesSurvivesARoundTrip() {
        for day in stride(from: Int64(-80_000), through: 70_000, by: 7) {
            let timestamp = Timestamp(millisecondsSinceEpoch: day * 86_400_000 + 45_296_789)
            #expect(Timestamp(timestamp.description) == timestamp)
        }
    }

    // Shows: J-RPC-30
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29T12:34:56.789Z", 1_709_210_096_789),
        ("2024-02-29t12:34:56.7z", 1_709_210_096_700),
        ("2024-02-29 12:34:56,789123Z", 1_709_210_096_789),
        ("2024-02-29T12:34Z", 1_709_210_040_000),
        ("2024-02-29T14:34:56.789+02:00", 1_709_210_096_789),
        ("2024-02-29T14:34:56.789+0200", 1_709_210_096_789),
        ("2024-02-29T14:34:56.789+02", 1_709_210_096_789),
        ("2024-02-29T07:04:56.789-05:30", 1_709_210_096_789),
        ("2024-02-29T12:34:56.789", 1_709_210_096_789),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2023-12-31T24:00:00Z", 1_704_067_200_000),
        ("1969-12-31T23:59:59.999Z", -1),
    ])
    func readsWhatCentralSystemsSend(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.millisecondsSinceEpoch == milliseconds)
    }

    @Test(arguments: [
        "", "2024", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z", "2024-01-01T25:00:00Z", "2024-01-01T24:00:01Z", "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zjunk", "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+1", "2024-1-1T00:00:00Z", "+024-01-01T00:00:00Z", "2024-01-01T00:00:00\u{661}Z",
    ])
    func refusesWhatIsNoDateTime(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func arithmeticIsInMilliseconds() {
        let start = Timestamp(millisecondsSinceEpoch: 1000)
        #expect(start.advanced(by: .milliseconds(1500)).millisecondsSinceEpoch == 2500)
        #expect(start.advanced(by: .seconds(1)).duration(since: start) == .seconds(1))
    }
}
