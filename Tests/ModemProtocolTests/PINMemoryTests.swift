import BusSchema
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// What is remembered of the PINs that were tried on a modem of ModemManager's, whatever mmcli and the counter of the SIM say.
@Suite struct PINMemoryTests {
    private func locked(
        _ pin: String,
        tries: Int? = 3,
        past: CarrierPast = CarrierPast(),
        _ change: (inout FakeModemManager) -> Void = { _ in }
    ) -> MMCLIBench {
        var bench = MMCLIBench {
            $0.modem.pin = Secret(pin)
            $0.modem.triesPINWithoutCounter = tries == nil
        }
        lock(&bench, tries: tries)
        change(&bench.service)
        bench.start(past)
        return bench
    }

    private func lock(_ bench: inout MMCLIBench, tries: Int?) {
        (bench.service.state, bench.service.lock) = ("locked", "sim-pin")
        bench.service.retries = tries.map { ["sim-pin (\($0))"] } ?? []
    }

    /// A SIM that was locked anew, in a modem that was started anew.
    private func relock(_ bench: inout MMCLIBench, tries: Int?) {
        bench.service.number += 1
        lock(&bench, tries: tries)
        bench.advance(by: .seconds(600))
    }

    // MARK: - Refusals

    @Test func aRefusedPINIsNotTriedAgainWhereTheCounterIsLate() {
        var bench = locked("9999") { $0.countsAnew = false }
        bench.advance(by: .seconds(600))
        #expect(bench.service.pins == ["9999"])
        #expect(bench.condition.detail.hasPrefix("the SIM refused the PIN"))
        var next = locked("9999", past: CarrierPast(stored: bench.stored))
        next.advance(by: .seconds(600))
        #expect(next.service.pins.isEmpty)
    }

    @Test func aRefusedPINIsNotTriedAgainWhenSomebodyHasOpenedTheSIMElsewhere() {
        var bench = locked("9999")
        bench.advance(by: .seconds(60))
        relock(&bench, tries: 3)
        #expect(bench.service.pins == ["9999"])
    }

    @Test func aRefusedPINStaysRefusedWhenAPersonOpensTheSIMWithAnotherOne() {
        var bench = locked("9999")
        bench.advance(by: .seconds(60))
        (bench.service.state, bench.service.lock) = ("disabled", "--")
        bench.advance(by: .seconds(120))
        #expect(bench.condition.link == .up)
        relock(&bench, tries: 3)
        #expect(bench.service.pins == ["9999"])
    }

    @Test(arguments: [2, 3]) func aSIMThatTellsItsNumberNoMoreIsNotTriedAgain(tries: Int) {
        var bench = locked("9999")
        bench.advance(by: .seconds(60))
        bench.service.iccid = "--"
        relock(&bench, tries: tries)
        #expect(bench.service.pins == ["9999"])
        #expect(bench.condition.detail.contains("delete modem-*"))
    }

    @Test func anotherSIMWithoutANumberIsOpenedWhereItsCounterIsFull() {
        var bench = locked("9999") { $0.iccid = "--" }
        bench.advance(by: .seconds(120))
        #expect(bench.service.pins == ["9999"])
        bench.service.pin = "9999"
        relock(&bench, tries: 3)
        #expect(bench.condition.link == .up)
    }

    @Test func anotherSIMWithoutANumberOrACounterNeedsAPerson() {
        var bench = locked("9999", tries: nil) { $0.iccid = "--" }
        bench.advance(by: .seconds(120))
        bench.service.pin = "9999"
        relock(&bench, tries: nil)
        #expect(bench.service.pins == ["9999"])
        #expect(bench.condition.detail.contains("delete modem-*") && bench.condition.remedy == .person)
    }

    // MARK: - PINs that are taken

    @Test func aPINThatIsTakenAndChangesNothingIsNotTriedAgain() {
        var bench = locked("4711") { $0.takesPINInVain = true }
        bench.advance(by: .seconds(1200))
        #expect(bench.service.pins == ["4711"])
        #expect(
            bench.condition.detail.hasPrefix(
                "the PIN was not tried: the modem took it before, and the SIM stayed locked"
            )
        )
        var next = locked("4711", past: CarrierPast(stored: bench.stored))
        next.advance(by: .seconds(600))
        #expect(next.service.pins.isEmpty)
    }

    @Test func aSIMMayTakeItsTimeToOpen() {
        var bench = locked("4711") { $0.takesPINInVain = true }
        bench.advance(by: .seconds(30))
        (bench.service.state, bench.service.lock) = ("disabled", "--")
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up && bench.service.pins == ["4711"])
        bench.service.takesPINInVain = false
        relock(&bench, tries: 3)
        #expect(bench.condition.link == .up)
    }

    // MARK: - Attempts whose end nobody saw

    @Test func aPINWithoutAnAnswerIsTriedOnceMoreAndNotSoon() {
        var bench = locked("4711") { $0.hangsAtPIN = true }
        bench.advance(by: .seconds(100))
        #expect(bench.service.pins.count == 1)
        bench.advance(by: .seconds(200))
        #expect(bench.service.pins.count == 2)
        bench.advance(by: .seconds(3600))
        #expect(bench.service.pins.count == 2 && bench.condition.detail.contains("not answered 2 times"))
    }

    /// What is shown of the modem hides a PIN that stands in its number, and what is decided knows that number all the same.
    @Test(arguments: ["3803", "5693"]) func aPINThatStandsInTheNumberOfTheModemIsTriedOnceToo(pin: String) {
        var bench = locked(pin) { ($0.iccid, $0.countsAnew) = ("--", false) }
        bench.advance(by: .seconds(1200))
        #expect(bench.service.pins == [pin])
        var vain = locked(pin) { ($0.iccid, $0.takesPINInVain) = ("--", true) }
        vain.advance(by: .seconds(1200))
        #expect(vain.service.pins == [pin])
        var hanging = locked(pin) { ($0.iccid, $0.hangsAtPIN) = ("--", true) }
        hanging.advance(by: .seconds(1200))
        #expect(hanging.service.pins.count == 2)
    }

    @Test func anAttemptOfTheProcessBeforeMayStillBeUnderWay() {
        // The process ends as soon as the attempt is on disk.
        var bench = MMCLIBench { $0.modem.pin = Secret("4711") }
        bench.answersStores = false
        lock(&bench, tries: 3)
        bench.start()
        bench.advance(by: .seconds(20))
        #expect(bench.stored != nil && bench.service.pins.isEmpty)
        var next = locked("4711", past: CarrierPast(stored: bench.stored))
        next.advance(by: .seconds(100))
        #expect(next.service.pins.isEmpty)
        next.advance(by: .seconds(120))
        #expect(next.service.pins.count == 1 && next.condition.link == .up)
    }

    @Test func aCountThatIsNoneIsNotBelieved() {
        var bench = locked("4711") { $0.retries = ["sim-pin (-3)"] }
        bench.advance(by: .seconds(60))
        #expect(bench.service.pins.isEmpty)
        #expect(bench.condition.detail == "the PIN was not tried: the modem does not say how many tries are left")
    }

    @Test func whatNeverLeftForTheSIMIsNoAttempt() {
        var bench = locked("4711", tries: nil) { $0.forbidden = ["--pin"] }
        bench.advance(by: .seconds(60))
        bench.service.forbidden = []
        bench.advance(by: .seconds(600))
        #expect(bench.condition.link == .up)
    }

    // MARK: - A memory that is lost

    @Test(arguments: [2, nil]) func whereTheMemoryIsLostNoPINIsTriedWithoutAFullCounter(tries: Int?) {
        var bench = locked("4711", tries: tries, past: CarrierPast(stored: Array("no memory".utf8)))
        bench.advance(by: .seconds(600))
        #expect(bench.service.pins.isEmpty && bench.condition.detail.contains("delete modem-*"))
        var next = locked("4711", tries: tries, past: CarrierPast(stored: bench.stored))
        next.advance(by: .seconds(600))
        #expect(next.service.pins.isEmpty)
        var full = locked("4711", past: CarrierPast(stored: bench.stored))
        full.advance(by: .seconds(60))
        #expect(full.condition.link == .up)
    }

    @Test func whatCouldNotBeReadIsADoubtThatTheNextProcessHasToo() {
        var bench = locked("4711", tries: 2, past: CarrierPast(isDamaged: true))
        bench.advance(by: .seconds(600))
        var next = locked("4711", tries: 2, past: CarrierPast(stored: bench.stored))
        next.advance(by: .seconds(600))
        #expect(bench.service.pins.isEmpty && next.service.pins.isEmpty)
    }

    @Test func whatAnotherUplinkRemembersHoldsHereToo() {
        var bench = locked("9999")
        bench.advance(by: .seconds(60))
        let past = CarrierPast(elsewhere: ["former": bench.stored ?? []])
        var renamed = locked("9999", past: past)
        renamed.advance(by: .seconds(600))
        #expect(bench.service.pins == ["9999"] && renamed.service.pins.isEmpty)
        var other = locked("9999", past: past) { ($0.iccid, $0.pin) = ("8949020000000000033", "9999") }
        other.advance(by: .seconds(60))
        #expect(other.condition.link == .up)
    }

    /// Both modems have run all the time, and the first one has learnt what the second one must know.
    @Test func aCardThatIsMovedFromOneRunningModemToAnotherIsNotGivenThePINThatItRefusedThere() {
        var second = locked("9999") { ($0.iccid, $0.pin) = ("8949020000000000033", "9999") }
        second.advance(by: .seconds(60))
        #expect(second.condition.link == .up && second.service.pins == ["9999"])
        var first = locked("9999")
        first.advance(by: .seconds(60))
        #expect(first.service.pins == ["9999"])
        second.handle(.storedElsewhere(uplink: "first", first.stored ?? []))
        (second.service.iccid, second.service.pin, second.service.isConnected) = (first.service.iccid, "4711", false)
        relock(&second, tries: 2)
        #expect(second.service.pins == ["9999"], "The one of its own card, and no other.")
        #expect(second.condition.detail.hasPrefix("the SIM refused the PIN"))
        // A person has opened it with the right PIN elsewhere, and the first modem remembers less than before.
        second.handle(.storedElsewhere(uplink: "first", Array(#"{"attempts":[]}"#.utf8)))
        relock(&second, tries: 3)
        #expect(second.service.pins == ["9999", "9999"])
    }
}
