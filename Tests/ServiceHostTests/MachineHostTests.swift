import EventLoop
import Primitives
import ServiceHost
import Testing

@Suite struct MachineHostTests {
    /// Persists, then acts, for each order; a deadline counts.
    private struct Toy: Machine {
        enum Event: Equatable { case ordered(Int), persistFailed(Int) }
        enum Effect: Equatable { case persist(Int), act(Int), tell(String) }

        var nextDeadline: Deadline?

        mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
            switch event {
            case .ordered(let number): [.persist(number), .act(number)]
            case .persistFailed(let number): [.tell("lost \(number)")]
            }
        }

        mutating func deadlineReached(at moment: Moment) -> [Effect] {
            guard let due = nextDeadline, due.isDue(at: moment.uptime) else { return [.tell("early")] }
            nextDeadline = nil
            return [.tell("due")]
        }
    }

    @Test func effectsArePerformedInOrderAndEventsWaitForTheirTurn() throws {
        let host = MachineHost(Toy(), loop: try EventLoop())
        var performed: [Toy.Effect] = []
        host.perform = { effect in
            performed.append(effect)
            if effect == .persist(1) { host.deliver(.ordered(2)) }
            return .done
        }
        host.deliver(.ordered(1))
        #expect(performed == [.persist(1), .act(1), .persist(2), .act(2)])
    }

    @Test func aFailedPersistStopsItsBatchAndComesBackBeforeEverythingElse() throws {
        let host = MachineHost(Toy(), loop: try EventLoop())
        var performed: [Toy.Effect] = []
        host.perform = { effect in
            performed.append(effect)
            guard effect == .persist(1) else { return .done }
            host.deliver(.ordered(2))
            return .failed(.persistFailed(1))
        }
        host.deliver(.ordered(1))
        #expect(performed == [.persist(1), .tell("lost 1"), .persist(2), .act(2)])
    }

    @Test func theDeadlineOfTheMachineIsTheDeadlineOfTheLoop() throws {
        let loop = try EventLoop()
        let host = MachineHost(
            Toy(nextDeadline: Deadline(at: EventLoop.uptime() + .milliseconds(5), for: "a test")),
            loop: loop
        )
        var performed: [Toy.Effect] = []
        host.perform = { effect in
            performed.append(effect)
            return .done
        }
        host.afterEvent = { loop.stop() }
        try loop.run()
        #expect(performed == [.tell("due")])
        #expect(host.machine.nextDeadline == nil)
    }
}

@Suite struct TransactionalMachineTests {
    /// Writes each order before it acts on it; refuses orders once it knows that nothing can be written.
    private struct Ledger: TransactionalMachine {
        enum Event: Equatable { case ordered(Int), writeFailed, roomReturned }
        enum Effect: Equatable { case open(Int), write(Int), act(Int), refuse(Int) }

        var orders: [Int] = []
        var isFull = false
        var nextDeadline: Deadline?

        mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
            switch event {
            case .ordered(let number):
                if isFull { return [.refuse(number)] }
                orders.append(number)
                return [.open(number), .write(number), .act(number)]
            case .writeFailed:
                isFull = true
                return []
            case .roomReturned:
                isFull = false
                return []
            }
        }

        mutating func deadlineReached(at moment: Moment) -> [Effect] {
            guard nextDeadline != nil else { return [] }
            nextDeadline = nil
            return handle(.ordered(100), at: moment)
        }
    }

    @Test func afterAFailureTheMachineIsWhatItWasAndDecidesTheSameEventAnewKnowingOfIt() throws {
        let host = MachineHost(Ledger(), loop: try EventLoop())
        var performed: [Ledger.Effect] = []
        host.perform = { effect in
            performed.append(effect)
            if effect == .open(2) { host.deliver(.roomReturned) }
            return effect == .write(2) ? .failed(.writeFailed) : .done
        }
        host.deliver(.ordered(1))
        host.deliver(.ordered(2))
        // What stood before the failed effect stays performed; nothing behind it is.
        #expect(performed == [.open(1), .write(1), .act(1), .open(2), .write(2), .refuse(2)])
        #expect(host.machine.orders == [1])
        // What was delivered meanwhile comes after the repetition.
        #expect(!host.machine.isFull)
    }

    @Test func aDeadlineWhoseEffectFailsIsFedAgainToo() throws {
        let loop = try EventLoop()
        let due = Deadline(at: EventLoop.uptime(), for: "a test")
        let host = MachineHost(Ledger(nextDeadline: due), loop: loop)
        var performed: [Ledger.Effect] = []
        host.perform = { effect in
            performed.append(effect)
            if effect == .refuse(100) { loop.stop() }
            return effect == .write(100) ? .failed(.writeFailed) : .done
        }
        try loop.run()
        #expect(performed == [.open(100), .write(100), .refuse(100)])
        #expect(host.machine.orders == [])
        #expect(host.machine.nextDeadline == nil)
    }

    /// Orders the write again whatever it hears.
    private struct Stubborn: TransactionalMachine {
        enum Event { case ordered, failed }
        var inputs = 0
        var nextDeadline: Deadline? { nil }

        mutating func handle(_ event: Event, at moment: Moment) -> [Int] {
            inputs += 1
            return [inputs]
        }

        mutating func deadlineReached(at moment: Moment) -> [Int] { [] }
    }

    @Test func aMachineThatNeverLearnsIsGivenUpAsIfTheEventHadNotCome() throws {
        let host = MachineHost(Stubborn(), loop: try EventLoop())
        var tries = 0
        var givenUp = 0
        host.perform = { _ in
            tries += 1
            return .failed(.failed)
        }
        host.onGivingUp = { givenUp += 1 }
        host.deliver(.ordered)
        #expect(givenUp == 1)
        #expect(tries == MachineHost<Stubborn>.mostRestorations + 1)
        #expect(host.machine.inputs == 0)
        // The next event finds a host that works.
        host.perform = { _ in .done }
        host.deliver(.ordered)
        #expect(host.machine.inputs == 1)
    }
}
