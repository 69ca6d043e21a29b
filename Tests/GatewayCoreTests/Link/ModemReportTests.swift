import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// What the gateway takes from the modem manager for BootNotification, and what it tells it of the uplink in use.
@Suite struct ModemReportTests {
    private static func state(iccid: String?, imsi: String?, address: String = "10.64.64.2") -> GatewayEvent {
        let uplink = UplinkState.Uplink(
            name: "mobile",
            driver: "modem",
            link: .up,
            detail: "ppp0 has an address",
            interface: "ppp0",
            address: address,
            radio: UplinkRadio(iccid: iccid, imsi: imsi)
        )
        return .uplink(UplinkState(link: .up, active: "mobile", since: 0, uplinks: [uplink], endToEnd: nil))
    }

    private static func boot(_ bench: inout GatewayBench) throws -> BootNotification.Request {
        guard case .bootNotification(let request)? = bench.calls.last?.request else {
            throw Failure(reason: "The last CALL is no BootNotification.")
        }
        return request
    }

    private struct Failure: Error {
        let reason: String
    }

    @Test func theNumbersOfTheSIMGoIntoBootNotification() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.feed(Self.state(iccid: "8949000000000000017", imsi: "262010000000001"))
        bench.connect()
        let request = try Self.boot(&bench)
        #expect(request.iccid?.text == "8949000000000000017" && request.imsi?.text == "262010000000001")
    }

    @Test func aModemThatHasNotReadItsSIMYetLeavesThemOut() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.feed(Self.state(iccid: nil, imsi: nil))
        bench.connect()
        let request = try Self.boot(&bench)
        #expect(request.iccid == nil && request.imsi == nil)
    }

    @Test func theIMSIOfOneCardIsNotToldWithTheICCIDOfAnother() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.feed(Self.state(iccid: "8949000000000000017", imsi: "262010000000001"))
        bench.feed(Self.state(iccid: "8949000000000000025", imsi: nil))
        bench.connect()
        let request = try Self.boot(&bench)
        #expect(request.iccid?.text == "8949000000000000025" && request.imsi == nil)
    }

    /// OCPP 1.6 §6.5: CiString20Type. What is longer is cut rather than refused, because a charger must come up.
    @Test func aNumberThatIsTooLongIsCut() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.feed(Self.state(iccid: String(repeating: "8", count: 30), imsi: "262010000000001"))
        bench.connect()
        #expect(try Self.boot(&bench).iccid?.text.count == 20)
    }

    @Test func framesThatComeInAreReportedOnceAMinuteSoThatProbesAreSpared() throws {
        var bench = try GatewayBench()
        bench.feed(Self.state(iccid: nil, imsi: nil))
        bench.start()
        bench.connect()
        bench.answerBoot(.accepted)
        bench.settleStatuses()
        var reports: [UplinkReport] = []
        // The modem manager repeats what it says each minute; without that nothing of it holds any more.
        for step in 0..<30 {
            if step.isMultiple(of: 6) { bench.feed(Self.state(iccid: nil, imsi: nil)) }
            let effects = bench.advance(.seconds(10)) + bench.feed(.link(.received))
            for case .report(let report) in effects { reports.append(report) }
        }
        #expect((4...6).contains(reports.count), "\(reports.count) in five minutes")
        #expect(reports.allSatisfy { $0.health == .reachable && $0.uplink == "mobile" })
        var later = 0
        for _ in 0..<5 {
            let effects = bench.advance(.seconds(60)) + bench.feed(Self.state(iccid: nil, imsi: nil))
            for case .report in effects { later += 1 }
        }
        #expect(later == 0, "Nothing came in: nothing is proven.")
    }
}
