import BusSchema
import HardwareCore
import Primitives
import Testing

/// An order to close that is taken back before the mirror contact showed anything: what it shows then is no proof that nothing flows.
@Suite struct TakenBackClosingTests {
    private let unlock = DriverCommand.unlock(connectorId: 1)

    /// A socket with its plug locked, its contactor ordered to close so long ago.
    private func closing(for time: Duration) -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        let asked = bench.pilot(6000)
        #expect(asked.orders.contains(.closeContactor(connectorId: 1)))
        bench.wait(time)
        return bench
    }

    /// The wire of the mirror contact is broken, and the contactor may have welded at that very closing.
    @Test(arguments: [300, 600, 999]) func aMirrorContactThatShowedNothingOfAClosingFreesNoCable(milliseconds: Int) {
        var bench = closing(for: .milliseconds(milliseconds))
        bench.withdraw()
        // It is read all the time.
        let read = bench.opened()
        let asked = bench.unlock()
        let waited = bench.wait(.seconds(60), pilotHigh: 9000)
        #expect(!(read + asked + waited).orders.contains(unlock))
        #expect(waited.faults.isEmpty)
        #expect(waited.replies == [.unlock(Unlock.Reply(outcome: .failed))])
        let states = waited.published(ConnectorState.self)
        #expect(states.allSatisfy { $0.contactor == .opening && $0.openSinceUptime == nil })
    }

    /// It follows within its second, and was asked for less. The next closing shows that it works.
    @Test func aSlowMirrorContactIsNoFailureAndFreesTheCableOnceItWasSeenToFollow() {
        var bench = closing(for: .milliseconds(350))
        bench.withdraw()
        bench.opened()
        bench.wait(.seconds(6), pilotHigh: 9000)
        bench.permit(16_000)
        let asked = bench.pilot(6000)
        #expect(asked.orders.contains(.closeContactor(connectorId: 1)))
        bench.wait(.milliseconds(400))
        let followed = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(followed.connector?.contactor == .closed)
        bench.pilot(9000)
        bench.withdraw()
        let opened = bench.opened() + bench.unlock()
        #expect(opened.orders == [unlock])
        #expect(opened.connector?.contactor == .open)
    }

    /// The whole second is enough, as ever.
    @Test func aContactorThatIsNotSeenToFollowTheNextClosingEitherHasFailed() {
        var bench = closing(for: .milliseconds(600))
        bench.withdraw()
        bench.opened()
        bench.wait(.seconds(6), pilotHigh: 9000)
        bench.permit(16_000)
        bench.pilot(6000)
        let waited = bench.wait(.seconds(1), pilotHigh: 6000)
        #expect(waited.faults.map(\.code) == [.powerSwitchFailure])
    }

    /// A process that slept sees order and withdrawal at once: it had no time to look.
    @Test func aClosingThatIsTakenBackByALateProcessIsNoFailure() {
        var bench = closing(for: .zero)
        bench.now = bench.now.advanced(by: .seconds(3))
        bench.withdraw()
        bench.opened()
        let waited = bench.wait(.seconds(10), pilotHigh: 9000)
        #expect(waited.faults.isEmpty)
        #expect(waited.connector?.lock != .unlocked)
    }

    @Test func whatNobodySawIsRememberedOverARestartUntilServiceHasLooked() throws {
        var bench = closing(for: .milliseconds(600))
        bench.withdraw()
        bench.opened()
        bench.wait(.seconds(2), pilotHigh: 9000)
        var next = Bench.idle([Bench.socket], memory: try #require(bench.memory))
        next.driver(.lockFeedback(connectorId: 1, locked: true))
        next.proximity(220)
        next.pilot(9000)
        let asked = next.unlock() + next.wait(.seconds(10))
        #expect(!asked.orders.contains(unlock))
        let cleared = next.clear(.powerSwitchFailure) + next.unlock() + next.wait(.seconds(1))
        #expect(cleared.orders.contains(unlock))
    }

    /// Its driver is gone while it closes: what it reads later is no proof either.
    @Test func aDriverThatIsLostInAClosingThatNobodySawProvesNothing() {
        var bench = closing(for: .milliseconds(600))
        bench.driver(.deviceLost(.contactor(connectorId: 1), reason: "no answer"))
        bench.driver(.deviceRecovered(.contactor(connectorId: 1)))
        bench.withdraw()
        let read = bench.opened() + bench.unlock() + bench.wait(.seconds(10), pilotHigh: 9000)
        #expect(!read.orders.contains(unlock))
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    /// Nothing can have shown yet: the cable is free when a contactor had its time to open.
    @Test func aClosingTakenBackAtOnceFreesTheCableAfterTheTimeOfAnOpening() {
        var bench = closing(for: .milliseconds(50))
        bench.withdraw()
        let read = bench.opened()
        let asked = bench.unlock()
        let early = bench.wait(.milliseconds(499), pilotHigh: 9000)
        #expect(!(read + asked + early).orders.contains(unlock))
        let late = bench.wait(.milliseconds(1), pilotHigh: 9000)
        #expect(late.orders == [unlock])
        #expect(late.faults.isEmpty)
    }

    /// It was pulling in: from then on it is watched like any opening.
    @Test func aContactorThatFollowsAClosingThatWasTakenBackHasToBeSeenToOpen() {
        var bench = closing(for: .milliseconds(400))
        bench.withdraw()
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let asked = bench.unlock()
        let early = bench.wait(.milliseconds(200), pilotHigh: 9000)
        #expect(!(asked + early).orders.contains(unlock))
        let opened = bench.opened()
        #expect(opened.orders == [unlock])
        #expect(opened.faults.isEmpty)
    }
}
