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

    /// Nobody who waits for his plug is to charge by surprise once the button is released.
    @Test func theEmergencyStopEndsAUsageThatHasNotBegun() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.swipe("CARD")
        #expect(bench.status()?.status == "Preparing")
        bench.change { $0.faults = [.emergencyStop] }
        bench.run(seconds: 2)
        bench.change { $0.faults = [] }
        bench.plug()
        bench.run(seconds: 5)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.allSatisfy { !$0.granted })
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
    }

    /// The answer about a card that waited comes while the button is pressed.
    @Test func nothingBeginsWhileTheEmergencyStopHolds() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.holdsAnswers = true
        bench.swipe("CARD")
        bench.change { $0.faults = [.emergencyStop] }
        bench.holdsAnswers = false
        bench.answerHeld()
        bench.run(seconds: 2)
        bench.swipe("OTHER")
        bench.run(seconds: 2)
        bench.change { $0.faults = [] }
        bench.run(seconds: 5)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.allSatisfy { !$0.granted })
    }
}
