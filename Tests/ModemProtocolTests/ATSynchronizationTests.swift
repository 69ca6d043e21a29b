import Primitives
import Testing

@testable import ModemProtocol

/// How an engine finds its way to a modem that listens, and what it bears.
@Suite struct ATSynchronizationTests {
    private let signal = ATCommand("+CSQ", answer: .prefixed("+CSQ"), within: .seconds(5))

    @Test func aModemThatStartsIsCalledEverySecondUntilItAnswers() {
        var bench = EngineBench()
        bench.handle(.line(.opened))
        bench.advance(by: .milliseconds(3500))
        #expect(bench.sent() == ["AT\r", "AT\r", "AT\r", "AT\r"])
        bench.says("\r\nRDY\r\nAT\r\r\nOK\r\n")
        bench.advance(by: ATSynchronization.settling)
        #expect(bench.effects.contains(.attentive))
        #expect(bench.unsolicited == ["RDY"])
        bench.advance(by: .seconds(100))
        #expect(bench.sent().isEmpty)
    }

    @Test func aModemSetToNumbersIsUnderstood() {
        var bench = EngineBench()
        bench.handle(.line(.opened))
        bench.says("0\r")
        bench.advance(by: ATSynchronization.settling)
        #expect(bench.effects.contains(.attentive))
        bench.ask(ATCommand("V1"))
        bench.says("0\r")
        #expect(bench.answers.map(\.result) == [.ok])
    }

    @Test func aModemThatNeverAnswersIsGivenUpAfterAMinuteAndTheLineIsOpenedAnew() {
        var bench = EngineBench()
        bench.handle(.line(.opened))
        bench.advance(by: .seconds(60))
        #expect(!bench.effects.contains(.silent))
        bench.advance(by: .seconds(6))
        #expect(bench.effects.suffix(2) == [.silent, .line(.reopen(reason: "the modem does not answer"))])
        #expect(bench.sent().contains("+++"), "It could have been in a call.")
        bench.advance(by: .seconds(1000))
        #expect(bench.sent().isEmpty, "The line says when it is open again.")
    }

    @Test func afterSilenceInTheMiddleOfAnAnswerALateOneIsNotTakenForTheNext() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        bench.says("\r\n+CSQ: 1")
        bench.advance(by: .seconds(5))
        #expect(bench.answers == [ATAnswer(lines: [], result: .timedOut)])
        bench.ask(ATCommand("+CGMI", answer: .bare(prefix: "+CGMI")))
        #expect(bench.sent() == ["AT+CSQ\r", "\r"])
        // What was late comes now, all of it, and the answer to the call.
        bench.says("7,99\r\n\r\nOK\r\n")
        bench.advance(by: .milliseconds(100))
        bench.says("\r\nOK\r\n")
        bench.advance(by: .milliseconds(199))
        #expect(bench.sent().isEmpty)
        bench.advance(by: .milliseconds(1))
        #expect(bench.sent() == ["AT+CGMI\r"])
        bench.says("Vendor\r\nOK\r\n")
        #expect(bench.answers.last == ATAnswer(lines: ["Vendor"], result: .ok))
    }

    @Test func aModemThatFallsSilentIsCalledThreeTimesThenTakenForOneInACallThenGivenUp() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        bench.advance(by: .seconds(5 + 1 + 3) + .milliseconds(2200) + .seconds(2))
        #expect(bench.sent() == ["AT+CSQ\r", "\r", "AT\r", "AT\r", "AT\r", "+++", "ATH\r", "AT\r"])
        #expect(bench.effects.contains(.silent))
    }

    @Test func whatWaitsIsAbandonedWithTheCommandThatGotNoAnswer() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        bench.ask(signal)
        bench.advance(by: .seconds(5))
        #expect(bench.answers.map(\.result) == [.timedOut, .abandoned])
    }

    @Test func aLineThatClosesEndsEverythingAskedAndAskedLater() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        bench.ask(signal)
        bench.handle(.line(.closed(reason: "unplugged")))
        bench.ask(signal)
        #expect(bench.answers.map(\.result) == [.abandoned, .abandoned, .abandoned])
        #expect(bench.engine.nextDeadline == nil)
    }

    @Test func aFloodIsLetThroughInPartAndCounted() {
        var bench = EngineBench.attentive()
        for _ in 0..<10_000 { bench.says("\r\n+QIND: \"csq\",99\r\n") }
        #expect(bench.unsolicited.count == FloodGate.limit)
        bench.advance(by: FloodGate.window)
        #expect(bench.effects.contains(.missed(10_000 - FloodGate.limit)))
        bench.says("+CREG: 1\r\n")
        #expect(bench.unsolicited.last == "+CREG: 1")
    }

    @Test func anAnswerComesThroughAFlood() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        for _ in 0..<500 { bench.says("^RSSI: 9\r\n") }
        bench.says("+CSQ: 17,99\r\n")
        for _ in 0..<500 { bench.says("^RSSI: 9\r\n") }
        bench.says("OK\r\n")
        #expect(bench.answers == [ATAnswer(lines: ["17,99"], result: .ok)])
    }

    @Test func anAnswerOfTooManyLinesAndALineOfTooManyBytesAreBounded() {
        var bench = EngineBench.attentive()
        bench.ask(ATCommand("+CGMR", answer: .bare(prefix: "+CGMR")))
        for index in 0..<1000 { bench.says("line \(index)\r\n") }
        bench.says(String(repeating: "x", count: 1_000_000))
        bench.says("\r\nOK\r\n")
        #expect(bench.answers.map(\.lines.count) == [ATEngine.answerLimit])
        #expect(bench.answers.map(\.result) == [.ok])
    }

    @Test func aSecretIsInNoLogWhateverTheModemMakesOfItsEcho() {
        for echo in ["AT+CPIN=\"4711\"\r", "AT+CPIN=\"47\r\n+CREG: 2\r\n11\"\r", "+CREG: 2\r\nAT+CPIN=\"4711\"\r"] {
            var bench = EngineBench.attentive()
            bench.ask(ATCommand("+CPIN=", hiding: Secret("\"4711\"")))
            #expect(bench.sent() == ["AT+CPIN=\"4711\"\r"])
            bench.says(echo + "\r\nOK\r\n")
            #expect(bench.answers.map(\.result) == [.ok])
            let visible = bench.logged + bench.unsolicited.joined()
            #expect(visible.contains("AT+CPIN=…"))
            #expect(!visible.contains("4711") && !visible.contains("\"47") && !visible.contains("11\""))
        }
    }
}
