import EventLoop
import Primitives
import SerialPort
import Testing

@Suite struct NetworkLineTests {
    private final class Server {
        var connections: [TCPConnection] = []
        var received: [UInt8] = []
    }

    private func listen(_ loop: EventLoop, port: UInt16 = 0) throws -> (TCPListener, Server) {
        let server = Server()
        let listener = try TCPListener(on: .loopback(port: port), loop: loop) { connection in
            server.connections.append(connection)
            return { _, event in
                if case .received(let bytes) = event { server.received += bytes }
            }
        }
        return (listener, server)
    }

    private func line(_ loop: EventLoop, _ port: UInt16) throws -> LineUnderTest {
        try LineUnderTest(loop) { NetworkLine(host: "127.0.0.1", port: port, loop: $0, owner: $1) }
    }

    @Test func aConnectionIsALineLikeAnyOther() throws {
        let loop = try EventLoop()
        let (listener, server) = try listen(loop)
        let line = try line(loop, listener.address.port)
        try line.waitUntilOpen()
        line.line.perform(.send([1, 2]))
        line.line.perform(.configure(LineSettings(baud: 9600)))
        try line.run { _ in server.received == [1, 2] }
        #expect(server.connections[0].write([3]) == .accepted)
        try line.run { $0.received == [3] }
        #expect(line.line.counters.bytesSent == 2)
        #expect(line.line.counters.bytesReceived == 1)
    }

    @Test func aServerThatEndsOrIsNotThereIsTriedAgain() throws {
        let loop = try EventLoop()
        let (listener, server) = try listen(loop)
        let port = listener.address.port
        let line = try line(loop, port)
        try line.waitUntilOpen()
        try line.run { _ in !server.connections.isEmpty }
        listener.close()
        server.connections[0].close()
        try line.run { $0.events.count == 2 }
        #expect(line.events.last == .closed(reason: "the other end has closed"))
        let (again, _) = try listen(loop, port: port)
        try line.waitUntilOpen()
        again.close()
        #expect(line.line.counters.openings == 2)
    }

    @Test func aDeviceThatIsStuckIsConnectedToAnew() throws {
        let loop = try EventLoop()
        let (listener, server) = try listen(loop)
        let line = try line(loop, listener.address.port)
        try line.waitUntilOpen()
        line.line.perform(.reopen(reason: "no answer"))
        try line.run { $0.events.count == 3 }
        #expect(line.events == [.opened, .closed(reason: "no answer"), .opened])
        try line.run { _ in server.connections.count == 2 }
    }

    @Test func inputThatWasNotToldYetCanBeThrownAway() throws {
        let loop = try EventLoop()
        let (listener, server) = try listen(loop)
        let line = try line(loop, listener.address.port)
        try line.waitUntilOpen()
        try line.run { _ in !server.connections.isEmpty }
        // On the loopback what was written has arrived when `write` returns.
        #expect(server.connections[0].write([1, 2]) == .accepted)
        line.line.perform(.discardInput)
        #expect(server.connections[0].write([3]) == .accepted)
        try line.run { !$0.received.isEmpty }
        #expect(line.received == [3])
    }
}
