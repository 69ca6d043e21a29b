import BusSchema
import Primitives
import Testing
import UplinkCore
import UplinkWorld

@Suite struct RecoveryTests {
    /// Weeks of random faults, restarts of the process, full disks and transactions: `UplinkWorld` checks every step that is taken.
    @Test(arguments: 0..<6) func everyPromiseOfTheLadderHoldsOverWeeks(seed: Int) {
        let world = UplinkWorld(seed: UInt64(seed))
        var random = SeededRandom(seed: UInt64(seed) ^ 0xFACE)
        let end = Duration.seconds(14 * 86_400)
        while world.elapsed < end {
            world.run(for: random.duration(in: .seconds(60)...(.seconds(40_000))))
            #expect(world.isWell || !world.broken.isEmpty)
            let fault = ModelFault.allCases.randomElement(using: &random) ?? .bearerLost
            world.begin(fault)
            var left = Int.random(in: 0..<4, using: &random)
            while left > 0 {
                left -= 1
                world.run(for: random.duration(in: .seconds(1)...(.seconds(5000))), until: { world.isWell })
                switch Int.random(in: 0..<4, using: &random) {
                case 0: world.restartProcess()
                case 1: world.setDisk(fails: Bool.random(using: &random))
                case 2: world.setTransaction(Bool.random(using: &random))
                default: break
                }
            }
            world.setDisk(fails: false)
            world.setTransaction(false)
            if fault.cure == nil { world.mend() }
            // The longest spacing of all, and the way up to it.
            world.run(for: .seconds(2 * 86_400), until: { world.isWell })
            #expect(world.isWell, "\(fault) was never recovered from")
        }
        #expect(world.broken.prefix(5) == [])
        #expect(world.recoveries.values.map(\.count).reduce(0, +) > 5)
        // Six hours apart at least.
        #expect(world.reboots <= 14 * 4 + 4)
    }

    @Test(arguments: ModelFault.allCases.filter { $0.cure != nil && $0 != .hostStuck })
    func aFaultThatAStepMendsIsMendedWithinAnHour(fault: ModelFault) {
        for seed in 0..<20 {
            let world = UplinkWorld(seed: UInt64(seed))
            world.run(for: .seconds(3600))
            world.begin(fault)
            world.run(for: .seconds(3600), until: { world.isWell })
            #expect(world.isWell, "seed \(seed)")
            #expect(world.broken == [])
        }
    }

    @Test func theMachineIsNeverStartedAnewDuringATransaction() {
        let world = UplinkWorld(seed: 1)
        world.setTransaction(true)
        world.run(for: .seconds(600))
        world.begin(.hostStuck)
        world.run(for: .seconds(7 * 86_400))
        #expect(world.reboots == 0)
        #expect(world.broken == [])
        // Everything below was tried, again and again.
        #expect(RecoveryStep.allCases.filter { $0 < .hostReboot }.allSatisfy { world.stepsTaken[$0, default: 0] > 3 })
        world.setTransaction(false)
        world.run(for: .seconds(86_400), until: { world.isWell })
        #expect(world.reboots == 1)
    }

    /// The spare one is dead for days.
    @Test(arguments: [true, false]) func theMachineIsNotStartedAnewForASpareUplink(isReachable: Bool) {
        var machine = UplinkMachine(
            UplinkConfiguration(uplinks: [
                .init(name: "lan", carrier: StandingCarrier(link: .up)),
                .init(name: "cell", carrier: StandingCarrier(link: .down), mayRebootHost: true),
            ])
        )
        var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
        var boots = 0
        func count(_ effects: [UplinkEffect]) {
            boots += effects.count { if case .rebootHost = $0 { true } else { false } }
            for case .askForTransactions(let question) in effects {
                count(machine.handle(.transactionsTold(question: question, [1: false]), at: now))
            }
        }
        count(machine.handle(.started, at: now))
        for name in ["lan", "cell"] {
            count(machine.handle(.carrier(uplink: name, .started(CarrierPast(), running: [])), at: now))
        }
        for minute in 0..<(3 * 24 * 60) {
            let isSilent = !isReachable && minute > 0
            let report = UplinkReport(health: isSilent ? .unreachable : .reachable)
            count(machine.handle(.reported(RequestID(UInt64(minute)), report), at: now))
            count(machine.handle(.connectorTold(id: 1, hasTransaction: false), at: now))
            let end = now.uptime + .seconds(60)
            while let due = machine.nextDeadline?.at, due <= end {
                now = now.advanced(by: max(.zero, due - now.uptime))
                count(machine.deadlineReached(at: now))
            }
            now = now.advanced(by: end - now.uptime)
        }
        #expect(boots == 0 || !isReachable)
        #expect(boots > 0 || isReachable)
    }

    @Test func theMachineIsNotStartedAnewUnlessConfigured() {
        let world = UplinkWorld(seed: 2, mayReboot: false)
        world.run(for: .seconds(600))
        world.begin(.hostStuck)
        world.run(for: .seconds(7 * 86_400))
        #expect(world.reboots == 0)
    }

    @Test(arguments: [ModelFault.noNetwork, .denied])
    func whatWaitsForTheNetworkIsLeftToItForAnHour(fault: ModelFault) {
        let world = UplinkWorld(seed: 3)
        world.run(for: .seconds(600))
        world.begin(fault)
        world.run(for: .seconds(3500))
        #expect(world.stepsTaken == [:])
        world.run(for: .seconds(86_400))
        #expect(world.stepsTaken.keys.allSatisfy { $0 == .radio })
        #expect((3...12).contains(world.stepsTaken[.radio] ?? 0))
        world.mend()
        world.run(for: .seconds(600))
        #expect(world.isWell)
    }

    @Test func theFirstDialAfterAStepCountsForNothing() {
        var ladder = RecoveryLadder(
            steps: [.redial, .detach, .radio],
            mayRebootHost: false,
            memory: LadderMemory(),
            seed: 1
        )
        var now = Moment(uptime: .seconds(10_000), utc: Timestamp(millisecondsSinceEpoch: 0))
        var taken: [RecoveryStep] = []
        ladder.observe(.ill, at: now)
        while taken.last != .radio, taken.count < 20, let due = ladder.nextDeadline {
            now = now.advanced(by: max(.zero, due.at - now.uptime))
            if let step = ladder.deadlineReached(at: now, isHostFree: false) { taken.append(step) }
        }
        // The packet network is not there yet, right after a step.
        let dials = [RecoveryStep](repeating: .redial, count: 3)
        #expect(taken == dials + [.detach, .redial] + dials + [.radio])
    }

    /// Whatever it says every half minute.
    @Test func aCarrierThatSaysForTooLongThatItIsAtWorkIsHelped() {
        var ladder = RecoveryLadder(
            steps: [.redial, .detach, .radio],
            mayRebootHost: false,
            memory: LadderMemory(),
            seed: 1
        )
        var now = Moment(uptime: .seconds(10_000), utc: Timestamp(millisecondsSinceEpoch: 0))
        var taken: [RecoveryStep] = []
        for _ in 0..<(4 * 120) {
            ladder.observe(.working, at: now)
            if let step = ladder.deadlineReached(at: now, isHostFree: false) { taken.append(step) }
            now = now.advanced(by: .seconds(30))
        }
        #expect(taken.contains(.detach) && taken.contains(.radio))
    }

    /// Half a day may pass until the machine may be started anew once more.
    @Test func whatCannotBeDoneYetKeepsNothingElseWaiting() {
        let boot = LadderMemory.Mark(at: .seconds(9000), count: 3)
        var ladder = RecoveryLadder(
            steps: [.redial, .detach, .radio],
            mayRebootHost: true,
            memory: LadderMemory(marks: [.hostReboot: boot]),
            seed: 1
        )
        var now = Moment(uptime: .seconds(10_000), utc: Timestamp(millisecondsSinceEpoch: 0))
        var taken: [RecoveryStep] = []
        ladder.observe(.ill, at: now)
        while now.uptime < .seconds(100_000), let due = ladder.nextDeadline {
            now = now.advanced(by: max(.zero, due.at - now.uptime))
            if let step = ladder.deadlineReached(at: now, isHostFree: true), step != .redial { taken.append(step) }
        }
        let early = taken.prefix { $0 != .hostReboot }
        #expect(early.count > 8 && early.count < taken.count, "\(taken)")
    }

    @Test func aPersonsTroubleIsLeftAlone() {
        let world = UplinkWorld(seed: 4)
        world.run(for: .seconds(600))
        world.begin(.wrongPIN)
        world.run(for: .seconds(30 * 86_400))
        #expect(world.stepsTaken == [:])
        #expect(world.broken == [])
    }
}

/// An uplink that is as it is, whatever is ordered.
private struct StandingCarrier: Carrier {
    let condition: CarrierCondition

    init(link: UplinkState.Link) {
        condition = CarrierCondition(link: link, detail: "as it is", remedy: link == .up ? .none : .recovery)
    }

    var kind: String { "standing" }
    var steps: Set<RecoveryStep> { [.redial] }
    var readsInterfaces: Bool { false }

    mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] { [] }
}
