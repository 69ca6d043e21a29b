import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// The cable of a socket with a lock is held before its transaction begins: a lock that fails is a fault before the transaction.
@Suite struct CableHoldTests {
    /// Somebody was accepted, and the lock is on its way, for ever.
    private func waiting(keys: [OCPPKeyName: String] = [:]) -> ChargingBench {
        let bench = ChargingBench(hasLock: true, keys: keys)
        bench.goOnline()
        bench.hardware[1]?.lockIsJammed = true
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        return bench
    }

    private func fail(_ bench: ChargingBench) {
        bench.change {
            $0.lock = .failed
            $0.faults = [.connectorLockFailure]
        }
    }

    @Test func theTransactionBeginsWithALockedCable() {
        let bench = waiting()
        #expect(bench.lockRequests == 1)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.isEmpty)
        #expect(bench.status()?.status == "Preparing")
        #expect(bench.status()?.explanation == "Authorized. Waits for the lock to hold the cable.")
        bench.change { $0.lock = .locked }
        #expect(bench.central.starts.count == 1)
        bench.run(seconds: 30)
        #expect(bench.lockRequests == 1)
        #expect(bench.unlockRequests == 0)
        #expect(bench.status()?.status == "Charging")
    }

    // Shows: CORE-UNL-07
    /// TC_024.
    @Test func aLockThatFailsLetsNoTransactionBegin() {
        let bench = waiting()
        fail(bench)
        #expect(bench.lines.last == "Status 1 Faulted ConnectorLockFailure")
        bench.run(seconds: 20)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.isEmpty)
    }

    @Test func whoStillWaitsWhenTheLockHoldsAfterAllMayCharge() {
        let bench = waiting()
        fail(bench)
        bench.run(seconds: 20)
        bench.change {
            $0.lock = .locked
            $0.faults = []
        }
        #expect(bench.central.starts.count == 1)
    }

    @Test func aLockThatFailsForTooLongEndsTheUsage() {
        let bench = waiting(keys: [.connectionTimeOut: "30"])
        fail(bench)
        bench.run(seconds: 31)
        #expect(bench.unlockRequests == 1)
        bench.change { $0.faults = [] }
        bench.run(seconds: 5)
        #expect(bench.status()?.status == "Finishing")
        #expect(bench.hardware[1]?.lock == .unlocked)
        #expect(bench.central.starts.isEmpty)
    }

    /// The bolt was jammed, the gateway died and forgot for whom it was to hold, and the ConnectionTimeOut is over when it arrives.
    @Test func aBoltThatArrivesWhenTheUsageIsForgottenIsSentBack() {
        let bench = waiting(keys: [.connectionTimeOut: "30"])
        fail(bench)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 35)
        #expect(bench.status()?.status == "Faulted")
        let before = bench.unlockRequests
        bench.change {
            $0.lock = .locked
            $0.lockIsJammed = false
            $0.faults = []
        }
        #expect(bench.unlockRequests == before + 1)
        #expect(bench.hardware[1]?.lock == .unlocked)
        bench.run(seconds: 30)
        #expect(bench.unlockRequests == before + 1)
    }

    /// One that does not open is asked three times, not at each state that it publishes.
    @Test func aBoltThatArrivesAndStaysIsAskedThreeTimes() {
        let bench = waiting(keys: [.connectionTimeOut: "30"])
        fail(bench)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 35)
        let before = bench.unlockRequests
        bench.change {
            $0.lockIsStuck = true
            $0.lock = .locked
            $0.faults = []
        }
        bench.run(seconds: 60)
        #expect(bench.unlockRequests == before + 3)
    }

    enum End: CaseIterable { case secondPresentation, timeOut, unplugged, emergencyStop, reset, inoperative, unlock }

    /// The cable is nobody's then.
    @Test(arguments: End.allCases) func aUsageThatEndsBeforeItsTransactionLetsTheCableGo(end: End) {
        let bench = waiting(keys: [.connectionTimeOut: "30"])
        #expect(bench.unlockRequests == 0)
        switch end {
        case .secondPresentation: bench.swipe("CARD")
        case .timeOut: bench.run(seconds: 30)
        case .unplugged: bench.unplug()
        case .emergencyStop: bench.change { $0.faults = [.emergencyStop] }
        case .reset: bench.perform(bench.machine.stopAll(reason: .softReset, at: bench.moment))
        case .inoperative: #expect(bench.changeAvailability(1, .inoperative) == .accepted)
        case .unlock:
            let (_, effects) = bench.machine.unlockConnector(.init(connectorId: 1), id: "call", at: bench.moment)
            bench.perform(effects)
            #expect(bench.unlockAnswers == [.unlocked])
        }
        #expect(bench.unlockRequests == 1)
        #expect(bench.hardware[1]?.lock == .unlocked)
        bench.run(seconds: 20)
        #expect(bench.unlockRequests == 1)
        #expect(bench.lockRequests == 1 || end == .timeOut)
        #expect(bench.central.starts.isEmpty)
    }

    // Shows: CORE-STAT-16
    @Test func aConnectorIsNotAvailableUntilAHeldCableIsFree() {
        let bench = waiting()
        bench.change { $0.lock = .locking }
        bench.answersUnlocks = false
        bench.central.forgetLines()
        bench.unplug()
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 Finishing"])
        bench.change { $0.lock = .unlocked }
        #expect(bench.lines == ["Status 1 Finishing", "Status 1 Available"])
    }

    /// It may be about to open for whoever had it before: only hardware-io knows.
    @Test func aCableThatIsSeenLockedCountsOnlyOnceHardwareSaysThatItIsHeld() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.plug()
        bench.hardwareAnswers = false
        bench.change { $0.lock = .locked }
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.lockRequests == 1)
        #expect(bench.central.starts.isEmpty)
        bench.feed(.lockAnswered(connectorId: 1, .answered))
        #expect(bench.central.starts.count == 1)
    }

    @Test func aRequestThatGotLostIsRepeated() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.plug()
        bench.hardwareAnswers = false
        bench.swipe("CARD")
        bench.feed(.lockAnswered(connectorId: 1, .failed(BusError(.timedOut, "no answer"))))
        bench.hardwareAnswers = true
        bench.run(seconds: 2)
        #expect(bench.lockRequests == 2)
        #expect(bench.central.starts.count == 1)
    }

    /// Its next process has not heard of it.
    @Test func theCableIsHeldByTheNextHardwareToo() {
        let bench = waiting()
        bench.change {
            $0.bootId = "hw-2"
            $0.lockIsJammed = false
            $0.lock = .unlocked
        }
        bench.run(seconds: 6)
        #expect(bench.hardware[1]?.lock == .locked)
        #expect(bench.central.starts.count == 1)
    }

    /// Somebody may charge, and hardware-io answers the request to hold the cable with that.
    private func refused(_ error: BusError) -> ChargingBench {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.hardware[1]?.lockRefusal = error
        bench.plug()
        bench.swipe("CARD")
        return bench
    }

    /// It locks with the permit, as it always has.
    @Test func aHardwareThatKnowsNoSuchRequestBeginsWithThePermit() {
        let bench = refused(BusError(.unsupported, "hardware.lock is not served here"))
        bench.run(seconds: 2)
        #expect(bench.lockRequests == 1)
        #expect(bench.central.starts.count == 1)
        #expect(bench.hardware[1]?.lock == .locked)
        #expect(bench.status()?.status == "Charging")
    }

    /// The configuration here and there may disagree for a while.
    @Test func aHardwareThatHasNoLockKeepsNobodyWaiting() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.hardware[1]?.lock = .absent
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
    }

    @Test func aRefusalIsTriedAgainAfterASecond() {
        let bench = refused(BusError(.refused, "there is no cable that is connected to an EV"))
        bench.run(seconds: 10)
        #expect(bench.lockRequests == 11)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.logs.count { $0.message == "hardware-io does not hold the cable" } == 1)
        bench.hardware[1]?.lockRefusal = nil
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
    }

    /// Who was authorized is forgotten; the cable must not be.
    @Test func aCableThatWasHeldBeforeARestartIsLetGo() {
        let bench = waiting()
        bench.hardware[1]?.lock = .locked
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.lock == .unlocked)
        #expect(bench.status()?.status == "Preparing")
        #expect(bench.central.starts.isEmpty)
        bench.hardware[1]?.lockIsJammed = false
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
    }

    /// A full disk refuses it, however far it was.
    @Test func aUsageThatTheDiskRefusesLetsTheCableGo() {
        let bench = waiting()
        bench.persistFails = true
        bench.change { $0.lock = .locked }
        bench.run(seconds: 2)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    @Test func aFixedCableIsNotAskedToBeHeld() {
        let bench = ChargingBench.charging()
        #expect(bench.lockRequests == 0)
    }
}
