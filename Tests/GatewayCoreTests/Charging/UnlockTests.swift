import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// UnlockConnector, and the cable that is released at an end (OCPP 1.6 §5.18).
@Suite struct UnlockTests {
    private func unlock(_ bench: ChargingBench, _ connectorId: Int) -> UnlockStatus? {
        let (answer, effects) = bench.machine.unlockConnector(
            .init(connectorId: connectorId),
            id: "call",
            at: bench.moment
        )
        bench.perform(effects)
        bench.pump()
        return answer?.status
    }

    /// The order to release the cable may have died with the process before this one.
    @Test func aCableThatIsStillLockedAfterARestartIsReleased() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.hardwareAnswers = false
        bench.swipe("CARD")
        bench.run(seconds: 15)
        bench.change { $0.lock = .locked }
        bench.hardwareAnswers = true
        bench.restart()
        bench.run(seconds: 1)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    // Shows: CORE-UNL-05
    /// TC_018_2: nothing to unlock, nothing to stop.
    @Test func aFixedCableIsNotSupported() {
        let bench = ChargingBench.charging()
        #expect(unlock(bench, 1) == .notSupported)
        bench.run(seconds: 3)
        #expect(bench.lines.isEmpty)
    }

    // Shows: CORE-UNL-03
    /// TC_031.
    @Test(arguments: [0, 9765])
    func anUnknownConnectorIsNotSupported(connectorId: Int) {
        #expect(unlock(ChargingBench(hasLock: true), connectorId) == .notSupported)
    }

    // Shows: CORE-UNL-01, CORE-UNL-02, CORE-TX-44
    /// TC_018_1.
    @Test func unlockStopsTheTransaction() {
        let bench = ChargingBench.charging(hasLock: true)
        #expect(bench.hardware[1]?.lock == .locked)
        #expect(unlock(bench, 1) == nil)
        #expect(bench.unlockAnswers == [.unlocked])
        bench.run(seconds: 2)
        #expect(bench.lines.last == "Stop #1 UnlockCommand 1006")
    }

    /// As OCPP 1.6 §5.17 has it for triggers: the answer comes before the messages that the request causes.
    @Test func whatAnUnlockStopsIsToldAfterItsAnswer() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.answersUnlocks = false
        #expect(unlock(bench, 1) == nil)
        bench.change { _ in }
        bench.run(seconds: 4)
        #expect(bench.unlockAnswers.isEmpty)
        #expect(bench.lines.isEmpty)
        bench.feed(.unlockAnswered(connectorId: 1, .answered(.unlocked)))
        bench.run(seconds: 1)
        #expect(bench.unlockAnswers == [.unlocked])
        #expect(bench.lines.first == "Status 1 Finishing")
        #expect(bench.lines.contains { $0.hasPrefix("Stop #1 UnlockCommand") })
    }

    // Shows: CORE-UNL-01, CORE-UNL-06
    @Test func aLockThatDoesNotAnswerIsAFailure() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.hardwareAnswers = false
        #expect(unlock(bench, 1) == nil)
        bench.run(seconds: 5)
        #expect(bench.unlockAnswers == [.unlockFailed])
    }

    /// One request to hardware-io is under way for all of them.
    @Test func everyUnlockThatWaitsGetsTheOutcome() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.hardwareAnswers = false
        for _ in 0..<3 {
            #expect(unlock(bench, 1) == nil)
            bench.run(seconds: 1)
        }
        #expect(bench.unlockRequests == 1)
        bench.feed(.unlockAnswered(connectorId: 1, .answered(.unlocked)))
        #expect(bench.unlockAnswers == [.unlocked, .unlocked, .unlocked])
        bench.run(seconds: 10)
        #expect(bench.unlockRequests == 1)
    }

    @Test func anUnlockThatCanWaitForTheNextAttemptGetsItsOutcome() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.hardwareAnswers = false
        #expect(unlock(bench, 1) == nil)
        bench.run(seconds: 2)
        #expect(unlock(bench, 1) == nil)
        bench.feed(.unlockAnswered(connectorId: 1, .answered(.failed)))
        #expect(bench.unlockAnswers == [.unlockFailed])
        bench.run(seconds: 3)
        #expect(bench.unlockRequests == 2)
        bench.feed(.unlockAnswered(connectorId: 1, .answered(.unlocked)))
        #expect(bench.unlockAnswers == [.unlockFailed, .unlocked])
    }

    /// What is seen counts, whatever became of the question: hardware-io may have answered too late, or not at all.
    @Test func anUnlockThatWaitsIsAnsweredWhenTheLockIsSeenOpen() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.hardwareAnswers = false
        #expect(unlock(bench, 1) == nil)
        bench.change { $0.permit = nil }
        #expect(bench.unlockAnswers.isEmpty)
        bench.feed(.unlockAnswered(connectorId: 1, .failed(BusError(.timedOut, "no answer"))))
        bench.unplug()
        bench.run(seconds: 1)
        #expect(unlock(bench, 1) == nil)
        bench.change { $0.lock = .unlocked }
        #expect(bench.unlockAnswers.last == .unlocked)
    }

    /// An open lock under a permit may be about to close.
    @Test func anOpenLockUnderAPermitAnswersNoUnlock() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.hardwareAnswers = false
        #expect(unlock(bench, 1) == nil)
        bench.change { $0.lock = .unlocked }
        #expect(bench.unlockAnswers.isEmpty)
        bench.change { $0.permit = nil }
        #expect(bench.unlockAnswers == [.unlocked])
    }

    /// Another one asks at once when hardware-io has answered the one before.
    @Test func anUnlockAfterAFailureIsTriedAtOnce() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.hardwareAnswers = false
        for expected in 1...4 {
            #expect(unlock(bench, 1) == nil)
            #expect(bench.unlockRequests == expected)
            bench.feed(.unlockAnswered(connectorId: 1, .answered(.failed)))
            #expect(bench.unlockAnswers.count == expected)
        }
    }

    // Shows: CORE-TX-15
    @Test func aNormalStopReleasesTheCable() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    /// A weld lasts longer than the lock is tried. Nobody's card would free the cable afterwards.
    @Test func aCableThatWasLiveAtTheEndIsReleasedOnceItIsNot() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.change {
            $0.isWelded = true
            $0.faults = [.powerSwitchFailure]
        }
        bench.swipe("CARD")
        bench.run(seconds: 60)
        #expect(bench.hardware[1]?.lock == .locked)
        let asked = bench.unlockRequests
        bench.change { $0.pilot = .b }
        bench.run(seconds: 60)
        #expect(bench.unlockRequests == asked)
        bench.change {
            $0.isWelded = false
            $0.faults = []
        }
        bench.run(seconds: 1)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    /// E §3.5, §3.17.
    @Test func afterDeAuthorizedTheCableWaitsForItsOwner() {
        let bench = ChargingBench(hasLock: true)
        bench.central.startInfo = { _ in IdTagInfo(status: .invalid) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 8)
        #expect(bench.hardware[1]?.lock == .locked)
        bench.swipe("OTHER")
        #expect(bench.hardware[1]?.lock == .locked)
        #expect(bench.central.starts.count == 1)
        bench.swipe("CARD")
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    /// Whose cable it is outlives the program; a stranger's card opens nothing before and after.
    @Test(arguments: [true, false]) func aKeptCableIsItsOwnersAfterARestartToo(isPowerCut: Bool) {
        let bench = ChargingBench(hasLock: true)
        bench.central.startInfo = { _ in IdTagInfo(status: .invalid) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 8)
        if isPowerCut { bench.powerCycle() } else { bench.restart() }
        bench.goOnline()
        bench.run(seconds: 8)
        #expect(bench.hardware[1]?.lock == .locked)
        bench.swipe("OTHER")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.lock == .locked)
        bench.swipe("CARD")
        #expect(bench.hardware[1]?.lock == .unlocked)
        #expect(bench.central.starts.count == 1)
    }

    /// A lock that does not let a forgotten plug go is asked three times in ten seconds, however often its state is published.
    @Test func aForgottenPlugWhoseLockIsStuckIsNotAskedAtEachState() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.change { $0.lockIsStuck = true }
        bench.change {
            $0.lock = .locked
            $0.pilot = .b
        }
        for second in 0..<30 {
            bench.run(seconds: 1)
            bench.change { $0.pilot = second.isMultiple(of: 2) ? .c : .b }
        }
        #expect((1...12).contains(bench.unlockRequests))
    }

    // Shows: CORE-TX-20
    /// OCPP 1.6 §4.10: StopTransactionOnEVSideDisconnect=false goes before UnlockConnectorOnEVSideDisconnect.
    @Test(arguments: ["true", "false"]) func aTransactionThatGoesOnKeepsItsCableLocked(unlocks: String) {
        let bench = ChargingBench(
            hasLock: true,
            keys: [
                "StopTransactionOnEVSideDisconnect": "false", "UnlockConnectorOnEVSideDisconnect": unlocks,
            ]
        )
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.unplug()
        bench.run(seconds: 60)
        #expect(bench.hardware[1]?.lock == .locked)
        #expect(bench.central.stops.isEmpty)
    }

    // Shows: CORE-STAT-16
    /// A socket that holds a plug serves nobody, whoever could not release it and however often it was tried.
    @Test func aConnectorIsNeverAvailableWhileItsReleaseFails() {
        let bench = ChargingBench.charging(hasLock: true)
        bench.hardware[1]?.lockIsStuck = true
        bench.swipe("CARD")
        bench.run(seconds: 5)
        bench.unplug()
        bench.run(seconds: 120)
        #expect(bench.unlockRequests == 3)
        #expect(bench.status()?.status == "Finishing")
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 120)
        #expect(bench.status()?.status == "Finishing")
        #expect(!bench.lines.contains("Status 1 Available"))
        bench.change { $0.lock = .unlocked }
        bench.run(seconds: 5)
        #expect(bench.status()?.status == "Available")
    }

    /// One that nobody remembers: the journal says nothing of it.
    @Test func aConnectorIsNotAvailableWhileAForgottenPlugIsLocked() {
        let bench = ChargingBench(hasLock: true)
        bench.goOnline()
        bench.central.forgetLines()
        bench.hardware[1]?.lockIsStuck = true
        bench.change { $0.lock = .locked }
        bench.run(seconds: 60)
        #expect(bench.status()?.status == "Finishing")
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 60)
        #expect(bench.status()?.status == "Finishing")
        #expect(!bench.lines.contains("Status 1 Available"))
        bench.change { $0.lock = .unlocked }
        bench.run(seconds: 5)
        #expect(bench.lines.last == "Status 1 Available")
    }
}
