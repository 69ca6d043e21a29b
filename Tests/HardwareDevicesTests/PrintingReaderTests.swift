import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

/// A reader that prints, with a clock.
private struct Bench {
    var machine: PrintingReaderMachine
    var moment = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 0))
    var reports: [DriverEvent] = []

    init(_ format: PrintedFormat, _ source: PrintedSource = .characters) {
        machine = PrintingReaderMachine(readerId: 1, format: format, source: source)
        tell(.opened)
        reports = []
    }

    mutating func tell(_ event: LineEvent) { keep(machine.handle(event, at: moment)) }

    mutating func print(_ text: String) { tell(.received(Array(text.utf8))) }

    mutating func pass(_ time: Duration) {
        let end = moment.uptime + time
        while let due = machine.nextDeadline, due.at <= end {
            moment = moment.advanced(by: due.at - moment.uptime)
            keep(machine.deadlineReached(at: moment))
        }
        moment = moment.advanced(by: end - moment.uptime)
    }

    private mutating func keep(_ effects: [ReaderEffect]) {
        for case .report(let event) in effects { reports.append(event) }
    }

    var cards: [CardContent] {
        reports.compactMap { if case .cardRead(_, let card) = $0 { card } else { nil } }
    }
}

/// A frame of the data sheet: 01 0063E9AE, checksum 25.
private let fob = "\u{02}01" + "0063E9AE25\u{03}"

@Suite struct PrintingReaderTests {
    @Test func aFobThatRepeatsIsReadOnceAndGoneWhenItIsSilent() {
        var bench = Bench(.rdm6300())
        for _ in 0..<20 {
            bench.print(fob)
            bench.pass(.milliseconds(65))
        }
        #expect(bench.reports == [.cardRead(readerId: 1, .uid(hex("010063E9AE")))])
        bench.pass(PrintingReaderMachine.goneAfter)
        #expect(bench.reports.last == .cardGone(readerId: 1))
        bench.print(fob)
        #expect(bench.cards.count == 2)
        #expect(bench.machine.counters.exchanges == 21)
    }

    @Test func theNumberThatIsPrintedOnAFobIsTheOneWithoutItsFirstByte() throws {
        var bench = Bench(.rdm6300(withCustomerByte: false))
        bench.print(fob)
        let card = try #require(bench.cards.first)
        #expect(card == .uid(hex("0063E9AE")))
        #expect(try IdTagFormat(notation: .decimal, decimalDigits: 10).idTag(of: card) == "0006547886")
    }

    @Test func lineEndsBeforeTheLastByteBelongToNothing() {
        var bench = Bench(.rdm6300())
        bench.print("\u{02}01" + "0063E9AE25\r\n\u{03}")
        #expect(bench.cards == [.uid(hex("010063E9AE"))])
    }

    @Test func aFrameMayComeCharacterByCharacterWithNoiseBefore() {
        var bench = Bench(.rdm6300())
        bench.tell(.received([0xFF, 0x00, 0x30, 0x31]))
        for character in fob {
            bench.print(String(character))
            bench.pass(.milliseconds(1))
        }
        #expect(bench.cards == [.uid(hex("010063E9AE"))])
    }

    @Test func aFrameWithAWrongChecksumIsNoCardAndTheNextIs() {
        var bench = Bench(.rdm6300())
        bench.print("\u{02}01" + "0063E9AF25\u{03}")
        bench.print("\u{02}01" + "0063E9G" + "E25\u{03}")
        bench.print("\u{02}01" + "0063\u{02}01" + "0063E9AE25\u{03}")
        #expect(bench.cards == [.uid(hex("010063E9AE"))])
        #expect(bench.machine.counters.checksumErrors == 1)
        #expect(bench.machine.counters.framingErrors == 2)
    }

    @Test func aFrameThatStopsInTheMiddleIsForgotten() {
        var bench = Bench(.rdm6300())
        bench.print("\u{02}01" + "0063")
        bench.pass(.milliseconds(300))
        bench.print("E9AE25\u{03}")
        #expect(bench.cards.isEmpty)
        bench.print(fob)
        #expect(bench.cards == [.uid(hex("010063E9AE"))])
    }

    @Test func aTWN4PrintsTheDigitsOfTheUID() {
        var bench = Bench(.twn4)
        bench.print("04A1B2C3D4E5F6\r")
        bench.pass(.seconds(2))
        bench.print("\ndeadbeef\r\n")
        #expect(bench.cards == [.uid(hex("04A1B2C3D4E5F6")), .uid(hex("DEADBEEF"))])
        #expect(bench.machine.counters.framingErrors == 0)
    }

    @Test func alineNeedsItsPrefixAndItsCharacters() {
        var bench = Bench(PrintedFormat(terminators: [0x3B], prefix: "ID=", content: .text(.alphanumeric)))
        bench.print("ID=Abc123;ID=a b;x;ID=;Id=9;")
        #expect(bench.cards == [.printed("Abc123")])
        #expect(bench.machine.counters.framingErrors == 4)
    }

    @Test func aLineWithoutEndIsForgottenInBoundedSpace() {
        var bench = Bench(.twn4)
        bench.tell(.received([UInt8](repeating: 0x41, count: 100_000)))
        bench.print("\r04A1B2C3D4E5F6\r")
        #expect(bench.cards == [.uid(hex("04A1B2C3D4E5F6"))])
    }

    @Test func silenceMayEndALine() {
        var bench = Bench(PrintedFormat(terminators: [], endsWithSilence: true, content: .hexadecimal))
        bench.print("04A1B2")
        bench.pass(.milliseconds(100))
        bench.print("C3D4E5F6")
        #expect(bench.cards.isEmpty)
        bench.pass(.milliseconds(200))
        #expect(bench.cards == [.uid(hex("04A1B2C3D4E5F6"))])
    }

    @Test func aReaderIsThereWhileItsLineIsOpen() {
        var bench = Bench(.twn4)
        bench.print("04A1B2")
        bench.tell(.closed(reason: "unplugged"))
        bench.tell(.closed(reason: "no such device"))
        bench.tell(.opened)
        bench.print("C3D4E5F6\r")
        #expect(
            bench.reports == [
                .deviceLost(.reader(readerId: 1), reason: "unplugged"), .deviceRecovered(.reader(readerId: 1)),
                .cardRead(readerId: 1, .uid(hex("C3D4E5F6"))),
            ],
            "What came before the line was closed belongs to nothing."
        )
    }
}

@Suite struct KeyboardReaderTests {
    /// The keys of one character after the other, pressed and released, with what the kernel puts between them.
    private func keys(_ codes: [UInt16], layout: KeyEventLayout = .longs64Bit) -> [UInt8] {
        var bytes: [UInt8] = []
        for code in codes {
            bytes += event(4, 4, 0x7_0004, layout)
            for value: UInt32 in [1, 0] {
                bytes += event(1, code, value, layout)
                bytes += event(0, 0, 0, layout)
            }
        }
        return bytes
    }

    private func event(_ type: UInt16, _ code: UInt16, _ value: UInt32, _ layout: KeyEventLayout) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xA5, count: layout.size - 8)
        for half in [type, code, UInt16(value & 0xFFFF), UInt16(value >> 16)] {
            bytes.append(UInt8(half & 0xFF))
            bytes.append(UInt8(half >> 8))
        }
        return bytes
    }

    private let format = PrintedFormat(endsWithSilence: true, gap: .milliseconds(300), content: .text(.printable))

    @Test(arguments: [KeyEventLayout.longs32Bit, .longs64Bit])
    func keysAreTypedAsDigitsUntilEnter(_ layout: KeyEventLayout) {
        var bench = Bench(format, .keys(layout))
        let stream = keys([11, 11, 7, 6, 5, 8, 9, 10, 2, 3, 28], layout: layout)
        for start in stride(from: 0, to: stream.count, by: 7) {
            bench.tell(.received(Array(stream[start..<min(start + 7, stream.count)])))
        }
        #expect(bench.cards == [.printed("0065478912")])
    }

    @Test func shiftMakesCapitalsAndTheNumberPadTypesDigitsToo() {
        var bench = Bench(format, .keys(.longs64Bit))
        bench.tell(
            .received(
                event(1, 42, 1, .longs64Bit) + keys([30, 48]) + event(1, 42, 0, .longs64Bit) + keys([30, 79, 82, 96])
            )
        )
        #expect(bench.cards == [.printed("ABa10")])
    }

    @Test func aReaderWithoutEnterEndsWithSilence() {
        var bench = Bench(format, .keys(.longs64Bit))
        bench.tell(.received(keys([2, 3, 4, 5])))
        bench.pass(.milliseconds(300))
        #expect(bench.cards == [.printed("1234")])
    }

    /// Half of one number is another card's.
    @Test func aNumberOfWhichTheKernelLostKeysIsNotRead() {
        for format in [format, PrintedFormat(endsWithSilence: true, gap: .milliseconds(300), content: .hexadecimal)] {
            var bench = Bench(format, .keys(.longs64Bit))
            bench.tell(
                .received(
                    keys([11, 5, 30]) + event(1, 42, 1, .longs64Bit) + event(0, 3, 0, .longs64Bit)
                        + keys([2, 48, 3, 28])
                )
            )
            #expect(bench.cards.isEmpty)
            bench.tell(.received(keys([11, 5, 2, 3, 28])))
            #expect(bench.cards.count == 1)
        }
    }

    @Test func aHeldKeyAndKeysThatTypeNothingAreNotTyped() {
        var bench = Bench(format, .keys(.longs64Bit))
        bench.tell(.received(event(1, 2, 1, .longs64Bit) + event(1, 2, 2, .longs64Bit) + keys([58, 113, 700, 28])))
        #expect(bench.cards == [.printed("1")])
    }
}
