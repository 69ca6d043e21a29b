import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Whether the cable is held when something is uncertain: a contactor that may be live, a lock that is not read, people who ask twice.
@Suite struct CableTests {
    private let lock = DriverCommand.lock(connectorId: 1)
    private let unlock = DriverCommand.unlock(connectorId: 1)
    private let unlocked = HardwareReply.unlock(Unlock.Reply(outcome: .unlocked))
    private let failed = HardwareReply.unlock(Unlock.Reply(outcome: .failed))

    /// A cable that is locked under a permit, with an EV that does not ask.
    private func locked() -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        return bench
    }

    /// The same, while energy flows.
    private func charging() -> Bench {
        var bench = locked()
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    /// What failed may have been the mirror contact: nobody has seen it follow since.
    @Test func aContactorThatFailedBeforeARestartKeepsTheCable() {
        let outlet = HardwareMemory.Outlet(
            connectorId: 1,
            failures: .init(contactorFailure: "contactor opened without an order")
        )
        var bench = Bench.idle([Bench.socket], memory: HardwareMemory(outlets: [outlet]))
        bench.proximity(220)
        let before = bench.driver(.lockFeedback(connectorId: 1, locked: true)) + bench.pilot(9000)
        let asked = bench.unlock() + bench.wait(.seconds(60))
        #expect(!(before + asked).orders.contains(unlock))
        #expect(asked.replies == [failed])
        #expect(bench.clear(.powerSwitchFailure).orders.contains(unlock))
    }

    @Test func anEndAnswersWhoeverWaitsForTheCable() {
        var bench = charging()
        bench.withdraw()
        #expect(bench.unlock().replies.isEmpty)
        #expect(bench.handle(.terminationRequested).replies == [failed])
    }

    @Test func aLostPermitReleasesNoCableWhileTheVehicleIsThere() {
        var bench = charging()
        let lost = bench.wait(.seconds(60)) + bench.opened() + bench.wait(.seconds(60))
        #expect(lost.connector?.permit == nil)
        #expect(!lost.orders.contains(unlock))
    }

    @Test func aBoltThatIsOnItsWayOutGoesBackWhenTheContactorClosesByItself() {
        var bench = locked()
        bench.withdraw()
        #expect(bench.unlock().orders.contains(unlock))
        let live = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(live.orders.contains(lock))
    }

    @Test func eightMayWaitForTheCableAndMoreAreRefused() {
        var bench = charging()
        bench.withdraw()
        for _ in 0..<8 { #expect(bench.unlock().refusal == nil) }
        #expect(bench.unlock().refusal?.code == .busy)
    }

    /// Its motor must not cook: thirteen pulses, and then one each minute.
    @Test func aLockThatStaysJammedIsTriedOnceAMinute() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 3600)
        bench.wait(.seconds(70))
        let pulses = bench.wait(.seconds(610)).orders.count { $0 == lock }
        #expect(pulses == 10)
    }

    @Test func aLockThatIsNotReadAfterItsDriverCameBackIsAFaultAfterFiveSeconds() {
        var bench = Bench.idle([Bench.socket])
        bench.silent = [.lock]
        bench.driver(.deviceLost(.lock(connectorId: 1), reason: "unplugged"))
        let back = bench.driver(.deviceRecovered(.lock(connectorId: 1))) + bench.wait(.milliseconds(4999))
        #expect(back.connector?.faults == [])
        #expect(bench.wait(.milliseconds(1)).connector?.faults == [.connectorLockFailure])
    }

    @Test func aBoltThatWasTurnedByHandIsSeenAndTakenBack() {
        var bench = Bench.idle([Bench.socket])
        #expect(bench.driver(.lockFeedback(connectorId: 1, locked: true)).orders == [unlock])
    }

    @Test func aBoltThatIsOnItsWayOutIsCalledBackByTheNextPermit() {
        var bench = locked()
        bench.withdraw()
        #expect(bench.unlock().orders.contains(unlock))
        #expect(bench.permit(16_000, transaction: "another").orders.contains(lock))
    }

    @Test func anUnlockedLockFreesNoCableBeforeTheContactorWasRead() {
        var bench = Bench([Bench.socket])
        bench.handle(.started)
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        bench.proximity(220)
        bench.pilot(9000)
        #expect(bench.unlock().replies.isEmpty)
        #expect(bench.opened().replies == [unlocked])
    }

    @Test func aLockThatFellSilentIsNotTakenForUnlocked() {
        var bench = Bench.idle([Bench.socket])
        bench.silent = [.lock]
        bench.wait(.seconds(31))
        #expect(bench.unlock().replies.isEmpty)
        #expect(bench.wait(.seconds(5)).replies == [failed])
    }

    /// There was nothing to release: who plugs in afterwards has not asked for that cable.
    @Test func anUnlockOfAnEmptySocketLeavesTheNextCableLocked() {
        var bench = Bench.idle([Bench.socket])
        bench.permit(16_000)
        #expect(bench.unlock().replies == [unlocked])
        let plugged = bench.proximity(220) + bench.pilot(9000)
        #expect(plugged.orders.contains(lock))
    }
}
