import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// Connector 0 has a status of its own: Available, Unavailable, Faulted (OCPP 1.6 §4.9, §7.7).
@Suite struct ChargePointFaultTests {
    private func online(connectors: Int = 1) -> ChargingBench {
        let bench = ChargingBench(connectors: connectors)
        bench.goOnline()
        bench.central.forgetLines()
        return bench
    }

    private func notification(_ bench: ChargingBench) -> StatusNotification.Request? {
        bench.central.requests.compactMap { request -> StatusNotification.Request? in
            guard case .statusNotification(let notification) = request else { return nil }
            return notification
        }.last
    }

    // Shows: CORE-STAT-03
    /// OCPP 1.6 §4.9, §7.7.
    @Test func withoutHardwareTheChargePointIsFaulted() {
        let bench = online(connectors: 2)
        bench.hardwareAnswers = false
        bench.run(seconds: 40)
        #expect(bench.lines.contains { $0.hasPrefix("Status 0 Faulted InternalError") })
        bench.central.forgetLines()
        bench.hardwareAnswers = true
        bench.run(seconds: 2)
        #expect(bench.lines.contains("Status 0 Available"))
    }

    @Test func oneConnectorThatIsFaultedLeavesTheChargePointAvailable() {
        let bench = online(connectors: 2)
        bench.change(1) { $0.faults = [.groundFailure] }
        #expect(bench.lines == ["Status 1 Faulted GroundFailure"])
    }

    /// OCPP 1.6 §7.7: nothing can begin, but what runs goes on.
    @Test func aDiskThatTakesNothingIsAFaultOnceItLasts() {
        let bench = online()
        bench.persistFails = true
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 4)
        #expect(!bench.lines.contains { $0.hasPrefix("Status 0") })
        bench.run(seconds: 12)
        #expect(bench.lines.contains { $0.hasPrefix("Status 0 Faulted InternalError") })
        bench.central.forgetLines()
        bench.persistFails = false
        bench.run(seconds: 6)
        #expect(bench.lines.contains("Status 0 Available"))
    }

    @Test func aDiskThatFailsUnderARunningChargeIsAWarning() {
        let bench = ChargingBench.charging()
        bench.persistFails = true
        bench.run(seconds: 80)
        #expect(bench.lines.contains("Status 0 Available InternalError (nothing can be stored)"))
        #expect(bench.status()?.status == "Charging")
    }

    // Shows: CORE-STAT-12, CORE-STAT-23
    /// OCPP 1.6 §4.9: a warning leaves the status as it is.
    @Test func aWeakSignalIsAWarningThatDoesNotFlutter() {
        let bench = online()
        for percent in [60, 15, 14, 20, 24, 14, 25, 15] { bench.feed(.uplinkSignal(percent: percent)) }
        #expect(bench.lines == ["Status 0 Available WeakSignal", "Status 0 Available"])
        bench.feed(.uplinkSignal(percent: 3))
        bench.feed(.uplinkSignal(percent: nil))
        #expect(bench.lines.suffix(2) == ["Status 0 Available WeakSignal", "Status 0 Available"])
    }

    @Test func aResetThatFailedIsToldUntilOneSucceeds() {
        let bench = online()
        bench.perform(bench.machine.resetFailed(because: "no", at: bench.moment))
        bench.run(seconds: 1)
        bench.perform(bench.machine.stopAll(reason: .softReset, at: bench.moment))
        bench.run(seconds: 1)
        #expect(bench.lines == ["Status 0 Available ResetFailure (no)", "Status 0 Available"])
    }

    @Test func theWorstOfSeveralIsTheErrorCodeAndTheOthersAreNamed() {
        let bench = online()
        bench.feed(.uplinkSignal(percent: 1))
        bench.feed(
            .hardwareReader(ReaderState(readerId: 1, connectorIds: [1], faults: [.readerFailure], simulated: true))
        )
        #expect(notification(bench)?.errorCode == .readerFailure)
        #expect(notification(bench)?.info == "also WeakSignal")
        #expect(notification(bench)?.status == .available)
        _ = bench.changeAvailability(0, .inoperative)
        #expect(bench.lines.contains("Status 0 Unavailable ReaderFailure (also WeakSignal)"))
    }

    /// Beside one that has words of its own, too: each that comes or goes is a report.
    @Test func whatComesBesideAFaultWithWordsOfItsOwnIsNamedToo() {
        let bench = online()
        bench.hardwareAnswers = false
        bench.run(seconds: 40)
        bench.feed(.uplinkSignal(percent: 1))
        let told = bench.central.requests.compactMap { request -> String? in
            guard case .statusNotification(let status) = request, status.connectorId == 0 else { return nil }
            return status.info?.text
        }
        #expect(told.suffix(2) == ["hardware-io does not answer", "hardware-io does not answer, also WeakSignal"])
    }

    // MARK: - Connectors

    /// Several faults at once: none is hidden behind the worst, and none that goes is.
    @Test func aConnectorTellsAllItsFaults() {
        let bench = online()
        bench.change { $0.faults = [.groundFailure, .highTemperature] }
        #expect(notification(bench)?.errorCode == .groundFailure)
        #expect(notification(bench)?.info == "also HighTemperature")
        bench.change { $0.faults = [.highTemperature] }
        #expect(notification(bench)?.errorCode == .highTemperature)
        #expect(notification(bench)?.info == nil)
        #expect(notification(bench)?.status == .faulted)
        bench.change { $0.faults = [] }
        #expect(bench.lines.last == "Status 1 Available")
    }

    // Shows: CORE-STAT-18
    /// OCPP 1.6 §7.6: every error code that this charger can have.
    @Test(arguments: [
        HardwareFaultCode.connectorLockFailure, .groundFailure, .highTemperature, .internalError, .overCurrentFailure,
        .overVoltage, .powerMeterFailure, .powerSwitchFailure, .underVoltage,
    ])
    func aFaultOfTheHardwareIsTheErrorCode(fault: HardwareFaultCode) {
        let bench = online()
        bench.change { $0.faults = [fault] }
        #expect(bench.lines == ["Status 1 Faulted \(fault)"])
    }

    @Test func whatOCPPHasNoCodeForIsOtherError() {
        let bench = online()
        bench.change { $0.faults = [.enclosureOpen] }
        #expect(notification(bench)?.errorCode == .otherError)
        #expect(notification(bench)?.vendorErrorCode == "EnclosureOpen")
    }

    // MARK: - What was missed

    // Shows: CORE-STAT-13, CORE-STAT-25
    /// OCPP 1.6 §4.9: the error that occurred, once, and the status as it is; nothing else of what happened.
    @Test func anErrorThatWasMissedIsToldOnce() {
        let bench = online()
        bench.goOffline()
        bench.plug(ready: false)
        bench.run(seconds: 2)
        bench.change { $0.faults = [.overVoltage] }
        let failed = bench.moment.utc
        bench.run(seconds: 20)
        bench.change { $0.faults = [] }
        bench.unplug()
        bench.run(seconds: 5)
        bench.goOnline(registered: false)
        #expect(bench.lines == ["Status 1 Faulted OverVoltage", "Status 1 Available"])
        let told = bench.central.requests.compactMap { request -> Timestamp? in
            guard case .statusNotification(let status) = request, status.status == .faulted else { return nil }
            return status.timestamp
        }
        #expect(told == [failed])
        bench.goOffline()
        bench.goOnline(registered: false)
        #expect(bench.lines.count == 2)
    }

    @Test func anErrorThatLastsIsToldOnce() {
        let bench = online()
        bench.goOffline()
        bench.change { $0.faults = [.overVoltage] }
        bench.goOnline(registered: false)
        #expect(bench.lines == ["Status 1 Faulted OverVoltage"])
    }

    // Shows: CORE-STAT-10
    /// OCPP 1.6 §4.9: also after a reconnect a status has to last.
    @Test func aStatusThatBeganJustBeforeTheReconnectHasToLast() {
        let bench = ChargingBench(keys: [.minimumStatusDuration: "5"])
        bench.goOnline()
        bench.central.forgetLines()
        bench.goOffline()
        bench.plug()
        bench.goOnline(registered: false)
        bench.run(seconds: 4)
        #expect(bench.lines.isEmpty)
        bench.run(seconds: 1)
        #expect(bench.lines == ["Status 1 Preparing"])
    }
}
