import BusSchema
import GatewayCore
import OCPP
import Testing

/// Why a card was rejected, as the log says it; what the central system says of it is in `SessionTests`.
@Suite struct RejectionTests {
    @Test func aCardThatFindsNoFreeConnectorIsLogged() {
        let bench = ChargingBench.charging()
        bench.swipe("OTHER")
        bench.run(seconds: 1)
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.rejections == ["every connector is in use or out of service"])
    }

    /// Offline it was accepted, and nothing has begun: what the central system says of it since counts.
    @Test func whoIsRefusedBeginsNothingThatWasAcceptedBefore() {
        let bench = ChargingBench(connectors: 2, keys: [.allowOfflineTxForUnknownId: "true"])
        bench.swipe("CARD", at: [1, 2])
        #expect(bench.indications.last == "1 accepted")
        bench.central.authorizeInfo = { _ in IdTagInfo(status: .blocked) }
        bench.goOnline()
        bench.run(seconds: 1)
        #expect(bench.machine.publishedStatuses.contains { $0.connectorId == 1 && $0.status == "Preparing" })
        let (answer, effects) = bench.machine.remoteStart(.init(connectorId: 2, idTag: "CARD"), at: bench.moment)
        #expect(answer.status == .accepted)
        bench.perform(effects)
        bench.pump()
        bench.run(seconds: 1)
        bench.plug(1)
        bench.run(seconds: 5)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.hardware[1]?.permit == nil)
    }

    /// The connection ends because the program does, which is no reason to go by the rules for a charger that is offline.
    /// The word comes with StartTransaction.conf of another connector; the link may be gone before anybody can be asked again.
    @Test func whomStartTransactionRefusesBeginsNothingElsewhere() {
        let bench = ChargingBench(connectors: 2)
        bench.goOnline()
        bench.swipe("CARD", at: [2])
        bench.central.startInfo = { _ in IdTagInfo(status: .blocked) }
        bench.plug(1)
        bench.swipe("CARD", at: [1])
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
        bench.goOffline()
        bench.plug(2)
        bench.run(seconds: 5)
        #expect(bench.hardware[2]?.permit == nil)
    }

    @Test func aCardThatIsBeingAskedAboutBeginsNothingAtTheEndOfTheProgram() {
        let bench = ChargingBench(keys: [.allowOfflineTxForUnknownId: "true"])
        bench.goOnline()
        bench.plug()
        bench.run(seconds: 1)
        bench.holdsAnswers = true
        bench.swipe("CARD")
        bench.feed(.terminationRequested)
        bench.goOffline()
        bench.run(seconds: 5)
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.hardware[1]?.permit == nil)
        #expect(bench.rejections == ["the gateway ends"])
    }

    @Test func aCardWhereNoConnectorCanBeMeantIsLogged() {
        let bench = ChargingBench()
        bench.goOnline()
        _ = bench.changeAvailability(1, .inoperative)
        bench.swipe("CARD")
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.rejections == ["every connector is in use or out of service"])
    }
}
