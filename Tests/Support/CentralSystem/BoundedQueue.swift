/// A first-in first-out queue with a limit. At the limit, `append` refuses: the caller decides what that means.
struct BoundedQueue<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    let capacity: Int

    init(capacity: Int) {
        precondition(capacity > 0, "A queue of no places could never hold an element.")
        self.capacity = capacity
    }

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : elements[head] }

    /// Adds at the end. Returns false, adding nothing, at the limit.
    mutating func append(_ element: Element) -> Bool {
        guard count < capacity else { return false }
        elements.append(element)
        return true
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        head += 1
        // Shift only when half of the storage is spent, so that removal stays cheap on average.
        if head > 16, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll() {
        elements.removeAll()
        head = 0
    }
}

extension BoundedQueue: Equatable where Element: Equatable {
    static func == (left: BoundedQueue, right: BoundedQueue) -> Bool {
        left.capacity == right.capacity && left.elements[left.head...] == right.elements[right.head...]
    }
}
