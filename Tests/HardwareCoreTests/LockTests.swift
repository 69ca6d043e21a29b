import BusSchema
import HardwareCore
import Primitives
import Testing

@Suite struct LockTests {
    /// The bolt sticks, and meanwhile the contactor welds: the pulse that is due would free a live cable.
    @Test func anUnlockIsNotTriedAgainWhileTheCableMayBeLive() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.withdraw()
        let first = bench.unlock()
        #expect(first.orders.contains(.unlock(connectorId: 1)))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let live = bench.wait(.seconds(120))
        #expect(!live.orders.contains(.unlock(connectorId: 1)))
        bench.opened()
        let safe = bench.wait(.seconds(120))
        #expect(safe.orders.contains(.unlock(connectorId: 1)))
    }

    /// Somebody turned the bolt of a released cable by hand, with the contactor welded: it stays where it is.
    @Test func aBoltThatMovesByItselfIsNotTakenBackWhileTheCableMayBeLive() {
        var bench = Bench.idle([Bench.socket])
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let moved = bench.driver(.lockFeedback(connectorId: 1, locked: true)) + bench.wait(.seconds(60))
        #expect(!moved.orders.contains(.unlock(connectorId: 1)))
    }

    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let lock = DriverCommand.lock(connectorId: 1)
    private let unlock = DriverCommand.unlock(connectorId: 1)

    /// A socket with a cable for 32 A and an EV in state C, locked and closed.
    private func charging() -> Bench {
        var bench = locking()
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    /// The same, while the lock moves.
    private func locking() -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000)
        bench.pilot(6000, low: -12_000)
        return bench
    }

    @Test func itLocksBeforeItCloses() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        let granted = bench.permit(16_000)
        #expect(granted.orders.contains(lock))
        let asks = bench.pilot(6000, low: -12_000)
        #expect(asks.orders.isEmpty)
        #expect(asks.connector?.notChargingBecause == "the cable is not locked")
        let locked = bench.driver(.lockFeedback(connectorId: 1, locked: true))
        #expect(locked.orders == [close])
        #expect(locked.connector?.lock == .locked)
    }

    @Test func aLockThatOpensWhileItShouldBeLockedOpensTheContactor() {
        var bench = charging()
        let effects = bench.driver(.lockFeedback(connectorId: 1, locked: false))
        #expect(effects.first == .command(open))
        #expect(effects.connector?.faults == [.connectorLockFailure])
        #expect(effects.connector?.lock == .failed)
    }

    // Shows: CORE-UNL-07
    @Test func aJammedLockIsTriedThreeTimesAndThenAFault() {
        var bench = locking()
        let first = bench.wait(.milliseconds(6999), pilotHigh: 6000)
        #expect(first.faults.isEmpty)
        #expect(first.orders == [lock, lock])
        let fault = bench.wait(.milliseconds(1), pilotHigh: 6000)
        #expect(fault.faults.map(\.code) == [.connectorLockFailure])
        #expect(!fault.orders.contains(close))
        let freed = bench.wait(.seconds(5), pilotHigh: 6000)
        #expect(freed.orders.contains(lock))
        let locked = bench.driver(.lockFeedback(connectorId: 1, locked: true))
        #expect(locked.connector?.faults == [])
        // The pilot was steady meanwhile: the EV's diode has to show again.
        #expect(!locked.orders.contains(close))
        let asks = bench.pilot(6000)
        #expect(asks.orders == [close])
    }

    @Test func unlockingIsRefusedWhileTheContactorIsClosedUnderAPermit() {
        var bench = charging()
        let effects = bench.unlock()
        #expect(effects.refusal?.code == .refused)
        #expect(effects.orders.isEmpty)
    }

    /// An Unlock of before, which came late: the cable would be free, and the EV would wait for energy until somebody grants anew.
    @Test func unlockingIsRefusedWhileAPermitWaitsForTheContactor() {
        var bench = charging()
        bench.withdraw()
        bench.pilot(9000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.permit(16_000, transaction: "another")
        let asked = bench.unlock()
        #expect(asked.refusal?.code == .refused)
        #expect(asked.orders.isEmpty)
    }

    @Test func unlockingAfterWithdrawalWaitsForTheContactorAndTheLock() {
        var bench = charging()
        bench.withdraw()
        let asked = bench.unlock()
        #expect(asked.replies.isEmpty && asked.refusal == nil)
        let stopped = bench.pilot(9000)
        #expect(stopped.orders == [open])
        let opened = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(opened.orders == [unlock])
        let unlocked = bench.driver(.lockFeedback(connectorId: 1, locked: false))
        #expect(unlocked.replies == [.unlock(Unlock.Reply(outcome: .unlocked))])
    }

    @Test func somebodyWhoWaitsForTheCableShortensThePatienceWithTheVehicle() {
        var bench = charging()
        bench.withdraw()
        bench.unlock()
        let effects = bench.wait(.seconds(3), pilotHigh: 6000)
        #expect(effects.orders.contains(open))
    }

    // Shows: CORE-UNL-06
    @Test func anUnlockThatFailsIsAnsweredInTime() {
        var bench = charging()
        bench.withdraw()
        bench.pilot(9000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.unlock()
        let early = bench.wait(.milliseconds(4499))
        #expect(early.replies.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.replies == [.unlock(Unlock.Reply(outcome: .failed))])
    }

    @Test func anUnlockedCableIsNotLockedAgainUntilTheNextPermit() {
        var bench = charging()
        bench.withdraw()
        bench.pilot(9000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.unlock()
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        let idle = bench.wait(.seconds(60))
        #expect(idle.orders.isEmpty)
        let granted = bench.permit(16_000, transaction: "another")
        #expect(granted.orders.contains(lock))
    }

    @Test func theCableStaysLockedWhenTheVehicleLeavesUntilSomebodyAsks() {
        var bench = charging()
        bench.pilot(12_000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        var withdrawn = bench.withdraw()
        // Whoever keeps it locked for its owner has withdrawn the permit, and is not taken for dead when the lease would have ended.
        withdrawn += bench.wait(.seconds(120))
        #expect(!withdrawn.orders.contains(unlock))
        #expect(!withdrawn.contains { if case .log(let record) = $0 { record.level == .error } else { false } })
        let asked = bench.unlock()
        #expect(asked.orders == [unlock])
    }

    @Test func whenNobodyIsLeftToAskTheCableIsReleased() {
        var bench = charging()
        bench.pilot(12_000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let expired = bench.wait(.seconds(60))
        #expect(expired.orders.contains(unlock))
    }

    @Test func afterAStartALockedCableStaysLocked() {
        var bench = Bench([Bench.socket])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let effects =
            bench.driver(.lockFeedback(connectorId: 1, locked: true))
            + bench.proximity(220) + bench.pilot(9000)
        #expect(!effects.orders.contains(unlock))
        #expect(effects.connector?.lock == .locked)
    }

    @Test func afterAStartALockOnAnEmptySocketIsReleased() {
        var bench = Bench([Bench.socket])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let effects =
            bench.driver(.lockFeedback(connectorId: 1, locked: true))
            + bench.proximity(nil)
        #expect(effects.orders == [unlock])
    }

    @Test func aFixedCableHasNothingToUnlock() {
        var bench = Bench.charging()
        let effects = bench.unlock()
        #expect(effects.replies == [.unlock(Unlock.Reply(outcome: .notSupported))])
        #expect(effects.orders.isEmpty)
    }

    @Test func anUnlockedLockIsAnsweredAtOnce() {
        var bench = Bench.idle([Bench.socket])
        let effects = bench.unlock()
        #expect(effects.replies == [.unlock(Unlock.Reply(outcome: .unlocked))])
    }

    @Test func anUnknownConnectorIsNamed() {
        var bench = Bench.idle()
        let effects = bench.unlock(connectorId: 9)
        #expect(effects.refusal == BusError(.invalid, "there is no connector 9"))
    }

    @Test(arguments: [(1500, 13_000), (680, 20_000), (220, 32_000), (100, 32_000)])
    func theCableLimitsTheOffer(ohms: Int, milliamps: Int) {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(ohms)
        bench.pilot(9000)
        let effects = bench.permit(32_000)
        #expect(effects.connector?.ratedMilliamps == milliamps)
        #expect(effects.connector?.offeredMilliamps == milliamps)
    }

    @Test func aCableDoesNotGrowWhileItIsPlugged() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(680)
        bench.pilot(9000)
        bench.proximity(220)
        let effects = bench.permit(32_000)
        #expect(effects.connector?.ratedMilliamps == 20_000)
    }

    @Test func anImpossibleResistorIsNoCable() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(10)
        bench.pilot(9000)
        let effects = bench.permit(32_000)
        #expect(effects.orders.isEmpty)
        #expect(effects.connector?.notChargingBecause == "there is no valid cable in the socket")
    }

    @Test func pullingThePlugAtTheSocketOpensAtOnce() {
        var bench = charging()
        let effects = bench.proximity(nil)
        #expect(effects.first == .command(open))
    }
}
