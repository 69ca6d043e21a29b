import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// The voltage behind the contactor: a second witness of where it is.
@Suite struct OutputVoltageTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let device = Device.outputVoltage(connectorId: 1)

    private static func seeing(_ connector: ConnectorConfiguration = Bench.fixedCable) -> ConnectorConfiguration {
        var connector = connector
        connector.equipment.seesOutputVoltage = true
        return connector
    }

    private func voltage(_ live: Bool) -> DriverEvent { .outputVoltageRead(connectorId: 1, live: live) }

    private func idle() -> Bench {
        var bench = Bench([Self.seeing()])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.driver(voltage(false))
        bench.pilot(12_000)
        bench.wait(.seconds(6))
        return bench
    }

    private func charging() -> Bench {
        var bench = idle()
        bench.pilot(9000)
        bench.permit(16_000)
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.driver(voltage(true))
        bench.wait(.seconds(3))
        return bench
    }

    @Test func aWeldShowsThoughTheMirrorContactLies() {
        var bench = charging()
        bench.withdraw()
        bench.pilot(9000)
        // It stays in doubt, whatever the mirror contact says.
        #expect(bench.opened().connector == nil)
        let effects = bench.wait(.seconds(2))
        #expect(effects.connector?.contactor == .welded)
        #expect(effects.connector?.openSinceUptime == nil)
        #expect(effects.faults.first?.detail == "there is voltage behind the open contactor")
        // Over a restart too.
        #expect(bench.memory?.outlets.first?.contactorFailure == "there is voltage behind the open contactor")
        #expect(bench.clear(.powerSwitchFailure).refusal?.code == .refused)
        bench.driver(voltage(false))
        bench.wait(.seconds(25))
        #expect(bench.clear(.powerSwitchFailure).refusal == nil)
    }

    /// Neither the meter's last reading nor the rest before the phases are switched may be older than that.
    @Test func sinceWhenItIsOpenCountsFromTheRepairWhereNobodyCouldKnowBefore() {
        var bench = idle()
        #expect(bench.driver(voltage(true)).connector?.contactor == .welded)
        bench.driver(voltage(false))
        let hidden = bench.wait(.seconds(25))
        #expect(hidden.connector?.contactor == .open)
        #expect(hidden.connector?.openSinceUptime == nil)
        let repaired = bench.clear(.powerSwitchFailure)
        #expect(repaired.refusal == nil)
        #expect(repaired.connector?.openSinceUptime == bench.now.uptime.wholeMilliseconds)
    }

    /// A sensor repeats itself each five seconds only.
    @Test func aSensorThatStillSawVoltageIsAskedOnceItHasToBeGone() {
        var bench = charging()
        bench.withdraw()
        bench.pilot(9000)
        bench.opened()
        let ask = DriverCommand.readPosition(device)
        #expect(!bench.wait(.milliseconds(900)).commands.contains(ask))
        #expect(bench.wait(.milliseconds(200)).commands.count { $0 == ask } == 1)
        #expect(!bench.wait(.milliseconds(700)).commands.contains(ask))
    }

    /// The filter of an EV holds its voltage for a moment.
    @Test func voltageThatIsGoneWithinASecondIsNoFailure() {
        var bench = charging()
        bench.withdraw()
        bench.pilot(9000)
        bench.opened()
        #expect(bench.wait(.milliseconds(900)).faults.isEmpty)
        #expect(bench.driver(voltage(false)).connector?.openSinceUptime != nil)
        #expect(bench.wait(.seconds(60)).faults.isEmpty)
    }

    @Test func aCableIsNotLetGoWhileThereIsVoltageOnIt() {
        var bench = Bench([Self.seeing(Bench.socket)])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.driver(voltage(false))
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        bench.proximity(220)
        bench.pilot(9000)
        bench.wait(.seconds(6))
        bench.permit(16_000)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.driver(voltage(true))
        bench.wait(.seconds(3))
        bench.withdraw()
        bench.pilot(9000)
        bench.opened()
        let unlock = DriverCommand.unlock(connectorId: 1)
        #expect(!(bench.unlock().orders + bench.wait(.seconds(60)).orders).contains(unlock))
    }

    @Test func noVoltageBehindAClosedContactorIsAFailureWhereTheMeterHasTheMains() {
        var bench = charging()
        let read = bench.driver(voltage(false))
        #expect(read.orders.isEmpty)
        let effects = bench.wait(.seconds(3))
        #expect(effects.orders.first == open)
        #expect(effects.faults.first?.detail == "there is no voltage behind the closed contactor")
        bench.opened()
        #expect(!bench.wait(.seconds(60)).orders.contains(close))
    }

    /// A charger that outlives its mains for a moment must not come back broken.
    @Test func withoutTheMainsThereIsNone() {
        var bench = charging()
        var dark = Bench.sample(energyWh: 1000)
        dark.voltageMillivolts = [0]
        bench.meterShows(dark)
        bench.wait(.seconds(2))
        bench.driver(voltage(false))
        #expect(bench.wait(.seconds(10)).faults.allSatisfy { $0.code != .powerSwitchFailure })
    }

    @Test func nothingClosesOnVoltageOrWithoutAReadingOfIt() {
        var unread = Bench([Self.seeing()])
        unread.handle(.started)
        unread.driver(.contactorFeedback(connectorId: 1, closed: false))
        unread.pilot(9000)
        unread.wait(.seconds(4))
        unread.permit(16_000)
        #expect(!unread.pilot(6000).orders.contains(close))
        #expect(unread.wait(.seconds(3)).connector?.faults == [.internalError])
        unread.driver(voltage(false))
        #expect(unread.machine.faults(on: 1) == [])
        var live = idle()
        live.driver(voltage(true))
        live.pilot(9000)
        live.permit(16_000)
        #expect(!live.pilot(6000).orders.contains(close))
        #expect(live.machine.faults(on: 1) == [.powerSwitchFailure])
    }

    @Test func aLostSensorOpensAndIsReadAgainWhenItIsBack() {
        var bench = charging()
        #expect(bench.driver(.deviceLost(device, reason: "unplugged")).orders.first == open)
        bench.silent = [.voltage]
        bench.opened()
        #expect(bench.driver(.deviceRecovered(device)).orders.contains(.readPosition(device)))
        #expect(!bench.wait(.seconds(8)).orders.contains(close))
        bench.silent = []
        bench.driver(voltage(false))
        #expect(bench.wait(.seconds(8)).orders.contains(close))
    }

    @Test func aSensorThatIsNotBuiltInSaysNothing() {
        var bench = Bench.charging()
        #expect(bench.driver(voltage(false)).isEmpty)
        bench.wait(.seconds(10))
        #expect(bench.machine.faults(on: 1) == [])
    }
}
