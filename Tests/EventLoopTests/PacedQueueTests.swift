import EventLoop
import LoopUnderTest
import Primitives
import Testing

@Suite struct PacedQueueTests {
    private let loop: EventLoop

    init() throws { loop = try EventLoop() }

    @Test func aBurstIsHandedOnInOrderAndNeverMoreInOneTurnThanItMay() throws {
        var handled: [Int] = []
        var perTurn: [Int: Int] = [:]
        let queue = PacedQueue<Int>(loop, perTurn: 16, for: "a test") { [loop] element in
            handled.append(element)
            perTurn[loop.wakeUps, default: 0] += 1
        }
        loop.enqueue {
            queue.add(Array(0..<6000))
            queue.add(Array(6000..<10_000))
        }
        try loop.run(until: { handled.count == 10_000 })
        #expect(handled == Array(0..<10_000))
        #expect(perTurn.values.max() == 16)
        #expect(queue.isEmpty)
    }

    @Test func descriptorsAndDeadlinesHaveTheirTurnWhileABurstWaits() throws {
        let queue = PacedQueue<Int>(loop, perTurn: 4, for: "a test") { _ in }
        let pipe = try Pipe()
        var turnsOfPipe = 0
        loop.watch(descriptor: pipe.readEnd) { _ in turnsOfPipe += 1 }
        pipe.write("x")
        loop.enqueue { queue.add(Array(0..<400)) }
        try loop.run(until: { queue.isEmpty })
        #expect(turnsOfPipe >= 99)
    }

    @Test func whatAHandlerAddsWaitsBehindTheRestAndWhatItDropsDoesNotCome() throws {
        var handled: [Int] = []
        var queue: PacedQueue<Int>?
        queue = PacedQueue<Int>(loop, perTurn: 2, for: "a test") { element in
            handled.append(element)
            if element == 1 { queue?.add([100]) }
            if element == 3 { queue?.removeAll { $0 < 50 } }
        }
        loop.enqueue { queue?.add([1, 2, 3, 4, 5]) }
        try loop.run(until: { handled.last == 100 })
        #expect(handled == [1, 2, 3, 100])
        queue = nil
    }
}
