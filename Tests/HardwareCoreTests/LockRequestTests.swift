import BusSchema
import HardwareCore
import Primitives
import Testing

/// A cable that is held before there is a permit, for a transaction that is about to begin.
@Suite struct LockRequestTests {
    private let lock = DriverCommand.lock(connectorId: 1)
    private let unlock = DriverCommand.unlock(connectorId: 1)

    /// A cable with an EV that asks for energy, and nobody who may charge.
    private func plugged() -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        return bench
    }

    private func held() -> Bench {
        var bench = plugged()
        bench.lock()
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        return bench
    }

    @Test func theCableIsLockedBeforeThereIsAPermit() {
        var bench = plugged()
        let asked = bench.lock()
        #expect(asked.replies == [.done])
        #expect(asked.orders == [lock])
        #expect(asked.connector?.lock == .locking)
        let locked = bench.driver(.lockFeedback(connectorId: 1, locked: true))
        #expect(locked.connector?.lock == .locked)
        let later = bench.wait(.seconds(300))
        #expect(later.orders.isEmpty)
    }

    @Test func aSecondRequestMovesNothing() {
        var bench = plugged()
        #expect(bench.lock().orders == [lock])
        let again = bench.lock()
        #expect(again.replies == [.done] && again.orders.isEmpty)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        let onceMore = bench.lock()
        #expect(onceMore.replies == [.done] && onceMore.orders.isEmpty)
    }

    /// It is no permit.
    @Test func aHeldCableGetsNoEnergy() {
        var bench = held()
        let asks = bench.pilot(6000) + bench.wait(.seconds(10), pilotHigh: 6000)
        #expect(asks.orders.isEmpty)
        #expect(asks.connector?.offeredMilliamps == 0)
    }

    @Test func aLockThatFailsBeforeThePermitIsAFault() {
        var bench = plugged()
        bench.lock()
        let failed = bench.wait(.seconds(7))
        #expect(failed.faults.map(\.code) == [.connectorLockFailure])
        #expect(failed.connector?.lock == .failed)
        #expect(bench.unlock().orders == [unlock])
        let free = bench.driver(.lockFeedback(connectorId: 1, locked: false))
        #expect(free.connector?.faults == [])
        #expect(free.connector?.lock == .unlocked)
    }

    @Test func whoeverAsksForAHeldCableGetsIt() {
        var bench = held()
        #expect(bench.unlock().orders == [unlock])
        let free = bench.driver(.lockFeedback(connectorId: 1, locked: false))
        #expect(free.replies == [.unlock(Unlock.Reply(outcome: .unlocked))])
        let later = bench.wait(.seconds(60))
        #expect(later.orders.isEmpty)
    }

    @Test func whoAsksForTheCableWhileItsLockMovesGetsItToo() {
        var bench = plugged()
        bench.lock()
        #expect(bench.unlock().orders == [unlock])
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        let later = bench.wait(.seconds(60))
        #expect(!later.orders.contains(lock))
    }

    /// Nothing began, so that there is nobody whom the cable could be kept for, and whoever asked may be dead.
    @Test func aHeldCableIsReleasedWhenTheVehicleLeavesBeforeThereWasAPermit() {
        var bench = held()
        #expect(bench.pilot(12_000).orders == [unlock])
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        // The next one has not been asked for.
        let next = bench.pilot(9000)
        #expect(next.orders.isEmpty)
    }

    @Test func aPermitTakesTheHeldCableOver() {
        var bench = held()
        #expect(!bench.permit(16_000).orders.contains(lock))
        bench.withdraw()
        let left = bench.pilot(12_000) + bench.wait(.seconds(60))
        #expect(!left.orders.contains(unlock))
        #expect(bench.unlock().orders == [unlock])
    }

    @Test func aCableThatWasReleasedIsHeldAgainForTheNextTransaction() {
        var bench = held()
        bench.unlock()
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        #expect(bench.lock().orders == [lock])
    }

    @Test func aCableWithoutAVehicleIsNotHeld() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        let refused = bench.lock()
        #expect(refused.refusal?.code == .refused)
        #expect(bench.pilot(9000).orders.isEmpty)
    }

    @Test func aVehicleWithoutACableIsNotHeld() {
        var bench = Bench.idle([Bench.socket])
        bench.pilot(9000)
        #expect(bench.lock().refusal?.code == .refused)
    }

    @Test func nothingIsHeldAnyMoreWhenHardwareIsEnding() {
        var bench = plugged()
        bench.handle(.terminationRequested)
        let refused = bench.lock()
        #expect(refused.refusal?.code == .refused)
        #expect(refused.orders.isEmpty)
    }

    @Test func aFixedCableHasNoLock() {
        var bench = Bench.charging()
        #expect(bench.lock().refusal == BusError(.invalid, "there is no lock"))
    }
}
