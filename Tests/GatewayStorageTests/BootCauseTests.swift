import GatewayStorage
import TemporaryFolder
import Testing

/// `Documentation/watchdog/watchdog-api.rst` of the kernel: `bootstatus` holds the flags of the last boot, WDIOF_CARDRESET (0x20) among them.
@Suite struct BootCauseTests {
    @Test(arguments: [
        (["32\n"], true), (["0\n"], false), (["0\n", "33\n"], true), (["31\n", "64\n"], false), (["", "x\n"], false),
        (["-1\n"], true), (["99999999999999999999\n"], false), ([], false),
    ])
    func aWatchdogThatResetTheProcessorIsTheCause(flags: [String], isWatchdog: Bool) throws {
        let folder = try TemporaryFolder()
        for (number, text) in flags.enumerated() {
            try folder.makeFolder("watchdog\(number)")
            try folder.write(Array(text.utf8), to: "watchdog\(number)/bootstatus")
        }
        #expect(BootCause.isWatchdog(in: folder.path) == isWatchdog)
    }
}
