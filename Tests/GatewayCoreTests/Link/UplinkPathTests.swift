import BusSchema
import Primitives
import Testing

@testable import GatewayCore

/// Another uplink, or another address of the same one: connections that were begun before lead nowhere.
@Suite struct UplinkPathTests {
    private static func path(_ name: String, _ interface: String? = nil, _ address: String? = nil) throws -> UplinkPath
    {
        let uplink = UplinkState.Uplink(
            name: name,
            driver: "static",
            link: .up,
            detail: "",
            interface: interface,
            address: address
        )
        let state = UplinkState(link: .up, active: name, since: 0, uplinks: [uplink], endToEnd: nil)
        return try #require(UplinkPath(state))
    }

    private static func connected(over path: UplinkPath) -> ConnectionBench {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        _ = bench.feed(.uplinkPathTold(path, isOldUp: false))
        bench.work(dial: 1)
        #expect(bench.machine.isOpen)
        return bench
    }

    @Test func anotherUplinkMakesTheConnectionAnewAtOnce() throws {
        var bench = Self.connected(over: try Self.path("ethernet", "eth0"))
        let left = bench.feed(.uplinkPathTold(try Self.path("mobile", "ppp0"), isOldUp: false))
        #expect(left == [.lost(.ended), .abort(dial: 1)])
        let dialled = bench.feed(.closed(dial: 1, reason: ""))
        #expect(dialled == [.resolve(dial: 2)])
        #expect(bench.machine.failedAttempts == 0)
    }

    @Test func aWayThatStillWorksIsLeftWithAFarewell() throws {
        var bench = Self.connected(over: try Self.path("mobile", "ppp0"))
        let left = bench.feed(.uplinkPathTold(try Self.path("ethernet", "eth0"), isOldUp: true))
        #expect(left == [.lost(.ended), .close(dial: 1)])
    }

    @Test func anotherAddressOfTheSameUplinkMakesTheConnectionAnew() throws {
        var bench = Self.connected(over: try Self.path("mobile", "ppp0", "10.64.64.2"))
        let left = bench.feed(.uplinkPathTold(try Self.path("mobile", "ppp0", "10.64.64.9"), isOldUp: true))
        #expect(left.first == .lost(.ended))
    }

    @Test func theSameWayToldAgainChangesNothing() throws {
        var bench = Self.connected(over: try Self.path("mobile", "ppp0"))
        // Its address was not known at first.
        for address in [nil, "10.64.64.2", "10.64.64.2"] {
            let effects = bench.feed(.uplinkPathTold(try Self.path("mobile", "ppp0", address), isOldUp: true))
            #expect(effects.isEmpty)
        }
        #expect(bench.machine.isOpen)
    }

    /// A modem manager that was killed and is not started again: its uplink may be dead, and another one alive.
    @Test func aWayOfWhichNothingIsHeardForMinutesBindsNoConnection() throws {
        var bench = Self.connected(over: try Self.path("ethernet", "eth0"))
        _ = bench.feed(.uplinkChanged(.up))
        var effects: [ConnectionBench.Effect] = []
        for _ in 0..<29 {
            effects += bench.feed(.received) + bench.advance(.seconds(10))
        }
        #expect(!effects.contains(.leaveWayOpen))
        effects = bench.feed(.received) + bench.advance(.seconds(10))
        #expect(effects.contains(.leaveWayOpen) && bench.machine.uplink.path == nil)
        #expect(bench.machine.isOpen, "A connection that stands works.")
        // Whoever comes back says anew where it is.
        let told = bench.feed(.uplinkPathTold(try Self.path("mobile", "ppp0"), isOldUp: false))
        #expect(told.isEmpty && bench.machine.uplink.path?.name == "mobile")
    }

    @Test func aWayOfWhichSomethingIsHeardIsKept() throws {
        var bench = Self.connected(over: try Self.path("ethernet", "eth0"))
        for _ in 0..<100 {
            let effects = bench.feed(.uplinkChanged(.up)) + bench.feed(.received) + bench.advance(.seconds(10))
            #expect(!effects.contains(.leaveWayOpen))
        }
        #expect(bench.machine.uplink.path?.name == "ethernet")
    }

    @Test func aPauseAfterAFailureEndsWithAnotherUplink() throws {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        _ = bench.feed(.uplinkPathTold(try Self.path("ethernet", "eth0"), isOldUp: false))
        _ = bench.feed(.failed(dial: 1, .nameNotResolved("no server")))
        #expect(bench.machine.phase == .backingOff)
        let dialled = bench.feed(.uplinkPathTold(try Self.path("mobile", "ppp0"), isOldUp: false))
        #expect(dialled == [.resolve(dial: 2)])
    }
}
