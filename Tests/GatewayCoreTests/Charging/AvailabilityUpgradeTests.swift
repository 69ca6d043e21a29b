import BusSchema
import JSON
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// What versions took out of service that kept availability in the journal, in records or in the checkpoint of a compaction.
@Suite struct AvailabilityUpgradeTests {
    @Test(arguments: [false, true]) func whatAnOlderVersionTookOutOfServiceStaysSo(wasCompacted: Bool) throws {
        let bench = ChargingBench(connectors: 2)
        let old = #"{"availability":{"connectorId":1,"operative":false}}"#
        bench.journal.append(try JSON.decode(JournalRecord.self, from: Array(old.utf8)))
        if wasCompacted {
            var ledger = TransactionLedger()
            for record in bench.journal { ledger.read(record) }
            bench.journal = [JournalCompaction(ledger).checkpoint]
        }
        // The disk takes no document at first.
        bench.persistFails = true
        bench.restart()
        #expect(bench.status(1)?.status == "Unavailable")
        bench.persistFails = false
        bench.restart()
        #expect(bench.status(1)?.status == "Unavailable")
        #expect(bench.status(2)?.status == "Available")
        #expect(bench.availability == AvailabilityDocument(inoperative: [1]))
        // From now on the document counts, whatever the journal still says.
        bench.goOnline()
        #expect(bench.changeAvailability(1, .operative) == .accepted)
        bench.restart()
        #expect(bench.status(1)?.status == "Available")
    }

    /// A bad sector must not take back into service what was taken out, nor be the last word (OCPP 1.6 §5.2).
    @Test func whatCannotBeReadFromTheDiskIsOutOfServiceAndTheCentralSystemCanChangeIt() {
        let bench = ChargingBench(connectors: 2)
        bench.documents.setUnread(AvailabilityDocument.self)
        bench.restart()
        #expect(bench.status(1)?.status == "Unavailable")
        #expect(bench.status(2)?.explanation.contains("cannot be read from the disk") == true)
        #expect(bench.status(0)?.status == "Unavailable")
        #expect(bench.logs.contains { $0.level == .error && $0.message == "the availability cannot be read" })
        // The next start may read it: it is not written over.
        #expect(bench.availability == nil)
        bench.goOnline()
        #expect(bench.changeAvailability(1, .operative) == .accepted)
        #expect(bench.status(1)?.status == "Unavailable")
        #expect(bench.changeAvailability(2, .inoperative) == .accepted)
        #expect(bench.changeAvailability(0, .operative) == .accepted)
        #expect([0, 1, 2].map { bench.status($0)?.status } == ["Available", "Available", "Available"])
    }

    /// Until the document is there, the journal is the only place where it stands.
    @Test func aCompactionForgetsNothingThatHasNoDocumentYet() throws {
        let old = #"{"availability":{"connectorId":1,"operative":false}}"#
        let record = try JSON.decode(JournalRecord.self, from: Array(old.utf8))
        var ledger = TransactionLedger()
        ledger.read(record)
        var book = RecordBook(ledger)
        var folded = TransactionLedger()
        folded.read(JournalCompaction(book.ledger).checkpoint)
        #expect(folded.inoperative == [1])
        book.availabilityIsSaved()
        folded.read(JournalCompaction(book.ledger).checkpoint)
        #expect(folded.inoperative.isEmpty)
    }
}
