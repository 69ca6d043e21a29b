import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// What the next process of the same boot knows, whatever the disk does.
@Suite struct LatchTests {
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let trip = DriverEvent.faultReported(connectorId: 1, code: .groundFailure, present: true, detail: "6 mA")
    private let tripEnds = DriverEvent.faultReported(connectorId: 1, code: .groundFailure, present: false, detail: "")

    private static var tested: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.equipment.testsResidualCurrent = true
        return connector
    }

    /// Killed, and started again with what the disk and the runtime folder have.
    private func next(_ bench: Bench) -> Bench {
        Bench.idle(memory: bench.memory ?? HardwareMemory(), latches: bench.latches)
    }

    private func asked(_ bench: inout Bench) -> [HardwareEffect] {
        bench.pilot(9000) + bench.permit(16_000, leaseSeconds: 600) + bench.pilot(6000) + bench.wait(.seconds(200))
    }

    private func latched(_ effects: [HardwareEffect]) -> OutletLatches? {
        effects.compactMap { if case .rememberLatches(let outlet) = $0 { outlet } else { nil } }.last
    }

    private func errors(_ effects: [HardwareEffect]) -> [String] {
        effects.compactMap { if case .log(let record) = $0, record.level == .error { record.message } else { nil } }
    }

    @Test func aResidualCurrentIsRememberedRightBehindTheOpening() {
        var bench = Bench.charging()
        let tripped = bench.driver(trip)
        #expect(tripped.first == .command(.openContactor(connectorId: 1)))
        guard tripped.count > 1, case .rememberLatches(let outlet) = tripped[1] else {
            Issue.record("not remembered: \(tripped)")
            return
        }
        #expect(outlet.failures.groundFailure == "6 mA")
        // Once.
        #expect(latched(bench.opened() + bench.wait(.seconds(20))) == nil)
    }

    /// The disk fails, or stands still; the process is killed, or ends in good order.
    @Test(arguments: [(true, false), (true, true), (false, false), (false, true)])
    func aResidualCurrentStaysWhateverTheDiskDoes(fails: Bool, endsInGoodOrder: Bool) {
        var bench = Bench.charging()
        if fails { bench.memory = nil } else { bench.isDiskSlow = true }
        bench.driver(trip)
        bench.opened()
        bench.driver(tripEnds)
        if endsInGoodOrder {
            bench.handle(.terminationRequested)
            bench.wait(.seconds(2))
        }
        bench.memory = HardwareMemory()
        var restarted = next(bench)
        #expect(!asked(&restarted).orders.contains(close))
        #expect(restarted.machine.faults(on: 1) == [.groundFailure])
        // The disk gets what it lacks; the EV leaves, and the next process knows of nothing any more.
        #expect(restarted.memory?.outlets.first?.groundFailure == "6 mA")
        restarted.pilot(12_000)
        #expect(restarted.machine.faults(on: 1) == [])
        var third = next(restarted)
        #expect(asked(&third).orders.contains(close))
    }

    @Test func everythingThatKeepsAContactorOpenIsRemembered() {
        let all = OutletLatches(
            connectorId: 1,
            failures: .init(contactorFailure: "welded", groundFailure: "6 mA", overCurrentFailure: "too much")
        )
        let bench = Bench.idle(latches: [all])
        #expect(bench.machine.faults(on: 1) == [.groundFailure, .powerSwitchFailure])
        #expect(bench.memory?.outlets.first?.contactorFailure == "welded")
        var unproven = Bench.idle(latches: [OutletLatches(connectorId: 1, failures: .init(mirrorIsUnproven: true))])
        #expect(unproven.pilot(9000).connector?.openSinceUptime == nil)
    }

    /// It ends with that EV only: the same one would be charged again after a mere restart.
    @Test(arguments: [true, false])
    func aMissingDiodeStaysUntilTheVehicleLeavesOverRestarts(isStored: Bool) {
        var bench = Bench.charging()
        if !isStored { bench.isDiskSlow = true }
        bench.pilot(6000, low: -6000)
        bench.opened()
        if !isStored { bench.memory = HardwareMemory() } else { bench.latches = [] }
        for _ in 0..<2 {
            var next = Bench(memory: bench.memory ?? HardwareMemory(), latches: bench.latches)
            next.handle(.started)
            next.opened()
            // The diode shows again.
            next.pilot(6000)
            let later = next.wait(.seconds(11)) + next.permit(16_000, leaseSeconds: 600) + next.wait(.seconds(60))
            #expect(!later.orders.contains(close))
            #expect(next.machine.faults(on: 1) == [.evCommunicationError])
            bench = next
        }
        #expect(bench.pilot(12_000).connector?.faults == [])
        var third = next(bench)
        #expect(asked(&third).orders.contains(close))
    }

    /// What the disk has counts too: the runtime folder may have been full.
    @Test func theDiskAloneIsEnough() {
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, failures: .init(groundFailure: "6 mA"))])
        let bench = Bench.idle(memory: memory, latches: [OutletLatches(connectorId: 1)])
        #expect(bench.machine.faults(on: 1) == [.groundFailure])
        #expect(bench.latches.first?.failures.groundFailure == "6 mA")
    }

    @Test func aStartWithNothingNewRemembersAndStoresNothing() {
        let latches = [OutletLatches(connectorId: 1, failures: .init(groundFailure: "6 mA"))]
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, failures: .init(groundFailure: "6 mA"))])
        var bench = Bench(memory: memory, latches: latches)
        let effects = bench.handle(.started)
        #expect(latched(effects) == nil)
        #expect(bench.writes == 0)
    }

    @Test func aTestIsRememberedFromBeforeItsOrderUntilItIsOver() {
        var bench = Bench.idle([Self.tested])
        bench.pilot(9000)
        bench.permit(16_000)
        let begun = bench.pilot(6000)
        let since = bench.now.uptime.wholeMilliseconds
        let remembered = begun.firstIndex(of: .rememberLatches(.init(connectorId: 1, residualCurrentTestSince: since)))
        let ordered = begun.firstIndex(of: .command(.testResidualCurrent(connectorId: 1)))
        #expect(remembered != nil && ordered != nil)
        if let remembered, let ordered { #expect(remembered < ordered) }
        let passed = bench.driver(.residualCurrentTested(connectorId: 1, passed: true))
        #expect(passed.first == .rememberLatches(.init(connectorId: 1)))
        #expect(passed.orders == [close])
    }

    /// A process that is killed again and again while the device recovers still knows why it has tripped.
    @Test func aTestOfAProcessBeforeCountsUntilItsDeviceIsThere() {
        let since = OutletLatches(connectorId: 1, residualCurrentTestSince: 99_000)
        let rcd = Device.residualCurrent(connectorId: 1)
        var bench = Bench([Self.tested], latches: [since])
        bench.handle(.started)
        bench.driver(.deviceLost(rcd, reason: "it recovers"))
        #expect(bench.latches == [since])
        bench.driver(.deviceRecovered(rcd))
        #expect(bench.latches == [OutletLatches(connectorId: 1)])
    }

    @Test(arguments: [(0, true), (10_000, true), (10_001, false), (-1, false)])
    func aTestCountsForTenSeconds(age: Int64, counts: Bool) {
        let latches = OutletLatches(connectorId: 1, residualCurrentTestSince: 50_000)
        #expect(latches.testMayGoOn(at: .milliseconds(50_000 + age)) == counts)
    }

    @Test func withoutATestNothingGoesOn() {
        #expect(!OutletLatches(connectorId: 1).testMayGoOn(at: .seconds(5)))
        let never = OutletLatches(connectorId: 1, residualCurrentTestSince: .min)
        #expect(!never.testMayGoOn(at: .seconds(50)))
    }

    // MARK: - An end that leaves something behind

    @Test func anEndSaysThatTheDiskDidNotAnswer() {
        var bench = Bench.charging()
        bench.isDiskSlow = true
        bench.driver(trip)
        bench.opened()
        let ending = bench.handle(.terminationRequested) + bench.wait(.seconds(2))
        #expect(ending.last == .finish)
        #expect(errors(ending).first?.hasPrefix("hardware-io ends, and a fault") == true)
    }

    @Test func anEndTriesADiskThatFailedOnceMore() {
        var bench = Bench.charging()
        bench.memory = nil
        bench.driver(trip)
        bench.opened()
        let before = bench.writes
        var mended = bench
        mended.memory = HardwareMemory()
        let ending = bench.handle(.terminationRequested)
        #expect(bench.writes == before + 1)
        #expect(ending.contains(.finish))
        #expect(errors(ending).first?.hasPrefix("hardware-io ends, and a fault") == true)
        let stored = mended.handle(.terminationRequested)
        #expect(stored.contains(.finish))
        #expect(errors(stored).isEmpty)
        #expect(mended.memory?.outlets.first?.groundFailure == "6 mA")
    }

    @Test func anEndWithEverythingStoredSaysNothingOfIt() {
        var bench = Bench.charging()
        bench.driver(trip)
        bench.opened()
        let ending = bench.handle(.terminationRequested) + bench.wait(.seconds(2))
        #expect(ending.contains(.finish))
        #expect(errors(ending).isEmpty)
    }
}
