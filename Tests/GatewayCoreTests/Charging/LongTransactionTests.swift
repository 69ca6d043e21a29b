import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct LongTransactionTests {
    /// A vehicle that stays plugged in for a week, with a sample every ten seconds, each delivered: that is no reason for a larger file.
    @Test func aWeekOfDeliveredSamplesLeavesTheJournalAsSmallAsADay() {
        var book = RecordBook(TransactionLedger())
        var journal: [JournalRecord] = []
        var longest = 0
        func write(_ record: JournalRecord) {
            let isEntered = book.enter(record)
            #expect(isEntered)
            journal.append(record)
        }
        func time(_ step: Int64) -> EventTime {
            EventTime(utc: 1_800_000_000_000 + 10_000 * step, boot: nil, uptime: 10_000 * step)
        }
        let began = Began(
            sequence: 1,
            messageId: "m1",
            transaction: "t",
            connectorId: 1,
            idTag: "CARD",
            meterStartWh: 0,
            time: time(0),
            boot: "boot"
        )
        write(.began(began))
        write(.delivered(Delivered(sequence: 1, transaction: "t", isStop: false)))
        let samples = Int64(7 * 86_400 / 10)
        for step in 1...samples {
            let sampled = Sampled(
                sequence: step + 1,
                messageId: "m",
                transaction: "t",
                connectorId: 1,
                time: time(step),
                energyWh: 20 * step,
                values: []
            )
            write(.sampled(sampled))
            write(.delivered(Delivered(sequence: step + 1, transaction: "t", isStop: false)))
            // As the machine orders it, and the journal does it.
            if let compaction = book.compactionIfWorthwhile(afterFailure: false, at: .seconds(10 * step)) {
                write(compaction.checkpoint)
                journal = journal.filter { compaction.keeps($0) }
                #expect(journal.count <= 10)
            }
            longest = max(longest, journal.count)
        }
        // A sample is two records, that it was and that it was delivered, and two thousand are worth a compaction: six hours.
        #expect(longest > 2000 && longest <= 2 * 2000 + 10)
        // Nothing is forgotten by it.
        var again = TransactionLedger()
        for record in journal { again.read(record) }
        #expect(again == book.ledger)
        #expect(again.open[1]?.registerWh == 20 * samples)
        #expect(again.undelivered == 0)
    }
}
