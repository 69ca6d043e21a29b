import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

@Suite struct RemoteTests {
    private func start(_ bench: ChargingBench, connectorId: Int? = 1, idTag: IdToken = "APP") -> RemoteStartStopStatus {
        let (answer, effects) = bench.machine.remoteStart(
            .init(connectorId: connectorId, idTag: idTag),
            at: bench.moment
        )
        bench.perform(effects)
        bench.pump()
        return answer.status
    }

    private func stop(_ bench: ChargingBench, transactionId: Int) -> RemoteStartStopStatus {
        let (answer, effects) = bench.machine.remoteStop(.init(transactionId: transactionId), at: bench.moment)
        bench.perform(effects)
        bench.pump()
        return answer.status
    }

    private func change(_ bench: ChargingBench, _ connectorId: Int, _ type: AvailabilityType) -> AvailabilityStatus? {
        bench.changeAvailability(connectorId, type)
    }

    private func online(connectors: Int = 1, keys: [OCPPKeyName: String] = [:]) -> ChargingBench {
        let bench = ChargingBench(connectors: connectors, keys: keys)
        bench.goOnline()
        bench.central.forgetLines()
        return bench
    }

    // Shows: CORE-REM-01, CORE-REM-02, CORE-REM-06, CORE-REM-09
    /// TC_010.
    @Test func remoteStartWithTheCableFirst() {
        let bench = online()
        bench.plug()
        #expect(start(bench) == .accepted)
        bench.run(seconds: 1)
        #expect(bench.lines == ["Status 1 Preparing", "Authorize APP", "Status 1 Charging", "Start 1 APP 1000"])
    }

    /// A central system whose database counts anew gives a number twice.
    @Test func ofTwoTransactionsWithOneNumberTheOneThatRunsIsStopped() {
        let bench = online(connectors: 2)
        bench.central.interfere = { request in
            guard case .startTransaction = request else { return nil }
            let confirmation = StartTransaction.Confirmation(idTagInfo: IdTagInfo(status: .accepted), transactionId: 5)
            return .confirmed(.startTransaction(confirmation))
        }
        for connectorId in [1, 2] {
            bench.plug(connectorId)
            #expect(start(bench, connectorId: connectorId, idTag: connectorId == 1 ? "APP" : "OTHER") == .accepted)
            bench.run(seconds: 2)
        }
        #expect(stop(bench, transactionId: 5) == .accepted)
        #expect(stop(bench, transactionId: 5) == .accepted)
        bench.run(seconds: 30)
        #expect(bench.central.stops.map(\.request.reason) == [.remote, .remote])
        #expect(stop(bench, transactionId: 5) == .rejected)
    }

    // Shows: CORE-REM-03
    @Test func remoteStartWithoutAuthorizeWhenTheKeySaysSo() {
        let bench = online(keys: [.authorizeRemoteTxRequests: "false"])
        bench.plug()
        #expect(start(bench) == .accepted)
        bench.run(seconds: 1)
        #expect(bench.lines == ["Status 1 Preparing", "Status 1 Charging", "Start 1 APP 1000"])
    }

    // Shows: CORE-REM-11
    /// TC_011_1.
    @Test func remoteStartBeforeTheCable() {
        let bench = online()
        #expect(start(bench) == .accepted)
        bench.run(seconds: 5)
        bench.plug()
        #expect(bench.lines == ["Authorize APP", "Status 1 Preparing", "Status 1 Charging", "Start 1 APP 1000"])
    }

    // Shows: CORE-REM-11
    /// TC_011_2.
    @Test func remoteStartWithoutCableTimesOut() {
        let bench = online()
        #expect(start(bench) == .accepted)
        bench.run(seconds: 60)
        #expect(bench.lines == ["Authorize APP", "Status 1 Preparing", "Status 1 Available"])
    }

    // Shows: CORE-REM-15, CORE-REM-17, CORE-REM-19, CORE-TX-46
    /// TC_012.
    @Test func remoteStop() {
        let bench = ChargingBench.charging()
        #expect(stop(bench, transactionId: 1) == .accepted)
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 Finishing", "Stop #1 Remote 1006"])
        bench.unplug()
        #expect(bench.lines.last == "Status 1 Available")
    }

    // Shows: CORE-REM-10, CORE-TX-42
    /// TC_026.
    @Test func remoteStartOnABusyConnectorIsRejected() {
        let bench = ChargingBench.charging()
        #expect(start(bench) == .rejected)
        #expect(bench.lines.isEmpty)
    }

    // Shows: CORE-REM-08
    /// TC_027 and unknown connectors.
    @Test(arguments: [0, 2, -1])
    func remoteStartOnAWrongConnectorIsRejected(connectorId: Int) {
        let bench = online()
        #expect(start(bench, connectorId: connectorId) == .rejected)
    }

    // Shows: CORE-REM-07
    @Test func remoteStartWithoutConnectorPrefersTheCable() {
        let bench = online(connectors: 2)
        bench.plug(2)
        #expect(start(bench, connectorId: nil) == .accepted)
        bench.run(seconds: 1)
        #expect(bench.central.starts.map(\.request.connectorId) == [2])
    }

    // Shows: CORE-REM-20
    @Test func aSecondRemoteStartWhileOneIsPendingIsRejected() {
        let bench = online()
        #expect(start(bench) == .accepted)
        #expect(start(bench, idTag: "OTHER") == .rejected)
    }

    // Shows: CORE-REM-10
    @Test func remoteStartOnAnUnavailableConnectorIsRejected() {
        let bench = online()
        #expect(change(bench, 1, .inoperative) == .accepted)
        #expect(start(bench) == .rejected)
    }

    // Shows: CORE-REM-16, CORE-REM-18
    /// TC_028, and OCPP 1.6 §5.12, E §3.18.
    @Test func remoteStopOfAnUnknownTransactionIsRejected() {
        let bench = ChargingBench.charging()
        #expect(stop(bench, transactionId: 99) == .rejected)
        #expect(stop(bench, transactionId: -1) == .rejected)
        #expect(bench.lines.isEmpty)
    }

    // MARK: - Availability

    // Shows: CORE-AVL-01, CORE-AVL-06, CORE-AVL-07, CORE-STAT-08, MSG-03
    @Test func availabilityChangesAtOnceAndSurvivesARestart() {
        let bench = online()
        #expect(change(bench, 0, .inoperative) == .accepted)
        #expect(bench.lines == ["Status 0 Unavailable", "Status 1 Unavailable"])
        bench.powerCycle()
        bench.central.forgetLines()
        bench.goOnline()
        #expect(bench.lines == ["Status 0 Unavailable", "Status 1 Unavailable"])
        #expect(change(bench, 0, .operative) == .accepted)
        #expect(bench.lines.suffix(2) == ["Status 0 Available", "Status 1 Available"])
    }

    // Shows: CORE-AVL-03
    @Test func changingToWhatIsAlreadyIsAccepted() {
        let bench = online()
        let before = bench.writes
        #expect(change(bench, 1, .operative) == .accepted)
        #expect(bench.writes == before)
        #expect(bench.lines.isEmpty)
    }

    // Shows: CORE-AVL-11
    @Test func anUnknownConnectorIsRejected() {
        #expect(change(online(), 7, .inoperative) == .rejected)
    }

    // Shows: CORE-AVL-02, CORE-AVL-14, CORE-STAT-21
    /// OCPP 1.6 §5.2, §7.3, §4.9: F8.
    @Test func duringATransactionTheChangeIsScheduled() {
        let bench = ChargingBench.charging()
        #expect(change(bench, 1, .inoperative) == .scheduled)
        #expect(bench.lines.isEmpty)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 Finishing", "Stop #1 Local CARD 1006"])
        bench.unplug()
        #expect(bench.lines.last == "Status 1 Unavailable")
    }

    // Shows: CORE-AVL-10
    /// OCPP 1.6 §5.2.
    @Test func operativeCancelsAScheduledChange() {
        let bench = ChargingBench.charging()
        #expect(change(bench, 1, .inoperative) == .scheduled)
        #expect(change(bench, 1, .operative) == .accepted)
        bench.unplug()
        bench.run(seconds: 2)
        #expect(bench.lines.contains("Status 1 Available"))
        #expect(!bench.lines.contains("Status 1 Unavailable"))
    }

    // Shows: CORE-STAT-29
    /// OCPP 1.6 §4.9.
    @Test func preparingIsCancelled() {
        let bench = online()
        #expect(start(bench) == .accepted)
        #expect(change(bench, 1, .inoperative) == .accepted)
        #expect(bench.lines.suffix(2) == ["Status 1 Preparing", "Status 1 Unavailable"])
        bench.run(seconds: 100)
        #expect(change(bench, 1, .operative) == .accepted)
        #expect(bench.lines.last == "Status 1 Available")
    }

    /// H2.
    @Test func aCableInAnUnavailableConnectorIsSeenWhenItIsBack() {
        let bench = online()
        #expect(change(bench, 1, .inoperative) == .accepted)
        bench.plug()
        #expect(bench.lines == ["Status 1 Unavailable"])
        #expect(change(bench, 1, .operative) == .accepted)
        #expect(bench.lines.last == "Status 1 Preparing")
    }

    // Shows: CORE-AVL-15
    @Test func connectorZeroOverrulesItsConnectors() {
        let bench = online(connectors: 2)
        #expect(change(bench, 0, .inoperative) == .accepted)
        #expect(change(bench, 1, .operative) == .accepted)
        #expect(bench.status(1)?.status == "Unavailable")
    }

    // MARK: - Reset

    // Shows: CORE-RST-03, CORE-RST-12, CORE-TX-44
    /// TC_016, OCPP 1.6 §5.14, §4.9.
    @Test func aSoftResetStopsAndStaysStopped() {
        let bench = ChargingBench.charging()
        bench.perform(bench.machine.stopAll(reason: .softReset, at: bench.moment))
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 Finishing", "Stop #1 SoftReset 1006"])
        #expect(!bench.machine.hasOpenTransaction)
        bench.restart()
        bench.central.forgetLines()
        bench.goOnline()
        bench.run(seconds: 5)
        #expect(bench.lines == ["Status 0 Available", "Status 1 Finishing"])
    }

    // Shows: CORE-RST-02, CORE-RST-04, CORE-RST-06
    /// TC_015: what could not be sent before a hard reset is sent after it.
    @Test func aHardResetKeepsTheStop() {
        let bench = ChargingBench.charging()
        bench.goOffline()
        bench.perform(bench.machine.stopAll(reason: .hardReset, at: bench.moment))
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 2)
        #expect(bench.central.stops.map(\.request.reason) == [.hardReset])
    }

    // Shows: CORE-AVL-04
    /// What the answer promises survives a power cut, so without a disk the answer is no (OCPP 1.6 §5.2).
    @Test func anAvailabilityThatCannotBeStoredIsRejected() {
        let bench = online()
        bench.persistFails = true
        #expect(change(bench, 1, .inoperative) == .rejected)
        #expect(bench.lines.isEmpty)
        bench.swipe("CARD")
        #expect(bench.lines == ["Authorize CARD", "Status 1 Preparing"])
    }

    /// The file says what was rejected: it must say what is in force before the next start.
    @Test func aRejectedAvailabilityDoesNotComeBackAfterARestart() {
        let bench = online()
        bench.savesFailLate = true
        #expect(change(bench, 1, .inoperative) == .rejected)
        #expect(bench.availability == AvailabilityDocument(inoperative: [1]))
        bench.run(seconds: 30)
        bench.savesFailLate = false
        bench.run(seconds: 300)
        #expect(bench.availability == AvailabilityDocument())
        bench.restart()
        #expect(bench.status(1)?.status == "Available")
        let writes = bench.writes
        bench.run(seconds: 1000)
        #expect(bench.writes == writes)
    }

    @Test(arguments: [true, false]) func theEndOfTheProgramDoesNotWaitForARejectedAvailability(isReset: Bool) {
        let bench = online()
        bench.savesFailLate = true
        #expect(change(bench, 1, .inoperative) == .rejected)
        bench.savesFailLate = false
        if isReset {
            bench.perform(bench.machine.stopAll(reason: .hardReset, at: bench.moment))
        } else {
            bench.feed(.terminationRequested)
        }
        #expect(bench.availability == AvailabilityDocument())
    }
}
