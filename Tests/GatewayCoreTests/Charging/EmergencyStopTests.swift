import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

@Suite struct EmergencyStopTests {
    /// OCPP 1.6 §7.36: who presses the emergency stop wants an end, not a pause until the button is released.
    @Test func theEmergencyStopEndsTheTransaction() {
        let bench = ChargingBench.charging()
        bench.change { $0.faults = [.emergencyStop] }
        bench.run(seconds: 12)
        #expect(bench.central.stops.map(\.request.reason) == [.emergencyStop])
        #expect(bench.lines.contains("Status 1 Faulted OtherError"))
        #expect(bench.status()?.status == "Faulted")
        bench.change { $0.faults = [] }
        bench.run(seconds: 12)
        #expect(bench.status()?.status == "Finishing")
        #expect(bench.central.stops.count == 1)
    }
}
