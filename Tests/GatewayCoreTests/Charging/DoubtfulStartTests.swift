import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// The device reads the journal at the start, and cannot be forced to it.
@Suite struct DoubtfulStartTests {
    /// One that charges, in a process that started on such a device.
    private func doubtful() -> ChargingBench {
        let bench = ChargingBench.charging(keys: [.meterValueSampleInterval: "10"])
        bench.run(seconds: 15)
        bench.findsDoubt = true
        bench.persistFails = true
        bench.restart()
        bench.goOnline()
        return bench
    }

    @Test func whoChargesGoesOnAndNothingIsToldThatMayBeForgotten() {
        let bench = doubtful()
        bench.run(seconds: 12)
        #expect(bench.hardware[1]?.isClosed == true)
        #expect(bench.machine.book.fault?.isEmpty == false)
        #expect(bench.logs.filter { $0.message == "storage failed" }.count == 1)
        let told = bench.central.starts.count + bench.central.stops.count
        bench.unplug()
        bench.run(seconds: 12)
        #expect(bench.central.starts.count + bench.central.stops.count == told)
    }

    @Test func nothingBeginsUntilTheDiskTakesAWriteAndThenAllIsWell() {
        let bench = doubtful()
        bench.unplug()
        bench.run(seconds: 12)
        bench.plug()
        bench.swipe("04D4E5F6")
        bench.run(seconds: 12)
        #expect(bench.central.starts.count == 1 && bench.hardware[1]?.permit == nil)
        bench.unplug()
        bench.persistFails = false
        bench.run(seconds: 6)
        #expect(bench.machine.book.fault == nil)
        #expect(bench.central.stops.count == 1)
        bench.plug()
        bench.swipe("04D4E5F6")
        bench.run(seconds: 5)
        #expect(bench.central.starts.count == 2 && bench.hardware[1]?.isClosed == true)
    }
}
