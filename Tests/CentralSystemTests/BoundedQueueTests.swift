import Testing

@testable import CentralSystem

@Suite struct BoundedQueueTests {
    @Test func refusesAtTheLimitAndKeepsOrder() {
        var queue = BoundedQueue<Int>(capacity: 100)
        let added = (0...100).map { queue.append($0) }
        #expect(added == Array(repeating: true, count: 100) + [false])
        let popped = (0...100).map { _ in queue.popFirst() }
        #expect(popped == Array(0..<100) + [nil])
        _ = queue.append(7)
        #expect(queue.first == 7)
    }
}
