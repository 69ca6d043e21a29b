import Glibc
import Testing

@testable import EventLoop

/// How many descriptors strangers may take before no more of them are let in.
@Suite struct DescriptorLimitTests {
    @Test(arguments: [
        (511, 65_536, true), (512, 65_536, false), (511, 1024, true), (512, 1024, false), (127, 256, true),
        (128, 256, false), (-1, 65_536, false),
    ])
    func strangersGetFiveHundredAndTwelveOrHalfOfASmallLimit(lowestFree: Int32, limit: UInt, isAccepted: Bool) {
        #expect(DescriptorLimit.acceptsStrangers(lowestFree: lowestFree, limit: limit, now: true) == isAccepted)
    }

    @Test(arguments: [
        (383, 65_536, true), (384, 65_536, false), (95, 256, true), (96, 256, false), (-1, 65_536, false),
    ])
    func whoWasRefusedComesInAgainWhenAQuarterOfThatIsFree(lowestFree: Int32, limit: UInt, isAccepted: Bool) {
        #expect(DescriptorLimit.acceptsStrangers(lowestFree: lowestFree, limit: limit, now: false) == isAccepted)
    }

    @Test func theLimitIsRaisedAsFarAsItMay() {
        let raised = DescriptorLimit.raise()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(limit.rlim_cur == raised)
        #expect(raised >= min(65_536, limit.rlim_max))
    }
}
