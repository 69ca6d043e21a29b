import Glibc
import SerialPort
import TemporaryFolder
import Testing

/// One device by several names.
@Suite struct DeviceFileTests {
    @Test func aLinkIsTheDeviceThatItLeadsTo() throws {
        let (device, other) = (try PseudoTerminal(), try PseudoTerminal())
        let folder = try TemporaryFolder()
        let link = folder.path + "/by-id"
        #expect(symlink(device.path, link) == 0)
        let identity = DeviceFile.identity(of: device.path)
        #expect(identity != nil)
        #expect(DeviceFile.identity(of: link) == identity)
        #expect(DeviceFile.identity(of: "/" + device.path) == identity)
        #expect(DeviceFile.identity(of: other.path) != identity)
    }

    @Test(arguments: ["", "ttyS0", "GPIO line 17", "/dev/there/is/none"])
    func whatIsNoPathOrLeadsNowhereIsNoDevice(path: String) {
        #expect(DeviceFile.identity(of: path) == nil)
    }
}
