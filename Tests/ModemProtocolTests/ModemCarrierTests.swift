import BusSchema
import ModemSimulation
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

@Suite struct ModemCarrierTests {
    private func up(_ settings: ModemCarrier.Settings = CarrierBench.settings) -> CarrierBench {
        var bench = CarrierBench(settings)
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up)
        return bench
    }

    /// Who has mended it tells nobody; and a machine that was short of processes for a moment recovers by itself.
    @Test(arguments: [ChildExit.code(4), .notStarted(reason: "Resource temporarily unavailable")])
    func whatAPersonMayHaveMendedIsTriedAgain(exit: ChildExit) {
        var bench = up()
        bench.hangUp(exit)
        bench.advance(by: .seconds(250))
        #expect(bench.spawns.count == 1)
        #expect(bench.condition.remedy == .person)
        bench.advance(by: .seconds(60))
        #expect(bench.spawns.count == 2)
        #expect(bench.condition.link == .up)
    }

    @Test func aModemIsBroughtUpDialledAndUpWithItsAddress() {
        let bench = up()
        #expect(bench.spawns.count == 1)
        #expect(bench.spawns[0].prefix(3) == ["/usr/sbin/pppd", "/dev/modem-data", "connect"])
        // A shell reads it before chat does.
        #expect(bench.spawns[0][3].hasSuffix(#" OK 'ATD*99***1#' TIMEOUT 60 CONNECT '\c'"#))
        #expect(bench.spawns[0].last?.hasPrefix("/usr/sbin/chat ") == true)
        #expect(bench.condition.address == "10.64.64.2" && bench.condition.interface == "ppp0")
        #expect(bench.condition.remedy == .none)
        #expect(bench.effects.filter { $0 == .addDefaultRoute(interface: "ppp0") }.count == 1)
        let radio = bench.condition.radio
        #expect(radio?.iccid == "8949000000000000017" && radio?.imsi == "262010000000001")
        #expect(radio?.simTook.map { $0 < .seconds(30) } == true)
        #expect(radio?.registrationTook.map { (.seconds(5) ... .seconds(60)).contains($0) } == true)
        #expect(bench.condition.addressTook == .zero)
        #expect(radio?.technology == "LTE" && radio?.signalDbm == -93 && radio?.cell == "00C3/0000A7B2")
    }

    @Test func everyStateOnTheWayIsToldInWords() {
        var bench = CarrierBench(CarrierBench.settings)
        #expect(bench.condition.link == .unknown)
        bench.modem.network.isGone = true
        bench.start()
        #expect(bench.condition.link == .unknown, "A start says nothing of the link.")
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .down && bench.condition.remedy == .patience)
        #expect(bench.condition.detail == "no network yet")
    }

    /// A step of the ladder would only disturb the search.
    @Test func aCallThatEndsBecauseTheNetworkIsGoneIsWaitedForAndNotRecovered() {
        var bench = up()
        bench.change { $0.network.isGone = true }
        bench.hangUp(.code(15))
        #expect(bench.condition.remedy == .patience && bench.condition.detail == "no network yet")
        bench.change { $0.network.isGone = false }
        bench.advance(by: .seconds(1))
        #expect(bench.condition.remedy == .recovery, "The network is back, and somebody has to dial.")
    }

    @Test func whatKeepsAModemIsToldByItsStepAndAnOperatorOnlyWhereItHasOne() {
        var bench = up()
        #expect(bench.condition.radio?.way.isRegistered == true && bench.condition.radio?.way.obstacle == nil)
        bench.change { $0.network.refuses = true }
        bench.advance(by: .seconds(90))
        let refused = bench.condition.radio
        #expect(refused?.way.isRegistered == false && refused?.way.obstacle == .registration)
        #expect(refused?.operatorName == nil && refused?.technology == nil && refused?.iccid != nil)
        bench.change { $0.network.refuses = false }
        bench.advance(by: .seconds(1000))
        #expect(bench.condition.radio?.operatorName == "Operator One")

        var settings = CarrierBench.settings
        settings.modem.pin = Secret("9999")
        var locked = CarrierBench(settings)
        locked.modem.sim?.pin = "4711"
        locked.start()
        locked.advance(by: .seconds(60))
        #expect(locked.condition.radio?.way.obstacle == .sim && locked.condition.radio?.iccid != nil)

        bench.change { $0.sims = [:] }
        bench.deliver(bench.modem.say("+CPIN: NOT READY"))
        bench.advance(by: .seconds(5))
        #expect(bench.condition.radio?.way.obstacle == .sim && bench.condition.radio?.operatorName == nil)
    }

    /// In what it says of itself, of the network, and of why it refuses.
    @Test func aSecretThatTheModemRepeatsIsToldToNobody() {
        var settings = CarrierBench.settings
        let profile = AccessProfile(apn: "iot", user: "name", password: Secret("p4ssw0rd"))
        settings.modem.access = AccessTable(override: profile)
        settings.modem.pin = Secret("4711")
        var named = CarrierBench(settings)
        named.modem.identity.manufacturer = "p4ssw0rd"
        named.modem.network.name = "Net p4ssw0rd"
        var refused = CarrierBench(settings)
        (refused.modem.network.refuses, refused.modem.network.cause) = (true, "name/p4ssw0rd with 4711")
        for var bench in [named, refused] {
            bench.start()
            bench.advance(by: .seconds(60))
            let told = bench.effects.filter { if case .line = $0 { false } else { true } }
            let said = "\(told) \(bench.details) \(bench.condition)"
            #expect(!said.contains("p4ssw0rd") && !said.contains("4711"))
            #expect(said.contains("(not shown, because a secret stands in it)"))
        }
    }

    /// As a phrase, in the other case, in pieces, escaped, in hexadecimal, with letters and their marks apart, and where its text is cut.
    @Test(arguments: [
        "P4SSW\u{D6}RD", "p4ss w\u{F6}rd", "p4\u{200B}ssw\u{F6}\u{202E}rd", "p4ssw\\303\\266rd", "p4ssw%C3%B6rd",
        "p4sswo\u{308}rd",
        "7034737377C3B67264", "00700034007300730077 00F600720064", "4-7-1-1", "34373131", "0034003700310031",
    ])
    func aSecretInAnotherSpellingIsNotShownEither(text: String) {
        var report = ModemReport()
        report.cause = String(repeating: "x", count: 93) + text
        report.network.operatorName = "Net of example"
        let shown = report.showable(hiding: ToldSecrets([Secret("p4ssw\u{F6}rd"), Secret("4711"), Secret("!")]))
        #expect(shown.cause == "(not shown, because a secret stands in it)")
        #expect(shown.network.operatorName == "Net of example")
    }

    @Test func aTextIsCutOnlyAfterItIsKnownThatItHoldsNoSecret() {
        var report = ModemReport()
        let error = EquipmentError(String(repeating: "x", count: 93) + "p4ssw0rd")
        report.cause = error.description
        #expect(
            report.showable(hiding: ToldSecrets([Secret("p4ssw0rd")])).cause
                == "(not shown, because a secret stands in it)"
        )
        report.identity.model = String(repeating: "M", count: 500)
        #expect(report.showable(hiding: ToldSecrets([])).identity.model?.count == 64)
    }

    @Test func nothingSecretStandsOnACommandLine() {
        var settings = CarrierBench.settings
        let profile = AccessProfile(
            apn: "iot",
            user: "name",
            password: Secret("p4ssw0rd"),
            optionsPath: "/run/charger/ppp-0"
        )
        settings.modem.access = AccessTable(override: profile)
        settings.modem.pin = Secret("4711")
        var bench = CarrierBench(settings)
        bench.modem.sim?.pin = "4711"
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up)
        #expect(bench.spawns[0].contains("/run/charger/ppp-0"))
        let said = "\(bench.effects) \(bench.condition) \(String(decoding: bench.stored ?? [], as: UTF8.self))"
        #expect(!said.contains("p4ssw0rd") && !said.contains("4711"))
    }

    @Test func anEndedCallWaitsForTheLadderWithItsReason() {
        var bench = up()
        bench.hangUp(.code(16))
        #expect(bench.condition.link == .down && bench.condition.remedy == .recovery)
        #expect(bench.condition.detail == "the modem hung up" && bench.condition.address == nil)
        bench.advance(by: .seconds(300))
        #expect(bench.spawns.count == 1, "How often is dialled is the ladder's to say.")
        bench.handle(.ordered(.redial))
        #expect(bench.spawns.count == 2 && bench.condition.link == .up)
    }

    @Test(arguments: [2, 3, 4]) func whatNoRedialCanMendNeedsAPerson(code: Int) {
        var bench = up()
        bench.hangUp(.code(code))
        #expect(bench.condition.remedy == .person)
    }

    @Test func aRedialOfALivingCallEndsItFirst() {
        var bench = up()
        bench.handle(.ordered(.redial))
        #expect(bench.effects.contains(.endChild("pppd")))
        #expect(bench.spawns.count == 2 && bench.condition.link == .up)
    }

    @Test(arguments: [RecoveryStep.detach, .radio, .modemReset])
    func everyStepEndsTheCallAndLeadsToANewOne(step: RecoveryStep) {
        var bench = up()
        bench.handle(.ordered(step))
        #expect(bench.condition.link == .down && bench.condition.remedy == .none)
        bench.advance(by: .seconds(120))
        #expect(bench.spawns.count == 2 && bench.condition.link == .up)
    }

    @Test func stepsByPinAreThoseOfThePinsThatThereAre() {
        #expect(ModemCarrier(CarrierBench.settings).steps == [.redial, .detach, .radio, .modemReset])
        var settings = CarrierBench.settings
        settings.pulses = ["reset": .milliseconds(300), "supply": .seconds(10)]
        var bench = up(settings)
        #expect(bench.carrier.steps.isSuperset(of: [.powerKey, .supply]))
        bench.handle(.ordered(.powerKey))
        #expect(bench.effects.last == .pulse(pin: "reset", .milliseconds(300)))
        bench.cutPower(for: .seconds(10))
        bench.advance(by: .seconds(120))
        #expect(bench.condition.link == .up)
        bench.handle(.ordered(.supply))
        #expect(bench.effects.last == .pulse(pin: "supply", .seconds(10)))
    }

    @Test func theNameServersOfTheNetworkAreThoseThatItNamedInThisCall() {
        var bench = up()
        #expect(bench.condition.nameServers == [])
        let said = "primary   DNS address 10.99.0.53\nsecondary DNS address 10.99.0.54\nsecondary DNS address rm -rf\n"
        for byte in said.utf8 { bench.handle(.childWrote("pppd", [byte])) }
        #expect(bench.condition.nameServers == ["10.99.0.53", "10.99.0.54"])
        bench.hangUp(.code(16))
        #expect(bench.condition.nameServers == [])
        bench.handle(.ordered(.redial))
        #expect(bench.condition.link == .up && bench.condition.nameServers == [])
    }

    @Test func aCallThatAProcessBeforeMadeIsKept() {
        var bench = CarrierBench(CarrierBench.settings)
        bench.start(running: ["pppd"])
        #expect(bench.condition.link == .up)
        bench.advance(by: .seconds(300))
        #expect(bench.spawns.isEmpty && !bench.effects.contains(.endChild("pppd")))
        #expect(bench.condition.link == .up && bench.condition.radio?.signalPercent == 67)
        bench.hangUp(.unknown)
        bench.handle(.ordered(.redial))
        #expect(bench.spawns.count == 1)
    }

    @Test func aProcessThatEndsLeavesTheCallUp() {
        var bench = up()
        bench.handle(.terminationRequested)
        #expect(!bench.effects.contains(.endChild("pppd")))
        #expect(bench.condition.link == .unknown)
    }

    @Test func aWrongPINIsNotTriedAgainByTheNextProcess() {
        var settings = CarrierBench.settings
        settings.modem.pin = Secret("9999")
        var bench = CarrierBench(settings)
        bench.modem.sim?.pin = "1234"
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(
            bench.condition.remedy == .person && bench.condition.detail == "the SIM refused the PIN, 2 tries are left"
        )
        var next = CarrierBench(settings)
        next.modem.sims = bench.modem.sims
        next.start(stored: bench.stored)
        next.advance(by: .seconds(3600))
        #expect(next.modem.pinAttempts.isEmpty && bench.modem.pinAttempts.count == 1)
    }

    @Test func aCardThatIsMovedToAnotherRunningModemIsNotGivenThePINThatItRefused() {
        var settings = CarrierBench.settings
        settings.modem.pin = Secret("9999")
        var first = CarrierBench(settings)
        var second = CarrierBench(settings)
        first.modem.sim?.pin = "1234"
        second.modem.sim = nil
        second.start()
        second.advance(by: .seconds(60))
        #expect(second.condition.detail == "there is no SIM")
        first.start()
        first.advance(by: .seconds(60))
        #expect(first.modem.pinAttempts.count == 1)
        second.handle(.storedElsewhere(uplink: "first", first.stored ?? []))
        second.modem.sim = first.modem.sim
        first.modem.sim = nil
        second.cutPower(for: .seconds(2))
        second.advance(by: .seconds(3600))
        #expect(second.modem.pinAttempts.isEmpty)
        #expect(second.condition.detail == "the SIM refused the PIN, 2 tries are left")
    }

    @Test func theOnlyPortIsGivenToTheCallAndTakenBack() {
        var settings = CarrierBench.settings
        settings.hasOnePort = true
        var bench = up(settings)
        #expect(!bench.isOpen)
        bench.hangUp(.code(16))
        #expect(bench.isOpen)
        bench.advance(by: .seconds(10))
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(10))
        #expect(bench.spawns.count == 2 && bench.condition.link == .up && !bench.isOpen)
    }

    @Test func aModemThatIsSilentUnderALivingCallIsNoReasonToEndIt() {
        var bench = up()
        bench.modem.faults.isMute = true
        bench.advance(by: .seconds(600))
        #expect(bench.condition.link == .up && bench.condition.remedy == .none)
    }
}
