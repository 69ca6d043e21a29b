import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// What people are told of the link.
@Suite struct LinkWordsTests {
    @Test func aReasonIsShownWhileDiallingAgainAndNotOnceConnected() throws {
        func uplink(_ link: UplinkState.Link) -> UplinkState {
            UplinkState(link: link, active: nil, since: 0, uplinks: [], endToEnd: nil)
        }
        var bench = try GatewayBench()
        bench.register()
        _ = bench.feed(.uplink(uplink(.down)))
        let closed = bench.feed(.link(.closed(dial: 1, reason: "aborted")))
        #expect(closed.link?.lastError == "the uplink is down")
        let dialled = bench.feed(.uplink(uplink(.up)))
        #expect(dialled.link?.phase == .resolving)
        #expect(dialled.link?.lastError == "the uplink is down")
        _ = bench.feed(.link(.resolved(dial: 2, addresses: 1)))
        _ = bench.feed(.link(.connected(dial: 2)))
        let open = try #require(bench.feed(.link(.handshakeFinished(dial: 2))).link)
        #expect(open.phase == .accepted)
        #expect(open.lastError == nil)
    }

    /// The check leaves it in, because the clock of a charger that was off may be anything.
    @Test(arguments: [true, false]) func aCertificateThatHasProbablyEndedIsToldWhileItIsAccepted(hasEnded: Bool) throws
    {
        var bench = try GatewayBench(clockIsTrusted: false, url: "wss://cs.example/CP1", trust: "roots")
        bench.start()
        bench.feed(.link(.resolved(dial: 1, addresses: 1)))
        bench.feed(.link(.connected(dial: 1)))
        let end = bench.now.utc.advanced(by: .seconds(hasEnded ? -86_400 : 86_400))
        let begin = end.advanced(by: .seconds(-864_000))
        bench.feed(.link(.secured(dial: 1, certificates: Validity(begin: begin, end: end))))
        let link = try #require(bench.feed(.link(.handshakeFinished(dial: 1))).link)
        #expect(link.certificateDoubt?.contains("ended on \(end.day)") == (hasEnded ? true : nil))
        #expect(bench.logged.contains { $0.hasPrefix("a certificate of the central system ended") } == hasEnded)
    }
}
