import BusSchema
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// What a modem of ModemManager's, its card, its interface and ModemManager itself lose, and what is known of them then.
@Suite struct MMCLILossTests {
    private static let minute = Duration.seconds(60)

    private func locked(_ pin: String, _ change: (inout MMCLICarrier.Settings) -> Void = { _ in }) -> MMCLIBench {
        var bench = MMCLIBench {
            $0.modem.pin = Secret(pin)
            change(&$0)
        }
        (bench.service.state, bench.service.lock) = ("locked", "sim-pin")
        return bench
    }

    private func up(method: String = "ppp") -> MMCLIBench {
        var bench = MMCLIBench()
        bench.service.method = method
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up, "\(bench.condition)")
        return bench
    }

    /// Somebody else sets another MTU, or makes the default route over another gateway.
    @Test(arguments: [(1280, nil), (nil, "10.65.1.9")] as [(Int?, String?)])
    func whatIsChangedFromOutsideIsGivenAsItWasWithinSeconds(mtu: Int?, gateway: String?) {
        var bench = up(method: "static")
        bench.readInterfaces()
        bench.advance(by: Self.minute)
        let given = bench.effects.count { if case .configure = $0 { true } else { false } }
        #expect(given == 1)
        (bench.mtu, bench.gateway) = (mtu, gateway)
        bench.readInterfaces()
        bench.advance(by: .seconds(3))
        #expect(bench.mtu == nil && bench.gateway == nil)
        #expect(bench.condition.link == .up)
    }

    private func connections(_ bench: MMCLIBench) -> [String] {
        bench.orders.filter { $0.hasPrefix("--simple-connect") }
    }

    /// Another card in a modem that ModemManager finds again under the same paths.
    private func swap(_ bench: inout MMCLIBench, pin: String?) {
        (bench.service.iccid, bench.service.imsi) = ("8949010000000000017", "262010000000001")
        bench.service.isConnected = false
        if let pin {
            (bench.service.pin, bench.service.retries) = (pin, ["sim-pin (3)"])
            (bench.service.state, bench.service.lock) = ("locked", "sim-pin")
        } else {
            (bench.service.state, bench.service.lock) = ("disabled", "--")
        }
    }

    // MARK: - ModemManager

    @Test func anMmcliThatCrashesIsNotOneThatTakesTooLong() {
        var bench = MMCLIBench()
        (bench.service.hanging, bench.service.signal) = ([""], 11)
        bench.start()
        bench.advance(by: Self.minute)
        #expect(bench.condition.detail == "ModemManager does not answer: mmcli was ended by signal 11")
        #expect(bench.condition.remedy == .person)
    }

    @Test func aModemThatIsNamedIsNotCalledMissingWhileItIsAskedFor() {
        var bench = MMCLIBench()
        bench.service.hanging = ["/org/freedesktop/ModemManager1/Modem"]
        bench.start()
        bench.advance(by: Self.minute * 3)
        let hangs = "ModemManager does not answer: mmcli did not end in 15 s"
        #expect(bench.details == ["ModemManager is asked for its modem", hangs])
        (bench.service.hanging, bench.service.hasModem) = ([], false)
        bench.advance(by: Self.minute)
        #expect(bench.details.last == "ModemManager has no modem yet")
    }

    @Test func anOperatorIsToldOnlyWhereTheModemIsRegistered() {
        var bench = up()
        #expect(bench.condition.radio?.operatorName == "Zweites Netz")
        #expect(bench.condition.radio?.way.isRegistered == true)
        (bench.service.state, bench.service.registration, bench.service.isConnected) = ("searching", "denied", false)
        bench.advance(by: Self.minute)
        let radio = bench.condition.radio
        #expect(radio?.operatorName == nil && radio?.technology == nil && radio?.way.obstacle == .registration)
    }

    // MARK: - The card

    @Test func theCardIsReadAgainOnceItIsOpenSoThatItsProfileIsFoundByIMSI() {
        var bench = locked("4711") {
            let profiles = [("26201", "first"), ("26202", "second")].map {
                AccessTable.Row(.imsi(prefix: $0), AccessProfile(apn: $1))
            }
            $0.modem.access = AccessTable(rows: profiles)
        }
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(connections(bench) == [#"--simple-connect=apn="second",ip-type=ipv4,allow-roaming=yes"#])
        #expect(bench.condition.radio?.imsi == "262020000000002")
    }

    @Test func anotherCardUnderTheSamePathGetsThePINThatThisOneRefused() {
        var bench = locked("9999")
        bench.start()
        bench.advance(by: Self.minute)
        #expect(bench.condition.detail == "the SIM refused the PIN, 2 tries are left")
        swap(&bench, pin: "9999")
        bench.advance(by: Self.minute * 2)
        #expect(bench.service.pins == ["9999", "9999"] && bench.condition.link == .up)
        #expect(bench.condition.radio?.iccid == "8949010000000000017")
    }

    @Test func aRefusalByAnotherCardIsWrittenDownUnderThatOne() throws {
        var bench = locked("4711")
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up)
        swap(&bench, pin: "5555")
        bench.advance(by: Self.minute * 2)
        #expect(bench.service.pins == ["4711", "4711"])
        let stored = String(decoding: try #require(bench.stored), as: UTF8.self)
        #expect(stored.contains("8949010000000000017") && !stored.contains("8949020000000000025"))
    }

    @Test(arguments: [true, false]) func anotherCardThatNeedsNoPINIsReadBeforeItIsDialled(seesServiceGone: Bool) {
        var bench = up()
        if seesServiceGone {
            bench.service.isThere = false
            bench.advance(by: Self.minute)
            #expect(bench.condition.link == .up && bench.condition.radio?.iccid == nil)
            bench.service.isThere = true
        }
        swap(&bench, pin: nil)
        bench.advance(by: .seconds(40))
        if !seesServiceGone { bench.handle(.ordered(.redial)) }
        bench.advance(by: .seconds(20))
        #expect(bench.condition.link == .up && connections(bench).count == 2)
        #expect(bench.condition.radio?.iccid == "8949010000000000017")
        #expect(bench.condition.radio?.imsi == "262010000000001")
    }

    // MARK: - The address that ModemManager names

    private func configurations(_ bench: MMCLIBench) -> Int {
        bench.effects.filter { if case .configure = $0 { true } else { false } }.count
    }

    @Test(arguments: ["address", "switch", "route"])
    func whatIsTakenFromTheInterfaceIsGivenToItAnew(_ what: String) {
        var bench = up(method: "static")
        switch what {
        case "address": bench.service.given = nil
        case "switch": bench.isSwitchedOn = false
        default: bench.hasRoute = false
        }
        bench.readInterfaces()
        bench.advance(by: .seconds(3))
        #expect(configurations(bench) == 2 && bench.condition.link == .up && bench.hasRoute)
        #expect(bench.condition.detail == "wwan0 has an address")
    }

    @Test func anInterfaceThatAppearsLaterIsGivenItsAddressThen() {
        var bench = MMCLIBench()
        bench.service.method = "static"
        bench.hasInterface = false
        bench.start()
        bench.advance(by: .seconds(10))
        #expect(bench.condition.link == .down && configurations(bench) == 1)
        bench.hasInterface = true
        bench.readInterfaces()
        bench.advance(by: .seconds(3))
        #expect(bench.condition.link == .up && configurations(bench) == 2)
    }

    /// Where somebody has made one of IPv6, the one of the address is missing all the same.
    @Test(arguments: ["ppp", "dhcp"]) func aRouteThatIsTakenAwayIsMadeAnewByWhoeverMadeIt(_ method: String) {
        var bench = up(method: method)
        bench.readInterfaces()
        let before = bench.effects.count
        bench.hasRoute = false
        bench.readInterfaces()
        bench.advance(by: .seconds(3))
        let made = bench.effects.dropFirst(before).filter { if case .run = $0 { false } else { true } }
        #expect(made == [method == "ppp" ? .addDefaultRoute(interface: "ppp0") : .renew("dhcp")])
        #expect(bench.condition.link == .up && bench.hasRoute && bench.spawns.count == 1)
    }

    @Test func aClientThatKnowsNoOrderToRenewIsStartedAnew() {
        var bench = MMCLIBench { $0.dhcpRenews = false }
        bench.service.method = "dhcp"
        bench.start()
        bench.advance(by: .seconds(30))
        bench.readInterfaces()
        bench.hasRoute = false
        bench.readInterfaces()
        bench.advance(by: .seconds(3))
        #expect(bench.effects.contains(.endChild("dhcp")) && bench.spawns.count == 2)
        #expect(bench.condition.link == .up && connections(bench).count == 1)
    }

    @Test func anInterfaceThatCannotBeSetIsTriedEverMoreSeldomAndItsMissingRouteIsTold() {
        var bench = up(method: "static")
        (bench.mayConfigure, bench.hasRoute) = (false, false)
        for _ in 0..<600 {
            bench.readInterfaces()
            bench.advance(by: .seconds(1))
        }
        #expect((5...15).contains(configurations(bench)), "\(configurations(bench)) in ten minutes")
        #expect(bench.condition.link == .up)
        #expect(bench.condition.detail == "wwan0 has an address, and no default route")
    }

    @Test func nothingIsSetAnymoreOnceTheConnectionIsGone() {
        var bench = up(method: "static")
        (bench.service.isConnected, bench.service.state) = (false, "registered")
        bench.advance(by: .seconds(35))
        let before = configurations(bench)
        for _ in 0..<60 {
            bench.readInterfaces()
            bench.advance(by: .seconds(1))
        }
        #expect(configurations(bench) == before && bench.condition.link == .down)
    }

    // MARK: - ModemManager

    @Test(arguments: [nil, "couldn't get the modem: 'Timeout was reached'"])
    func aServiceThatHangsNeedsAPersonAndNoStep(_ words: String?) {
        var bench = up()
        (bench.service.hanging, bench.service.hangsWith) = ([""], words)
        bench.advance(by: Self.minute)
        #expect(bench.condition.link == .up, "A connection that works is left alone.")
        bench.hangUp(.code(16))
        #expect(bench.condition.remedy == .person && bench.condition.detail.hasPrefix("ModemManager does not answer: "))
        bench.handle(.ordered(.redial))
        bench.advance(by: Self.minute)
        #expect(bench.condition.remedy == .person)
        bench.service.hanging = []
        bench.advance(by: .seconds(20))
        #expect(bench.condition.remedy == .recovery && bench.condition.detail == "the modem hung up")
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(20))
        #expect(bench.condition.link == .up && bench.spawns.count == 2)
    }

    @Test func anOrderThatDoesNotEndIsTheServicesTroubleOnlyWhereItAnswersNothingElse() {
        var bench = MMCLIBench()
        bench.service.hanging = ["--simple-connect"]
        bench.start()
        bench.advance(by: .seconds(5))
        #expect(bench.condition.remedy == .recovery && bench.condition.detail.hasSuffix("mmcli did not end in 190 s"))
        bench.service.hanging = [""]
        bench.handle(.ordered(.radio))
        bench.advance(by: .seconds(5))
        #expect(bench.condition.remedy == .person && bench.condition.detail.hasPrefix("ModemManager does not answer: "))
    }
}
