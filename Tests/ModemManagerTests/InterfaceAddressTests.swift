import CLinux
import Testing
import UplinkCore

@testable import modem_manager

/// What the kernel tells of addresses: the number of the interface counts, and not the label, which may be any.
@Suite struct InterfaceAddressTests {
    @Test func anAddressIsItsInterfacesWhateverItsLabel() {
        let list = Self.list([
            Self.address([192, 168, 1, 5], prefix: 24, index: 2, label: "eth0:0"),
            Self.address([10, 64, 0, 2], far: [10, 64, 0, 1], prefix: 32, index: 7, label: "ppp0"),
        ])
        let found = InterfaceAddressEntry.entries(in: RouteMessage.parts(of: list))
        #expect(found.map(\.index) == [2, 7])
        #expect(found.map { RouteMessage.text($0.address) } == ["192.168.1.5", "10.64.0.2"])
        #expect(found.map { RouteMessage.text($0.far) } == ["192.168.1.5", "10.64.0.1"])
        #expect(found.map(\.prefixLength) == [24, 32])
    }

    @Test func theSameAddressWithAnotherPrefixOrEndIsAnother() throws {
        let address = try #require(RouteMessage.bytes("10.64.0.2"))
        let list = Self.list([
            Self.address([10, 64, 0, 2], prefix: 30, index: 2, label: "wwan0"),
            Self.address([10, 64, 0, 2], far: [10, 64, 0, 1], prefix: 30, index: 2, label: "wwan0"),
        ])
        let found = InterfaceAddressEntry.entries(in: RouteMessage.parts(of: list))
        #expect(found.map { $0.isAt(address, 30) } == [true, false])
        #expect(found.map { $0.isAt(address, 24) } == [false, false])
    }

    /// Any length may stand in it.
    @Test func whatIsBrokenEndsTheList() {
        let whole = Array(Self.list([Self.address([10, 0, 0, 1], prefix: 8, index: 2, label: "eth0")]))
        for length in whole.indices {
            #expect(InterfaceAddressEntry.entries(in: RouteMessage.parts(of: whole[..<length])).isEmpty)
        }
        for index in whole.indices {
            for byte: UInt8 in [0, 1, 3, 255] {
                var broken = whole
                broken[index] = byte
                #expect(InterfaceAddressEntry.entries(in: RouteMessage.parts(of: broken[...])).count <= 1)
            }
        }
    }

    /// Whatever this machine has: it says so, and the loopback is among it.
    @Test func thisKernelIsAsked() throws {
        _ = try #require(InterfaceAddressEntry.all())
        let readings = try Interfaces.read()
        #expect(readings.contains { $0.isLoopback })
    }

    private static func list(_ addresses: [[UInt8]]) -> ArraySlice<UInt8> { addresses.flatMap { $0 }[...] }

    private static func address(
        _ address: [UInt8],
        far: [UInt8]? = nil,
        prefix: UInt8,
        index: UInt32,
        label: String
    ) -> [UInt8] {
        // Family, length of the prefix, flags, scope, interface.
        var body: [UInt8] = [2, prefix, 0, 0] + bytes(index)
        body += attribute(1, far ?? address) + attribute(2, address) + attribute(3, Array(label.utf8) + [0])
        // Length, RTM_NEWADDR, flags, number, port.
        return bytes(UInt32(16 + body.count)) + [20, 0, 2, 0] + bytes(1) + bytes(0) + body
    }

    private static func attribute(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        let padding = [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
        return [UInt8(value.count + 4), 0, type, 0] + value + padding
    }

    private static func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
