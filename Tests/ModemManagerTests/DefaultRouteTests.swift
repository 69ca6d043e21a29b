import CLinux
import Testing
import UplinkCore

@testable import modem_manager

/// What the kernel tells of routes, by family.
@Suite struct DefaultRouteTests {
    @Test func aRouteOfOneFamilyIsNoneOfTheOther() {
        let list = Kernel.list([
            Kernel.route(.four, index: 2, gateway: [192, 168, 2, 1], metric: 100),
            Kernel.route(.four, index: 2, prefix: 24, metric: 100),
            Kernel.route(.six, index: 3, metric: 1024),
        ])
        let four = DefaultRouteEntry.entries(in: RouteMessage.parts(of: list), .four)
        #expect(four.map(\.index) == [2] && four.map(\.metric) == [100])
        #expect(four.first?.gateway == RouteMessage.bytes("192.168.2.1"))
        #expect(DefaultRouteEntry.entries(in: RouteMessage.parts(of: list), .six).map(\.index) == [3])
    }

    @Test func aRefusalAndOneOfAnotherTableAreNone() {
        let list = Kernel.list([
            Kernel.route(.four, index: 1, type: UInt8(RTN_UNREACHABLE)), Kernel.route(.four, index: 2, table: 100),
            Kernel.route(.four, index: 3),
        ])
        #expect(DefaultRouteEntry.entries(in: RouteMessage.parts(of: list), .four).map(\.index) == [3])
    }

    @Test func oneOverSeveralInterfacesIsOneOfEach() {
        let list = Kernel.list([Kernel.route(.four, hops: [4, 7], metric: 5)])
        let found = DefaultRouteEntry.entries(in: RouteMessage.parts(of: list), .four)
        #expect(found.map(\.index) == [4, 7] && found.map(\.metric) == [5, 5])
        #expect(found.map(\.gateway) == [RouteMessage.bytes("10.0.0.1"), RouteMessage.bytes("10.0.0.1")])
    }

    /// The kernel takes a whole route away, and a route over two interfaces is the other one's as well.
    @Test func oneThatLeadsOverAnotherInterfaceTooIsNotInTheWay() throws {
        let own = try #require(RouteMessage.bytes("10.0.0.9"))
        func inTheWay(_ route: [UInt8]) -> [Bool] {
            DefaultRouteEntry.entries(in: RouteMessage.parts(of: Kernel.list([route])), .four)
                .map { $0.isInTheWay(of: own, over: 4, metric: 700) }
        }
        #expect(inTheWay(Kernel.route(.four, hops: [4, 7], metric: 700)) == [false, false])
        #expect(inTheWay(Kernel.route(.four, hops: [4, 4], metric: 700)) == [true, true])
        #expect(inTheWay(Kernel.route(.four, index: 4, gateway: [10, 0, 0, 1], metric: 700)) == [true])
        #expect(inTheWay(Kernel.route(.four, index: 4, gateway: [10, 0, 0, 9], metric: 700)) == [false])
        #expect(inTheWay(Kernel.route(.four, index: 4, gateway: [10, 0, 0, 1], metric: 100)) == [false])
        #expect(inTheWay(Kernel.route(.four, index: 7, gateway: [10, 0, 0, 1], metric: 700)) == [false])
    }

    /// More than a page of `/proc` has.
    @Test func theLastOfManyIsFound() {
        let others = (0..<500).map { Kernel.route(.four, index: UInt32($0 + 10), prefix: 24) }
        let list = Kernel.list(others + [Kernel.route(.four, index: 2)])
        #expect(DefaultRouteEntry.entries(in: RouteMessage.parts(of: list), .four).map(\.index) == [2])
    }

    /// Any length may stand in it.
    @Test func whatIsBrokenEndsTheList() {
        let whole = Array(Kernel.list([Kernel.route(.four, index: 2), Kernel.route(.four, hops: [4, 7])]))
        for length in whole.indices {
            _ = DefaultRouteEntry.entries(in: RouteMessage.parts(of: whole[..<length]), .four)
        }
        for index in whole.indices {
            for byte: UInt8 in [0, 1, 3, 255] {
                var broken = whole
                broken[index] = byte
                #expect(DefaultRouteEntry.entries(in: RouteMessage.parts(of: broken[...]), .four).count <= 3)
            }
        }
    }

    /// Whatever this machine has: it says so.
    @Test func thisKernelIsAsked() throws {
        #expect(DefaultRoute.byInterface() != nil)
        let loopback = try RouteMessage.index(of: "lo")
        #expect(DefaultRouteEntry.all(.four, over: loopback) != nil)
    }
}

/// Lists of routes as the kernel writes them.
private enum Kernel {
    static func list(_ routes: [[UInt8]]) -> ArraySlice<UInt8> { routes.flatMap { $0 }[...] }

    static func route(
        _ family: AddressFamily,
        index: UInt32? = nil,
        hops: [UInt32] = [],
        prefix: UInt8 = 0,
        gateway: [UInt8]? = nil,
        metric: UInt32 = 0,
        table: UInt8 = 254,
        type: UInt8 = 1
    ) -> [UInt8] {
        let number: UInt8 = family == .four ? 2 : 10
        // Family, lengths of destination and source, tos, table, protocol, scope, type, flags.
        var body: [UInt8] = [number, prefix, 0, 0, table, 4, 0, type, 0, 0, 0, 0]
        body += attribute(15, bytes(UInt32(table)))
        if metric > 0 { body += attribute(6, bytes(metric)) }
        if let gateway { body += attribute(5, gateway) }
        if let index { body += attribute(4, bytes(index)) }
        if !hops.isEmpty {
            // Length, flags, weight, interface, and what belongs to it.
            body += attribute(9, hops.flatMap { [16, 0, 0, 0] + bytes($0) + attribute(5, [10, 0, 0, 1]) })
        }
        // Length, RTM_NEWROUTE, flags, number, port.
        return bytes(UInt32(16 + body.count)) + [24, 0, 2, 0] + bytes(1) + bytes(0) + body
    }

    private static func attribute(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [UInt8(value.count + 4), 0, type, 0] + value
    }

    private static func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
