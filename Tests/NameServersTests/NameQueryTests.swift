import NameServers
import Primitives
import Testing

@Suite struct NameQueryTests {
    /// A name server's answer: the question, then records with a compressed name (RFC 1035 §4.1.4).
    private static func answer(
        _ name: String,
        _ kind: NameQuery.Kind,
        id: UInt16 = 0x1234,
        code: UInt8 = 0,
        records: [(type: UInt16, data: [UInt8])] = []
    ) throws -> [UInt8] {
        var bytes = try #require(NameQuery.question(name, kind, id: id))
        bytes[2] |= 0x80
        bytes[3] = 0x80 | code
        bytes[7] = UInt8(records.count)
        for record in records {
            bytes += [0xC0, 12, UInt8(record.type >> 8), UInt8(record.type & 0xFF), 0, 1, 0, 0, 0, 60]
            bytes += [UInt8(record.data.count >> 8), UInt8(record.data.count & 0xFF)] + record.data
        }
        return bytes
    }

    @Test func aQuestionIsWrittenAsTheStandardSays() {
        // RFC 1035 §4.1: header with RD, one question, class IN.
        let bytes: [UInt8] = [
            0xBE, 0xEF, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0x63, 0x73, 0x6D, 0x73, 2, 0x6E, 0x6C, 0, 0, 1, 0, 1,
        ]
        #expect(NameQuery.question("csms.nl", .a, id: 0xBEEF) == bytes)
        #expect(NameQuery.question("csms.nl.", .a, id: 0xBEEF) == bytes)
        #expect(NameQuery.question("csms.nl", .aaaa, id: 0xBEEF)?.suffix(4) == [0, 28, 0, 1])
    }

    @Test(arguments: ["", ".", "a..b", ".a", String(repeating: "a", count: 64), "a b", "bücher.example"])
    func whatIsNoNameOfAHostIsNotAsked(name: String) {
        #expect(NameQuery.question(name, .a, id: 1) == nil)
    }

    @Test func aNameThatIsTooLongIsNotAsked() {
        let label = String(repeating: "a", count: 63)
        #expect(NameQuery.question([label, label, label, label].joined(separator: "."), .a, id: 1) == nil)
    }

    @Test func addressesAreFoundBehindAChainOfNames() throws {
        let alias: (UInt16, [UInt8]) = (5, [1, 0x78, 0])
        let bytes = try Self.answer("csms.example", .a, records: [alias, (1, [192, 0, 2, 1]), (1, [192, 0, 2, 2])])
        let found = NameQuery.answer(bytes, to: "CSMS.example", .a, id: 0x1234)
        #expect(found == .addresses([[192, 0, 2, 1], [192, 0, 2, 2]]))
    }

    @Test func anAnswerWithoutAnAddressIsOneAllTheSame() throws {
        let none = try Self.answer("csms.example", .aaaa)
        #expect(NameQuery.answer(none, to: "csms.example", .aaaa, id: 0x1234) == NameQuery.Answer.none)
        let unknown = try Self.answer("csms.example", .a, code: 3)
        #expect(NameQuery.answer(unknown, to: "csms.example", .a, id: 0x1234) == .refused(code: 3))
        // A record of the wrong length is none.
        let short = try Self.answer("csms.example", .a, records: [(1, [192, 0, 2])])
        #expect(NameQuery.answer(short, to: "csms.example", .a, id: 0x1234) == NameQuery.Answer.none)
    }

    /// Nothing can be concluded from the records that are not there.
    @Test func anAnswerThatWasCutOffIsNoAnswerWithoutAnAddress() throws {
        var cut = try Self.answer("csms.example", .a)
        cut[2] |= 0x02
        #expect(NameQuery.answer(cut, to: "csms.example", .a, id: 0x1234) == .cut)
        var half = try Self.answer("csms.example", .a, records: [(1, [192, 0, 2, 1])])
        half[2] |= 0x02
        #expect(NameQuery.answer(half, to: "csms.example", .a, id: 0x1234) == .addresses([[192, 0, 2, 1]]))
        let alias: (UInt16, [UInt8]) = (5, [UInt8](repeating: 0, count: 200))
        let long = try Self.answer("csms.example", .a, records: [alias, alias, alias, (1, [192, 0, 2, 1])])
        #expect(long.count > NameQuery.longestAnswer)
        #expect(NameQuery.answer(long, to: "csms.example", .a, id: 0x1234) == .cut)
    }

    @Test func whatAnswersAnotherQuestionIsNotRead() throws {
        let bytes = try Self.answer("csms.example", .a, records: [(1, [192, 0, 2, 1])])
        #expect(NameQuery.answer(bytes, to: "csms.example", .a, id: 0x1235) == nil)
        #expect(NameQuery.answer(bytes, to: "csms.example", .aaaa, id: 0x1234) == nil)
        #expect(NameQuery.answer(bytes, to: "evil.example", .a, id: 0x1234) == nil)
        let question = try #require(NameQuery.question("csms.example", .a, id: 0x1234))
        #expect(NameQuery.answer(question, to: "csms.example", .a, id: 0x1234) == nil)
    }

    /// Whatever a network sends: no crash, no endless reading, and never more than what it holds.
    @Test func hostileAnswersAreReadOrLeft() throws {
        let good = try Self.answer("csms.example", .a, records: [(1, [192, 0, 2, 1]), (1, [192, 0, 2, 2])])
        for length in 0...good.count {
            _ = NameQuery.answer(Array(good.prefix(length)), to: "csms.example", .a, id: 0x1234)
        }
        var random = SeededRandom(seed: 53)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if case .addresses(let found)? = NameQuery.answer(bytes, to: "csms.example", .a, id: 0x1234) {
                #expect(found.allSatisfy { $0.count == 4 } && found.count <= 8)
            }
        }
        // A pointer to itself, a count of records that are not there, a length beyond the end.
        let header = Array(good.prefix(12 + 18))
        for tail: [UInt8] in [[0xC0, 30], [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0xFF, 0xFF, 1], [63], [0x80, 0]] {
            var bytes = header + tail
            bytes[6] = 0xFF
            bytes[7] = 0xFF
            let answer = NameQuery.answer(bytes, to: "csms.example", .a, id: 0x1234)
            #expect(answer == NameQuery.Answer.none)
        }
    }
}
