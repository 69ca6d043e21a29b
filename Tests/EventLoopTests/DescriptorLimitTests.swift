import Glibc
import Testing

@testable import EventLoop

/// How many descriptors strangers may take before no more of them are let in.
@Suite struct DescriptorLimitTests {
    @Test(arguments: [(511, true), (512, false), (-1, false)])
    func strangersGetFiveHundredAndTwelve(lowestFree: Int32, isAccepted: Bool) {
        #expect(DescriptorLimit.acceptsStrangers(lowestFree: lowestFree, now: true) == isAccepted)
    }

    @Test(arguments: [(383, true), (384, false), (-1, false)])
    func whoWasRefusedComesInAgainWhenAQuarterOfThatIsFree(lowestFree: Int32, isAccepted: Bool) {
        #expect(DescriptorLimit.acceptsStrangers(lowestFree: lowestFree, now: false) == isAccepted)
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
