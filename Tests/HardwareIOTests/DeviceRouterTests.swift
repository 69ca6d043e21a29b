import BusSchema
import HardwareCore
import Testing

@testable import hardware_io

@Suite struct DeviceRouterTests {
    /// Writes down what it is told, and speaks when it starts.
    private final class Notebook: Driver {
        let devices: [Device]
        var report: (DriverEvent, Duration?) -> Void = { _, _ in }
        var calls: [String] = []
        var orders: [DriverCommand] = []
        private let greeting: DriverEvent?

        init(_ devices: [Device], greeting: DriverEvent? = nil) {
            self.devices = devices
            self.greeting = greeting
        }

        func start() {
            calls.append("start")
            if let greeting { report(greeting, .seconds(1)) }
        }
        func perform(_ command: DriverCommand) {
            calls.append("perform")
            orders.append(command)
        }
        func stop() { calls.append("stop") }
    }

    @Test func anOrderGoesToTheDriverOfItsDeviceAndToNoOther() {
        let one = Notebook([.contactor(connectorId: 1), .contactor(connectorId: 2)])
        let other = Notebook([.pilot(connectorId: 1)])
        let router = DeviceRouter([one, other])
        router.start {}
        router.perform(.openContactor(connectorId: 2))
        router.perform(.setPilot(connectorId: 1, .x1))
        router.perform(.indicate(connectorId: 1, .accepted))
        #expect(one.orders == [.openContactor(connectorId: 2)])
        #expect(other.orders == [.setPilot(connectorId: 1, .x1)])
    }

    @Test func theFirstOrdersFindEveryDriverStartedAndComeBeforeWhatDriversSaid() {
        let feedback = DriverEvent.contactorFeedback(connectorId: 1, closed: true)
        let driver = Notebook([.contactor(connectorId: 1)], greeting: feedback)
        let router = DeviceRouter([driver])
        var story: [String] = []
        router.report = { event, takenAt in story.append("\(event == feedback) \(takenAt == .seconds(1))") }
        router.start {
            story.append("first")
            router.perform(.openContactor(connectorId: 1))
        }
        #expect(story == ["first", "true true"])
        #expect(driver.calls == ["start", "perform"])
    }

    @Test func nobodySpeaksForTheDeviceOfAnother() {
        let one = Notebook([.pilot(connectorId: 1)])
        let other = Notebook([.contactor(connectorId: 1)])
        let router = DeviceRouter([one, other])
        var heard: [DriverEvent] = []
        var strangers: [DriverEvent] = []
        router.report = { event, _ in heard.append(event) }
        router.onStranger = { strangers.append($0) }
        router.start {}
        let lie = DriverEvent.contactorFeedback(connectorId: 1, closed: false)
        one.report(lie, nil)
        #expect(heard.isEmpty)
        #expect(strangers == [lie])
        other.report(lie, nil)
        #expect(heard == [lie])
    }

    @Test func whicheverWayTheEndComesEveryDriverIsStoppedOnceAndSpeaksNoMore() {
        let driver = Notebook([.contactor(connectorId: 1)])
        let router = DeviceRouter([driver])
        var heard = 0
        router.report = { _, _ in heard += 1 }
        router.start {}
        router.stop()
        router.stop()
        router.perform(.closeContactor(connectorId: 1))
        driver.report(.contactorFeedback(connectorId: 1, closed: false), nil)
        #expect(driver.calls == ["start", "stop"])
        #expect(heard == 0)
    }
}
