import BusSchema
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// An uplink over a modem of ModemManager's.
@Suite struct MMCLICarrierTests {
    private func up(method: String = "ppp", _ change: (inout MMCLICarrier.Settings) -> Void = { _ in }) -> MMCLIBench {
        var bench = MMCLIBench(change)
        bench.service.method = method
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up, "\(bench.condition)")
        return bench
    }

    // MARK: - On the way

    @Test func aModemIsSwitchedOnConnectedAndDialled() {
        let bench = up()
        #expect(
            bench.orders.filter { !$0.hasPrefix("--signal") } == [
                "--enable", #"--simple-connect=apn="internet",ip-type=ipv4,allow-roaming=yes"#,
            ]
        )
        #expect(bench.spawns == [["/usr/sbin/pppd", "/dev/ttyUSB3", "nodetach"]])
        #expect(bench.condition.interface == "ppp0" && bench.condition.address == "10.64.64.2")
        #expect(bench.effects.filter { $0 == .addDefaultRoute(interface: "ppp0") }.count == 1)
    }

    @Test func whatIsKnownOfTheModemIsTold() {
        var bench = up()
        bench.advance(by: .seconds(60))
        let radio = bench.condition.radio
        #expect(radio?.iccid == "8949020000000000025" && radio?.imsi == "262020000000002")
        #expect(radio?.operatorCode == "26202" && radio?.operatorName == "Zweites Netz" && radio?.technology == "LTE")
        #expect(radio?.cell == "0000D4/0000B1C2" && radio?.signalDbm == -98 && radio?.signalPercent == 55)
        #expect(radio?.registrationTook != nil && bench.condition.addressTook != nil)
    }

    @Test func anAddressThatTheModemNamesIsSetWithItsRouteAndNameServers() {
        let bench = up(method: "static")
        let expected = InterfaceAddress(address: "10.65.1.7", prefixLength: 28, gateway: "10.65.1.8", mtu: 1430)
        #expect(bench.effects.filter { $0 == .configure(interface: "wwan0", expected) }.count == 1)
        #expect(bench.spawns.isEmpty)
        #expect(bench.condition.interface == "wwan0" && bench.condition.nameServers == ["10.65.0.1", "10.65.0.2"])
    }

    @Test func anAddressByDHCPIsTheClients() {
        let bench = up(method: "dhcp")
        #expect(bench.spawns == [["/sbin/udhcpc", "-i", "wwan0"]] && bench.condition.address == "192.168.225.20")
    }

    @Test func theModemIsLookedAtEvery30SecondsWhileAllIsWell() {
        var bench = up()
        let before = bench.commands.count
        bench.advance(by: .seconds(300))
        let runs = bench.commands.dropFirst(before)
        #expect((9...11).contains(runs.filter { $0.count == 3 && $0[0] == "-m" }.count))
        #expect(runs.allSatisfy { $0.contains("-J") }, "It is only looked at: \(runs)")
    }

    @Test(arguments: [
        ("failed", "sim-missing", "--", "there is no SIM", CarrierCondition.Remedy.person),
        ("failed", "unknown-capabilities", "--", "unknown-capabilities", .recovery),
        ("locked", "--", "sim-puk", "the SIM wants its PUK", .person),
        ("locked", "--", "ph-net-pin", "locked: ph-net-pin", .person),
        ("locked", "--", "sim-pin", "there is none", .person),
        ("searching", "--", "--", "no network yet", .patience),
        ("initializing", "--", "--", "asking the modem", .none),
    ])
    func everyStateIsToldInWords(
        _ state: String,
        _ failure: String,
        _ lock: String,
        _ words: String,
        _ remedy: CarrierCondition.Remedy
    ) {
        var bench = MMCLIBench()
        (bench.service.state, bench.service.failure, bench.service.lock) = (state, failure, lock)
        bench.service.registration = "searching"
        bench.start()
        bench.advance(by: .seconds(60))
        let condition = bench.condition
        #expect(condition.detail.contains(words), "\(condition.detail)")
        #expect(condition.remedy == remedy && condition.link != .up)
    }

    @Test func aNetworkThatRefusesIsWaitedFor() {
        var bench = MMCLIBench()
        bench.service.registration = "denied"
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.detail == "the network refuses" && bench.condition.remedy == .patience)
    }

    @Test func roamingIsNotUsedWhereItIsForbidden() {
        var bench = MMCLIBench { $0.modem.allowsRoaming = false }
        bench.service.registration = "roaming"
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.remedy == .person && !bench.orders.contains { $0.hasPrefix("--simple-connect") })
    }

    // MARK: - The PIN

    private func locked(_ pin: String, retries: [String] = ["sim-pin (3)"]) -> MMCLIBench {
        var bench = MMCLIBench { $0.modem.pin = Secret(pin) }
        (bench.service.state, bench.service.lock, bench.service.retries) = ("locked", "sim-pin", retries)
        return bench
    }

    @Test func theRightPINOpensTheSIMAndLeavesNoAttemptBehind() throws {
        var bench = locked("4711")
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up && bench.service.pins == ["4711"])
        #expect(bench.condition.radio?.simTook != nil)
        #expect(String(decoding: try #require(bench.stored), as: UTF8.self) == #"{"attempts":[]}"#)
    }

    @Test func aWrongPINIsTriedOnceForEachSIMWhoeverStartsAnew() {
        var bench = locked("9999")
        bench.start()
        bench.advance(by: .seconds(600))
        #expect(bench.condition.detail == "the SIM refused the PIN, 2 tries are left")
        let stored = bench.stored
        var next = locked("9999", retries: ["sim-pin (2)"])
        next.start(stored: stored)
        next.advance(by: .seconds(600))
        for step in [RecoveryStep.redial, .radio, .modemReset] {
            next.handle(.ordered(step))
            next.advance(by: .seconds(120))
        }
        #expect(bench.service.pins == ["9999"] && next.service.pins.isEmpty)
        #expect(next.condition.remedy == .person)
    }

    @Test func theAttemptIsOnDiskBeforeItIsMade() {
        var bench = locked("4711")
        bench.answersStores = false
        bench.start()
        bench.advance(by: .seconds(120))
        #expect(bench.stored != nil && bench.service.pins.isEmpty)
        bench.handle(.storeFailed(reason: "full"))
        bench.advance(by: .seconds(30))
        #expect(bench.service.pins.isEmpty && bench.condition.detail == "the attempt of a PIN cannot be stored: full")
    }

    @Test(arguments: [["sim-pin (1)"], []]) func thePINIsWithheldWithTheLastTryOrWithoutACount(retries: [String]) {
        var bench = locked("4711", retries: retries)
        bench.start()
        bench.advance(by: .seconds(120))
        #expect(bench.service.pins.isEmpty && bench.condition.remedy == .person)
    }

    // MARK: - What breaks

    @Test func aConnectionThatTheNetworkEndsWaitsForTheLadderWithItsReason() {
        var bench = up(method: "static")
        (bench.service.isConnected, bench.service.state) = (false, "registered")
        bench.advance(by: .seconds(35))
        #expect(bench.condition.link == .down && bench.condition.remedy == .recovery)
        #expect(bench.effects.contains(.clearAddresses(interface: "wwan0")))
        let connections = bench.orders.filter { $0.hasPrefix("--simple-connect") }.count
        bench.advance(by: .seconds(120))
        let later = bench.orders.filter { $0.hasPrefix("--simple-connect") }.count
        #expect(later == connections, "That is the ladder's to say.")
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(10))
        #expect(bench.condition.link == .up)
    }

    @Test func aCallThatEndsIsToldAndMadeAnewByTheLadder() {
        var bench = up()
        bench.hangUp(.code(16))
        #expect(bench.condition.detail == "the modem hung up" && bench.condition.remedy == .recovery)
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(10))
        #expect(bench.orders.suffix(2).first == "--simple-disconnect" && bench.spawns.count == 2)
        #expect(bench.condition.link == .up)
    }

    @Test func aRefusedConnectionIsToldInTheWordsOfTheService() {
        var bench = MMCLIBench()
        let error = "GDBus.Error:org.freedesktop.ModemManager1.Error.MobileEquipment.ServiceOptionNotSubscribed"
        bench.service.connectFailure = "\(error): Not subscribed"
        bench.start()
        bench.advance(by: .seconds(20))
        let words = "couldn't connect the modem: 'MobileEquipment.ServiceOptionNotSubscribed: Not subscribed'"
        #expect(bench.condition.detail == "the network gives no data connection: \(words)")
        #expect(bench.condition.remedy == .recovery && bench.condition.radio?.cause == words)
    }

    @Test(arguments: [
        (RecoveryStep.detach, ["detached", "attached"].map { "--3gpp-set-packet-service-state=\($0)" }),
        (.radio, ["--disable", "--enable"]),
        (.modemReset, ["--reset", "--enable"]),
    ])
    func everyStepOfTheLadderEndsWithAConnection(_ step: RecoveryStep, _ expected: [String]) {
        var bench = up()
        let before = bench.orders.count
        bench.handle(.ordered(step))
        bench.advance(by: .seconds(60))
        let orders = bench.orders.dropFirst(before)
        #expect(orders.filter(expected.contains) == expected, "\(orders)")
        #expect(bench.condition.link == .up && bench.spawns.count == 2)
    }

    @Test func aServiceThatIsAwayDisturbsNoConnectionAndCausesNoStep() {
        var bench = up()
        bench.service.isThere = false
        bench.advance(by: .seconds(120))
        #expect(bench.condition.link == .up)
        #expect(bench.condition.detail.hasSuffix("couldn't find the ModemManager process in the bus"))
        bench.hangUp(.code(16))
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(60))
        #expect(bench.condition.remedy == .person, "Neither a redial nor the supply brings a service back.")
        bench.service.isThere = true
        bench.service.number = 5
        (bench.service.state, bench.service.isConnected) = ("disabled", false)
        bench.advance(by: .seconds(60))
        #expect(
            bench.condition.link == .up && bench.spawns.count == 2,
            "It has come back, with another path for the modem."
        )
    }

    @Test func aModemThatIsAwayIsReportedAfterAWhileAndFoundAgain() {
        var bench = up()
        bench.service.hasModem = false
        bench.hangUp(.code(16))
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(80))
        #expect(bench.condition.remedy == .none && bench.condition.detail == "ModemManager has no modem yet")
        bench.advance(by: .seconds(60))
        #expect(bench.condition.remedy == .recovery)
        (bench.service.hasModem, bench.service.number) = (true, 1)
        (bench.service.state, bench.service.isConnected) = ("disabled", false)
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up)
    }

    @Test func ordersThatAreForbiddenNeedAPersonAndQuestionsBesideThemAreLeftOut() {
        var bench = MMCLIBench()
        bench.service.forbidden = ["--enable"]
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.remedy == .person)
        #expect(bench.condition.detail.hasPrefix("ModemManager takes no orders from this service: "))
        var other = MMCLIBench()
        other.service.forbidden = ["--location-get", "--signal"]
        other.start()
        other.advance(by: .seconds(120))
        #expect(other.condition.link == .up && other.commands.filter { $0.contains("--location-get") }.count == 1)
    }

    @Test func aRunThatDoesNotEndIsEndedAndAskedAgain() {
        var bench = up()
        bench.answers = false
        bench.advance(by: .seconds(60))
        let before = bench.commands.count
        bench.advance(by: .seconds(60))
        #expect(bench.commands.count == before, "There is one run at a time.")
        bench.answers = true
        bench.handle(.childEnded("mmcli", .signal(9)))
        bench.advance(by: .seconds(60))
        #expect(bench.commands.count > before && bench.condition.link == .up)
    }

    @Test func aProgramThatRunsAlreadyIsKept() {
        var bench = MMCLIBench()
        (bench.service.state, bench.service.isConnected) = ("connected", true)
        bench.start(running: ["pppd"])
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up && bench.spawns.isEmpty)
        #expect(!bench.orders.contains { $0.hasPrefix("--simple") })
    }

    // MARK: - Which modem

    @Test func onlyTheModemOfTheSettingsIsUsed() {
        #expect(up { $0.imei = "356938035643809" }.spawns.count == 1)
        #expect(up { $0.device = "/sys/devices/platform/usb1/1-1" }.spawns.count == 1)
        var bench = MMCLIBench { $0.imei = "490154203237518" }
        bench.start()
        bench.advance(by: .seconds(200))
        #expect(bench.orders.isEmpty && bench.condition.remedy == .recovery)
    }

    // MARK: - Secrets

    @Test func nothingSecretIsToldOrStored() {
        var bench = locked("4711")
        bench.start()
        bench.advance(by: .seconds(60))
        let told = bench.effects.filter { if case .run = $0 { false } else { true } }
        let said = "\(told) \(bench.condition) \(String(decoding: bench.stored ?? [], as: UTF8.self))"
        // The service itself names the password of a connection when it is asked for that.
        for secret in ["4711", "p4ss"] { #expect(!said.contains(secret)) }
        #expect("\(MMCLICommand.unlock(sim: "", pin: Secret("4711")))".contains("4711") == false)
    }

    @Test func withoutAnAccessPointTheNetworkChooses() {
        let words = MMCLIConnection(AccessProfile(), roaming: true, operatorCode: nil)?.words.exposed
        #expect(words == #"apn="",ip-type=ipv4,allow-roaming=yes"#)
    }

    @Test func nameAndPasswordAreGivenInQuotationMarksOfTheOtherKind() {
        let profile = AccessProfile(apn: "iot", user: "na,me", password: Secret("p\"w"), addressFamily: .both)
        let words = MMCLIConnection(profile, roaming: false, operatorCode: "26202")?.words.exposed
        let access = #"apn="iot",user="na,me",password='p"w'"#
        #expect(words == access + ",ip-type=ipv4v6,allowed-auth=chap,operator-id=26202,allow-roaming=no")
        let both = AccessProfile(user: "a", password: Secret("'\""))
        #expect(MMCLIConnection(both, roaming: true, operatorCode: nil) == nil)
    }

    // MARK: - Nonsense

    @Test(arguments: ["", "{", "[]", "{\"modem-list\":7}", "{\"modem-list\":[\"/etc/passwd\",null,{}]}", "\u{0}\u{FF}"])
    func whatIsNoAnswerIsBorne(_ text: String) {
        var bench = MMCLIBench()
        bench.answers = false
        bench.start()
        for _ in 0..<20 {
            bench.handle(.childWrote("mmcli", Array(text.utf8)))
            bench.handle(.childEnded("mmcli", .code(0)))
            bench.advance(by: .seconds(20))
        }
        #expect(bench.condition.link != .up && bench.orders.isEmpty)
    }

    @Test func anAnswerWithoutEndIsCutOff() {
        var bench = MMCLIBench()
        bench.answers = false
        bench.start()
        for _ in 0..<100 { bench.handle(.childWrote("mmcli", [UInt8](repeating: 0x7B, count: 4096))) }
        bench.handle(.childEnded("mmcli", .code(0)))
        #expect(bench.condition.detail == "the question for the modems failed: mmcli says nothing that could be read")
    }
}
