import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A Reset from its request to the restart (OCPP 1.6 §5.14).
@Suite struct GatewayResetTests {
    // Shows: CORE-RST-01, J-RPC-33
    /// OCPP 1.6 §5.14, §7.41: answered, then done.
    @Test(arguments: [ResetType.soft, .hard]) func aResetIsAnsweredAndThenRestarts(type: ResetType) throws {
        var bench = try GatewayBench()
        bench.register()
        let effects = bench.ask(.reset(Reset.Request(type: type)))
        #expect(effects.answers == [.reset(.init(status: .accepted))])
        #expect(effects.last != .restart)
        #expect(effects.contains(.closeLink(dial: 1)))
        let closed = bench.feed(.link(.closed(dial: 1, reason: "closed")))
        #expect(closed.last == .restart)
    }

    // Shows: CORE-RST-02, CORE-RST-03
    /// OCPP 1.6 §5.14, §7.42, §7.36, E §3.36: the transaction ends with the reason SoftReset and is delivered before the restart.
    @Test func aSoftResetDeliversTheEndOfTheTransactionFirst() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .c))))
        bench.read(energyWh: 1000)
        while case .statusNotification? = bench.calls.first?.request {
            bench.answer(.statusNotification(StatusNotification.Confirmation()))
        }
        bench.feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: "TAG"))))
        bench.answer(.authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .accepted))))
        #expect(bench.calls.map(\.request.action) == [.startTransaction])
        let info = IdTagInfo(status: .accepted)
        bench.answer(.startTransaction(StartTransaction.Confirmation(idTagInfo: info, transactionId: 7)))

        let asked = bench.ask(.reset(Reset.Request(type: .soft)))
        #expect(asked.answers == [.reset(.init(status: .accepted))])
        var stop: StopTransaction.Request?
        for _ in 1...10 where stop == nil {
            bench.advance(.seconds(1))
            bench.read(energyWh: 1000)
            while let call = bench.calls.first {
                if case .stopTransaction(let request) = call.request {
                    stop = request
                    break
                }
                bench.answer(.statusNotification(StatusNotification.Confirmation()))
            }
        }
        #expect(stop?.transactionId == 7)
        #expect(stop?.reason == .softReset)
        #expect(bench.machine.status.link.phase == .accepted)
        var last = bench.answer(.stopTransaction(StopTransaction.Confirmation()))
        while !bench.calls.isEmpty { last = bench.answer(.statusNotification(StatusNotification.Confirmation())) }
        #expect(last.contains(.closeLink(dial: 1)))
    }

    /// OCPP 1.6 §5.14: the reset ends what runs; what was about to begin would be ended by nobody.
    @Test func nothingBeginsWhileAResetIsUnderWay() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .b))))
        bench.read(energyWh: 1000)
        while case .statusNotification? = bench.calls.first?.request {
            bench.answer(.statusNotification(StatusNotification.Confirmation()))
        }
        let card = CardPresented(readerId: 1, connectorIds: [1], idTag: "TAG")
        bench.feed(.charging(.cardPresented(card)))
        #expect(bench.calls.map(\.request.action) == [.authorize])
        bench.ask(.reset(Reset.Request(type: .soft)))
        let other = CardPresented(readerId: 1, connectorIds: [1], idTag: "OTHER")
        let presented = bench.feed(.charging(.cardPresented(other)))
        #expect(presented.contains(.indicate(Indicate(connectorId: 1, signal: .rejected))))
        let start = bench.ask(.remoteStartTransaction(RemoteStartTransaction.Request(idTag: "TAG")))
        #expect(start.answers == [.remoteStartTransaction(.init(status: .rejected))])
        let answered = bench.answer(.authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .accepted))))
        #expect(!answered.contains { if case .persist = $0 { true } else { false } })
        #expect(!answered.contains { if case .requestPermit = $0 { true } else { false } })
    }
}
