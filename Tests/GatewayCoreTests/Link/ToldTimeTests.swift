import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// The time that the central system tells, and what the charger believes of it (OCPP 1.6 §4.2, §4.6).
@Suite struct ToldTimeTests {
    /// A central system that tells a wrong time does so with every answer.
    @Test func aTimeThatIsNotBelievedIsLoggedOnceAnHour() throws {
        var bench = try GatewayBench(clockIsTrusted: false, url: "wss://cs.example/CP1", trust: "roots")
        bench.start()
        bench.feed(.link(.resolved(dial: 1, addresses: 1)))
        bench.feed(.link(.connected(dial: 1)))
        let validity = Validity(begin: bench.now.utc, end: bench.now.utc.advanced(by: .seconds(86_400)))
        bench.feed(.link(.secured(dial: 1, certificates: validity)))
        bench.feed(.link(.handshakeFinished(dial: 1)))
        let wrong = Duration.seconds(10 * 86_400)
        bench.answerBoot(.accepted, interval: 60, ahead: wrong)
        bench.settleStatuses()
        for _ in 0..<119 {
            bench.advance(.seconds(60))
            bench.feed(.link(.received))
            bench.answer(.heartbeat(Heartbeat.Confirmation(currentTime: bench.now.utc.advanced(by: wrong))))
        }
        #expect(bench.logged.count { $0.hasPrefix("the central system's time is not used") } == 2)
    }

    /// A board without a battery-backed clock boots in 1970, and NTP sets it after the gateway has started. With the power gone before the
    /// central system answers, nobody else knows when this boot was.
    @Test func aClockThatIsSetAfterTheStartTellsWhenThisBootWas() throws {
        var bench = try GatewayBench(clockIsTrusted: false)
        bench.start()
        var restored = TransactionLedger()
        for record in bench.feed(.hostClockTrusted).persisted { restored.read(record) }
        let began = bench.now.utc.advanced(by: .zero - bench.now.uptime).millisecondsSinceEpoch
        #expect(restored.boots.map(\.utc) == [began])
        #expect(restored.boots.map(\.errorMilliseconds) == [60_000])
        #expect(restored.boots.map(\.isProven) == [nil])
        #expect(bench.feed(.hostClockTrusted).persisted.isEmpty)
        // The central system knows it better; what was told by the first keeps its time.
        bench.connect()
        let told = bench.answerBoot(.accepted, ahead: .seconds(20))
        for record in told.persisted { restored.read(record) }
        #expect(restored.boots.map(\.utc) == [began, began + 20_000])
    }

    @Test func whatTheCentralSystemToldIsNotTakenBackByTheHost() throws {
        var bench = try GatewayBench(clockIsTrusted: false)
        bench.start()
        bench.connect()
        bench.answerBoot(.accepted, ahead: .seconds(-86_400))
        #expect(bench.feed(.hostClockTrusted).persisted.isEmpty)
    }

    /// Told over ws://, then the site moves to wss://, and the program or the machine starts anew: nobody could put the time right any more.
    @Test(arguments: ["boot", "earlier"]) func aTimeToldOnAPlainConnectionBarsNoCertificateAfterARestart(boot: String)
        throws
    {
        let wrong: Int64 = 2_200_000_000_000
        for isProven in [nil, true] {
            var restored = TransactionLedger()
            var start = BootStart(boot: boot, utc: wrong)
            start.isProven = isProven
            restored.read(.bootStart(start))
            var bench = try GatewayBench(
                clockIsTrusted: false,
                url: "wss://cs.example/CP1",
                trust: "roots",
                restored: restored
            )
            bench.start()
            bench.feed(.link(.resolved(dial: 1, addresses: 1)))
            let effects = bench.feed(.link(.connected(dial: 1)))
            let time = effects.compactMap { if case .secureLink(_, let time) = $0 { time } else { nil } }.first
            if isProven == nil {
                #expect(time == .atLeast(HostClock.earliest))
            } else {
                #expect(try #require(time).earliest >= Timestamp(millisecondsSinceEpoch: wrong))
            }
        }
    }

    /// What a certificate vouched for is kept as such, over a compaction of the journal too.
    @Test func whetherATimeWasProvenIsOnDisk() throws {
        var bench = try GatewayBench(clockIsTrusted: false, url: "wss://cs.example/CP1", trust: "roots")
        bench.start()
        bench.feed(.link(.resolved(dial: 1, addresses: 1)))
        bench.feed(.link(.connected(dial: 1)))
        let validity = Validity(begin: bench.now.utc, end: bench.now.utc.advanced(by: .seconds(86_400)))
        bench.feed(.link(.secured(dial: 1, certificates: validity)))
        bench.feed(.link(.handshakeFinished(dial: 1)))
        var ledger = TransactionLedger()
        for record in bench.answerBoot(.accepted, interval: 600, ahead: .seconds(30)).persisted { ledger.read(record) }
        #expect(ledger.boots.map(\.isProven) == [nil])
        bench.settleStatuses()
        for _ in 0..<7 {
            bench.advance(.seconds(600))
            bench.feed(.link(.received))
            let time = bench.now.utc.advanced(by: .seconds(30))
            for record in bench.answer(.heartbeat(Heartbeat.Confirmation(currentTime: time))).persisted {
                ledger.read(record)
            }
        }
        #expect(ledger.boots.map(\.isProven) == [true])
        var compacted = TransactionLedger()
        compacted.read(JournalCompaction(ledger).checkpoint)
        #expect(compacted.newestProvenUTC == ledger.newestUTC)
    }

    /// The first answer took most of a minute, so that its time is right to half a minute. A process that took it for exact would hold the
    /// first good answer for a contradiction, and begin a transaction with the wrong time.
    @Test func aTimeThatWasToldSlowlyIsNoMoreCertainAfterARestart() throws {
        var bench = try GatewayBench(clockIsTrusted: false)
        bench.start()
        bench.connect()
        bench.advance(.seconds(20))
        bench.feed(.link(.received))
        bench.advance(.seconds(8))
        let slow = bench.answerBoot(.accepted, ahead: .seconds(-28))
        var restored = TransactionLedger()
        for record in slow.persisted { restored.read(record) }
        #expect(restored.boots.map(\.errorMilliseconds) == [15_000])
        var next = try GatewayBench(clockIsTrusted: false, restored: restored)
        next.now = next.now.advanced(by: .seconds(60))
        next.start()
        next.connect()
        next.answerBoot(.accepted)
        #expect(!next.logged.contains { $0.hasPrefix("the central system's time is not used") })
    }
}
