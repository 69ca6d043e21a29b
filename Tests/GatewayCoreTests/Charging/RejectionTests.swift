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

    @Test func aCardWhereNoConnectorCanBeMeantIsLogged() {
        let bench = ChargingBench()
        bench.goOnline()
        _ = bench.changeAvailability(1, .inoperative)
        bench.swipe("CARD")
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.rejections == ["every connector is in use or out of service"])
    }
}
