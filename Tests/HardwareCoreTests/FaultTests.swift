import BusSchema
import HardwareCore
import Primitives
import Testing

@Suite struct FaultTests {
    private let open = DriverCommand.openContactor(connectorId: 1)

    private func reported(_ code: HardwareFaultCode, _ present: Bool) -> DriverEvent {
        .faultReported(connectorId: 1, code: code, present: present, detail: "sensor")
    }

    @Test(arguments: [
        HardwareFaultCode.groundFailure, .highTemperature, .overVoltage, .underVoltage, .overCurrentFailure,
        HardwareFaultCode(rawValue: "SomethingOfANewerBoard"),
    ])
    func whateverABoardReportsOpensTheContactor(code: HardwareFaultCode) {
        var bench = Bench.charging()
        let effects = bench.driver(reported(code, true))
        #expect(effects.first == .command(open))
        #expect(effects.connector?.faults == [code])
        #expect(
            effects.faults == [HardwareFault(connectorId: 1, code: code, present: true, detail: "sensor")]
        )
    }

    @Test func aResidualCurrentStaysUntilTheVehicleIsGone() {
        var bench = Bench.charging()
        bench.driver(reported(.groundFailure, true))
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let ended = bench.driver(reported(.groundFailure, false))
        #expect(ended.faults.isEmpty)
        let gone = bench.pilot(12_000)
        #expect(gone.faults.map(\.present) == [false])
    }

    @Test func anUnplugDoesNotHideACauseThatIsStillThere() {
        var bench = Bench.charging()
        bench.driver(reported(.groundFailure, true))
        let gone = bench.pilot(12_000)
        #expect(gone.connector?.faults == [.groundFailure])
    }

    /// It was latched for a vehicle; once that is gone, nobody would come to unplug it.
    @Test func aResidualCurrentThatEndsAfterTheUnplugIsOver() {
        var bench = Bench.charging()
        bench.driver(reported(.groundFailure, true))
        bench.pilot(12_000)
        let ended = bench.driver(reported(.groundFailure, false))
        #expect(ended.connector?.faults == [])
    }

    @Test func serviceMayEndALatchedFault() {
        var bench = Bench.charging()
        bench.driver(reported(.groundFailure, true))
        let tooEarly = bench.clear(.groundFailure)
        #expect(tooEarly.refusal?.message == "GroundFailure is still there: sensor")
        bench.driver(reported(.groundFailure, false))
        let cleared = bench.clear(.groundFailure)
        #expect(cleared.replies == [.done])
        #expect(cleared.connector?.faults == [])
    }

    @Test func clearingWhatIsNotThereIsDone() {
        var bench = Bench.idle()
        let effects = bench.clear(.overVoltage)
        #expect(effects.replies == [.done])
    }

    @Test func clearingWhatNobodyKnowsIsRefused() {
        var bench = Bench.idle()
        let effects = bench.clear(HardwareFaultCode(rawValue: "Gremlins"))
        #expect(effects.refusal?.code == .invalid)
    }

    @Test func theWorstFaultComesFirst() {
        var bench = Bench.idle()
        bench.driver(reported(.overVoltage, true))
        bench.driver(reported(.groundFailure, true))
        let effects = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(effects.connector?.faults == [.groundFailure, .powerSwitchFailure, .overVoltage])
    }

    @Test func aFaultOfOneConnectorIsNotTheOthers() {
        let second = ConnectorConfiguration(connectorId: 2, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
        var bench = Bench.idle([Bench.fixedCable, second])
        bench.pilot(9000, connectorId: 2)
        bench.permit(16_000, connectorId: 2)
        bench.pilot(6000, connectorId: 2)
        bench.driver(.contactorFeedback(connectorId: 2, closed: true))
        let effects = bench.driver(reported(.groundFailure, true))
        #expect(effects.published(ConnectorState.self).map(\.connectorId) == [1])
        #expect(!effects.orders.contains(.openContactor(connectorId: 2)))
    }

    @Test func aDeviceThatIsNotConfiguredIsOurBugAndNothingMore() {
        var bench = Bench.idle()
        let effects = bench.driver(.contactorFeedback(connectorId: 7, closed: true))
        guard case .log(let record) = effects.first, effects.count == 1 else {
            Issue.record("expected one log record")
            return
        }
        #expect(record.level == .fault)
    }

    @Test func signalsReachTheirConnectorAndUnknownOnesAreRefused() {
        var bench = Bench.idle()
        let known = bench.handle(.indicateRequested(RequestID(1), Indicate(connectorId: 1, signal: .accepted)))
        #expect(known == [.command(.indicate(connectorId: 1, .accepted)), .reply(RequestID(1), .done)])
        let unknown = bench.handle(
            .indicateRequested(RequestID(2), Indicate(connectorId: 1, signal: .init(rawValue: "fireworks")))
        )
        #expect(unknown.refusal?.code == .invalid)
    }
}
