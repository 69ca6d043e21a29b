import EventLoop
import Primitives
import Testing
import UplinkCore

@testable import modem_manager

/// When interfaces are read again, and whose they are.
@Suite struct InterfaceWatchTests {
    @Test func whatUplinksHaveByTheFileOrByWhatTheyWereToldIsTaken() throws {
        let names = ["eth0", "wwan0", "eth1"]
        let watch = InterfaceWatch(try EventLoop(), named: ["eth0"]) { () throws(SystemError) in
            names.map { InterfaceReading(name: $0, isRunning: true, hasAddress: true) }
        }
        #expect(try watch.read(told: ["wwan0"]).map(\.isTaken) == [true, true, false])
        #expect(try watch.read(told: []).map(\.isTaken) == [true, false, false])
    }

    @Test func anUplinkThatWasToldItsInterfaceIsAReasonToRead() throws {
        let loop = try EventLoop()
        let watch = InterfaceWatch(loop, named: []) { () throws(SystemError) in [] }
        var told = false
        try watch.start {
            told = true
            loop.stop()
        }
        _ = try watch.read(told: ["wwan0"])
        watch.learn(["wwan0", "wwan1"])
        try loop.run()
        #expect(told)
    }

    /// With thousands of routes: a storm of reports is one reading, and not before the loop has had its time for everything else.
    @Test func theNextReadingWaitsTheLongerTheLastOneTook() throws {
        let loop = try EventLoop()
        let watch = InterfaceWatch(loop, named: []) { () throws(SystemError) in
            let end = EventLoop.uptime() + .milliseconds(10)
            while EventLoop.uptime() < end {}
            return []
        }
        var calls: [Duration] = []
        try watch.start {
            calls.append(EventLoop.uptime())
            loop.stop()
        }
        _ = try watch.read(told: [])
        let read = EventLoop.uptime()
        for _ in 0..<1000 { watch.noticed() }
        try loop.run()
        #expect(calls.count == 1)
        #expect(calls.allSatisfy { $0 - read >= .milliseconds(190) })
    }
}
