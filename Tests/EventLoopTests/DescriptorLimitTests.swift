import Glibc
import Testing

@testable import EventLoop

/// How many descriptors strangers may take before no more of them are let in.
@Suite struct DescriptorLimitTests {
    @Test(arguments: [
        (511, 65_536, false), (512, 65_536, true), (511, 1024, false), (512, 1024, true), (127, 256, false),
        (128, 256, true), (-1, 65_536, true),
    ])
    func strangersGetFiveHundredAndTwelveOrHalfOfASmallLimit(lowestFree: Int32, limit: UInt, isScarce: Bool) {
        #expect(DescriptorLimit.isScarce(lowestFree: lowestFree, limit: limit, parts: (1, of: 1)) == isScarce)
    }

    @Test(arguments: [(383, false), (384, true)])
    func threeQuartersOfThatIsSomeDistance(lowestFree: Int32, isScarce: Bool) {
        #expect(DescriptorLimit.isScarce(lowestFree: lowestFree, limit: 65_536, parts: (3, of: 4)) == isScarce)
    }

    @Test func theLimitIsRaisedAsFarAsItMay() {
        let raised = DescriptorLimit.raise()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(limit.rlim_cur == raised)
        #expect(raised >= min(65_536, limit.rlim_max))
    }
}
