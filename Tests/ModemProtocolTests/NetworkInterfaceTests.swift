import BusSchema
import ModemSimulation
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// A modem whose own network interface carries data, with a DHCP client as supervised child.
@Suite struct NetworkInterfaceTests {
    private func up() -> CarrierBench {
        var settings = CarrierBench.settings
        settings.modem.connection = .networkInterface
        settings.interface = "usb0"
        settings.dhcpClient = ["/sbin/udhcpc", "-f", "-i"]
        var bench = CarrierBench(settings)
        bench.modem.identity.manufacturer = "Quectel"
        bench.start()
        bench.advance(by: .seconds(60))
        return bench
    }

    @Test func theClientRunsAsLongAsTheBearerDoes() {
        var bench = up()
        #expect(bench.spawns == [["/sbin/udhcpc", "-f", "-i", "usb0"]])
        #expect(bench.condition.link == .up && bench.condition.interface == "usb0")
        // The interface itself says nothing of a bearer that is gone: the modem does.
        bench.change { $0.dropBearer() }
        bench.advance(by: .seconds(40))
        #expect(bench.effects.contains(.endChild("dhcp")))
        bench.advance(by: .seconds(60))
        #expect(bench.condition.link == .up && bench.spawns.count == 2)
    }

    @Test func anInterfaceThatIsNotNamedIsTheOneOfTheModemsUSBDevice() {
        var settings = CarrierBench.settings
        settings.modem.connection = .networkInterface
        settings.interface = ""
        settings.dhcpClient = ["/sbin/udhcpc", "-f", "-i"]
        var bench = CarrierBench(settings, interface: "enx021f4b2a0c11")
        bench.modem.identity.manufacturer = "Quectel"
        bench.start()
        bench.advance(by: .seconds(60))
        #expect(bench.condition.detail == "the modem shows no network interface on its USB port")
        #expect(bench.spawns.isEmpty && bench.condition.interface == nil)
        bench.handle(.interfaceFound("enx021f4b2a0c11"))
        #expect(bench.spawns == [["/sbin/udhcpc", "-f", "-i", "enx021f4b2a0c11"]])
        #expect(bench.condition.link == .up && bench.condition.interface == "enx021f4b2a0c11")
        bench.handle(.interfaceFound("enx021f4b2a0c11"))
        #expect(bench.spawns.count == 1 && bench.condition.link == .up)
    }

    @Test func aClientThatEndsOnlyWhenTheBearerIsBackIsStartedAgain() {
        var bench = up()
        bench.endsAtOnce = false
        bench.change { $0.dropBearer() }
        bench.advance(by: .seconds(50))
        #expect(bench.effects.contains(.endChild("dhcp")) && bench.spawns.count == 1)
        bench.hangUp(.code(0))
        bench.advance(by: .seconds(10))
        #expect(bench.spawns.count == 2 && bench.condition.link == .up)
    }

    @Test func aClientThatEndsIsStartedAgainByTheLadder() {
        var bench = up()
        bench.hangUp(.code(1))
        #expect(bench.condition.link == .down && bench.condition.remedy == .recovery)
        #expect(bench.condition.detail == "the DHCP client ended with code 1")
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up && bench.spawns.count == 2)
    }

    @Test func aRedialOfALivingLinkEndsTheClientFirst() {
        var bench = up()
        bench.handle(.ordered(.redial))
        bench.advance(by: .seconds(30))
        #expect(bench.effects.contains(.endChild("dhcp")))
        #expect(bench.condition.link == .up && bench.spawns.count == 2)
    }

    @Test func itsRouteIsTheClientsToSet() {
        let bench = up()
        #expect(!bench.effects.contains(.addDefaultRoute(interface: "usb0")))
    }
}
