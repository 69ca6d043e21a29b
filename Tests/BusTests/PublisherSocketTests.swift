import BusSchema
import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing

@testable import Bus

@Suite struct PublisherSocketTests {
    /// Five that read nothing, and two megabytes short of what all together may let wait.
    @Test func ofManyThatWaitForTooMuchTogetherOnlyTheFarthestBehindIsCut() throws {
        let loop = try EventLoop()
        let path = "/tmp/publisher-socket-\(getpid())"
        defer { unlink(path) }
        let listener = try LocalSocket.listen(at: path, mode: 0o600)
        let socket = PublisherSocket(takingOwnershipOf: listener, loop: loop) { _ in }
        let names = ["farthest", "a.1", "a.2", "a.3", "a.4"]
        let subscribers = try names.map { try RawSubscriber(path, topics: [$0]) }
        try loop.run(until: { names.allSatisfy { socket.isWanted($0) } })
        let portion = [UInt8](repeating: 0, count: 100_000)
        let most = BusLimits.unreadBytesPerPeer / portion.count - 1
        for _ in 0..<most { socket.send([Array("farthest".utf8), portion]) }
        for number in 1...4 {
            for _ in 0..<(most - 1) { socket.send([Array("a.\(number)".utf8), portion]) }
        }
        #expect(socket.cuts == 1)
        #expect(names.filter { !socket.isWanted($0) } == ["farthest"])
        #expect(subscribers.count == 5)
        socket.close()
    }
}
