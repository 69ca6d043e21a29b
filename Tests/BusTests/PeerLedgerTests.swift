import EventLoop
import Glibc
import Testing
import ZeroMQ

@testable import Bus

@Suite struct PeerLedgerTests {
    private let folder = "/tmp/peer-ledger-\(getpid())"

    /// A connection to a listener at `name`, as its acceptor has it.
    private func accepted(at name: String) throws -> (connection: Int32, all: [Int32]) {
        let path = folder + name
        let listener = try LocalSocket.listen(at: path, mode: 0o600)
        let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let address = try #require(sockaddr_un(path: path))
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0)
        let connection = accept(listener, nil, nil)
        #expect(connection >= 0)
        unlink(path)
        return (connection, [listener, client, connection])
    }

    private func cuts(of connection: Int32, sentBy process: Int32? = getpid()) -> (count: Int, isShutDown: Bool) {
        var ledger = PeerLedger(path: folder + ".pub")
        let origin = ZeroMQSocket.Origin(descriptor: connection, process: process)
        for _ in 0..<1000 { _ = ledger.count(subscriptionBytes: 10, from: origin) }
        var byte: UInt8 = 0
        // The end of the stream, which only a shutdown can have brought: the other side is open.
        let isShutDown = recv(connection, &byte, 1, Int32(MSG_DONTWAIT)) == 0
        return (ledger.cuts, isShutDown)
    }

    @Test func aSubscriberThatAsksForTooMuchIsCutOnce() throws {
        let (connection, all) = try accepted(at: ".pub")
        defer { for descriptor in all { close(descriptor) } }
        #expect(cuts(of: connection) == (1, true))
    }

    /// Its number was that of a subscriber whose last messages are still being read.
    @Test func aRequestThatGotTheNumberOfAnEndedSubscriberIsNotCut() throws {
        let (connection, all) = try accepted(at: ".rpc")
        defer { for descriptor in all { close(descriptor) } }
        #expect(cuts(of: connection) == (0, false))
    }

    /// Two processes after each other behind the same number.
    @Test func aSubscriberThatGotTheNumberOfAnEndedOneDoesNotPayForIt() throws {
        let (connection, all) = try accepted(at: ".pub")
        defer { for descriptor in all { close(descriptor) } }
        #expect(cuts(of: connection, sentBy: getppid()) == (0, false))
    }
}

extension sockaddr_un {
    fileprivate init?(path: String) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: sun_path) else { return nil }
        withUnsafeMutableBytes(of: &sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    }
}
