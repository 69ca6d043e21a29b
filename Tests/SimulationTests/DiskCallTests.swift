import BusSchema
import CentralSystem
import ChargerWorld
import Glibc
import OCPP
import Primitives
import SimulatedDisk
import Storage
import Testing

/// Every call to the disk in a session fails in turn, as SQLite tests it: nothing that was acknowledged is lost, nothing is done twice, and what
/// cannot be stored is said.
@Suite struct DiskCallTests {
    static let services: [Service] = [.gateway, .config]

    /// A session in which a setting is changed, too.
    static let scenario: Scenario = {
        var scenario = Scenario.standard
        let change = ChangeConfiguration.Request(key: "MeterValueSampleInterval", value: "10")
        scenario.plans.append((.seconds(70), .command(.call(.changeConfiguration(change)))))
        let later = ChangeConfiguration.Request(key: "ConnectionTimeOut", value: "50")
        scenario.plans.append((.seconds(100), .command(.call(.changeConfiguration(later)))))
        return scenario
    }()

    /// A session with a sample in every second: its journal grows by a block of the disk within seconds.
    static let talkative: Scenario = {
        var scenario = Scenario.standard
        scenario.settings.phases = 3
        scenario.settings.keys = [
            "MeterValueSampleInterval": "1",
            "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage",
        ]
        return scenario
    }()

    /// How many calls the session makes, its start included.
    static func calls(of service: Service) -> Int {
        let world = World(Self.scenario.settings)
        for (time, plan) in Self.scenario.plans { world.plan(plan, at: time) }
        world.run(Self.scenario.length)
        return world.diskCalls(of: service)
    }

    @Test(arguments: services, [EIO, ENOSPC])
    func everyCallMayFailOnce(_ service: Service, error: Int32) {
        let calls = Self.calls(of: service)
        #expect(calls > 10)
        for call in 1...calls {
            let fault = DiskFault(call: call, effect: .error(Errno(error)))
            let world = Self.scenario.play(briefly: true) { $0.plan(.disk(fault, of: service), at: .zero) }
            #expect(world.violations.isEmpty, "call \(call): \(world.report())")
        }
    }

    @Test(arguments: services, [EIO, ENOSPC])
    func everyCallMayFailFromThenOn(_ service: Service, error: Int32) {
        let calls = Self.calls(of: service)
        for call in stride(from: 1, through: calls, by: 2) {
            let fault = DiskFault(call: call, effect: .error(Errno(error)), lasting: .fromThenOn)
            let world = World(Self.scenario.settings)
            world.plan(.disk(fault, of: service), at: .zero)
            for (time, plan) in Self.scenario.plans { world.plan(plan, at: time) }
            world.run(Self.scenario.length)
            if service == .gateway, world.failedWrites(of: .gateway) > 0, let status = world.status {
                #expect(status.queue.storageFault != nil, "call \(call): nothing is said of it")
            }
            world.settle(briefly: true)
            #expect(world.violations.isEmpty, "call \(call): \(world.report())")
        }
    }

    /// The gateway is killed, and the next one reads so far and no further, until the device is healed. Offline, so that nothing of it is
    /// delivered before.
    @Test(arguments: 1...8) func aGatewayThatCannotReadItsJournalLeavesItAsItIs(call: Int) {
        var scenario = Scenario.offline
        let fault = DiskFault(call: call, kinds: [.read], effect: .error(Errno(EIO)), lasting: .fromThenOn)
        let others: [(Duration, Plan)] = [
            (.seconds(100), .disk(fault, of: .gateway)), (.seconds(100), .kill(.gateway, restartAfter: .seconds(2))),
            (.seconds(120), .disk(nil, of: .gateway)),
        ]
        scenario.plans += others
        let world = scenario.play(briefly: true)
        #expect(world.violations.isEmpty, "\(world.report())")
        #expect(world.ledger.transactions.map { $0.stop != nil } == [true])
    }

    /// What a failed sync was to force is in blocks that no later write touches: whoever goes on as if nothing had happened loses it.
    @Test(arguments: [57, 64, 71, 78, 85, 92, 99, 106, 113, 120])
    func everySyncOfALongJournalMayFail(at second: Int) {
        let fault = DiskFault(call: 1, kinds: [.syncData, .sync], effect: .error(Errno(EIO)))
        let world = Self.talkative.play(briefly: true) { world in
            world.plan(.disk(fault, of: .gateway), at: .seconds(second))
        }
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    /// Offline, so that nothing is delivered that could make room: samples find none, ends do. How much the last block of the journal still
    /// takes is different in each second.
    @Test(arguments: 60..<72)
    func aFullDiskHasRoomForWhatMatters(from second: Int) {
        var scenario = Self.talkative
        let others: [(Duration, Plan)] = [
            (.seconds(55), .uplink(false)), (.seconds(second), .diskFull(true)), (.seconds(150), .plug(1)),
            (.seconds(160), .swipe(Scenario.card)), (.seconds(200), .swipe(Scenario.card)), (.seconds(210), .unplug(1)),
            (.seconds(220), .diskFull(false)), (.seconds(225), .uplink(true)),
        ]
        scenario.plans += others
        scenario.length = .seconds(260)
        let world = scenario.play(briefly: true)
        #expect(world.violations.isEmpty, "\(world.report())")
        #expect(world.failedWrites(of: .gateway) > 0)
        #expect(world.ledger.transactions.count == 2)
        #expect(world.ledger.transactions.allSatisfy { $0.stop != nil })
    }

    /// The power goes between two calls, whatever the first of them left.
    @Test(arguments: services)
    func thePowerMayGoAtEveryCall(_ service: Service) {
        for call in 1...Self.calls(of: service) {
            let fault = DiskFault(call: call, effect: .powerCut)
            let world = Self.scenario.play(briefly: true) { $0.plan(.disk(fault, of: service), at: .zero) }
            #expect(world.violations.isEmpty, "call \(call): \(world.report())")
        }
    }
}
