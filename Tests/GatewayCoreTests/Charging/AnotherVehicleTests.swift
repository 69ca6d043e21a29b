import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// Another EV than the one of the transaction is connected.
@Suite struct AnotherVehicleTests {
    /// It left, and another one was plugged in, while nobody here could hear it.
    @Test(arguments: [true, false])
    func aTransactionWhoseVehicleIsAnotherOneEnds(wasHeardBefore: Bool) {
        let bench = ChargingBench.charging()
        bench.run(seconds: 20)
        let registerWh = bench.hardware[1]?.registerWh ?? 0
        bench.hardware[1]?.permit = nil
        bench.hardware[1]?.pluggedSinceUptime = bench.moment.uptime.wholeMilliseconds + 1000
        if wasHeardBefore {
            bench.change { _ in }
        } else {
            bench.restart()
            bench.goOnline()
        }
        bench.run(seconds: 30)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
        #expect(bench.central.stops.first.map { Int64($0.request.meterStop) } == registerWh)
        #expect(bench.hardware[1]?.permit == nil)
    }

    /// The certificate's StopTransactionOnEVSideDisconnect = false.
    @Test func aTransactionThatMayGoOnWithoutItsVehicleDoes() {
        let bench = ChargingBench.charging(keys: [.stopTransactionOnEVSideDisconnect: "false"])
        bench.hardware[1]?.permit = nil
        bench.change { $0.pluggedSinceUptime = bench.moment.uptime.wholeMilliseconds + 1000 }
        bench.run(seconds: 30)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// One that was granted to a hardware-io that had not started yet comes after its withdrawal, and both are answered.
    @Test func aPermitThatComesAfterItsWithdrawalIsTakenAwayToo() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 5)
        let permit = bench.hardware[1]?.permit
        let transaction = permit?.transaction ?? ""
        bench.hardwareAnswers = false
        bench.unplug()
        #expect(bench.permits.last?.granted == false)
        bench.feed(.hardwareConnector(FakeHardware(connectorId: 1, permit: permit).state))
        bench.feed(.permitAnswered(connectorId: 1, transaction: transaction, .answered))
        bench.feed(.permitAnswered(connectorId: 1, transaction: transaction, .answered))
        let before = bench.permits.count
        bench.run(seconds: 2)
        #expect(bench.permits.count == before + 1)
        #expect(bench.permits.last?.granted == false && bench.permits.last?.transaction == transaction)
        // Until it is seen to be gone.
        bench.feed(.permitAnswered(connectorId: 1, transaction: transaction, .answered))
        bench.feed(.hardwareConnector(FakeHardware(connectorId: 1).state))
        bench.run(seconds: 5)
        #expect(bench.permits.count == before + 1)
    }

    /// hardware-io keeps a permit while the gateway starts anew; one that nobody here knows of would deliver energy that nobody pays.
    @Test func aPermitFromBeforeOurRestartThatNobodyKnowsIsWithdrawn() {
        let bench = ChargingBench()
        bench.goOnline()
        let lease = (bench.moment.uptime + .seconds(60)).wholeMilliseconds
        bench.hardware[1]?.pilot = .c
        bench.hardware[1]?.permit = PermitInForce(
            limitMilliamps: 16_000,
            validUntilUptime: lease,
            transaction: "of nobody"
        )
        bench.restart()
        #expect(bench.permits.map(\.granted) == [false])
        #expect(bench.permits.map(\.transaction) == ["of nobody"])
        #expect(bench.hardware[1]?.isClosed == false)
    }
}
