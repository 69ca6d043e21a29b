/// Takes the echo of an RS-485 adapter out of what is received: exactly the bytes that were sent, in order.
///
/// What matches is held back until the whole echo has come. At the first byte that differs everything is told, what was held back
/// included, and no echo is expected any more: the answer of a device may well begin like the request, and a damaged echo is for the
/// protocol to judge.
struct EchoFilter {
    private var expected: [UInt8] = []
    private var matched = 0

    mutating func sent(_ bytes: some Collection<UInt8>) { expected += bytes }

    /// Forgets what it waits for.
    mutating func reset() {
        expected.removeAll()
        matched = 0
    }

    /// - Returns: What of `bytes`, and of those held back before, is no echo.
    mutating func pass(_ bytes: [UInt8]) -> [UInt8] {
        var index = 0
        while index < bytes.count, matched < expected.count, bytes[index] == expected[matched] {
            matched += 1
            index += 1
        }
        if matched == expected.count {
            reset()
            return Array(bytes[index...])
        }
        guard index < bytes.count else { return [] }
        defer { reset() }
        return Array(expected[..<matched] + bytes[index...])
    }
}
