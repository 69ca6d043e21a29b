import Primitives
import Testing

@Suite struct HexadecimalTests {
    @Test(arguments: [("", []), ("00ff", [0, 255]), ("04aB9c", [0x04, 0xAB, 0x9C])] as [(String, [UInt8])])
    func pairsOfDigitsAreBytesInEitherCase(text: String, bytes: [UInt8]) {
        #expect(Hexadecimal.bytes(text) == bytes)
    }

    @Test(arguments: ["0", "0x1", "0g", "g0", " 00 ", "/0", ":0", "@0", "G0", "`0", "é"])
    func anythingElseIsNone(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }
}
