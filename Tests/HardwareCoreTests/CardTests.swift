import BusSchema
import HardwareCore
import Primitives
import Testing

@Suite struct CardTests {
    private let uid: [UInt8] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]

    private func bench(_ format: IdTagFormat = IdTagFormat()) -> Bench {
        var bench = Bench(readers: [
            ReaderConfiguration(readerId: 1, connectorIds: [1], format: format),
            ReaderConfiguration(readerId: 2, connectorIds: [1]),
        ])
        bench.handle(.started)
        return bench
    }

    private func idTags(_ effects: [HardwareEffect]) -> [String] { effects.published(CardPresented.self).map(\.idTag) }

    @Test func aCardIsPresentedOnceHoweverLongItIsHeld() {
        var bench = bench()
        var effects = bench.driver(.cardRead(readerId: 1, .uid(uid)))
        for _ in 0..<100 {
            bench.now = bench.now.advanced(by: .milliseconds(250))
            effects += bench.driver(.cardRead(readerId: 1, .uid(uid)))
        }
        #expect(effects.published() == [CardPresented(readerId: 1, connectorIds: [1], idTag: "04A1B2C3D4E5F6")])
        #expect(effects.orders == [.indicate(connectorId: 1, .cardRead)])
    }

    @Test func theSameCardWithinThreeSecondsIsOnePresentation() {
        var bench = bench()
        bench.driver(.cardRead(readerId: 1, .uid(uid)))
        bench.driver(.cardGone(readerId: 1))
        bench.now = bench.now.advanced(by: .milliseconds(2999))
        let soon = bench.driver(.cardRead(readerId: 1, .uid(uid)))
        #expect(idTags(soon).isEmpty)
        let said = soon.compactMap { if case .log(let record) = $0 { record.message } else { nil } }
        #expect(said == ["card again so soon that it counts as the same presentation"])
        bench.driver(.cardGone(readerId: 1))
        bench.now = bench.now.advanced(by: .seconds(3))
        let later = bench.driver(.cardRead(readerId: 1, .uid(uid)))
        #expect(idTags(later) == ["04A1B2C3D4E5F6"])
    }

    @Test func anotherCardIsPresentedAtOnce() {
        var bench = bench()
        bench.driver(.cardRead(readerId: 1, .uid(uid)))
        let other = bench.driver(.cardRead(readerId: 1, .uid([0xDE, 0xAD, 0xBE, 0xEF])))
        #expect(idTags(other) == ["DEADBEEF"])
    }

    @Test func readersDoNotShareTheirCards() {
        var bench = bench()
        let first = bench.driver(.cardRead(readerId: 1, .uid(uid)))
        let second = bench.driver(.cardRead(readerId: 2, .uid(uid)))
        #expect(first.published(CardPresented.self).map(\.readerId) == [1])
        #expect(second.published(CardPresented.self).map(\.readerId) == [2])
    }

    @Test func aCardIsShownUnderEachSettingWhileItLiesThereAndTenSecondsAfter() throws {
        var bench = bench(IdTagFormat(byteOrder: .reversed, prefix: "X"))
        func shown() -> ShowCard.Reply? {
            for case .reply(_, .card(let reply)) in bench.handle(.cardRequested(RequestID(1), ShowCard(readerId: 1))) {
                return reply
            }
            return nil
        }
        #expect(shown() == ShowCard.Reply())
        bench.driver(.cardRead(readerId: 1, .uid([0x00, 0x63, 0xE9, 0xAE])))
        let expected = [
            ("hex", "0063E9AE"), ("hex lower", "0063e9ae"), ("decimal", "6547886"), ("decimal 10 digits", "0006547886"),
            ("hex reversed", "AEE96300"), ("hex reversed lower", "aee96300"), ("decimal reversed", "2934530816"),
            ("decimal reversed 10 digits", "2934530816"),
        ]
        let reply = try #require(shown())
        #expect(reply.idTag == "XAEE96300")
        #expect(reply.renderings == expected.map { ShowCard.Rendering(settings: $0.0, idTag: $0.1) })
        bench.driver(.cardGone(readerId: 1))
        bench.now = bench.now.advanced(by: .seconds(9))
        #expect(shown() == reply)
        bench.now = bench.now.advanced(by: .seconds(1))
        #expect(shown() == ShowCard.Reply())
    }

    @Test func whatGivesNoIdTagIsShownWithItsReason() {
        var bench = bench()
        bench.driver(.cardRead(readerId: 1, .uid([0x08, 1, 2, 3])))
        let random = bench.handle(.cardRequested(RequestID(1), ShowCard(readerId: 1)))
        #expect(
            random.contains(
                .reply(RequestID(1), .card(ShowCard.Reply(refusal: IdTagFormat.Refusal.random.description)))
            )
        )
        let unknown = bench.handle(.cardRequested(RequestID(2), ShowCard(readerId: 7)))
        #expect(unknown.contains(.refuse(RequestID(2), BusError(.invalid, "there is no reader 7"))))
    }

    @Test func aRandomUIDIsRefused() {
        var bench = bench()
        let effects = bench.driver(.cardRead(readerId: 1, .uid([0x08, 1, 2, 3])))
        #expect(idTags(effects).isEmpty)
        #expect(effects.orders == [.indicate(connectorId: 1, .rejected)])
        let seven = bench.driver(.cardRead(readerId: 1, .uid([0x08, 1, 2, 3, 4, 5, 6])))
        #expect(idTags(seven) == ["08010203040506"])
    }

    @Test func theLogShowsTheLastFourDigitsOnly() {
        var bench = bench()
        let effects = bench.driver(.cardRead(readerId: 1, .uid(uid)))
        for case .log(let record) in effects {
            #expect(record.fields.contains(.init("idTag", "**********E5F6")))
            #expect(!record.fields.contains { $0.value.contains("04A1B2") })
        }
    }

    // Shows: CORE-AUTH-09
    @Test(
        arguments: [
            (IdTagFormat(), [0xDE, 0xAD, 0xBE, 0xEF], "DEADBEEF"),
            (IdTagFormat(byteOrder: .reversed), [0xDE, 0xAD, 0xBE, 0xEF], "EFBEADDE"),
            (IdTagFormat(notation: .decimal), [0x01, 0x00, 0x63, 0xE9, 0xAE], "4301515182"),
            (IdTagFormat(prefix: "DE"), [0x0A, 0x0B, 0x0C, 0x0D], "DE0A0B0C0D"),
            (IdTagFormat(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "0102030405060708090A"),
            (IdTagFormat(notation: .decimal), [0, 0, 0, 1], "1"),
            (IdTagFormat(notation: .decimal, decimalDigits: 10), [0x00, 0x63, 0xE9, 0xAE], "0006547886"),
            (IdTagFormat(notation: .decimal, decimalDigits: 5), [0x00, 0x63, 0xE9, 0xAE], "6547886"),
            (IdTagFormat(letterCase: .lower), [0xDE, 0xAD, 0xBE, 0xEF], "deadbeef"),
            (IdTagFormat(letterCase: .lower, prefix: "CARD-"), [0x0A, 0x0B, 0x0C, 0x0D], "CARD-0a0b0c0d"),
        ] as [(IdTagFormat, [UInt8], String)]
    )
    func cardsAreRenderedAsConfigured(format: IdTagFormat, uid: [UInt8], idTag: String) throws {
        #expect(try format.idTag(of: .uid(uid)) == idTag)
    }

    @Test(arguments: [
        (IdTagFormat(), CardContent.uid([1, 2, 3]), IdTagFormat.Refusal.length(bytes: 3)),
        (IdTagFormat(), .uid(Array(repeating: 1, count: 11)), .length(bytes: 11)),
        (IdTagFormat(prefix: "X"), .uid(Array(repeating: 1, count: 10)), .rendered(characters: 21)),
        (IdTagFormat(notation: .decimal), .uid(Array(repeating: 255, count: 10)), .rendered(characters: 25)),
        (IdTagFormat(), .printed(""), .rendered(characters: 0)),
        (IdTagFormat(), .printed("TAG 1"), .notPrintable),
        (IdTagFormat(), .printed("TÄG"), .notPrintable),
    ])
    func nothingIsCutOrPadded(format: IdTagFormat, card: CardContent, refusal: IdTagFormat.Refusal) {
        #expect(throws: refusal) { try format.idTag(of: card) }
    }

    // Shows: CORE-AUTH-08
    @Test func printingReadersAreTakenAtTheirWord() throws {
        #expect(try IdTagFormat(byteOrder: .reversed).idTag(of: .printed("TAG-1")) == "TAG-1")
    }

    @Test func aLostReaderIsReportedUntilItIsBack() {
        var bench = bench()
        let lost = bench.driver(.deviceLost(.reader(readerId: 1), reason: "no answer"))
        #expect(lost.published(ReaderState.self).map(\.faults) == [[.readerFailure]])
        #expect(lost.faults.map(\.readerId) == [1])
        let twice = bench.driver(.deviceLost(.reader(readerId: 1), reason: "no answer"))
        #expect(twice.isEmpty)
        let back = bench.driver(.deviceRecovered(.reader(readerId: 1)))
        #expect(back.published(ReaderState.self).map(\.faults) == [[]])
        #expect(back.faults.map(\.present) == [false])
    }
}
