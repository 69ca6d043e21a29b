import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

@Suite struct StatusTests {
    // Shows: CORE-STAT-10, CORE-STAT-25
    @Test func aShortStatusIsNotReported() {
        let bench = ChargingBench(keys: [.minimumStatusDuration: "5"])
        bench.goOnline()
        bench.central.forgetLines()
        bench.plug()
        bench.run(seconds: 3)
        bench.unplug()
        bench.run(seconds: 20)
        #expect(bench.lines.isEmpty)
        bench.plug()
        let plugged = bench.moment.utc
        bench.run(seconds: 4)
        #expect(bench.lines.isEmpty)
        bench.run(seconds: 1)
        #expect(bench.lines == ["Status 1 Preparing"])
        guard case .statusNotification(let request) = bench.central.requests.last else {
            Issue.record("no StatusNotification")
            return
        }
        #expect(request.timestamp == plugged)
    }

    // Shows: CORE-STAT-11
    /// OCPP 1.6 §4.9: an EV has five seconds to begin its draw, also where MinimumStatusDuration is 0.
    @Test func ourOwnWaitHoldsWithoutMinimumStatusDuration() {
        let bench = ChargingBench(keys: [.minimumStatusDuration: "0"])
        bench.goOnline()
        bench.plug(ready: false)
        bench.swipe("CARD")
        bench.run(seconds: 4)
        #expect(!bench.lines.contains("Status 1 SuspendedEV"))
        bench.run(seconds: 2)
        #expect(bench.lines.contains("Status 1 SuspendedEV"))
    }

    @Test func aStatusWhoseAnswerWasLostIsSentAgain() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.holdsAnswers = true
        bench.plug()
        bench.goOffline()
        bench.holdsAnswers = false
        bench.central.forgetLines()
        bench.goOnline(registered: false)
        #expect(bench.lines == ["Status 1 Preparing"])
    }

    // Shows: CORE-BOOT-15
    @Test func anotherRegistrationReportsEverythingAgain() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.feed(.wentOnline(registered: true))
        #expect(bench.lines == ["Status 0 Available", "Status 1 Available"])
    }

    @Test func aTriggerReportsTheStatusThoughItIsKnown() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        let known = bench.machine.triggerStatus(connectorId: 1, at: bench.moment)
        let unknown = bench.machine.triggerStatus(connectorId: 2, at: bench.moment)
        bench.pump()
        #expect(known)
        #expect(!unknown)
        #expect(bench.lines == ["Status 1 Available"])
    }

    // Shows: CORE-STAT-03, CORE-STAT-12
    @Test func aReaderFaultIsAWarningOfTheChargePoint() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        let broken = ReaderState(readerId: 1, connectorIds: [1], faults: [.readerFailure], simulated: true)
        bench.feed(.hardwareReader(broken))
        #expect(bench.lines == ["Status 0 Available ReaderFailure"])
    }

    // Shows: CORE-STAT-18
    @Test func anUnknownFaultIsReportedWithItsName() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.change { $0.faults = [HardwareFaultCode(rawValue: "RodentDetected")] }
        guard case .statusNotification(let request) = bench.central.requests.last else {
            Issue.record("no StatusNotification")
            return
        }
        #expect(request.status == .faulted)
        #expect(request.errorCode == .otherError)
        #expect(request.vendorErrorCode == "RodentDetected")
    }

    // Shows: CORE-STAT-07
    @Test func aContactorThatDoesNotFollowBecomesSuspendedEVSE() {
        let bench = ChargingBench.charging()
        bench.change { $0.contactorIsStuckOpen = true }
        bench.run(seconds: 1)
        #expect(bench.lines.isEmpty)
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 SuspendedEVSE"])
    }

    @Test func theNewestRefusalIsShownUntilATransactionBegins() {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.goOffline()
        bench.plug()
        bench.swipe("STRANGER")
        #expect(bench.status()?.refusal?.reason == "the central system is not connected")
        #expect(bench.status()?.refusal?.at == bench.moment.utc.millisecondsSinceEpoch)
        bench.goOnline()
        bench.swipe("CARD")
        #expect(bench.status()?.transaction != nil)
        #expect(bench.status()?.refusal == nil)
    }

    @Test func finishingSaysWhatItFollows() {
        let bench = ChargingBench.charging()
        bench.change { $0.faults = [.emergencyStop] }
        bench.run(seconds: 2)
        bench.change { $0.faults = [] }
        bench.run(seconds: 2)
        #expect(bench.status()?.status == "Finishing")
        #expect(bench.status()?.explanation.hasPrefix("Over: the emergency stop was pressed (EmergencyStop).") == true)
    }

    @Test func theBusSeesStatusTransactionAndQueue() {
        let bench = ChargingBench.charging()
        let status = bench.status()
        #expect(status?.status == "Charging")
        #expect(status?.transaction?.transactionId == 1)
        #expect(status?.transaction?.meterStartWh == 1000)
        #expect(bench.machine.queue?.undelivered == 0)
        #expect(bench.publications.contains { $0.value is QueueState })
    }

    // Shows: CORE-STAT-28
    /// Whatever happens to a connector, only transitions of the table are reported (OCPP 1.6 §4.9).
    @Test(arguments: 1...20)
    func onlyTransitionsOfTheTableHappen(seed: UInt64) {
        let allowed: [String: Set<String>] = [
            "Available": [
                "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Reserved", "Unavailable", "Faulted",
            ],
            "Preparing": [
                "Available", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Faulted", "Unavailable",
            ],
            "Charging": ["Available", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted"],
            "SuspendedEV": ["Available", "Charging", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted"],
            "SuspendedEVSE": ["Available", "Charging", "SuspendedEV", "Finishing", "Unavailable", "Faulted"],
            "Finishing": ["Available", "Preparing", "Unavailable", "Faulted"],
            "Unavailable": ["Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Faulted"],
        ]
        var random = SeededRandom(seed: seed)
        let bench = ChargingBench()
        bench.goOnline()
        for _ in 0..<100 { act(bench, &random) }
        let statuses = bench.lines.filter { $0.hasPrefix("Status 1 ") }.map { String($0.split(separator: " ")[2]) }
        for (from, to) in zip(statuses, statuses.dropFirst()) where from != to && from != "Faulted" {
            #expect(allowed[from]?.contains(to) == true, "\(from) to \(to)")
        }
        #expect(statuses.count > 5)
        settle(bench)
        #expect(bench.central.starts.count == bench.central.stops.count)
        let ids = bench.central.stops.map(\.request.transactionId)
        #expect(Set(ids).count == ids.count)
        #expect(!ids.contains(-1))
    }

    private func act(_ bench: ChargingBench, _ random: inout SeededRandom) {
        let idTags = ["ONE", "TWO"]
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1: bench.plug(ready: Bool.random(using: &random))
        case 2: bench.unplug()
        case 3, 4, 5: bench.swipe(idTags[Int.random(in: 0..<2, using: &random)])
        case 6: bench.change { $0.faults = $0.faults.isEmpty ? [.groundFailure] : [] }
        case 7:
            let type: AvailabilityType = Bool.random(using: &random) ? .operative : .inoperative
            _ = bench.changeAvailability(1, type)
        case 8:
            let (_, effects) = bench.machine.remoteStart(.init(connectorId: 1, idTag: "APP"), at: bench.moment)
            bench.perform(effects)
        case 9:
            guard let id = bench.status()?.transaction?.transactionId else { return }
            let (_, effects) = bench.machine.remoteStop(.init(transactionId: id), at: bench.moment)
            bench.perform(effects)
        default: break
        }
        bench.run(seconds: Int.random(in: 0..<40, using: &random))
    }

    private func settle(_ bench: ChargingBench) {
        bench.change { $0.faults = [] }
        bench.plug()
        bench.unplug()
        bench.run(seconds: 30)
    }
}
