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
