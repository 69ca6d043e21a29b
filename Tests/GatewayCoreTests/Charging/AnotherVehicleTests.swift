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

    // MARK: - What nobody saw

    /// hardware-io restarted and found an EV: what it is not sure of, it does not know.
    private func findVehicle(_ bench: ChargingBench, isKnown: Bool = true) {
        bench.hardware[1]?.bootId += "'"
        bench.hardware[1]?.permit = nil
        bench.hardware[1]?.pluggedSinceUptime = isKnown ? bench.moment.uptime.wholeMilliseconds : nil
        bench.hardware[1]?.vehicleWasFound = isKnown ? true : nil
    }

    /// Both were away.
    @Test(arguments: [true, false])
    func aVehicleThatNobodySawStayingIsAnotherOne(isKnown: Bool) {
        let bench = ChargingBench.charging()
        bench.run(seconds: 20)
        let registerWh = bench.hardware[1]?.registerWh ?? 0
        let grants = bench.permits.count
        findVehicle(bench, isKnown: isKnown)
        // What a hardware-io of before leaves out, the bench does not add.
        if !isKnown { bench.hardwareAnswers = false }
        bench.restart()
        if !isKnown {
            bench.hardwareAnswers = true
            guard var device = bench.hardware[1] else { return }
            device.openSinceUptime = bench.moment.uptime.wholeMilliseconds
            bench.feed(.hardwareConnector(device.state))
        }
        bench.goOnline()
        bench.run(seconds: 70)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
        #expect(bench.central.stops.first.map { Int64($0.request.meterStop) } == registerWh)
        #expect(bench.hardware[1]?.permit == nil)
        // Asked for at our start at most, before anything was heard.
        #expect(bench.permits.dropFirst(grants).filter(\.granted).count <= 1)
    }

    /// It heard the old process until a moment before the new one.
    @Test func aVehicleThatWasHeardOfAMomentBeforeIsTheSameAlsoForTheNextProcess() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 20)
        findVehicle(bench)
        bench.change { _ in }
        bench.run(seconds: 3)
        #expect(bench.hardware[1]?.isClosed == true)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 10)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    @Test func aVehicleAfterALongSilenceIsAnotherOne() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 20)
        bench.hardwareAnswers = false
        bench.run(seconds: 31)
        bench.hardwareAnswers = true
        findVehicle(bench)
        let grants = bench.permits.count
        bench.change { _ in }
        bench.run(seconds: 20)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
        #expect(!bench.permits.dropFirst(grants).contains { $0.granted })
    }

    /// A hardware-io that saw it coming knows more than whoever only heard no gap.
    @Test func aVehicleThatWasSeenComingIsAnotherOneHoweverShortTheGap() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 20)
        findVehicle(bench)
        bench.hardware[1]?.vehicleWasFound = nil
        bench.change { _ in }
        bench.run(seconds: 20)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
    }

    /// Whoever was accepted waits for the end of a fault; it is not the EV of somebody else that he pays for.
    @Test func theIdentifierOfAVehicleThatLeftIsNotForTheNextOne() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.change { $0.faults = [.groundFailure] }
        bench.swipe("04A1B2C3")
        bench.run(seconds: 2)
        bench.hardwareAnswers = false
        bench.run(seconds: 31)
        bench.hardwareAnswers = true
        findVehicle(bench)
        bench.change { $0.faults = [] }
        bench.run(seconds: 20)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.hardware[1]?.permit == nil)
    }

    // MARK: - After a power cut, under the policy to go on

    @Test func afterAPowerCutTheVehicleThatIsFoundIsTheOneAlsoForTheNextProcess() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.run(seconds: 20)
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
        bench.restart()
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
        // Swapped while the gateway was away, in that boot.
        bench.hardware[1]?.permit = nil
        bench.hardware[1]?.pluggedSinceUptime = bench.moment.uptime.wholeMilliseconds + 1000
        bench.hardware[1]?.vehicleWasFound = nil
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 30)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
    }

    @Test func afterAPowerCutAVehicleThatCameIsAnotherOne() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.run(seconds: 20)
        bench.hardwareAnswers = false
        bench.powerCycle()
        bench.hardwareAnswers = true
        bench.hardware[1]?.permit = nil
        bench.hardware[1]?.vehicleWasFound = nil
        bench.change { _ in }
        bench.goOnline()
        bench.run(seconds: 30)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
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
