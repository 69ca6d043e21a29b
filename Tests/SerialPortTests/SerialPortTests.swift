import CLinux
import EventLoop
import Glibc
import Primitives
import SerialPort
import TemporaryFolder
import Testing

@Suite struct SerialPortTests {
    @Test func everyByteTravelsUnchangedBothWays() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        try port.waitUntilOpen()
        let all = (0...255).map { UInt8($0) }
        device.write(all)
        try port.run { $0.received.count >= 256 }
        #expect(port.received == all)
        port.line.perform(.send(all))
        #expect(device.read() == all)
        #expect(port.line.counters.bytesReceived == 256)
        #expect(port.line.counters.bytesSent == 256)
        #expect(port.log.isEmpty)
    }

    @Test func aNameThatDoesNotExistYetIsToldOnceAndTriedUntilItIsThere() throws {
        let folder = try TemporaryFolder()
        let device = try PseudoTerminal()
        let link = folder.path + "/reader"
        let port = try LineUnderTest(link)
        try port.run { !$0.events.isEmpty }
        #expect(port.events == [.closed(reason: "open \(link): No such file or directory")])
        #expect(port.log.map(\.message) == ["line is closed"])
        #expect(symlink(device.path, link) == 0)
        try port.waitUntilOpen()
        #expect(port.events.count == 2)
        #expect(port.log.map(\.message) == ["line is closed", "line is open again"])
    }

    @Test func aLinkThatHasMovedIsFollowedAfterAHangUp() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try PseudoTerminal(), try PseudoTerminal())
        let link = folder.path + "/meter"
        #expect(symlink(first.path, link) == 0)
        let port = try LineUnderTest(link)
        try port.waitUntilOpen()
        #expect(unlink(link) == 0 && symlink(second.path, link) == 0)
        first.unplug()
        try port.run { $0.events.count >= 3 }
        guard case .closed = port.events[1] else {
            Issue.record("not closed: \(port.events)")
            return
        }
        #expect(port.events[2] == .opened)
        second.write([7])
        try port.run { $0.received == [7] }
        #expect(port.line.counters.losses == 1)
        #expect(port.line.counters.openings == 2)
    }

    @Test func whatASlowDeviceDoesNotTakeWaitsUpToALimitAndArrivesInOrder() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        try port.waitUntilOpen()
        var sent: [UInt8] = []
        var block: UInt8 = 0
        while port.line.counters.droppedSends == 0, block < 250 {
            let bytes = [UInt8](repeating: block, count: 1000)
            port.line.perform(.send(bytes))
            if port.line.counters.droppedSends == 0 { sent += bytes }
            block += 1
        }
        #expect(port.line.counters.droppedSends == 1)
        #expect(port.line.counters.bytesSent < sent.count)
        port.line.perform(.send([UInt8](repeating: 1, count: 1000)))
        #expect(port.log.map(\.message) == ["line takes no more"])
        var arrived: [UInt8] = []
        port.loop.watch(descriptor: device.master) { _ in arrived += device.read() }
        try port.run { _ in arrived.count >= sent.count }
        // Not the arrays themselves: a failure would print them.
        let isSame = arrived == sent
        #expect(isSame)
        #expect(port.line.counters.bytesSent == sent.count)
    }

    @Test func whatHasNotLeftWhenALineIsLostIsForgotten() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        try port.waitUntilOpen()
        while port.line.counters.droppedSends == 0 { port.line.perform(.send([UInt8](repeating: 1, count: 1000))) }
        port.line.perform(.reopen(reason: "no answer"))
        #expect(!port.line.isOpen)
        port.line.perform(.send([3]))
        try port.run { $0.events.count == 3 }
        #expect(port.events == [.opened, .closed(reason: "no answer"), .opened])
        var left = device.read()
        while !left.isEmpty { left = device.read() }
        port.line.perform(.send([2]))
        #expect(device.read() == [2])
    }

    @Test func ordersFromInsideTheHandlerAreCarriedOut() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        port.answer = { event in
            switch event {
            case .opened: .send(Array("hello".utf8))
            case .received(let bytes) where bytes.contains(0xFF): .reopen(reason: "nonsense")
            default: nil
            }
        }
        try port.waitUntilOpen()
        #expect(device.read() == Array("hello".utf8))
        device.write([0xFF])
        try port.run { $0.events.count == 4 }
        #expect(port.events == [.opened, .received([0xFF]), .closed(reason: "nonsense"), .opened])
    }

    @Test func inputThatWasNotToldYetCanBeThrownAway() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        try port.waitUntilOpen()
        device.write([1, 2, 3])
        port.line.perform(.discardInput)
        device.write([4])
        try port.run { !$0.received.isEmpty }
        #expect(port.received == [4])
    }

    @Test(arguments: [9600, 115_200, 250_000, 460_801])
    func anySpeedIsSetAndKeptWhenTheLineIsOpenedAgain(baud: Int) throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        try port.waitUntilOpen()
        #expect(try device.settings().c_ospeed == 9600)
        port.line.perform(.configure(LineSettings(baud: baud)))
        #expect(try device.settings().c_ospeed == speed_t(baud))
        port.line.perform(.reopen(reason: "a test"))
        try port.run { $0.events.count == 3 }
        #expect(try device.settings().c_ospeed == speed_t(baud))
        #expect(try device.settings().c_lflag & tcflag_t(ECHO | ICANON | ISIG) == 0)
    }

    @Test func aPortHasOneUser() throws {
        let device = try PseudoTerminal()
        let loop = try EventLoop()
        let first = try LineUnderTest(device.path, loop: loop)
        try first.waitUntilOpen()
        let second = try LineUnderTest(device.path, loop: loop)
        try second.run { !$0.events.isEmpty }
        #expect(second.events == [.closed(reason: "lock \(device.path): Device or resource busy")])
        first.line.close()
        try second.waitUntilOpen()
        #expect(first.events == [.opened])
    }

    @Test func whatIsNoSerialPortIsRefusedWithTheReason() throws {
        let port = try LineUnderTest("/dev/null")
        try port.run { !$0.events.isEmpty }
        #expect(
            port.events == [.closed(reason: "take /dev/null for this process alone: Inappropriate ioctl for device")]
        )
    }

    @Test func aPortThatCannotSwitchItsDirectionIsRefusedWithTheReason() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path) { $0.rs485 = SerialPort.RS485() }
        try port.run { !$0.events.isEmpty }
        let reason = "let \(device.path) switch its direction (RS-485): Inappropriate ioctl for device"
        #expect(port.events == [.closed(reason: reason)])
    }

    @Test func theEchoOfAnAdapterIsTakenOut() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path) { $0.echoes = true }
        try port.waitUntilOpen()
        port.line.perform(.send([1, 4, 0, 0]))
        let request = device.read()
        device.write(Array(request.prefix(2)))
        device.write(Array(request.dropFirst(2)) + [1, 4, 9])
        try port.run { $0.received.count >= 3 }
        #expect(port.received == [1, 4, 9])
    }

    @Test func aClosedPortTellsNothingMore() throws {
        let device = try PseudoTerminal()
        let port = try LineUnderTest(device.path)
        try port.waitUntilOpen()
        port.line.perform(.reopen(reason: "a test"))
        port.line.close()
        var turns = 0
        try port.run { _ in
            turns += 1
            return turns > 1
        }
        #expect(port.events == [.opened])
    }
}
