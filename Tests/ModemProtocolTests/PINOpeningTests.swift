import ModemSimulation
import Primitives
import Testing

@testable import ModemProtocol

/// A SIM that only seems open, and one that has several numbers: neither is given a PIN twice that it refused.
@Suite struct PINOpeningTests {
    private let pin = Secret("9999")
    private let card = PINGate.Card(iccid: "8949000000000000017", imei: "356789012345678")
    private var gate = PINGate(nil)
    private var made = 0

    private mutating func ask(_ triesLeft: Int? = 3, of card: PINGate.Card? = nil, at second: Int) -> PINGate.Decision {
        let moment = Self.moment(second)
        let card = card ?? self.card
        let decision = gate.decide(pin, on: card, triesLeft: triesLeft, needsCount: triesLeft != nil, at: moment)
        guard decision == .attempt else { return decision }
        made += 1
        gate.send(at: moment)
        gate.accept(pin, on: card, at: moment)
        return decision
    }

    private static func moment(_ second: Int) -> Moment {
        Moment(uptime: .seconds(second), utc: Timestamp(millisecondsSinceEpoch: 0))
    }

    // MARK: - What seems open

    @Test(arguments: [nil, 2, 3]) func whatIsOpenForAMomentHasNotTakenThePIN(triesAfter: Int?) {
        var test = self
        #expect(test.ask(triesAfter == nil ? nil : 3, at: 0) == .attempt)
        _ = test.gate.open(pin, on: card, isUsed: false, at: Self.moment(1))
        _ = test.gate.open(pin, on: card, isUsed: false, at: Self.moment(4))
        for second in stride(from: 5, to: 4000, by: 5) {
            #expect(test.ask(triesAfter, at: second) != .attempt)
            // It may say so again and again.
            _ = test.gate.open(pin, on: card, isUsed: false, at: Self.moment(second + 1))
        }
        #expect(
            test.made == 1 && test.gate.memory.attempts.map(\.end) == [triesAfter == 2 ? .refused : .changedNothing]
        )
    }

    @Test(arguments: [true, false]) func whatIsUsedOrStaysOpenHasTakenIt(isUsed: Bool) {
        var test = self
        for power in 0..<5 {
            let second = power * 1000
            test.gate.noteStart()
            #expect(test.ask(at: second) == .attempt)
            _ = test.gate.open(pin, on: card, isUsed: false, at: Self.moment(second + 1))
            #expect(!test.gate.memory.attempts.isEmpty)
            let isNews = test.gate.open(pin, on: card, isUsed: isUsed, at: Self.moment(second + (isUsed ? 10 : 31)))
            #expect(isNews && test.gate.memory.attempts.isEmpty)
        }
    }

    @Test func aModemThatStartsAnewRightAfterThePINIsGivenItOnceMore() {
        var test = self
        for second in [0, 200, 400, 600] {
            test.gate.noteStart()
            _ = test.ask(at: second)
            _ = test.gate.open(pin, on: card, isUsed: false, at: Self.moment(second + 1))
        }
        #expect(test.made == PINGate.mostUnanswered)
    }

    @Test(arguments: [0, 3600]) func aModemThatSaysThatTheSIMIsOpenIsNotBelieved(seconds: Int) {
        var bench = ModemBench(ModemSettings(pin: pin))
        bench.modem.sim?.pin = "1234"
        bench.modem.faults.opensForAMoment = true
        bench.bringUp(for: .seconds(10 + seconds))
        #expect(bench.modem.pinAttempts.count == 1)
        for _ in 0..<4 {
            bench.deliver(bench.modem.powerCycle(for: .seconds(10), at: bench.now.uptime))
            bench.advance(by: .seconds(600))
        }
        #expect(bench.modem.pinAttempts.count == 1)
        #expect(bench.report.trouble == .pinRefused(triesLeft: 2))
    }

    @Test func aRefusalCountsAlsoWhereTheModemSaysBeforeItThatTheSIMIsOpen() {
        var bench = ModemBench(ModemSettings(pin: pin))
        bench.modem.sim?.pin = "1234"
        bench.answersStores = false
        bench.bringUp()
        bench.answersStores = true
        bench.modem.faults.isMute = true
        bench.handle(.stored)
        for line in ["+CPIN: READY", "+CME ERROR: 16"] {
            bench.handle(.line(.received(Array("\r\n\(line)\r\n".utf8))))
        }
        #expect(bench.stored?.attempts.map(\.end) == [.refused])
    }

    // MARK: - One SIM, several numbers

    @Test(arguments: ["894900000000000001", "89490000000000000175"])
    func aNumberWithAndWithoutItsLastDigitsIsThatOfOneSIM(other: String) {
        var test = self
        #expect(test.ask(at: 0) == .attempt)
        let isNews = test.gate.refuse(pin, on: card)
        #expect(isNews)
        let spelled = PINGate.Card(iccid: other, imei: "356789012345686")
        #expect(test.ask(3, of: spelled, at: 1000) == .withhold(.pinRefused(triesLeft: 3)))
        var moved = PINGate(nil, elsewhere: ["first": test.gate.memory.attempts])
        let decision = moved.decide(pin, on: spelled, triesLeft: 2, needsCount: true, at: Self.moment(0))
        #expect(decision == .withhold(.pinRefused(triesLeft: 2)))
        // The next one of the same make is another one.
        #expect(test.ask(of: PINGate.Card(iccid: "8949000000000000025", imei: nil), at: 1000) == .attempt)
    }
}
