import BusSchema
import GatewayCore
import Testing

/// Records that the disk could not read at a start.
@Suite struct KeptAsideTests {
    /// The disk works; what it could not read before is nobody's to judge but a person's.
    @Test func recordsThatWereKeptAsideAreToldAndKeepNothingFromBeginning() throws {
        let bench = ChargingBench()
        let files = (1...2).map { "transactions.journal.unreadable-\($0)" }
        bench.feed(.recordsKeptAside(files: files))
        let words = try #require(bench.machine.queue?.storageFault)
        #expect(words.contains("transactions.journal.unreadable-1 and 1 more"))
        bench.goOnline()
        bench.session("CARD")
        #expect(bench.central.stops.count == 1)
        #expect(bench.machine.queue?.storageFault == words)
    }
}
