import BusSchema
import ModemSimulation
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// The default route over a modem's interface, which others take away.
@Suite struct RouteLossTests {
    private static let minute = Duration.seconds(60)

    /// `renews` is of a modem with a DHCP client, whose script makes these routes.
    private func up(renews: Bool? = nil, routes: Set<AddressFamily> = [.four]) -> CarrierBench {
        var settings = CarrierBench.settings
        if let renews {
            settings.modem.connection = .networkInterface
            (settings.interface, settings.dhcpClient) = ("usb0", ["/sbin/udhcpc", "-f", "-i"])
            settings.dhcpRenews = renews
        }
        var bench = CarrierBench(settings)
        if renews != nil { bench.modem.identity.manufacturer = "Quectel" }
        bench.routes = renews == nil ? [] : routes
        bench.start()
        bench.advance(by: Self.minute)
        #expect(bench.condition.link == .up)
        return bench
    }

    /// Somebody else takes the route away, and the kernel reports it.
    private func take(_ bench: inout CarrierBench, leaving routes: Set<AddressFamily> = []) {
        bench.routes = routes
        bench.readInterfaces()
    }

    private func makings(_ bench: CarrierBench) -> Int {
        bench.effects.filter { $0 == .addDefaultRoute(interface: "ppp0") }.count
    }

    private func warnings(_ bench: CarrierBench) -> [String] {
        bench.effects.compactMap {
            if case .log(let record) = $0, record.level == .warning { record.message } else { nil }
        }
    }

    @Test(arguments: [[], [AddressFamily.six]])
    func aRouteThatIsTakenFromACallIsMadeAgainWithinSeconds(_ left: Set<AddressFamily>) {
        var bench = up()
        #expect(makings(bench) == 1 && bench.condition.detail == "ppp0 has an address")
        take(&bench, leaving: left)
        bench.advance(by: .seconds(3))
        #expect(makings(bench) == 2 && bench.routes == left.union([.four]))
        #expect(bench.details.suffix(2) == ["ppp0 has an address, and no default route", "ppp0 has an address"])
        #expect(bench.condition.link == .up && bench.spawns.count == 1)
    }

    @Test func aRouteThatIsReplacedIsLeftToWhoeverReplacesIt() {
        var bench = up()
        let told = bench.details
        take(&bench)
        bench.advance(by: .seconds(1))
        bench.routes = [.four]
        bench.readInterfaces()
        bench.advance(by: Self.minute)
        #expect(makings(bench) == 1 && bench.details == told)
    }

    @Test func aToolThatTakesItAgainAndAgainIsToldOnceAndMetWithPatience() {
        var bench = up()
        let told = bench.details.count
        for _ in 0..<3600 {
            take(&bench)
            bench.advance(by: .seconds(1))
        }
        #expect((12...25).contains(makings(bench)), "\(makings(bench)) in an hour")
        #expect(bench.condition.detail == "ppp0 has an address; somebody takes its default route away again and again")
        #expect(bench.details.count - told <= 5, "\(bench.details)")
        #expect(warnings(bench) == ["the default route of an uplink is taken away again and again"])
        #expect(bench.condition.link == .up && bench.condition.remedy == .none)
        // The tool has ended: the route is made once more, and is believed after a while.
        for _ in 0..<20 {
            bench.advance(by: Self.minute)
            bench.readInterfaces()
        }
        #expect(bench.routes == [.four] && bench.condition.detail == "ppp0 has an address")
        take(&bench)
        bench.advance(by: .seconds(3))
        #expect(bench.routes == [.four], "What is lost after that is made again within seconds.")
    }

    @Test func aRouteThatCannotBeMadeIsNoFight() {
        var bench = up()
        // The daemon may not: nothing comes of the effect.
        bench.routes = nil
        let reading = InterfaceReading(
            name: "ppp0",
            isRunning: true,
            hasAddress: true,
            address: "10.64.64.2",
            defaultRoutes: []
        )
        for _ in 0..<3600 {
            bench.handle(.interfacesRead([reading]))
            bench.advance(by: .seconds(1))
        }
        #expect((10...25).contains(makings(bench)), "\(makings(bench)) in an hour")
        #expect(bench.condition.detail == "ppp0 has an address, and no default route" && warnings(bench).isEmpty)
    }

    @Test func aRouteThatTheDHCPClientMadeIsAskedOfTheClient() {
        var bench = up(renews: true)
        take(&bench)
        bench.advance(by: .seconds(3))
        #expect(bench.effects.filter { $0 == .renew("dhcp") }.count == 1 && bench.routes == [.four])
        #expect(bench.spawns.count == 1 && bench.condition.detail == "usb0 has an address")
        #expect(!bench.effects.contains(.addDefaultRoute(interface: "usb0")))
    }

    @Test func aClientThatKnowsNoSuchOrderIsStartedAnew() {
        var bench = up(renews: false)
        take(&bench)
        bench.advance(by: .seconds(40))
        #expect(bench.effects.contains(.endChild("dhcp")) && !bench.effects.contains(.renew("dhcp")))
        #expect(bench.spawns.count == 2 && bench.condition.link == .up)
    }

    @Test(arguments: [true, false]) func aClientWhoseScriptMakesNoRouteIsLeftAlone(renews: Bool) {
        var bench = up(renews: renews, routes: [])
        bench.readInterfaces()
        bench.advance(by: Self.minute * 10)
        #expect(bench.condition.detail == "usb0 has an address, and no default route")
        #expect(!bench.effects.contains(.renew("dhcp")) && !bench.effects.contains(.endChild("dhcp")))
    }

    @Test func nothingIsMadeOverACallThatIsGoneOrOnceTheProcessEnds() {
        var bench = up()
        take(&bench)
        bench.hangUp(.code(16))
        bench.advance(by: Self.minute)
        #expect(makings(bench) == 1)
        var other = up()
        take(&other)
        other.handle(.terminationRequested)
        other.advance(by: Self.minute)
        #expect(makings(other) == 1)
    }
}
