import Testing
import UplinkCore

@testable import modem_manager

/// What the kernel shows of routes, by family.
@Suite struct DefaultRouteTests {
    private static let four = """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
        eth0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
        wwan0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0
        *\t00000000\t00000000\t0201\t0\t0\t4278198272\t00000000\t0\t0\t0

        """
    private static let none = String(repeating: "0", count: 32)
    private static let six = """
        20010db8000000000000000000000000 40 \(none) 00 \(none) 00000100 00000001 00000000 00000001     eth0
        \(none) 00 \(none) 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003    wwan0
        \(none) 00 \(none) 00 \(none) ffffffff 00000001 00000000 00200200       lo

        """

    @Test func aRouteOfOneFamilyIsNoneOfTheOther() {
        let found = DefaultRoute.families(four: Self.four, six: Self.six)
        #expect(found["eth0"] == [.four] && found["wwan0"] == [.six] && found["lo"] == nil)
    }

    @Test func whereThereIsNoIPv6ThereIsNoSuchRoute() {
        #expect(DefaultRoute.families(four: Self.four, six: "")["wwan0"] == nil)
    }

    /// Whatever this machine has: it says so.
    @Test func thisKernelIsRead() { #expect(DefaultRoute.families() != nil) }
}
