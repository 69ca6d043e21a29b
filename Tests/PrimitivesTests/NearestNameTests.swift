import Primitives
import Testing

@Suite struct NearestNameTests {
    private static let names = ["connectors", "centralSystem", "readers", "id"]

    @Test(
        arguments: [
            ("conectors", "connectors"), ("cnonectors", "connectors"), ("CENTRALSYSTEM", "centralSystem"),
            ("reader", "readers"),
            ("ib", "id"), ("colour", nil),
            ("centralS", "centralSystem"), ("cent", "centralSystem"), ("cen", nil), ("", nil), ("id", "id"),
        ] as [(String, String?)]
    )
    func aSlipOfThePenIsFound(word: String, name: String?) {
        #expect(NearestName.of(word, in: Self.names) == name)
    }

    @Test func whatIsVeryLongIsNotCompared() {
        #expect(NearestName.of(String(repeating: "a", count: 100_000), in: Self.names) == nil)
    }
}
