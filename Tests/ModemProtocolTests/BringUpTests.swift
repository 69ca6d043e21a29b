import ModemSimulation
import Primitives
import Testing

@testable import ModemProtocol

@Suite struct BringUpTests {
    @Test func aModemIsBroughtUpFromItsPortToADial() throws {
        var bench = ModemBench(ModemSettings(access: AccessTable(override: AccessProfile(apn: "internet"))))
        bench.bringUp()
        #expect(
            bench.phases == [
                .absent, .waking, .identifying, .unlocking, .preparing, .registering, .attaching, .ready,
            ]
        )
        let context = try #require(bench.ready.first)
        #expect(context.means == .dial(command: "ATD*99***1#"))
        #expect(context.profile.apn == "internet")
        #expect(bench.ready.count == 1)
        #expect(bench.modem.commands.contains("AT+CGDCONT=1,\"IP\",\"internet\""))
        #expect(bench.report.trouble == nil)
    }

    @Test func theReportSaysAllThatIsKnown() {
        var bench = ModemBench()
        bench.bringUp()
        let report = bench.report
        #expect(report.identity.manufacturer == "Simulated" && report.identity.imei == "490154203237518")
        #expect(report.sim.iccid == "8949000000000000017" && report.sim.imsi == "262010000000001")
        #expect(report.network.registration == .home && report.network.technology == .lte)
        #expect(report.network.operatorName == "Operator One" && report.network.operatorCode == "26201")
        #expect(report.network.areaCode == "00C3" && report.network.cellId == "0000A7B2")
        #expect(report.signal == SignalReport(rssiDbm: -79, rsrpDbm: -93, rsrqTenthsDb: -100))
        #expect(report.signal.percent == 67)
    }

    @Test func aModemThatStartsSlowlyIsWaitedFor() {
        var bench = ModemBench()
        bench.modem.faults.isMute = true
        bench.bringUp(for: .seconds(40))
        #expect(bench.report.phase == .waking && bench.report.trouble == nil)
        bench.modem.faults.isMute = false
        bench.advance(by: .seconds(30))
        #expect(bench.report.phase == .ready)
    }

    @Test func aModemThatNeverAnswersIsReportedSilentAndCalledForEver() {
        var bench = ModemBench()
        bench.modem.faults.isMute = true
        bench.bringUp(for: .seconds(3600))
        #expect(bench.report.trouble == .silent)
        #expect(bench.report.trouble?.remedy == .recovery)
        bench.modem.faults.isMute = false
        bench.advance(by: .seconds(60))
        #expect(bench.report.phase == .ready && bench.report.trouble == nil)
    }

    @Test func aSIMThatIsStartingIsAskedEverySecond() {
        var bench = ModemBench()
        bench.modem.sim?.busyAnswers = 10
        bench.bringUp()
        #expect(bench.report.phase == .ready)
        #expect(bench.troubles.filter { $0 != .searching }.isEmpty)
    }

    @Test func aSIMThatSaysNothingOfItselfIsStarting() {
        var machine = ModemMachine(ModemSettings(), memory: nil)
        _ = machine.take(.sim, ATAnswer(lines: [""], result: .ok), at: ModemBench().now)
        #expect(machine.report.sim.state == .unknown && machine.report.trouble == nil)
    }

    @Test func aSlotThatIsEmptyIsLookedIntoUntilACardIsThere() {
        var bench = ModemBench()
        bench.modem.sim = nil
        bench.bringUp(for: .seconds(120))
        #expect(bench.report.trouble == .simMissing && bench.report.sim.state == .missing)
        bench.change { $0.sim = SimulatedSIM() }
        bench.advance(by: .seconds(60))
        #expect(bench.report.phase == .ready)
    }

    @Test func aCardThatFailsIsAFaultThatTheLadderMayMend() {
        var bench = ModemBench()
        bench.modem.sim?.isBroken = true
        bench.bringUp()
        #expect(bench.report.trouble == .simFailed(cause: "sim failure (13)"))
        #expect(bench.report.trouble?.remedy == .recovery)
    }

    @Test func aLongSearchIsPatienceAndEndsAtTheNewsOfTheNetwork() {
        var bench = ModemBench()
        bench.modem.network.searchDuration = .seconds(5000)
        bench.bringUp(for: .seconds(3900))
        #expect(bench.report.phase == .registering && bench.report.trouble == .searching)
        #expect(bench.report.trouble?.remedy == .patience)
        bench.advance(by: .seconds(120))
        #expect(bench.report.phase == .ready)
    }

    @Test func aNetworkThatRefusesIsAskedAgainAfter15Then30Then60Minutes() {
        var bench = ModemBench()
        bench.modem.network.refuses = true
        bench.modem.network.cause = "PLMN not allowed"
        bench.bringUp(for: .seconds(60))
        #expect(bench.report.trouble == .denied(cause: "PLMN not allowed"))
        func asked() -> Int { bench.modem.commands.filter { $0 == "AT+COPS=0" }.count }
        bench.advance(by: .seconds(14 * 60 - 5))
        #expect(asked() == 0)
        bench.advance(by: .seconds(120))
        #expect(asked() == 1)
        bench.advance(by: .seconds(27 * 60))
        #expect(asked() == 1)
        bench.advance(by: .seconds(120))
        #expect(asked() == 2)
        bench.change { $0.network.refuses = false }
        bench.advance(by: .seconds(60))
        #expect(bench.report.phase == .ready)
    }

    @Test func roamingIsUsedUnlessItIsForbidden() {
        var bench = ModemBench()
        bench.modem.network.isForeign = true
        bench.bringUp()
        #expect(bench.report.phase == .ready && bench.report.network.registration == .roaming)

        var forbidden = ModemBench(ModemSettings(allowsRoaming: false))
        forbidden.modem.network.isForeign = true
        forbidden.bringUp()
        #expect(forbidden.report.trouble == .roamingForbidden && forbidden.ready.isEmpty)
        forbidden.change { $0.network.isForeign = false }
        forbidden.advance(by: .seconds(30))
        #expect(forbidden.report.phase == .ready)
    }

    @Test func aNetworkThatGivesNoDataIsReportedWithItsCauseAndAskedAgain() {
        var bench = ModemBench()
        bench.modem.network.refusesData = true
        bench.modem.network.cause = "Requested service option not subscribed"
        bench.bringUp()
        #expect(bench.report.trouble == .notAttached(cause: "Requested service option not subscribed"))
        bench.change { $0.network.refusesData = false }
        bench.advance(by: .seconds(90))
        #expect(bench.report.phase == .ready)
    }

    @Test func aPortThatDoesNotComeIsReportedAndThePowerKeyPressedOnce() {
        var bench = ModemBench(ModemSettings(powerKey: .init(pulse: .milliseconds(500))))
        bench.handle(.ordered(.bringUp))
        bench.advance(by: .seconds(59))
        #expect(bench.effects.isEmpty)
        bench.advance(by: .seconds(1))
        #expect(bench.effects == [.pressPowerKey(.milliseconds(500))])
        bench.handle(.powerKeyPressed)
        bench.advance(by: .seconds(3600))
        #expect(bench.effects.count == 1)
        guard case .portMissing? = bench.report.trouble else {
            Issue.record("The report says \(String(describing: bench.report.trouble)).")
            return
        }
        bench.open()
        bench.advance(by: .seconds(60))
        #expect(bench.report.phase == .ready && bench.report.trouble == nil)
    }

    @Test func accessIsThatOfTheCard() {
        let table = AccessTable(rows: [
            .init(.imsi(prefix: "26201"), AccessProfile(apn: "iot", user: "u", password: Secret("p4ss")))
        ])
        var bench = ModemBench(ModemSettings(access: table))
        bench.bringUp()
        #expect(bench.modem.commands.contains("AT+CGDCONT=1,\"IP\",\"iot\""))
        #expect(bench.modem.commands.contains("AT+CGAUTH=1,2,\"u\",\"p4ss\""))
        #expect(!bench.log.contains("p4ss") && !"\(bench.report) \(bench.effects)".contains("p4ss"))
    }

    @Test func aUSBNetworkInterfaceIsConnectedByTheVendorsCommand() {
        var bench = ModemBench(ModemSettings(connection: .networkInterface))
        bench.modem.identity.manufacturer = "Quectel"
        bench.bringUp()
        #expect(bench.ready.map(\.means) == [.networkInterface])
        #expect(bench.modem.commands.contains("AT+QNETDEVCTL=1,1,1"))
    }
}
