import BusSchema
import EventLoop
import HardwareCore
import Primitives
import SerialPort
import Testing

@testable import hardware_io

/// A driver over a line, with the smallest protocol: a letter for each order, a letter for each position.
@Suite struct LineDriverTests {
    private struct Letters: LineDevice {
        var nextDeadline: Deadline?

        mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput] {
            guard case .received(let bytes) = event else { return [] }
            return [.report(.deviceRecovered(.contactor(connectorId: 1)))]
                + bytes.map { .report(.contactorFeedback(connectorId: 1, closed: $0 == 67), takenAt: moment.uptime) }
        }

        mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput] {
            switch command {
            case .openContactor: [.line(.send([79]))]
            case .closeContactor: [.line(.send([67]))]
            case .setPilot: [.line(.send([80]))]
            default: [.line(.send([63]))]
            }
        }

        mutating func deadlineReached(at moment: Moment) -> [DeviceOutput] { [] }
        mutating func end(at moment: Moment) -> [DeviceOutput] { [.line(.send([69]))] }
    }

    /// A line that writes down what it is to do.
    private final class Line: ByteLine {
        let owner: LineOwner
        var sent: [LineOrder] = []
        var isClosed = false
        var isOpen = false
        var counters = LineCounters()

        init(_ owner: LineOwner) { self.owner = owner }

        func start() {}
        func perform(_ order: LineOrder) { sent.append(order) }
        func close() { isClosed = true }
    }

    private final class Bench {
        private static let now = Moment(uptime: .seconds(5), utc: Timestamp(millisecondsSinceEpoch: 0))

        var heard: [DriverEvent] = []
        let driver: LineDriver<Letters>
        private let loop: EventLoop
        private let port: Line

        init() throws {
            loop = try EventLoop()
            var made: Line?
            driver = LineDriver(
                [.contactor(connectorId: 1), .pilot(connectorId: 1)],
                Letters(),
                loop: loop,
                log: { _ in },
                now: { Self.now },
                makeLine: {
                    let line = Line($0)
                    made = line
                    return line
                }
            )
            port = try #require(made)
            driver.report = { [unowned self] event, _ in heard.append(event) }
        }

        var sent: [LineOrder] { port.sent }
        var isClosed: Bool { port.isClosed }

        func line(_ event: LineEvent) { port.owner.handler(event, Self.now) }
    }

    @Test func whatWasOrderedWhileTheLineWasAwayIsCarriedOutOnceItIsThereOpeningsFirst() throws {
        let bench = try Bench()
        bench.driver.start()
        bench.driver.perform(.setPilot(connectorId: 1, .x1))
        bench.driver.perform(.openContactor(connectorId: 1))
        #expect(bench.sent.isEmpty)
        bench.line(.opened)
        #expect(bench.sent == [.send([79]), .send([80])])
        bench.line(.closed(reason: "unplugged"))
        bench.line(.opened)
        #expect(bench.sent.count == 2)
    }

    @Test func anOrderToCloseIsOfItsMoment() throws {
        let bench = try Bench()
        bench.driver.perform(.openContactor(connectorId: 1))
        bench.driver.perform(.closeContactor(connectorId: 1))
        bench.line(.opened)
        #expect(bench.sent.isEmpty)
    }

    @Test func aClosedLineIsALostDeviceOnceAndOneThatAnswersIsBackOnce() throws {
        let bench = try Bench()
        let contactor = Device.contactor(connectorId: 1)
        bench.line(.opened)
        bench.line(.received([79]))
        bench.line(.received([67]))
        bench.line(.closed(reason: "unplugged"))
        bench.line(.closed(reason: "still"))
        #expect(
            bench.heard == [
                .deviceRecovered(contactor), .contactorFeedback(connectorId: 1, closed: false),
                .contactorFeedback(connectorId: 1, closed: true), .deviceLost(contactor, reason: "unplugged"),
                .deviceLost(.pilot(connectorId: 1), reason: "unplugged"),
            ]
        )
        bench.heard = []
        bench.line(.opened)
        #expect(bench.heard.isEmpty)
        bench.line(.received([79]))
        #expect(bench.heard.first == .deviceRecovered(contactor))
    }

    @Test func aMeterOnAClosedLineFailsAtOnce() throws {
        let bench = try Bench()
        bench.driver.perform(.readMeter(connectorId: 1))
        #expect(bench.heard == [.meterFailed(connectorId: 1, reason: "its line is not open yet")])
    }

    /// Also where the driver closed it itself, because nobody answered.
    @Test func aMeterOnALineThatWasClosedFailsForThatReason() throws {
        let bench = try Bench()
        bench.line(.opened)
        bench.line(.closed(reason: "nobody answers"))
        bench.heard = []
        bench.driver.perform(.readMeter(connectorId: 1))
        #expect(bench.heard == [.meterFailed(connectorId: 1, reason: "nobody answers")])
    }

    @Test func theEndSaysItsLastWordAndClosesTheLine() throws {
        let bench = try Bench()
        bench.line(.opened)
        bench.driver.stop()
        #expect(bench.sent == [.send([69])])
        #expect(bench.isClosed)
        bench.line(.received([67]))
        bench.driver.perform(.openContactor(connectorId: 1))
        #expect(bench.heard.isEmpty)
        #expect(bench.sent.count == 1)
    }
}
