import Testing

@testable import WebSocket

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func theExamplesOfRFC4648GoBothWays(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test func everyByteSurvives() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zg=a", "Zm9v\n", "Zm-v", "Zm 9"])
    func anythingElseIsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}

@Suite struct SHA1Tests {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 1000), "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
    ])
    func digestsAreThoseOfTheStandard(message: String, expected: String) {
        let digits = Array("0123456789abcdef")
        let digest = SHA1.digest(of: Array(message.utf8))
        #expect(String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }) == expected)
    }
}

@Suite struct BasicCredentialsTests {
    // Shows: J-CON-21
    /// J §6.2.2.
    @Test func theKeyIsSentAsBytes() {
        let key: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7] + Array(repeating: 0xFF, count: 12)
        let credentials = BasicCredentials(user: "AL1000", password: key)
        #expect(credentials.headerValue == "Basic QUwxMDAwOgABAgMEBQYH////////////////")
        #expect(BasicCredentials(headerValue: credentials.headerValue) == credentials)
    }

    @Test func colonsBelongToThePassword() {
        let read = BasicCredentials(headerValue: "bAsIc  " + Base64.encode(Array("a:b:c".utf8)))
        #expect(read == BasicCredentials(user: "a", password: Array("b:c".utf8)))
    }

    @Test(arguments: ["", "Basic", "Basic !!!!", "Bearer QUwxMDAwOgAB", "Basic QUwxMDAw", "Basic a b c"])
    func otherHeadersAreNotRead(value: String) {
        #expect(BasicCredentials(headerValue: value) == nil)
    }

    @Test func thePasswordNeverShowsUp() {
        let credentials = BasicCredentials(user: "CP", password: Array("topsecret".utf8))
        var dumped = ""
        dump(credentials, to: &dumped)
        for shown in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!shown.contains("116") && !shown.contains("topsecret"))
        }
    }
}

@Suite struct UTF8ValidatorTests {
    private func isValid(_ bytes: [UInt8], chunk: Int) -> Bool {
        var validator = UTF8Validator()
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            let accepted = validator.receive(Array(bytes[start..<min(start + chunk, bytes.count)]), from: 0)
            guard accepted else { return false }
        }
        return validator.isComplete
    }

    /// Around every border of RFC 3629 §4, against the standard library's opinion.
    @Test func agreesWithTheStandardLibraryInAnyChunking() {
        let interesting: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for first in interesting {
            for second in interesting {
                for third in interesting {
                    for tail in [[], [0x80], [0xBF], [0x41]] as [[UInt8]] {
                        let bytes = [first, second, third] + tail
                        let expected = String(validating: bytes, as: UTF8.self) != nil
                        #expect(isValid(bytes, chunk: 1) == expected, "\(bytes)")
                        #expect(isValid(bytes, chunk: 3) == expected, "\(bytes)")
                    }
                }
            }
        }
    }

    @Test func failsAtTheFirstImpossibleByte() {
        var validator = UTF8Validator()
        let start = validator.receive([0xF4], from: 0)
        let impossible = validator.receive([0x90], from: 0)
        #expect(start && !impossible)
    }
}

@Suite struct MaskingTests {
    @Test func everyOffsetAndLengthMasksByteByByte() {
        let key: UInt32 = 0x37FA_213D
        let keyBytes: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        for start in 0..<9 {
            for length in 0..<40 {
                for offset in 0..<5 {
                    let plain = (0..<start + length).map { UInt8($0) }
                    var masked = plain
                    Masking.apply(key, offset: offset, to: &masked, from: start)
                    let expected = plain.enumerated().map { index, byte in
                        index < start ? byte : byte ^ keyBytes[(index - start + offset) % 4]
                    }
                    #expect(masked == expected)
                }
            }
        }
    }
}
