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
        #expect(waited.faults.map(\.code) == [.powerSwitchFailure])
        #expect(waited.replies == [.unlock(Unlock.Reply(outcome: .failed))])
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
