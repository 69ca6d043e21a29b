/// Hands elements to a handler in their order, at most so many in one turn of the loop, so that somebody who sends ten thousand small
/// things at once keeps the loop from nothing else. What is left over follows in the next turns, after whatever else is ready. Inlinable like all
/// general types that stand in the way of a message, so that each user gets one that is made for its elements.
public final class PacedQueue<Element> {
    /// Most elements that the handler is given in one turn.
    public let perTurn: Int

    @usableFromInline let loop: EventLoop
    @usableFromInline let reason: String
    @usableFromInline let handler: (Element) -> Void
    @usableFromInline var waiting: [Element] = []
    @usableFromInline var next = 0
    /// The turn in which an element was handed on last, and how many were in it.
    @usableFromInline var turn = -1
    @usableFromInline var handled = 0
    @usableFromInline var isHandling = false
    @usableFromInline var isScheduled = false

    /// - Parameters:
    ///   - loop: Whose turns count. It keeps the queue while something waits in it.
    ///   - perTurn: Most elements in one turn, at least 1. Each should take a small part of the loop's `turnLimit`.
    ///   - reason: What they are, in a few words; names what a long turn was spent on.
    ///   - handler: Takes one element. It may add others, and drop those that wait.
    public init(_ loop: EventLoop, perTurn: Int, for reason: String, handler: @escaping (Element) -> Void) {
        precondition(perTurn > 0, "A queue that hands on nothing never becomes empty.")
        self.loop = loop
        self.perTurn = perTurn
        self.reason = reason
        self.handler = handler
    }

    /// Nothing waits. An element that the handler is working on does not count.
    @inlinable public var isEmpty: Bool { next == waiting.count }

    /// Adds `elements` behind those that wait. What this turn has room for is handed on before this returns, unless a handler adds it.
    @inlinable
    public func add(_ elements: [Element]) {
        if waiting.isEmpty { waiting = elements } else { waiting += elements }
        handOn()
    }

    /// Drops those of the waiting elements for which `condition` holds.
    public func removeAll(where condition: (Element) -> Bool) {
        waiting.removeSubrange(..<next)
        next = 0
        waiting.removeAll(where: condition)
    }

    @inlinable
    func handOn() {
        guard !isHandling else { return }
        isHandling = true
        if turn != loop.wakeUps {
            turn = loop.wakeUps
            handled = 0
        }
        while next < waiting.count, handled < perTurn {
            let element = waiting[next]
            next += 1
            handled += 1
            handler(element)
        }
        isHandling = false
        if isEmpty {
            waiting.removeAll()
            next = 0
            return
        }
        guard !isScheduled else { return }
        isScheduled = true
        loop.addBackgroundWork(reason) { [self] in
            handOn()
            isScheduled = !isEmpty
            return isScheduled
        }
    }
}
