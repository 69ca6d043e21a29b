import Primitives
import Testing

@testable import ModemProtocol

@Suite struct ATEngineTests {
    private let signal = ATCommand("+CSQ", answer: .prefixed("+CSQ"))
    private let maker = ATCommand("+CGMI", answer: .bare(prefix: "+CGMI"))

    @Test func anAnswerIsTheLinesOfItsPrefixUpToTheFinalResult() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        #expect(bench.sent() == ["AT+CSQ\r"])
        bench.says("\r\n+CSQ: 17,99\r\n\r\nOK\r\n")
        #expect(bench.answers == [ATAnswer(lines: ["17,99"], result: .ok)])
    }

    @Test func anAnswerMayComeByteByByteWithItsEchoAndBlanksBeforeIt() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        for character in "AT+CSQ\r\r\n  +CSQ: 17,99 \r\n\0\r\nOK\r\n" { bench.says(String(character)) }
        #expect(bench.answers == [ATAnswer(lines: ["17,99"], result: .ok)])
        #expect(bench.unsolicited.isEmpty)
    }

    @Test func anAnswerSteersNoTerminalWhateverTheNetworkCallsItself() {
        var bench = EngineBench.attentive()
        bench.ask(maker)
        bench.says("A\u{1B}B\u{9B}C\u{202E}D\u{2028}E\r\nOK\r\n")
        #expect(bench.answers == [ATAnswer(lines: ["AB C D E"], result: .ok)])
    }

    @Test func oneCommandIsOutstandingAtATimeAndTheNextOneWaits20Milliseconds() {
        var bench = EngineBench.attentive()
        bench.ask(signal)
        bench.ask(maker)
        #expect(bench.sent() == ["AT+CSQ\r"])
        bench.says("+CSQ: 17,99\r\nOK\r\n")
        bench.advance(by: .milliseconds(19))
        #expect(bench.sent().isEmpty)
        bench.advance(by: .milliseconds(1))
        #expect(bench.sent() == ["AT+CGMI\r"])
    }

    @Test func whatTheModemSaysByItselfIsNoAnswer() {
        var bench = EngineBench.attentive()
        bench.ask(maker)
        bench.says("\r\n+CREG: 1,\"00C3\",\"0000A7B2\",7\r\n\r\nRDY\r\nVendor Ltd\r\nNO CARRIER\r\nOK\r\n")
        #expect(bench.answers == [ATAnswer(lines: ["Vendor Ltd"], result: .ok)])
        #expect(bench.unsolicited == ["+CREG: 1,\"00C3\",\"0000A7B2\",7", "RDY", "NO CARRIER"])
    }

    /// 3GPP TS 27.007 §10.1.22: the second field tells them apart.
    @Test(arguments: ["+CEREG: 5", "+CEREG: 1,\"00C3\",\"0000A7B2\",7", "+CEREG: 1,00C3,0000A7B2,7"])
    func newsOfTheRegistrationInTheMiddleOfItsAnswerAreNotTheAnswer(news: String) {
        var bench = EngineBench.attentive()
        bench.ask(ATCommand("+CEREG?", answer: .prefixed("+CEREG")))
        bench.says("\(news)\r\n+CEREG: 2,2\r\n\(news)\r\nOK\r\n")
        #expect(bench.answers == [ATAnswer(lines: ["2,2"], result: .ok)])
        #expect(bench.unsolicited == [news, news])
    }

    @Test func everyFinalResultEndsACommand() {
        let results: [(String, ATResult)] = [
            ("OK", .ok), ("ERROR", .error), ("+CME ERROR: 10", .equipmentError(EquipmentError("10"))),
            ("+CMS ERROR: 500", .equipmentError(EquipmentError("500"))),
        ]
        for (line, result) in results {
            var bench = EngineBench.attentive()
            bench.ask(ATCommand("+CPIN?", answer: .prefixed("+CPIN")))
            bench.says("\r\n\(line)\r\n")
            #expect(bench.answers == [ATAnswer(lines: [], result: result)])
        }
    }

    @Test(arguments: ["NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"])
    func aCallThatFailsEndsItsCommandAndNoOther(line: String) {
        var bench = EngineBench.attentive()
        bench.ask(ATCommand("D*99#", isDial: true))
        bench.says("\r\n\(line)\r\n")
        #expect(bench.answers == [ATAnswer(lines: [], result: .callFailed(line))])
        bench.advance(by: .seconds(1))
        bench.ask(signal)
        bench.says("\r\n\(line)\r\n")
        #expect(bench.answers.count == 1)
    }

    @Test func afterCONNECTNothingIsSentUntilTheCallEnds() {
        var bench = EngineBench.attentive()
        bench.ask(ATCommand("D*99#", isDial: true))
        bench.says("\r\nCONNECT 150000000\r\n")
        #expect(bench.answers == [ATAnswer(lines: [], result: .connect("150000000"))])
        bench.ask(signal)
        bench.says("~\u{7}}#OK\r\nERROR\r\n")
        #expect(bench.sent() == ["ATD*99#\r"])
        bench.says("\r\nNO CARRIER\r\n")
        #expect(bench.unsolicited == ["NO CARRIER"])
        #expect(bench.sent() == ["AT+CSQ\r"])
    }

    @Test func anErrorIsTheSameByNumberAndInWords() {
        #expect(EquipmentError("14").code == EquipmentError.simBusy)
        #expect(EquipmentError("SIM busy").code == EquipmentError.simBusy)
        #expect(EquipmentError("SIM not inserted").code == EquipmentError.simMissing)
        #expect(EquipmentError("99999999999999999999").code == nil)
        #expect(EquipmentError("107").isRefusal && !EquipmentError("30").isRefusal)
        #expect("\(EquipmentError("16"))" == "incorrect password (16)")
    }

    @Test func anAnswerWithoutOKEndsWithSilenceWhereTheModemIsKnownForIt() {
        var bench = EngineBench.attentive()
        bench.ask(ATCommand("+CPIN?", answer: .prefixed("+CPIN"), silenceEndsIt: true))
        bench.says("+CPIN: READY\r\n")
        bench.advance(by: .milliseconds(199))
        #expect(bench.answers.isEmpty)
        bench.advance(by: .milliseconds(1))
        #expect(bench.answers == [ATAnswer(lines: ["READY"], result: .ok)])
    }

    @Test func quotationMarksAndControlCharactersCannotEndACommand() {
        #expect(ATCommand.quoted("a\"b\\c\r\nAT+CFUN=0") == "\"a\\22b\\5CcAT+CFUN=0\"")
    }

    @Test func aPromptThatNobodyAskedForIsLeft() {
        var bench = EngineBench.attentive()
        bench.says("\r\n> ")
        #expect(bench.sent() == ["\u{1B}"])
    }

    @Test func aFullQueueRefusesAndGoesOn() {
        var bench = EngineBench.attentive()
        for _ in 0...ATEngine.queueLimit + 1 { bench.ask(signal) }
        #expect(bench.answers == [ATAnswer(lines: [], result: .abandoned)])
        for _ in 0...ATEngine.queueLimit {
            bench.says("+CSQ: 1,99\r\nOK\r\n")
            bench.advance(by: ATEngine.pause)
        }
        #expect(bench.answers.filter(\.isGood).count == ATEngine.queueLimit + 1)
        #expect(bench.engine.isIdle)
    }
}
