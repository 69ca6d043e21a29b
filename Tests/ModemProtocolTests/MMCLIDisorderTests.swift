import BusSchema
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// A ModemManager that contradicts itself, takes no orders, or tells what nobody is to see.
@Suite struct MMCLIDisorderTests {
    // MARK: - Pace

    @Test(arguments: FakeModemManager.Contradiction.allCases)
    func whateverItSaysMmcliIsRunWithPauses(_ contradiction: FakeModemManager.Contradiction) {
        var bench = MMCLIBench()
        bench.service.contradiction = contradiction
        if contradiction != .obeysAndStaysDisabled { bench.service.state = "registered" }
        bench.start()
        bench.advance(by: .seconds(120))
        #expect(!bench.ranAway)
        var last: [[String]: Duration] = [:]
        for (command, time) in zip(bench.commands, bench.times) {
            let pause = last[command].map { time - $0 }
            let least = command.contains("-J") ? Duration.seconds(2) : .seconds(10)
            #expect(pause ?? least >= least, "\(command) after \(pause ?? .zero)")
            last[command] = time
        }
        let lines = bench.effects.filter { if case .log = $0 { true } else { false } }
        #expect(lines.count < 12, "\(lines)")
    }

    @Test func aModemThatIsSwitchedOnAndStaysOffIsAFault() {
        var bench = MMCLIBench()
        bench.service.contradiction = .obeysAndStaysDisabled
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.remedy == .recovery)
        let words = "switching the radio on failed: the modem says that it is done, and is still off"
        #expect(bench.condition.detail == words)
    }

    @Test func aModemThatIsNamedAndNeverFoundIsMissing() {
        var bench = MMCLIBench()
        bench.service.contradiction = .namesAModemThatItDoesNotFind
        bench.start()
        bench.advance(by: .seconds(120))
        #expect(bench.condition.remedy == .recovery)
        #expect(bench.condition.detail.contains("ModemManager knows no such modem"))
    }

    // MARK: - Orders that are not taken

    private static let orders = ["--enable", "--disable", "--simple", "--3gpp", "--reset"]

    private func forbidding(password: String? = nil) -> MMCLIBench {
        var bench = MMCLIBench {
            let profile = AccessProfile(apn: "internet", user: "u", password: password.map(Secret.init))
            $0.modem.access = AccessTable(override: profile)
        }
        bench.service.state = "registered"
        bench.service.forbidden = Self.orders
        bench.start()
        bench.advance(by: .seconds(10))
        return bench
    }

    @Test func ordersThatAreNotTakenStayAPersonsUntilOneIsObeyed() {
        var bench = forbidding()
        for _ in 0..<300 {
            bench.advance(by: .seconds(1))
            let isTold = bench.condition.detail.hasPrefix("ModemManager takes no orders")
            guard bench.condition.remedy == .person, isTold else {
                Issue.record("\(bench.condition)")
                break
            }
        }
        bench.service.forbidden = []
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up && bench.condition.remedy == .none, "Nobody had to order anything.")
        #expect(!bench.condition.detail.contains("orders"))
    }

    @Test func aConnectionThatEndsWhileOrdersAreNotTakenIsMadeAsSoonAsTheyAre() {
        var bench = MMCLIBench()
        bench.start()
        bench.advance(by: .seconds(30))
        bench.service.forbidden = Self.orders
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(60))
        (bench.service.state, bench.service.isConnected) = ("registered", false)
        bench.hangUp(.code(16))
        bench.advance(by: .seconds(120))
        #expect(bench.condition.link == .down)
        bench.service.forbidden = []
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up)
    }

    // MARK: - What nobody is to see

    @Test(arguments: ["free", "orders", "Core.Unauthorized", "u", "pie:y"])
    func aPasswordThatStandsInTheAnswerHidesItsWordsAndNotItsMeaning(_ password: String) {
        let bench = forbidding(password: password)
        #expect(bench.condition.remedy == .person, "\(bench.condition)")
        let cause = bench.condition.radio?.cause ?? ""
        #expect(cause.contains(password) == false)
    }

    private func failing(_ change: (inout FakeModemManager) -> Void) -> MMCLIBench {
        var bench = MMCLIBench {
            let profile = AccessProfile(apn: "internet", user: "u", password: Secret("hunter22"))
            $0.modem.access = AccessTable(override: profile)
        }
        bench.service.state = "registered"
        change(&bench.service)
        bench.start()
        bench.advance(by: .seconds(60))
        return bench
    }

    @Test func thePasswordIsHiddenWhereverModemManagerTellsIt() {
        let refused = failing { $0.connectFailure = "wrong password 'hunter22'" }
        let ended = failing {
            $0.state = "connected"
            $0.hasDeadBearer = true
            $0.connectionError = "no access for u with hunter22"
        }
        let named = failing { $0.operatorName = "hunter22 net" }
        for bench in [refused, ended, named] {
            let told = bench.effects.filter { if case .run = $0 { false } else { true } }
            let said = "\(told) \(bench.condition)"
            #expect(!said.contains("hunter22"))
        }
        #expect(ended.condition.radio?.cause?.isEmpty == false)
        #expect(refused.condition.remedy == .recovery)
    }

    @Test func nothingThatItSaysSteersATerminalOrBeginsALine() throws {
        let bench = failing {
            $0.operatorName = #"A\u001b[31mB\u0007\u202e\u2028C\u009b\n<0>D"#
            $0.connectFailure = "a\u{1B}[2J\u{7}\u{202E}\u{2028}\u{85}b"
        }
        let radio = try #require(bench.condition.radio)
        for text in [radio.operatorName, radio.cause, bench.condition.detail] {
            let text = try #require(text)
            let isPlain = text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && ![0x7F, 0x85, 0x9B, 0x202E, 0x2028].contains($0.value)
            }
            #expect(isPlain, "\(text)")
        }
        #expect(radio.operatorName?.hasPrefix("A") == true)
    }

    // MARK: - What an earlier process has set

    @Test func anAddressThatAnEarlierProcessHasGivenGoesWithItsConnection() {
        var bench = MMCLIBench()
        (bench.service.state, bench.service.registration) = ("searching", "searching")
        bench.handle(.addressGiven(interface: "wwan0"))
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.effects.filter { $0 == .clearAddresses(interface: "wwan0") }.count == 1)
    }

    @Test func anAddressThatAnEarlierProcessHasGivenStaysWithItsConnectionAndWhileNobodyKnows() {
        var bench = MMCLIBench()
        (bench.service.state, bench.service.isConnected, bench.service.method) = ("connected", true, "static")
        bench.service.isThere = false
        bench.handle(.addressGiven(interface: "wwan0"))
        bench.start()
        bench.advance(by: .seconds(60))
        bench.service.isThere = true
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up)
        #expect(!bench.effects.contains(.clearAddresses(interface: "wwan0")))
    }

    @Test func theSameConnectionOverAnotherInterfaceLeavesNoAddressOnTheFirst() {
        var bench = MMCLIBench()
        bench.service.method = "static"
        bench.start()
        bench.advance(by: .seconds(30))
        bench.service.interface = "wwan1"
        bench.advance(by: .seconds(35))
        #expect(bench.effects.contains(.clearAddresses(interface: "wwan0")))
        #expect(bench.condition.interface == "wwan1")
    }

    @Test(arguments: ["static", "dhcp"]) func anInterfaceOfAnotherUplinkIsLetAlone(method: String) {
        var bench = MMCLIBench { $0.interfacesOfOthers = ["eth0"] }
        (bench.service.method, bench.service.interface) = (method, "eth0")
        // As a process before this one has noted it.
        bench.handle(.addressGiven(interface: "eth0"))
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .down && bench.condition.remedy == .person)
        #expect(bench.condition.detail == "ModemManager names eth0 as the modem's interface, and another uplink has it")
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(60))
        let touched = bench.effects.filter {
            switch $0 {
            case .configure, .clearAddresses, .spawn, .addDefaultRoute: true
            default: false
            }
        }
        #expect(touched.isEmpty)
        bench.service.interface = "wwan0"
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up)
    }

    @Test(arguments: ["127.0.0.5", "0.1.2.3", "224.0.0.5", "255.255.255.255"])
    func whatNoInterfaceMayHaveIsNoAddress(_ address: String) {
        var bench = MMCLIBench()
        (bench.service.method, bench.service.address) = ("static", address)
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .down)
        #expect(!bench.effects.contains { if case .configure = $0 { true } else { false } })
    }

    @Test func theLoopbackIsNoInterfaceOfAModem() {
        var bench = MMCLIBench()
        (bench.service.method, bench.service.interface) = ("static", "lo")
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(!bench.effects.contains { if case .configure = $0 { true } else { false } })
    }
}
