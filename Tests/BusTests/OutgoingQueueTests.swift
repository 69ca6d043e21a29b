import Primitives
import Testing

@testable import Bus

@Suite struct OutgoingQueueTests {
    /// Whatever a connection takes at a time, everything arrives, in order and once.
    @Test(arguments: [1, 2, 3] as [UInt64]) func allArrivesInOrderHoweverMuchIsTaken(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = OutgoingQueue()
        var expected: [UInt8] = []
        var arrived: [UInt8] = []
        for round in 0..<2000 {
            if random.next() % 2 == 0 {
                let message = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: Int(random.next() % 40))
                queue.append(message)
                expected += message
            }
            let most = Int(random.next() % 100) + 1
            _ = queue.send(most: most) { bytes in
                let taken = min(bytes.count, Int(random.next() % 60))
                arrived += bytes.prefix(taken)
                return taken
            }
            #expect(queue.bytes == expected.count - arrived.count)
        }
        while !queue.isEmpty {
            let isTaken = queue.send(most: 50) { bytes in
                arrived += bytes
                return bytes.count
            }
            #expect(isTaken)
        }
        #expect(arrived == expected)
        #expect(queue.bytes == 0)
    }

    @Test func severalGoTogetherUpToALimitAndALargeOneAlone() {
        var queue = OutgoingQueue()
        for size in [10, 20, 30, 500, 5] { queue.append([UInt8](repeating: 1, count: size)) }
        var sizes: [Int] = []
        while !queue.isEmpty {
            _ = queue.send(most: 40) { bytes in
                sizes.append(bytes.count)
                return bytes.count
            }
        }
        #expect(sizes == [30, 30, 500, 5])
    }

    @Test func whatIsNotTakenIsSaidAndWaits() {
        var queue = OutgoingQueue()
        queue.append([1, 2, 3])
        let isTaken = queue.send(most: 100) { _ in 2 }
        #expect(!isTaken)
        #expect(queue.bytes == 1)
        #expect(queue.count == 1)
    }
}
