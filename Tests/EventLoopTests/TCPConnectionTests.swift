import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing

@Suite struct TCPConnectionTests {
    /// A server that records events, and what a client sees of it.
    private final class Fixture {
        let loop: EventLoop
        let listener: TCPListener
        let served = Recorder<TCPConnection.Event>()
        let seen = Recorder<TCPConnection.Event>()
        var server: TCPConnection?
        var client: TCPConnection?

        init(options: TCPConnection.Options = TCPConnection.Options()) throws {
            let loop = try EventLoop()
            self.loop = loop
            var accept: ((TCPConnection) -> (TCPConnection, TCPConnection.Event) -> Void)?
            listener = try TCPListener(on: .loopback(port: 0), loop: loop, options: options) { connection in
                accept?(connection) ?? { _, _ in }
            }
            accept = { [unowned self] connection in
                server = connection
                return { [served] _, event in served.elements.append(event) }
            }
            client = try TCPConnection.connect(to: listener.address, loop: loop, options: options) { [seen] _, event in
                seen.elements.append(event)
            }
        }

        func connect() throws { try loop.run(until: { self.server != nil && self.seen.elements == [.connected] }) }
    }

    @Test func bytesTravelBothWays() throws {
        let fixture = try Fixture()
        try fixture.connect()
        let request = fixture.client?.write(Array("ping".utf8))
        #expect(request == .accepted)
        try fixture.loop.run(until: { fixture.served.elements == [.received(Array("ping".utf8))] })
        let reply = fixture.server?.write(Array("pong".utf8))
        #expect(reply == .accepted)
        try fixture.loop.run(until: { fixture.seen.elements.last == .received(Array("pong".utf8)) })
    }

    @Test func theEndOfThePeerIsAnEventAndOursIsOne() throws {
        let fixture = try Fixture()
        try fixture.connect()
        fixture.client?.close()
        #expect(fixture.seen.elements == [.connected])
        try fixture.loop.run(until: { fixture.served.elements == [.endReached] })
        try fixture.loop.run(until: { fixture.seen.elements == [.connected, .closed(nil)] })
        let outcome = fixture.client?.write([1])
        #expect(outcome == .notOpen)
        fixture.server?.close()
        try fixture.loop.run(until: { fixture.served.elements == [.endReached, .closed(nil)] })
    }

    @Test func aRefusedConnectionIsClosedWithTheReason() throws {
        let loop = try EventLoop()
        let listener = try TCPListener(on: .loopback(port: 0), loop: loop) { _ in { _, _ in } }
        let address = listener.address
        listener.close()
        let seen = Recorder<TCPConnection.Event>()
        try TCPConnection.connect(to: address, loop: loop) { _, event in seen.elements.append(event) }
        try loop.run(until: { !seen.elements.isEmpty })
        #expect(seen.elements == [.closed(SystemError(code: ECONNREFUSED, operation: "connect \(address)"))])
    }

    @Test func theWriteBufferIsBoundedAndDrains() throws {
        var options = TCPConnection.Options()
        options.writeBuffer = 4 * 1024 * 1024
        let fixture = try Fixture(options: options)
        try fixture.connect()
        fixture.server?.isReading = false
        let block = [UInt8](repeating: 7, count: 1024 * 1024)
        var outcome = TCPConnection.WriteOutcome.accepted
        var accepted = 0
        while outcome == .accepted, accepted < 100 {
            outcome = fixture.client?.write(block) ?? .notOpen
            if outcome == .accepted { accepted += 1 }
        }
        #expect(outcome == .full)
        let unsent = fixture.client?.unsentBytes ?? 0
        #expect(unsent <= options.writeBuffer)
        fixture.server?.isReading = true
        var received = 0
        try fixture.loop.run(until: {
            for case .received(let bytes) in fixture.served.elements { received += bytes.count }
            fixture.served.elements.removeAll()
            return received == accepted * block.count && fixture.seen.elements.contains(.drained)
        })
        #expect(fixture.client?.unsentBytes == 0)
    }

    @Test func whatWasWrittenArrivesBeforeAGracefulClose() throws {
        let fixture = try Fixture()
        try fixture.connect()
        let block = [UInt8](repeating: 9, count: 1_000_000)
        let outcome = fixture.client?.write(block)
        #expect(outcome == .accepted)
        fixture.client?.closeAfterWriting()
        var received = 0
        try fixture.loop.run(until: {
            for case .received(let bytes) in fixture.served.elements { received += bytes.count }
            fixture.served.elements.removeAll { if case .received = $0 { true } else { false } }
            return fixture.served.elements == [.endReached]
        })
        #expect(received == block.count)
    }

    @Test func aResetIsClosedWithTheReason() throws {
        let fixture = try Fixture()
        try fixture.connect()
        // Unread bytes turn the peer's close into a reset.
        fixture.server?.isReading = false
        _ = fixture.client?.write([1, 2, 3])
        fixture.loop.enqueue { fixture.loop.enqueue { fixture.server?.close() } }
        try fixture.loop.run(until: { fixture.served.elements == [.closed(nil)] })
        try fixture.loop.run(until: {
            fixture.seen.elements.contains { if case .closed(let error) = $0 { error != nil } else { false } }
                || fixture.seen.elements.contains(.endReached)
        })
    }

    @Test func aTakenAddressIsNamed() throws {
        let loop = try EventLoop()
        let listener = try TCPListener(on: .loopback(port: 0), loop: loop) { _ in { _, _ in } }
        let expected = SystemError(code: EADDRINUSE, operation: "listen on \(listener.address)")
        #expect(throws: expected) { try TCPListener(on: listener.address, loop: loop) { _ in { _, _ in } } }
    }
}
