import BusSchema
import EventLoop
import HardwareCore
import Primitives
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

    private final class Bench {
        var sent: [LineOrder] = []
        var heard: [DriverEvent] = []
        var isClosed = false
        var happen: (LineEvent, Moment) -> Void = { _, _ in }
        let loop: EventLoop
        let driver: LineDriver<Letters>

        init() throws {
            loop = try EventLoop()
            var line = DriverLine(start: {}, perform: { _ in }, close: {})
            var happen: ((LineEvent, Moment) -> Void)?
            var perform: (LineOrder) -> Void = { _ in }
            var close: () -> Void = {}
            line.perform = { perform($0) }
            line.close = { close() }
            driver = LineDriver(
                [.contactor(connectorId: 1), .pilot(connectorId: 1)],
                Letters(),
                loop: loop,
                log: { _ in },
                now: { Moment(uptime: .seconds(5), utc: Timestamp(millisecondsSinceEpoch: 0)) },
                makeLine: {
                    happen = $0
                    return line
                }
            )
            self.happen = happen ?? { _, _ in }
            perform = { [unowned self] in sent.append($0) }
            close = { [unowned self] in isClosed = true }
            driver.report = { [unowned self] event, _ in heard.append(event) }
        }

        func line(_ event: LineEvent) {
            happen(event, Moment(uptime: .seconds(5), utc: Timestamp(millisecondsSinceEpoch: 0)))
        }
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
        #expect(bench.heard == [.meterFailed(connectorId: 1, reason: "its line is not open")])
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
