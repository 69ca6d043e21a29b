import GatewayCore
import GatewayStorage
import Primitives
import TemporaryFolder
import Testing

/// The battery-backed clocks as the kernel shows them.
@Suite struct RealTimeClockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func show(_ text: String, as clock: String) throws {
        try folder.makeFolder(clock)
        try folder.write(Array(text.utf8), to: clock + "/since_epoch")
    }

    private var seconds: Int64? {
        HostClock.realTimeClock(in: folder.path).map { $0.millisecondsSinceEpoch / 1000 }
    }

    @Test func theSecondsOfTheFirstClockAreTheTime() throws {
        try show("1795852800\n", as: "rtc0")
        try show("7\n", as: "rtc1")
        #expect(seconds == 1_795_852_800)
    }

    @Test func withoutAClockThereIsNoTime() { #expect(seconds == nil) }

    /// A clock that lost the time is a file that cannot be read, as a folder in its place cannot.
    @Test func aClockThatLostTheTimeIsPassedOver() throws {
        try folder.makeFolder("rtc0")
        try folder.makeFolder("rtc0/since_epoch")
        #expect(seconds == nil)
        try show("1795852800\n", as: "rtc2")
        #expect(seconds == 1_795_852_800)
    }

    @Test(arguments: ["", "\n", "soon", "1795852800.5", "99999999999999999999"])
    func whatIsNoNumberIsNoTime(text: String) throws {
        try show(text, as: "rtc0")
        #expect(seconds == nil)
    }

    /// Clamped where it enters, and then not believed.
    @Test(arguments: [Int64.max, .min]) func anImpossibleNumberStopsNobodyAndIsNotTrusted(number: Int64) throws {
        try show("\(number)", as: "rtc0")
        let clock = HostClock(isSynchronised: false, realTimeClock: HostClock.realTimeClock(in: folder.path))
        #expect(!clock.isTrusted(at: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)))
    }
}
