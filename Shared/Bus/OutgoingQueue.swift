/// Messages that wait for one connection, in order. Each is written once for all who get it, and is kept as long as it waits for anybody.
struct OutgoingQueue {
    private var messages: [[UInt8]] = []
    /// The first one that has not been sent as a whole, and how much of it has.
    private var first = 0
    private var sentOfFirst = 0
    /// Bytes that wait.
    private(set) var bytes = 0

    var isEmpty: Bool { first == messages.count }
    /// Messages that wait, also in part.
    var count: Int { messages.count - first }

    mutating func append(_ message: [UInt8]) {
        messages.append(message)
        bytes += message.count
    }

    /// Hands on what waits, as much of it together as `most` bytes are, and at least one message.
    /// - Parameters:
    ///   - most: Bytes that are put together.
    ///   - send: Takes bytes, and says how many of them; less than all means that no more are taken now.
    /// - Returns: Whether all that was handed on was taken; more may wait.
    mutating func send(most: Int, _ send: (UnsafeRawBufferPointer) -> Int) -> Bool {
        guard !isEmpty else { return true }
        var offered = 0
        let taken: Int
        if count == 1 || messages[first].count - sentOfFirst >= most {
            offered = messages[first].count - sentOfFirst
            taken = messages[first].withUnsafeBytes { send(.init(rebasing: $0[sentOfFirst...])) }
        } else {
            var together = Array(messages[first][sentOfFirst...])
            for message in messages[(first + 1)...] {
                guard together.count + message.count <= most else { break }
                together += message
            }
            offered = together.count
            taken = together.withUnsafeBytes(send)
        }
        drop(taken)
        return taken == offered
    }

    private mutating func drop(_ taken: Int) {
        bytes -= taken
        var left = taken
        while first < messages.count, messages[first].count - sentOfFirst <= left {
            left -= messages[first].count - sentOfFirst
            // Given back at once, although its place is kept until there are many such.
            messages[first] = []
            first += 1
            sentOfFirst = 0
        }
        sentOfFirst += left
        guard isEmpty || first >= 64 else { return }
        messages.removeSubrange(..<first)
        first = 0
    }
}
