import BusSchema
import Primitives
import Testing
import UplinkCore

/// An uplink that somebody else keeps up, over any interface.
@Suite struct InterfaceCarrierTests {
    private static func reading(_ name: String, isTaken: Bool = false) -> InterfaceReading {
        var reading = InterfaceReading(name: name, isLoopback: name == "lo", isRunning: true, hasAddress: true)
        reading.isTaken = isTaken
        return reading
    }

    private func condition(_ readings: [InterfaceReading], named: String? = nil) -> CarrierCondition {
        var carrier = InterfaceCarrier(interface: named)
        let now = Moment(uptime: .seconds(1), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
        _ = carrier.handle(.interfacesRead(readings), at: now)
        return carrier.condition
    }

    /// It is metered, or out of order, and has its own place in the order of uplinks.
    @Test func theInterfaceOfAnotherUplinkIsNotAnyInterface() {
        let (loopback, modem) = (Self.reading("lo"), Self.reading("wwan0", isTaken: true))
        let down = condition([loopback, modem])
        #expect(down.link == .down)
        #expect(down.detail == "no interface has an address, but for those of other uplinks")
        let up = condition([loopback, modem, Self.reading("eth0")])
        #expect(up.link == .up)
        #expect(up.interface == "eth0")
    }

    @Test func theOneThatTheFileNamesIsItsOwn() {
        #expect(condition([Self.reading("eth0", isTaken: true)], named: "eth0").link == .up)
    }
}
