import Foundation
import TemporaryFolder
import Testing

@testable import modem_manager

/// A folder that looks like sysfs, with modems on USB: each has serial ports, and perhaps a network interface.
@Suite struct USBDeviceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }

    private func link(_ name: String, to target: String) throws {
        try makeFolder(String(name[..<(name.lastIndex(of: "/") ?? name.startIndex)]))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file(name),
            withDestinationPath: folder.file(target)
        )
    }

    /// As the kernel has it: interfaces of the device below it, devices of classes below those.
    private func addDevice(_ device: String, port: String, network: String?) throws {
        let root = "devices/pci0/usb1/\(device)"
        try makeFolder("\(root)/\(device):1.2/\(port)/tty/\(port)")
        try folder.write(Array("0125\n".utf8), to: "\(root)/idProduct")
        try link("class/tty/\(port)/device", to: "\(root)/\(device):1.2/\(port)")
        try folder.write([], to: port)
        guard let network else { return }
        try makeFolder("\(root)/\(device):1.4/net/\(network)")
        try link("class/net/\(network)/device", to: "\(root)/\(device):1.4")
    }

    private func found(_ port: String) -> String? {
        USBDevice.interface(besidePort: folder.file(port), system: folder.path)
    }

    @Test func theInterfaceIsThatOfTheDeviceThatThePortBelongsTo() throws {
        try addDevice("1-1", port: "ttyUSB2", network: "usb0")
        try addDevice("1-2", port: "ttyUSB6", network: "wwan0")
        try makeFolder("class/net/lo")
        try makeFolder("devices/pci0/card")
        try link("class/net/eth0/device", to: "devices/pci0/card")
        #expect(found("ttyUSB2") == "usb0" && found("ttyUSB6") == "wwan0")
    }

    @Test func aPortMayBeNamedByALink() throws {
        try addDevice("1-1", port: "ttyUSB2", network: "usb0")
        try link("by-id/modem", to: "ttyUSB2")
        #expect(found("by-id/modem") == "usb0")
    }

    @Test func thereIsNoneWhereTheDeviceHasNone() throws {
        try addDevice("1-1", port: "ttyUSB2", network: nil)
        try addDevice("1-2", port: "ttyUSB6", network: "wwan0")
        #expect(found("ttyUSB2") == nil && found("ttyUSB9") == nil)
    }

    @Test func aPortThatIsNotOnUSBHasNone() throws {
        try makeFolder("devices/platform/serial/ttyS1")
        try link("class/tty/ttyS1/device", to: "devices/platform/serial")
        try folder.write([], to: "ttyS1")
        try makeFolder("devices/platform/serial/net/eth0")
        try link("class/net/eth0/device", to: "devices/platform/serial")
        #expect(found("ttyS1") == nil)
    }
}
