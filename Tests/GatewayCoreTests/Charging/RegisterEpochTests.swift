import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// The meter was swapped or reset in a transaction, and service accepted where its register is now: nothing is billed across that.
@Suite struct RegisterEpochTests {
    private let keys: [OCPPKeyName: String] = [.stopTxnSampledData: "Energy.Active.Import.Register"]

    private func reportedAtEnd(_ stop: StopTransaction.Request?) -> [String] {
        stop?.transactionData?.flatMap { value in
            value.sampledValue.elements.filter { $0.context == .transactionEnd }.map(\.value)
        } ?? []
    }

    /// OCPP 1.6 §7.36 has no reason of its own for it.
    @Test(arguments: [0, 900_000] as [Int64])
    func aTransactionEndsWithTheRegisterOfBefore(registerWh: Int64) {
        let bench = ChargingBench.charging(keys: keys)
        bench.run(seconds: 20)
        let before = bench.hardware[1]?.registerWh ?? 0
        bench.change(1) {
            $0.registerWh = registerWh
            $0.registerEpoch = 7
        }
        bench.run(seconds: 20)
        let stop = bench.central.stops.last?.request
        #expect(bench.central.stops.count == 1)
        #expect(stop?.reason == .other)
        #expect(stop.map { Int64($0.meterStop) } == before)
        #expect(reportedAtEnd(stop) == ["\(before)"])
        #expect(bench.hardware[1]?.permit == nil)
    }

    @Test func theNextTransactionCountsFromTheNewRegister() {
        let bench = ChargingBench.charging()
        bench.change(1) {
            $0.registerWh = 0
            $0.registerEpoch = 7
        }
        bench.run(seconds: 20)
        bench.unplug()
        bench.run(seconds: 5)
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 60)
        #expect(bench.central.stops.count == 1)
        #expect(bench.central.starts.last.map { $0.request.meterStart < 100 } == true)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    @Test func whatBeganAnewWhileTheGatewayWasAwayEndsTheTransactionToo() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 70)
        let before = bench.hardware[1]?.registerWh ?? 0
        bench.hardware[1]?.registerWh = before + 5000
        bench.hardware[1]?.registerEpoch = 7
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 20)
        let stop = bench.central.stops.last?.request
        #expect(stop?.reason == .other)
        #expect(stop.map { Int64($0.meterStop) <= before } == true)
    }

    @Test func aRegisterThatBeganAnewEarlierEndsNoTransactionOverARestart() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.change(1) { $0.registerEpoch = 7 }
        bench.run(seconds: 2)
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 30)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 30)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// Its end is decided, and the register of before is what is waited for.
    @Test func aRegisterThatBeginsAnewWhileATransactionEndsIsNotBilled() {
        let bench = ChargingBench.charging(keys: keys)
        bench.run(seconds: 20)
        let before = bench.hardware[1]?.registerWh ?? 0
        bench.meterReports = false
        bench.skip(.milliseconds(500))
        bench.swipe("CARD")
        #expect(bench.central.stops.isEmpty)
        bench.hardware[1]?.registerWh = 900_000
        bench.hardware[1]?.registerEpoch = 7
        bench.meterReports = true
        bench.run(seconds: 20)
        let stop = bench.central.stops.last?.request
        #expect(stop?.reason == .local)
        #expect(stop.map { Int64($0.meterStop) } == before)
        #expect(reportedAtEnd(stop) == ["\(before)"])
    }

    /// hardware-io knows no register of before a boot of the machine that it did not store, and so no epoch begins.
    @Test func aRegisterThatFellOverABootEndsATransactionThatWouldGoOn() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.run(seconds: 25)
        let before = bench.hardware[1]?.registerWh ?? 0
        bench.hardware[1]?.registerWh = 0
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 70)
        let stop = bench.central.stops.last?.request
        #expect(bench.central.stops.count == 1)
        #expect(stop?.reason == .other)
        #expect(stop.map { Int64($0.meterStop) <= before && $0.meterStop >= Int(before) - 100 } == true)
        #expect(bench.hardware[1]?.isClosed == false)
    }

    /// TC_032_2 bills what the meter says after the power came back, if that is the same register.
    @Test func aMeterThatWasSwappedWithoutPowerBillsTheRegisterOfBefore() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        let before = bench.hardware[1]?.registerWh ?? 0
        bench.hardware[1]?.registerWh = 900_000
        bench.hardware[1]?.registerEpoch = 7
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 70)
        let stop = bench.central.stops.last?.request
        #expect(stop?.reason == .powerLoss)
        #expect(stop.map { Int64($0.meterStop) <= before } == true)
    }
}
