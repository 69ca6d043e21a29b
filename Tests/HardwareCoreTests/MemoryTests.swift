import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// What survives a restart of the process and of the machine, and what that costs.
@Suite struct MemoryTests {
    private let close = DriverCommand.closeContactor(connectorId: 1)

    private func ground(_ present: Bool) -> DriverEvent {
        .faultReported(connectorId: 1, code: .groundFailure, present: present, detail: "residual current")
    }

    /// Another process, with what this one stored.
    private func restarted(_ bench: Bench) -> Bench { Bench.idle(memory: bench.memory ?? HardwareMemory()) }

    private func outlet(_ bench: Bench) -> HardwareMemory.Outlet? { bench.memory?.outlets.first }

    @Test func aWeldedContactorIsRememberedUntilItIsCleared() {
        var bench = Bench.charging()
        bench.pilot(9000)
        bench.wait(.milliseconds(500))
        #expect(outlet(bench)?.contactorFailure == "contactor still closed 500 ms after it was opened")
        var next = restarted(bench)
        next.pilot(9000)
        let granted = next.permit(16_000, leaseSeconds: 600)
        #expect(granted.connector?.faults == [.powerSwitchFailure])
        let asked = next.pilot(6000) + next.wait(.seconds(60))
        #expect(!asked.orders.contains(close))
        let cleared = next.clear(.powerSwitchFailure)
        #expect(cleared.replies == [.done])
        #expect(outlet(next)?.contactorFailure == nil)
        var third = restarted(next)
        #expect(third.pilot(9000).connector?.faults == [])
        let rested = next.wait(.seconds(10))
        #expect(rested.orders.contains(close))
    }

    @Test func whereNobodyKnowsWhatWasRememberedNothingClosesUntilServiceHasLooked() {
        var bench = Bench.idle(memory: .unknown(connectorIds: [1]))
        bench.pilot(9000)
        let granted = bench.permit(16_000, leaseSeconds: 600)
        #expect(granted.connector?.faults == [.powerSwitchFailure])
        let asked = bench.pilot(6000) + bench.wait(.seconds(60))
        #expect(!asked.orders.contains(close))
        let cleared = bench.clear(.powerSwitchFailure)
        #expect(cleared.replies == [.done])
        let rested = bench.wait(.seconds(10))
        #expect(rested.orders.contains(close))
    }

    @Test func aContactorThatDidNotCloseIsRemembered() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000)
        bench.pilot(6000)
        bench.wait(.seconds(1))
        var next = restarted(bench)
        #expect(next.pilot(9000).connector?.faults == [.powerSwitchFailure])
    }

    @Test func aResidualCurrentIsRememberedWhileItsVehicleStays() {
        var bench = Bench.charging()
        bench.driver(ground(true))
        bench.opened()
        bench.driver(ground(false))
        var next = restarted(bench)
        #expect(next.pilot(9000).connector?.faults == [.groundFailure])
        let left = next.pilot(12_000)
        #expect(left.connector?.faults == [])
        #expect(outlet(next)?.groundFailure == nil)
    }

    /// Nobody saw an EV leave: whoever comes next must not be the first to touch it.
    @Test func aResidualCurrentIsNotForgottenBecauseNoVehicleIsThereAfterTheRestart() {
        var bench = Bench.charging()
        bench.driver(ground(true))
        var next = restarted(bench)
        let waited = next.wait(.seconds(60))
        #expect(waited.faults.isEmpty)
        let cleared = next.clear(.groundFailure)
        #expect(cleared.connector?.faults == [])
        #expect(outlet(next)?.groundFailure == nil)
    }

    @Test func tripsAreCountedOverRestartsUntilServiceClears() {
        var bench = Bench.charging()
        for _ in 0..<2 {
            bench.driver(ground(true))
            bench.driver(ground(false))
        }
        #expect(outlet(bench)?.trips == [HardwareMemory.Trip(code: .groundFailure, count: 2)])
        var next = restarted(bench)
        next.driver(ground(true))
        #expect(outlet(next)?.trips == [HardwareMemory.Trip(code: .groundFailure, count: 3)])
        next.driver(ground(false))
        next.clear(.groundFailure)
        #expect(outlet(next)?.trips == [])
    }

    @Test func aFaultThatStaysIsOneTrip() {
        var bench = Bench.charging()
        for _ in 0..<5 { bench.driver(ground(true)) }
        #expect(outlet(bench)?.trips == [HardwareMemory.Trip(code: .groundFailure, count: 1)])
    }

    /// A central system may reset a charger whenever it is Faulted: the same EV must not draw too much again after each.
    @Test func anOverCurrentIsCountedAndLatchedOverARestartUntilTheVehicleLeaves() {
        var bench = Bench.charging()
        bench.wait(.seconds(9), answeringMeter: Bench.sample(energyWh: 1000, milliamps: 30_000))
        #expect(outlet(bench)?.trips == [HardwareMemory.Trip(code: .overCurrentFailure, count: 1)])
        var next = Bench(memory: bench.memory ?? HardwareMemory())
        next.handle(.started)
        next.opened()
        next.pilot(6000)
        next.wait(.seconds(5))
        #expect(next.machine.faults(on: 1) == [.overCurrentFailure])
        let asked = next.permit(16_000, leaseSeconds: 600) + next.wait(.seconds(60))
        #expect(!asked.orders.contains(close))
        #expect(next.pilot(12_000).connector?.faults == [])
        #expect(outlet(next)?.overCurrentFailure == nil)
        #expect(outlet(next)?.trips == [HardwareMemory.Trip(code: .overCurrentFailure, count: 1)])
    }

    /// Who drew too much is gone, and whoever comes next has done nothing.
    @Test func anOverCurrentIsForgottenWhenNoVehicleIsThereAfterTheRestart() {
        var bench = Bench.charging()
        bench.wait(.seconds(9), answeringMeter: Bench.sample(energyWh: 1000, milliamps: 30_000))
        #expect(outlet(bench)?.overCurrentFailure != nil)
        var next = restarted(bench)
        #expect(next.pilot(9000).connector?.faults == [])
        #expect(outlet(next)?.overCurrentFailure == nil)
    }

    @Test func theRegisterIsStoredOncePerChargeAfterItHasSettled() {
        var bench = Bench.charging(leaseSeconds: 600)
        let before = bench.writes
        bench.wait(.seconds(60), answeringMeter: Bench.sample(energyWh: 1010))
        bench.pilot(9000)
        bench.opened()
        #expect(bench.writes == before)
        bench.wait(.milliseconds(300))
        #expect(bench.writes == before + 1)
        #expect(outlet(bench)?.registerWh == 1010)
        bench.wait(.seconds(600))
        #expect(bench.writes == before + 1)
    }

    /// Flash must not wear by starts: a process that dies again and again would take the budget of what matters.
    @Test func aStartThatLearnsNothingWritesNothing() {
        var fresh = Bench()
        fresh.handle(.started)
        #expect(fresh.writes == 0)
        let first = Bench.idle()
        #expect(first.writes == 1)
        #expect(outlet(first)?.registerWh == 1000)
        #expect(restarted(first).writes == 0)
    }

    @Test func whateverChattersFlashIsWrittenWithinTheBudgets() {
        var bench = Bench.idle()
        let before = bench.writes
        for _ in 0..<30 {
            bench.driver(ground(true))
            bench.driver(ground(false))
        }
        // 23 times each of the two budgets at most, and the register: here the fault is latched, and goes again, each time.
        #expect(bench.writes <= 2 * 24)
        // The register of a meter that was never seen before.
        #expect(before == 1)
        let full = bench.now
        bench.wait(.seconds(594))
        bench.wait(.seconds(606) - (bench.now.uptime - full.uptime))
        // Nothing is left to say.
        #expect(outlet(bench)?.trips == [HardwareMemory.Trip(code: .groundFailure, count: 30)])
        let after = bench.writes
        #expect(after <= 2 * 24 + 1)
        bench.wait(.seconds(3600))
        #expect(bench.writes == after)
    }

    /// An EV that pauses and goes on changes the register with each opening.
    @Test(arguments: [true, false])
    func aLatchedFaultIsStoredHoweverOftenRegistersWere(isWeld: Bool) {
        var bench = Bench.charging()
        bench.pilot(9000)
        bench.opened()
        for round in 1...40 {
            bench.wait(.seconds(11), answeringMeter: Bench.sample(energyWh: 1000 + Int64(round), milliamps: 900))
        }
        #expect(outlet(bench)?.registerWh.map { $0 < 1040 } == true)
        if isWeld {
            bench.driver(.contactorFeedback(connectorId: 1, closed: true))
            bench.wait(.seconds(2))
        } else {
            bench.driver(ground(true))
        }
        #expect(outlet(bench)?.contactorFailure != nil || !isWeld)
        #expect(outlet(bench)?.groundFailure != nil || isWeld)
    }

    @Test func theEndOfTheProcessStoresWhatTheBudgetHeldBack() {
        var bench = Bench.charging()
        bench.pilot(9000)
        bench.opened()
        for round in 1...40 {
            bench.wait(.seconds(11), answeringMeter: Bench.sample(energyWh: 1000 + Int64(round), milliamps: 900))
        }
        // The register of the start, the first closing of the run, and then 23 openings.
        #expect(bench.writes == 1 + 1 + 23)
        bench.handle(.terminationRequested)
        #expect(outlet(bench)?.registerWh == 1040)
    }

    @Test func aWriteThatFailsIsSaidOnceAndTriedAgainEachMinute() {
        var bench = Bench.charging()
        bench.memory = nil
        let before = bench.writes
        let failed = bench.driver(ground(true))
        #expect(failed.first == .command(.openContactor(connectorId: 1)))
        #expect(errors(failed).contains("faults and registers could not be stored; a power cut would forget them"))
        bench.opened()
        let early = bench.wait(.milliseconds(59_999))
        #expect(bench.writes == before + 1)
        let again = bench.wait(.milliseconds(1))
        #expect(bench.writes == before + 2)
        #expect(errors(early + again).allSatisfy { !$0.contains("could not be stored") })
        bench.memory = HardwareMemory()
        let stored = bench.wait(.seconds(60))
        #expect(outlet(bench)?.groundFailure == "residual current")
        #expect(messages(stored).contains("what must survive a restart is stored again"))
    }

    /// An EV that asks under a permit, in a process with what the one before stored; killed once it has closed.
    private func closeAndDie(_ memory: HardwareMemory, waiting: Duration) -> (closed: Bool, memory: HardwareMemory) {
        var bench = Bench.idle(memory: memory)
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        let asked = bench.pilot(6000)
        let effects = asked.orders.contains(close) ? asked : bench.wait(waiting)
        return (effects.orders.contains(close), bench.memory ?? HardwareMemory())
    }

    /// A process that dies after each closing begins with half as much each time, until one closing takes as long as the budget needs.
    @Test func aCrashLoopCannotCloseWithoutLimit() {
        var memory = HardwareMemory()
        var quick = 0
        for _ in 0..<20 {
            let run = closeAndDie(memory, waiting: .milliseconds(900))
            quick += run.closed ? 1 : 0
            memory = run.memory
        }
        #expect(quick == 6)
        #expect(!closeAndDie(memory, waiting: .milliseconds(54_900)).closed)
        #expect(closeAndDie(memory, waiting: .milliseconds(55_100)).closed)
    }

    @Test func theFirstClosingIsOnDiskBeforeItIsOrdered() {
        var bench = Bench.idle()
        bench.isDiskSlow = true
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        let asked = bench.pilot(6000)
        #expect(!asked.orders.contains(close))
        #expect(outlet(bench)?.recentStarts == 1)
        #expect(asked.connector?.notChargingBecause == "the contactor rests until its closing is counted on disk")
        #expect(bench.handle(.memoryStored).orders.contains(close))
    }

    /// What was on its way to the disk before the closing was wanted says nothing about it.
    @Test func theAnswerToAnEarlierWriteCountsNoClosing() {
        var bench = Bench()
        bench.isDiskSlow = true
        bench.handle(.started)
        bench.opened()
        bench.pilot(12_000)
        // The first register is being written.
        bench.wait(.seconds(5))
        #expect(bench.writes == 1)
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        let asked = bench.pilot(6000) + bench.handle(.memoryStored)
        #expect(!asked.orders.contains(close))
        #expect(bench.handle(.memoryStored).orders.contains(close))
    }

    /// A keeper that has something else to store each time.
    private func turn(_ keeper: inout MemoryKeeper, _ number: Int, at uptime: Duration) -> [HardwareEffect] {
        var turn = Turn(at: Moment(uptime: uptime, utc: Timestamp(millisecondsSinceEpoch: 0)))
        let trip = HardwareMemory.Trip(code: .groundFailure, count: number)
        keeper.keep(HardwareMemory(outlets: [.init(connectorId: 1, trips: [trip])]), &turn)
        return turn.effects
    }

    private func isStore(_ effect: HardwareEffect) -> Bool { if case .store = effect { true } else { false } }

    @Test func aLongQuietTimeSavesNoMoreWritesThanTwentyFour() {
        var keeper = MemoryKeeper(stored: HardwareMemory(outlets: [.init(connectorId: 1)]), at: .zero)
        var writes = 0
        for number in 1...100 {
            let isStored = turn(&keeper, number, at: .seconds(36_000)).contains(where: isStore)
            guard isStored else { continue }
            writes += 1
            var saved = Turn(at: Moment(uptime: .seconds(36_000), utc: Timestamp(millisecondsSinceEpoch: 0)))
            #expect(keeper.saved(&saved) != nil)
        }
        #expect(writes == 24)
    }

    /// Its deadline would be due for ever, and the process would do nothing else.
    @Test func aDiskThatFailsForHoursIsTriedNoMoreOftenThanTheBudgetAllows() {
        var keeper = MemoryKeeper(stored: HardwareMemory(outlets: [.init(connectorId: 1)]), at: .zero)
        var now = Duration.zero
        var writes = 0
        while now < .seconds(36_000) {
            if turn(&keeper, 1, at: now).contains(where: isStore) {
                writes += 1
                var failed = Turn(at: Moment(uptime: now, utc: Timestamp(millisecondsSinceEpoch: 0)))
                keeper.saveFailed("the disk is full", &failed)
            }
            guard let next = keeper.nextDeadline?.at, next > now else {
                Issue.record("nothing is waited for at \(now)")
                return
            }
            now = next
        }
        #expect(writes == 24 + 59)
    }

    @Test func aDiskThatStoresNothingLetsOneClosingPassEachMinute() {
        var bench = Bench.idle()
        bench.memory = nil
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        let early = bench.pilot(6000) + bench.wait(.seconds(54))
        #expect(!early.orders.contains(close))
        #expect(bench.wait(.seconds(2)).orders.contains(close))
    }

    @Test func aRunThatLastsAnHourClearsTheCount() {
        var bench = Bench.charging()
        #expect(outlet(bench)?.recentStarts == 1)
        bench.pilot(9000)
        bench.opened()
        bench.wait(.seconds(3590))
        #expect(outlet(bench)?.recentStarts == 1)
        bench.wait(.seconds(10))
        #expect(outlet(bench)?.recentStarts == nil)
    }

    @Test func nothingWaitsForASlowDiskAndOneWriteIsUnderWayAtATime() {
        var bench = Bench.charging()
        bench.isDiskSlow = true
        let before = bench.writes
        let tripped = bench.driver(ground(true))
        #expect(tripped.first == .command(.openContactor(connectorId: 1)))
        bench.opened()
        bench.driver(ground(false))
        bench.driver(ground(true))
        #expect(bench.writes == before + 1)
        bench.handle(.memoryStored)
        #expect(bench.writes == before + 2)
        #expect(outlet(bench)?.trips == [HardwareMemory.Trip(code: .groundFailure, count: 2)])
    }

    @Test func anEndWaitsForTheDiskButNotForEver() {
        var bench = Bench.charging()
        bench.isDiskSlow = true
        bench.driver(ground(true))
        bench.opened()
        let ending = bench.handle(.terminationRequested) + bench.wait(.milliseconds(1999))
        #expect(!ending.contains(.finish))
        var other = bench
        #expect((other.handle(.memoryStored) + other.handle(.memoryStored)).last == .finish)
        #expect(bench.wait(.milliseconds(1)).last == .finish)
    }

    @Test func whatIsDamagedInTheMemoryHarmsNothing() {
        let memory = HardwareMemory(outlets: [
            HardwareMemory.Outlet(
                connectorId: 1,
                trips: [.init(code: .groundFailure, count: .max), .init(code: .groundFailure, count: .min)],
                registerWh: .min
            ),
            HardwareMemory.Outlet(connectorId: 99, registerWh: .max),
        ])
        var bench = Bench.idle(memory: memory)
        bench.driver(ground(true))
        #expect(bench.pilot(9000).connector?.faults == [.groundFailure])
    }

    private func errors(_ effects: [HardwareEffect]) -> [String] {
        effects.compactMap { if case .log(let record) = $0, record.level == .error { record.message } else { nil } }
    }

    private func messages(_ effects: [HardwareEffect]) -> [String] {
        effects.compactMap { if case .log(let record) = $0 { record.message } else { nil } }
    }
}
