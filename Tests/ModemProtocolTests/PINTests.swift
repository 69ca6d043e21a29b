import ModemSimulation
import Primitives
import Testing

@testable import ModemProtocol

/// A SIM that has refused three PINs needs a person. So no wrong PIN is ever given twice to the same card, and none with the last tries.
@Suite struct PINTests {
    private func bench(_ pin: String?, right: String = "1234", memory: ModemMemory? = nil) -> ModemBench {
        var bench = ModemBench(ModemSettings(pin: pin.map { Secret($0) }), memory: memory)
        bench.modem.sim?.pin = right
        return bench
    }

    @Test func theRightPINOpensTheCardAndLeavesNoAttemptBehind() {
        var bench = bench("1234")
        bench.bringUp()
        #expect(bench.report.phase == .ready)
        #expect(bench.modem.pinAttempts.map(\.wasRight) == [true])
        #expect(bench.stored?.attempts == [])
        #expect(!bench.log.contains("1234"))
    }

    @Test func theAttemptIsOnDiskBeforeItIsMade() {
        var bench = bench("1234")
        bench.answersStores = false
        bench.bringUp()
        #expect(bench.modem.pinAttempts.isEmpty)
        guard case .store(let memory)? = bench.effects.last else {
            Issue.record("Nothing was stored.")
            return
        }
        #expect(memory.attempts.map(\.sim) == ["8949000000000000017"])
        bench.answersStores = true
        bench.handle(.stored)
        bench.advance(by: .seconds(60))
        #expect(bench.modem.pinAttempts.count == 1)
    }

    @Test func aDiskThatFailsKeepsThePINFromBeingTried() {
        var bench = bench("1234")
        bench.answersStores = false
        bench.bringUp()
        bench.handle(.storeFailed(reason: "no space"))
        #expect(bench.report.trouble == .storage(reason: "no space"))
        bench.advance(by: .seconds(30))
        #expect(bench.modem.pinAttempts.isEmpty)
    }

    @Test func aWrongPINIsTriedOnceWhateverHappensAfterwards() {
        var bench = bench("9999")
        bench.bringUp(for: .seconds(7200))
        #expect(bench.report.trouble == .pinRefused(triesLeft: 2))
        #expect(bench.report.trouble?.remedy == .person)
        bench.handle(.ordered(.reset))
        bench.advance(by: .seconds(7200))
        bench.deliver(bench.modem.powerCycle(for: .seconds(10), at: bench.now.uptime))
        bench.advance(by: .seconds(7200))
        #expect(bench.modem.pinAttempts.count == 1)

        // Another process, another day.
        var later = self.bench("9999", memory: bench.stored)
        later.modem.sims = bench.modem.sims
        later.bringUp(for: .seconds(7200))
        #expect(later.modem.pinAttempts.isEmpty)
        #expect(later.report.trouble == .pinRefused(triesLeft: 2))

        // A person gives the right one.
        var mended = self.bench("1234", memory: bench.stored)
        mended.modem.sims = bench.modem.sims
        mended.bringUp()
        #expect(mended.report.phase == .ready)
    }

    @Test func aRefusedPINIsNotTriedAgainWhenTheCounterIsFullAgain() {
        var bench = bench("9999")
        bench.bringUp()
        bench.modem.sim?.triesLeft = 3
        bench.advance(by: .seconds(3600))
        var later = self.bench("9999", memory: bench.stored)
        later.bringUp(for: .seconds(3600))
        #expect(bench.modem.pinAttempts.count == 1 && later.modem.pinAttempts.isEmpty)
        var hidden = self.bench("9999", memory: bench.stored)
        hidden.modem.faults.hidesNumber = true
        hidden.bringUp(for: .seconds(3600))
        #expect(hidden.modem.pinAttempts.isEmpty)
    }

    @Test func aPINThatIsTakenAndChangesNothingIsNotTriedAgain() {
        var bench = bench("1234")
        bench.modem.faults.takesPINInVain = true
        bench.bringUp(for: .seconds(3600))
        #expect(bench.modem.pinAttempts.count == 1)
        #expect("\(bench.report.trouble as Any)".contains("stayed locked"))
    }

    @Test func aModemThatGoesAwayAtEachPINIsGivenTwoOfThem() {
        var bench = bench("9999")
        bench.modem.faults.leavesAtPIN = true
        bench.bringUp(for: .seconds(3600))
        #expect(bench.modem.pinAttempts.count == 2 && bench.modem.sim?.triesLeft == 3)
        #expect("\(bench.report.trouble as Any)".contains("not answered 2 times"))
    }

    @Test func processesThatEndAtEachPINGiveTwoOfThemTogether() {
        let card = PINGate.Card(iccid: "8949000000000000017", imei: nil)
        var memory: ModemMemory?
        var made = 0
        for _ in 0..<5 {
            var gate = PINGate(memory)
            for uptime in [Duration.zero, PINGate.patience] {
                let decision = gate.decide(
                    Secret("9999"),
                    on: card,
                    triesLeft: 3,
                    needsCount: true,
                    at: Self.moment(uptime)
                )
                // It is on disk now, given, and the end of the process.
                guard decision == .attempt else { continue }
                made += 1
                break
            }
            memory = gate.memory
        }
        #expect(made == PINGate.mostUnanswered)
    }

    @Test func anAttemptThatIsTakenBackLeavesTheOneBeforeIt() {
        let card = PINGate.Card(iccid: "8949000000000000017", imei: nil)
        var gate = PINGate(nil)
        func decide(after seconds: Int) -> PINGate.Decision {
            let moment = Self.moment(.seconds(seconds))
            return gate.decide(Secret("9999"), on: card, triesLeft: 3, needsCount: true, at: moment)
        }
        #expect(decide(after: 0) == .attempt)
        gate.send(at: Self.moment(.zero))
        for time in [200, 400, 600] {
            #expect(decide(after: time) == .attempt)
            let isNews = gate.takeBack(Secret("9999"), on: card)
            #expect(isNews)
        }
        #expect(gate.memory.attempts.map(\.unanswered) == [1])
        #expect(decide(after: 800) == .attempt)
        gate.send(at: Self.moment(.seconds(800)))
        #expect(decide(after: 1200) != .attempt)
    }

    private static func moment(_ uptime: Duration) -> Moment {
        Moment(uptime: uptime, utc: Timestamp(millisecondsSinceEpoch: 0))
    }

    @Test func aSIMThatTellsItsNumberOnlyWhenItIsOpenIsSettledToo() {
        var bench = bench("1234")
        bench.modem.faults.hidesNumber = true
        bench.bringUp()
        #expect(bench.report.phase == .ready && bench.stored?.attempts == [])
    }

    @Test func theLastTryIsNotOurs() {
        var bench = bench("1234")
        bench.modem.sim?.triesLeft = 1
        bench.bringUp(for: .seconds(3600))
        #expect(bench.modem.pinAttempts.isEmpty)
        #expect(bench.report.trouble == .pinWithheld(reason: "the SIM has 1 try left"))
    }

    @Test func withoutACountOfTriesNothingIsTriedUnlessItIsAllowed() {
        var bench = bench("1234")
        bench.modem.faults.countsTries = false
        bench.bringUp()
        #expect(bench.modem.pinAttempts.isEmpty)
        #expect(bench.report.trouble == .pinWithheld(reason: "the modem does not say how many tries are left"))

        var allowed = ModemBench(ModemSettings(pin: Secret("9999"), triesPINWithoutCounter: true))
        allowed.modem.sim?.pin = "1234"
        allowed.modem.faults.countsTries = false
        allowed.bringUp(for: .seconds(7200))
        #expect(allowed.modem.pinAttempts.count == 1)
    }

    @Test(arguments: ["Quectel", "Simulated"]) func theCountIsAskedInTheWordsOfTheVendor(manufacturer: String) {
        var bench = bench("1234")
        bench.modem.identity.manufacturer = manufacturer
        bench.bringUp()
        #expect(bench.report.phase == .ready)
        #expect(bench.modem.commands.contains("AT+QPINC=\"SC\"") == (manufacturer == "Quectel"))
    }

    @Test func aPowerCutRightAfterTheRightPINDoesNotLockTheChargerOut() {
        var bench = bench("1234")
        bench.answersStores = false
        bench.bringUp()
        guard case .store(let memory)? = bench.effects.last else {
            Issue.record("Nothing was stored.")
            return
        }
        // The attempt is on disk, the card took the PIN, and nobody saw it.
        var later = self.bench("1234", memory: memory)
        later.bringUp()
        // It may still be under way.
        #expect(later.modem.pinAttempts.isEmpty)
        later.advance(by: .seconds(180))
        #expect(later.report.phase == .ready)
    }

    @Test func aPowerCutRightAfterAWrongPINDoesNotTryItAgain() {
        var bench = bench("9999")
        bench.answersStores = false
        bench.bringUp()
        guard case .store(let memory)? = bench.effects.last else {
            Issue.record("Nothing was stored.")
            return
        }
        var later = self.bench("9999", memory: memory)
        later.modem.sim?.triesLeft = 2
        later.bringUp(for: .seconds(3600))
        #expect(later.modem.pinAttempts.isEmpty)
    }

    @Test func noPINAndAPUKNeedAPerson() {
        var none = bench(nil)
        none.bringUp()
        #expect(none.report.trouble == .pinMissing && none.report.trouble?.remedy == .person)
        var blocked = bench("1234")
        blocked.modem.sim?.triesLeft = 0
        blocked.bringUp(for: .seconds(3600))
        #expect(blocked.report.trouble == .pukNeeded && blocked.report.sim.state == .pukNeeded)
        #expect(blocked.modem.pinAttempts.isEmpty)
    }

    @Test(arguments: ["12", "123456789", "12a4", "1234\"\r"]) func whatIsNoPINIsNotTried(text: String) {
        var bench = bench(text)
        bench.bringUp()
        #expect(bench.modem.pinAttempts.isEmpty)
        #expect(bench.report.trouble == .pinWithheld(reason: "a PIN has four to eight digits"))
    }

    @Test func theMemoryIsBoundedAndForgetsOtherCardsFirst() {
        var gate = PINGate(nil)
        let now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 0))
        for card in 0..<40 {
            let sim = PINGate.Card(iccid: "\(card)", imei: nil)
            let decision = gate.decide(Secret("1111"), on: sim, triesLeft: 3, needsCount: true, at: now)
            #expect(decision == .attempt)
        }
        #expect(gate.memory.attempts.count == ModemMemory.limit)
        #expect(gate.memory.attempts.last?.sim == "39")
    }
}
