import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

/// The machine with a clock, and the chip's side of the line by hand.
private struct Bench {
    var machine = PN532Machine(readerId: 1)
    var moment = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 0))
    var sent: [[UInt8]] = []
    var reports: [DriverEvent] = []
    var reopens = 0
    static let ack = hex("0000FF00FF00")

    mutating func tell(_ event: LineEvent) { keep(machine.handle(event, at: moment)) }

    mutating func pass(_ time: Duration) {
        let end = moment.uptime + time
        while let due = machine.nextDeadline, due.at <= end {
            moment = moment.advanced(by: due.at - moment.uptime)
            keep(machine.deadlineReached(at: moment))
        }
        moment = moment.advanced(by: end - moment.uptime)
    }

    /// The chip acknowledges, and answers with code and body.
    mutating func answer(_ digits: String) {
        var data: [UInt8] = [0xD5]
        data += hex(digits)
        let count = UInt8(data.count)
        tell(.received(Self.ack + [0x00, 0x00, 0xFF, count, 0 &- count] + data + [0 &- data.reduce(0, &+), 0x00]))
    }

    /// What was sent last, forgotten by this.
    mutating func taken() -> [[UInt8]] {
        defer { sent = [] }
        return sent
    }

    mutating func takenReports() -> [DriverEvent] {
        defer { reports = [] }
        return reports
    }

    private mutating func keep(_ effects: [ReaderEffect]) {
        for effect in effects {
            switch effect {
            case .line(.send(let bytes)): sent.append(bytes)
            case .line(.reopen): reopens += 1
            case .line, .log: break
            case .report(let event): reports.append(event)
            }
        }
    }

    /// The chip answers until a scan is on the line, and acknowledges it.
    mutating func answerSetUp() {
        answer("15")
        answer("0332010607")
        answer("0100" + "6361726420726561646572")
        answer("33")
        tell(.received(Self.ack))
    }

    /// Opened and set up; what was sent and reported is forgotten.
    mutating func setUp() {
        tell(.opened)
        answerSetUp()
        sent = []
        reports = []
    }

    /// The scan that follows a card, which finds `digits`; "4B00" for no card.
    mutating func scan(_ digits: String) {
        answer("33")
        pass(PN532Machine.presenceInterval)
        if taken().last == PN532Command.retries(endless: false).bytes {
            answer("33")
            sent = []
        }
        answer(digits)
    }
}

private let card = "4B0101000408" + "04DEADBEEF"
private let cardRead = DriverEvent.cardRead(readerId: 1, .uid(hex("DEADBEEF")))
private let lost = DriverEvent.deviceLost(
    .reader(readerId: 1),
    reason: "SAMConfiguration was sent 3 times without success"
)

@Suite struct PN532MachineTests {
    @Test func aChipIsWokenCheckedAndScans() {
        var bench = Bench()
        bench.tell(.opened)
        #expect(bench.taken() == [PN532Command.wake.bytes])
        bench.answer("15")
        #expect(bench.taken() == [PN532Command.firmware.bytes])
        bench.answer("0332010607")
        #expect(bench.taken() == [PN532Command.echo.bytes])
        bench.answer("0100" + "6361726420726561646572")
        #expect(bench.taken() == [PN532Command.retries(endless: true).bytes])
        bench.answer("33")
        #expect(bench.taken() == [PN532Command.scan.bytes])
        #expect(bench.reports.isEmpty, "A chip that has not taken a scan watches nothing yet.")
        bench.tell(.received(Bench.ack))
        #expect(bench.reports == [.deviceRecovered(.reader(readerId: 1))])
    }

    @Test func nobodyWakesUpForAnEmptyFieldButOnceIn10Seconds() {
        var bench = Bench()
        bench.setUp()
        bench.pass(.seconds(9))
        #expect(bench.sent.isEmpty)
        bench.pass(.seconds(1))
        #expect(bench.taken() == [PN532Frame.acknowledgement, PN532Command.firmware.bytes], "aborted, then asked")
        bench.answer("0332010607")
        #expect(bench.taken() == [PN532Command.scan.bytes])
        #expect(bench.reports.isEmpty)
    }

    @Test func aCardIsReportedOnceAndGoneAfterThreeMisses() {
        var bench = Bench()
        bench.setUp()
        bench.answer(card)
        #expect(bench.takenReports() == [cardRead])
        #expect(bench.taken() == [PN532Command.fieldOff.bytes])
        for _ in 0..<5 { bench.scan(card) }
        bench.scan("4B00")
        bench.scan("4B00")
        bench.scan(card)
        #expect(bench.reports.isEmpty, "Lying askew for half a second is not leaving.")
        bench.scan("4B00")
        bench.scan("4B00")
        #expect(bench.reports.isEmpty)
        bench.scan("4B00")
        #expect(bench.takenReports() == [.cardGone(readerId: 1)])
        bench.answer("33")
        bench.pass(PN532Machine.presenceInterval)
        #expect(
            bench.taken().last == PN532Command.retries(endless: true).bytes,
            "The next card is waited for without a byte."
        )
    }

    @Test func anotherCardIsReportedAtOnce() {
        var bench = Bench()
        bench.setUp()
        bench.answer(card)
        bench.scan("4B010100440007" + "04A1B2C3D4E5F6")
        #expect(bench.reports == [cardRead, .cardRead(readerId: 1, .uid(hex("04A1B2C3D4E5F6")))])
    }

    @Test func aPhoneThatDrawsANumberAtEachScanIsOneCard() {
        var bench = Bench()
        bench.setUp()
        bench.answer("4B010100042004" + "08112233")
        bench.scan("4B010100042004" + "08445566")
        bench.scan("4B010100042004" + "08778899")
        #expect(bench.reports == [.cardRead(readerId: 1, .uid(hex("08112233")))])
    }

    @Test func aDamagedAnswerIsAskedForAgain() {
        var bench = Bench()
        bench.tell(.opened)
        bench.sent = []
        bench.tell(.received(Bench.ack + hex("0000FF02FED5151700")))
        #expect(bench.taken() == [PN532Frame.repeatRequest])
        bench.tell(.received(hex("0000FF02FED5151600")))
        #expect(bench.taken() == [PN532Command.firmware.bytes])
        #expect(bench.machine.counters.checksumErrors == 1)
    }

    @Test func aMissingAcknowledgementLetsTheCommandBeSentThreeTimes() {
        var bench = Bench()
        bench.tell(.opened)
        bench.pass(PN532Machine.acknowledgementLimit * 2)
        #expect(bench.taken() == [PN532Command.wake.bytes, PN532Command.wake.bytes, PN532Command.wake.bytes])
        bench.answer("15")
        #expect(bench.taken() == [PN532Command.firmware.bytes])
    }

    @Test func aSilentChipIsSetUpAgainThenItsLineOpenedThenItIsLost() {
        var bench = Bench()
        bench.setUp()
        bench.pass(PN532Machine.healthInterval + .milliseconds(350))
        #expect(bench.reports.isEmpty)
        bench.pass(.seconds(1))
        #expect(bench.reopens == 1, "woken in vain")
        #expect(bench.reports.isEmpty)
        bench.tell(.closed(reason: "as ordered"))
        bench.tell(.opened)
        bench.pass(.milliseconds(350))
        #expect(bench.takenReports() == [lost])
        bench.pass(.seconds(600))
        #expect(bench.reopens > 1, "tried for ever")
        #expect(bench.reports.isEmpty, "said once")
        bench.tell(.opened)
        bench.answerSetUp()
        #expect(bench.reports == [.deviceRecovered(.reader(readerId: 1))])
    }

    @Test func aPulledReaderIsLostAtOnceAndSetUpAgainWhenItIsBack() {
        var bench = Bench()
        bench.setUp()
        bench.answer(card)
        bench.reports = []
        bench.tell(.closed(reason: "unplugged"))
        #expect(bench.takenReports() == [.deviceLost(.reader(readerId: 1), reason: "unplugged")])
        bench.tell(.closed(reason: "no such device"))
        bench.pass(.seconds(60))
        #expect(bench.sent.last == PN532Command.fieldOff.bytes && bench.reports.isEmpty)
        bench.tell(.opened)
        bench.answerSetUp()
        bench.answer(card)
        #expect(bench.reports == [.deviceRecovered(.reader(readerId: 1)), cardRead])
    }

    @Test func aChipThatAnswersAgainOnALineOpenedAnewIsSaidToAnswer() {
        var bench = Bench()
        bench.setUp()
        bench.pass(PN532Machine.healthInterval + .milliseconds(1400))
        #expect(bench.reopens == 1)
        bench.tell(.closed(reason: "as ordered"))
        bench.tell(.opened)
        bench.answerSetUp()
        #expect(bench.reports == [.deviceRecovered(.reader(readerId: 1))])
    }

    @Test func noiseOnAnOpenScanIsFollowedByANewOneWithinLimits() {
        var bench = Bench()
        bench.setUp()
        bench.tell(.received(hex("0000FF0CF4D54B01010004080" + "4DEADBEEF9700")))
        for _ in 0..<100 { bench.tell(.received(hex("00FF1234"))) }
        #expect(bench.sent.isEmpty)
        bench.pass(PN532Machine.disturbanceRest)
        #expect(bench.taken() == [PN532Frame.acknowledgement, PN532Command.firmware.bytes])
        bench.answer("0332010607")
        bench.answer(card)
        #expect(bench.reports == [cardRead])
    }

    /// It would take in 265 bytes, and a card in an empty field says 19.
    @Test func aFrameThatBeginsAndNeverEndsHidesNoCardForLong() {
        var bench = Bench()
        bench.setUp()
        for cut in [0, 1, 20] {
            bench.tell(.received(hex("00FFFFFF0109F6") + Array(repeating: 0, count: cut)))
            bench.pass(PN532Machine.frameLimit + PN532Machine.disturbanceRest)
            #expect(bench.taken().last == PN532Command.firmware.bytes)
            bench.answer("0332010607")
            bench.tell(.received(Bench.ack))
            bench.sent = []
        }
        bench.tell(.received(hex("00FFFFFF0109F6") + hex("0000FF0CF4D54B01010004080" + "4DEADBEEF9600")))
        bench.pass(PN532Machine.frameLimit)
        #expect(bench.reports == [cardRead])
    }

    @Test func aLateAnswerOfAnAbortedScanIsNotTakenForTheNextAnswer() {
        var bench = Bench()
        bench.setUp()
        bench.pass(PN532Machine.healthInterval)
        bench.sent = []
        bench.tell(.received(hex("0000FF0CF4D54B01010004080" + "4DEADBEEF9600")))
        #expect(bench.sent.isEmpty && bench.reports.isEmpty)
        bench.answer("0332010607")
        #expect(bench.taken() == [PN532Command.scan.bytes])
    }

    @Test func anotherChipIsNotTakenForAPN532() {
        var bench = Bench()
        for _ in 0..<3 {
            bench.tell(.opened)
            bench.answer("15")
            bench.answer("0331010607")
            bench.pass(.milliseconds(1))
        }
        #expect(bench.reports == [.deviceLost(.reader(readerId: 1), reason: "the chip is no PN532")])
    }

    @Test func theEndLeavesTheChipWithItsFieldOff() {
        var bench = Bench()
        bench.setUp()
        #expect(
            bench.machine.end() == [
                .line(.send(PN532Frame.acknowledgement)), .line(.send(PN532Command.fieldOff.bytes)),
            ]
        )
        #expect(bench.machine.nextDeadline == nil)
    }
}
