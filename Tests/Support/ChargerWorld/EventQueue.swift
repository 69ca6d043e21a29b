/// What will happen, by time; things at the same time happen in the order in which they were added.
struct EventQueue<Element> {
    private struct Entry {
        let at: Duration
        let order: UInt64
        let element: Element

        func isBefore(_ other: Entry) -> Bool { at != other.at ? at < other.at : order < other.order }
    }

    /// A binary heap.
    private var heap: [Entry] = []
    private var added: UInt64 = 0

    var next: Duration? { heap.first?.at }

    mutating func add(_ element: Element, at: Duration) {
        added += 1
        heap.append(Entry(at: at, order: added, element: element))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() -> Element? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.element }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[smallest]) { smallest = child }
            }
            guard smallest != parent else { break }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
        return first.element
    }
}
