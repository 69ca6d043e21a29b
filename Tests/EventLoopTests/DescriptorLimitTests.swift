import Glibc
import Testing

@testable import EventLoop

/// How many descriptors strangers may take before no more of them are let in.
@Suite struct DescriptorLimitTests {
    @Test(arguments: [(1023, true), (1024, false), (5000, false)] as [(UInt, Bool)])
    func strangersGetAThousandAndTwentyFour(open: UInt, isAccepted: Bool) {
        #expect(DescriptorLimit.acceptsStrangers(open: open, now: true) == isAccepted)
    }

    @Test(arguments: [(767, true), (768, false), (5000, false)] as [(UInt, Bool)])
    func whoWasRefusedComesInAgainWhenAQuarterOfThatIsFree(open: UInt, isAccepted: Bool) {
        #expect(DescriptorLimit.acceptsStrangers(open: open, now: false) == isAccepted)
    }

    /// One low number that is free must not look like room for hundreds.
    @Test func whatIsOpenIsCountedWhereverAnyHasBeenClosed() {
        let before = DescriptorLimit.countOpen()
        var all = (0..<200).map { _ in fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) }
        defer { for descriptor in all { close(descriptor) } }
        close(all.removeFirst())
        // Other tests open and close some meanwhile.
        #expect(DescriptorLimit.countOpen() > before + 120)
    }

    /// libzmq ends the process where a burst of connections takes the last one before the loop can look.
    @Test func aLimitThatABurstOfConnectionsUsesUpIsRefused() throws {
        let error = #expect(throws: ScarceResource.self) { try DescriptorLimit.check(4095) }
        #expect(error?.description.contains("only 4095 descriptors are allowed, 4096 are needed") == true)
        try DescriptorLimit.check(4096)
        #expect(DescriptorLimit.least - DescriptorLimit.mostWithStrangers > 3 * 100)
    }

    @Test func theLimitIsRaisedAsFarAsItMay() {
        let raised = DescriptorLimit.raise()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(limit.rlim_cur == raised)
        #expect(raised >= min(65_536, limit.rlim_max))
    }
}
