import ModemSimulation
import Primitives
import Testing

@testable import ModemProtocol

/// A modem that is up: what it bears, what it gives up, and the orders of the ladder.
@Suite struct SupervisionTests {
    private func up(_ settings: ModemSettings = ModemSettings()) -> ModemBench {
        var bench = ModemBench(settings)
        bench.bringUp()
        #expect(bench.report.phase == .ready)
        return bench
    }

    @Test func aShortLossOfTheNetworkIsBorneALongOneEndsTheConnection() {
        var bench = up()
        bench.change { $0.network.isGone = true }
        #expect(bench.report.trouble == .searching)
        bench.advance(by: .seconds(50))
        bench.change { $0.network.isGone = false }
        bench.advance(by: .seconds(30))
        #expect(bench.withdrawals.isEmpty && bench.report.trouble == nil)
        bench.change { $0.network.isGone = true }
        bench.advance(by: .seconds(70))
        #expect(bench.withdrawals == ["the network is gone"] && bench.report.phase == .registering)
        bench.change { $0.network.isGone = false }
        bench.advance(by: .seconds(60))
        #expect(bench.ready.count == 2)
    }

    @Test func theSignalIsWatched() {
        var bench = up()
        bench.change { $0.network.rsrp = 22 }
        bench.advance(by: .seconds(31))
        #expect(bench.report.signal.rsrpDbm == -119 && bench.report.signal.percent == 2)
    }

    @Test func anEndedConnectionIsExplainedByTheModemAndDialledAgainOnOrder() {
        var bench = up()
        bench.change { $0.network.cause = "Regular deactivation" }
        bench.handle(.dataEnded(reason: "pppd ended: hang-up"))
        bench.advance(by: .seconds(1))
        #expect(bench.report.cause == "Regular deactivation")
        #expect(bench.ready.count == 1)
        bench.handle(.ordered(.connect))
        #expect(bench.ready.count == 2)
    }

    @Test func aPortThatDisappearsAndComesBackIsBroughtUpAnew() {
        var bench = up()
        bench.deliver(bench.modem.powerCycle(for: .seconds(20), at: bench.now.uptime))
        #expect(bench.withdrawals == ["the port is gone: unplugged"] && bench.report.phase == .absent)
        #expect(bench.report.network.registration == .unknown && bench.report.signal.percent == nil)
        bench.advance(by: .seconds(80))
        #expect(bench.ready.count == 2)
    }

    @Test func silenceInTheMiddleOfAnAnswerCostsSomeSecondsAndNoConnection() {
        var bench = up()
        bench.modem.faults.cutsNextAnswerAfter = 9
        bench.advance(by: .seconds(60))
        #expect(bench.report.phase == .ready && bench.report.trouble == nil && bench.withdrawals.isEmpty)
    }

    @Test func aModemThatFallsSilentWhileDataFlowsKeepsTheConnectionAndIsReported() {
        var bench = up()
        bench.modem.faults.isMute = true
        bench.advance(by: .seconds(120))
        #expect(bench.report.trouble == .silent && bench.report.phase == .ready)
        #expect(bench.withdrawals.isEmpty)
        bench.modem.faults.isMute = false
        bench.advance(by: .seconds(120))
        #expect(bench.report.trouble == nil && bench.ready.count == 1)
    }

    @Test func aFloodOfNewsChangesNothing() {
        var bench = up()
        bench.modem.faults.linesBeforeEachAnswer = 100
        bench.advance(by: .seconds(300))
        #expect(bench.report.phase == .ready && bench.report.trouble == nil && bench.withdrawals.isEmpty)
    }

    @Test func aLineThatIsLentForDataIsNoLossOfTheModem() {
        var bench = up()
        bench.handle(.lineLent)
        bench.advance(by: .seconds(3600))
        #expect(bench.report.phase == .ready && bench.withdrawals.isEmpty)
        bench.handle(.dataEnded(reason: "hang-up"))
        bench.open()
        bench.advance(by: .seconds(10))
        #expect(bench.report.phase == .ready)
        bench.handle(.ordered(.connect))
        #expect(bench.ready.count == 2)
    }

    @Test func aUSBNetworkInterfaceWithoutAnAddressIsConnectedAnew() {
        var bench = up(ModemSettings(connection: .networkInterface))
        bench.change { $0.dropBearer() }
        bench.advance(by: .seconds(60))
        #expect(bench.withdrawals == ["the network has taken the address back"])
        #expect(bench.ready.count == 2)
        bench.handle(.ordered(.connect))
        bench.advance(by: .seconds(10))
        #expect(bench.ready.count == 3)
    }

    /// As on a serial port, which stays when the modem starts anew: the card is locked again, and nobody says so.
    @Test func aCardThatWasLockedUnnoticedIsOpenedAgain() {
        var bench = ModemBench(ModemSettings(pin: Secret("1234")))
        bench.modem.sim?.pin = "1234"
        bench.bringUp()
        let now = bench.now.uptime
        bench.change { modem in
            for command in ["AT+CFUN=0\r", "AT+CFUN=1\r"] { _ = modem.receive(Array(command.utf8), on: 1, at: now) }
        }
        bench.advance(by: .seconds(180))
        #expect(bench.report.phase == .ready && bench.ready.count == 2)
        #expect(bench.modem.pinAttempts.map(\.wasRight) == [true, true])
    }

    // MARK: - The ladder

    @Test(arguments: [ModemOrder.reattach, .cycleRadio])
    func aStepThatIsTakenWhileTheCardFailsLeadsBackToTheCard(order: ModemOrder) {
        var bench = ModemBench(ModemSettings(pin: Secret("1234")))
        bench.modem.sim?.pin = "1234"
        bench.modem.sim?.isBroken = true
        bench.bringUp()
        bench.handle(.ordered(order))
        bench.advance(by: .seconds(20))
        bench.change { $0.sim?.isBroken = false }
        bench.advance(by: .seconds(120))
        #expect(bench.report.phase == .ready)
    }

    @Test(arguments: [ModemOrder.reattach, .cycleRadio, .reset])
    func everyStepOfTheLadderWithdrawsDataAndLeadsBackToIt(order: ModemOrder) {
        var bench = up()
        bench.handle(.ordered(order))
        #expect(bench.withdrawals.count == 1)
        bench.advance(by: .seconds(120))
        #expect(bench.report.phase == .ready && bench.ready.count == 2)
        let needed: [String] =
            switch order {
            case .reattach: ["AT+CGATT=0", "AT+CGATT=1"]
            case .cycleRadio: ["AT+CFUN=4", "AT+CFUN=1"]
            default: ["AT+CFUN=1,1"]
            }
        for command in needed { #expect(bench.modem.commands.contains(command)) }
    }

    @Test(arguments: [ModemOrder.reattach, .cycleRadio, .reset])
    func aStepThatNoPortIsThereForHidesNothing(order: ModemOrder) {
        var bench = up()
        bench.deliver(bench.modem.powerCycle(for: .seconds(3600), at: bench.now.uptime))
        bench.advance(by: .seconds(70))
        bench.handle(.ordered(order))
        bench.advance(by: .seconds(70))
        #expect(bench.report.phase == .absent && bench.report.trouble?.remedy == .recovery)
    }

    @Test func theRadioIsOffForTenSeconds() {
        var bench = up()
        bench.handle(.ordered(.cycleRadio))
        let before = bench.modem.commands.count
        bench.advance(by: .seconds(9))
        #expect(bench.modem.commands.suffix(from: before) == ["AT+CFUN=4"] || bench.modem.commands.last == "AT+CFUN=4")
        bench.advance(by: .seconds(2))
        #expect(bench.modem.commands.contains("AT+CFUN=1"))
    }

    @Test(arguments: [ModemOrder.reattach, .cycleRadio, .reset, .bringUp, .connect, .powerOff, .takeDown])
    func anOrderAtAnyTimeOfABringUpLeavesNothingStuck(order: ModemOrder) {
        for step in 0..<12 {
            var bench = ModemBench()
            bench.modem.network.searchDuration = .seconds(5)
            bench.bringUp(for: .milliseconds(step * 1100))
            bench.handle(.ordered(order))
            bench.advance(by: .seconds(60))
            bench.handle(.ordered(.bringUp))
            bench.advance(by: .seconds(180))
            #expect(bench.report.phase == .ready, "\(order) after \(step * 1100) ms")
        }
    }

    @Test func nothingIsAskedOfAModemThatIsNotWanted() {
        var bench = up()
        bench.handle(.ordered(.takeDown))
        bench.advance(by: .seconds(1))
        let count = bench.modem.commands.count
        bench.advance(by: .seconds(3600))
        #expect(bench.modem.commands.count == count && bench.report.phase == .idle)
    }

    @Test func theOtherSIMIsChosenByTheVendorsCommandAndRemembered() {
        var bench = ModemBench()
        bench.modem.identity.manufacturer = "Quectel"
        bench.modem.sims[2] = SimulatedSIM(iccid: "8943000000000000028", imsi: "232010000000002")
        bench.bringUp()
        bench.handle(.ordered(.switchSIM(slot: 2)))
        bench.advance(by: .seconds(60))
        #expect(bench.report.sim.iccid == "8943000000000000028" && bench.report.sim.slot == 2)
        #expect(bench.report.phase == .ready && bench.stored?.slot == 2)
    }

    @Test func theOtherSIMIsChosenByALineOfTheOwnersWithTheRadioOff() {
        var bench = ModemBench(ModemSettings(switchesSIMByLine: true))
        bench.modem.sims[2] = SimulatedSIM(iccid: "8943000000000000028", imsi: "232010000000002")
        bench.bringUp()
        bench.handle(.ordered(.switchSIM(slot: 2)))
        bench.advance(by: .seconds(1))
        #expect(bench.effects.last == .selectSIM(slot: 2))
        #expect(bench.modem.commands.last == "AT+CFUN=0")
        bench.change { $0.slot = 2 }
        bench.handle(.simSelected(slot: 2))
        bench.advance(by: .seconds(60))
        #expect(bench.report.sim.iccid == "8943000000000000028" && bench.report.phase == .ready)
    }

    @Test func aModemWithoutACommandForItSaysSo() {
        var bench = up()
        bench.handle(.ordered(.switchSIM(slot: 2)))
        #expect(bench.report.trouble == .commandFailed(command: "SIM 2", cause: "generic modems have no command"))
    }
}
