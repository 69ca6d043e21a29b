import BusSchema
import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

private func at(_ milliseconds: Int) -> Moment {
    Moment(uptime: .milliseconds(milliseconds), utc: Timestamp(millisecondsSinceEpoch: 0))
}

@Suite struct ContactorLinesTests {
    private static let off = LinesOrder.set(group: 0, levels: 0, mask: 1)
    private static let on = LinesOrder.set(group: 0, levels: 1, mask: 1)

    private func feedback(_ closed: Bool) -> LinesOrder {
        .report(.contactorFeedback(connectorId: 1, closed: closed))
    }

    @Test func itsCoilFollowsOrdersAndItsContactIsTold() {
        var contactor = ContactorLines(connectorId: 1)
        let taken = contactor.handle(.taken(levels: [0, 0]), at: at(0))
        #expect(taken == [.report(.deviceRecovered(.contactor(connectorId: 1))), feedback(false)])
        let closing = contactor.perform(.closeContactor(connectorId: 1), at: at(1))
        #expect(closing == [Self.on])
        let followed = contactor.handle(.read(group: 1, levels: 1), at: at(30))
        #expect(followed == [feedback(true)])
        let opening = contactor.perform(.openContactor(connectorId: 1), at: at(40))
        #expect(opening == [Self.off])
    }

    @Test func anOrderToCloseIsNotKeptForLinesThatAreAway() {
        var contactor = ContactorLines(connectorId: 1)
        let early = contactor.perform(.closeContactor(connectorId: 1), at: at(0))
        #expect(early == [])
        _ = contactor.handle(.taken(levels: [0, 0]), at: at(1))
        let lost = contactor.handle(.lost(reason: "gone"), at: at(2))
        #expect(lost == [Self.off, .report(.deviceLost(.contactor(connectorId: 1), reason: "gone"))])
        let late = contactor.perform(.closeContactor(connectorId: 1), at: at(3))
        #expect(late == [])
        #expect(contactor.nextDeadline == nil)
        let back = contactor.handle(.taken(levels: [0, 0]), at: at(4))
        #expect(back == [.report(.deviceRecovered(.contactor(connectorId: 1))), feedback(false)])
    }

    @Test func itsContactIsReadAgainBeforeTenSecondsHavePassed() throws {
        var contactor = ContactorLines(connectorId: 1)
        _ = contactor.handle(.taken(levels: [0, 0]), at: at(0))
        let due = try #require(contactor.nextDeadline?.at)
        #expect(due < .seconds(10))
        let early = contactor.deadlineReached(at: at(100))
        #expect(early == [])
        let orders = contactor.deadlineReached(at: Moment(uptime: due, utc: at(0).utc))
        #expect(orders == [.read(group: 1)])
    }

    /// What was ordered, once it has had its time: the core judges the rest by current.
    @Test func withoutAMirrorContactWhatWasOrderedIsTold() {
        var contactor = ContactorLines(connectorId: 1, hasContact: false)
        let taken = contactor.handle(.taken(levels: [0]), at: at(0))
        #expect(taken == [.report(.deviceRecovered(.contactor(connectorId: 1))), feedback(false)])
        let closing = contactor.perform(.closeContactor(connectorId: 1), at: at(1000))
        #expect(closing == [Self.on])
        #expect(contactor.nextDeadline?.at == .milliseconds(1150))
        let closed = contactor.deadlineReached(at: at(1150))
        #expect(closed == [feedback(true)])
        let repeated = contactor.deadlineReached(at: at(6150))
        #expect(repeated == [feedback(true)])
        _ = contactor.perform(.openContactor(connectorId: 1), at: at(7000))
        let opened = contactor.deadlineReached(at: at(7150))
        #expect(opened == [feedback(false)])
    }

    @Test func itsEndOpensIt() {
        var contactor = ContactorLines(connectorId: 1)
        let end = contactor.end()
        #expect(end == [Self.off])
    }
}

@Suite struct PhaseLinesTests {
    private static let device = Device.phaseContactor(connectorId: 1)

    private func feedback(_ closed: Bool) -> LinesOrder { .report(.phaseFeedback(connectorId: 1, closed: closed)) }

    @Test func itsCoilFollowsOrdersAlone() {
        var phases = PhaseLines(connectorId: 1)
        let early = phases.perform(.switchPhases(connectorId: 1, .three), at: at(0))
        #expect(early == [])
        let taken = phases.handle(.taken(levels: [0, 0]), at: at(1))
        #expect(taken == [.report(.deviceRecovered(Self.device)), feedback(false)])
        let three = phases.perform(.switchPhases(connectorId: 1, .three), at: at(2))
        #expect(three == [.set(group: 0, levels: 1, mask: 1)])
        let followed = phases.handle(.read(group: 1, levels: 1), at: at(30))
        #expect(followed == [feedback(true)])
        // Current may flow: the coil stays as it is until it is ordered.
        let lost = phases.handle(.lost(reason: "gone"), at: at(40))
        #expect(lost == [.report(.deviceLost(Self.device, reason: "gone"))])
        let end = phases.end()
        #expect(end == [])
        let back = phases.handle(.taken(levels: [1, 1]), at: at(50))
        #expect(back == [.report(.deviceRecovered(Self.device)), feedback(true)])
        let read = phases.perform(.readPosition(Self.device), at: at(60))
        #expect(read == [.read(group: 1)])
        let one = phases.perform(.switchPhases(connectorId: 1, .one), at: at(61))
        #expect(one == [.set(group: 0, levels: 0, mask: 1)])
    }

    @Test func withoutAContactWhatWasOrderedIsTold() {
        var phases = PhaseLines(connectorId: 1, hasContact: false)
        let taken = phases.handle(.taken(levels: [0]), at: at(0))
        #expect(taken == [.report(.deviceRecovered(Self.device)), feedback(false)])
        _ = phases.perform(.switchPhases(connectorId: 1, .three), at: at(1000))
        let told = phases.deadlineReached(at: at(1150))
        #expect(told == [feedback(true)])
    }
}

@Suite struct VoltageLineTests {
    private static let device = Device.outputVoltage(connectorId: 1)

    private func told(_ live: Bool) -> LinesOrder { .report(.outputVoltageRead(connectorId: 1, live: live)) }

    @Test func itSaysWhetherThereIsVoltageAndSaysItAgain() throws {
        var line = VoltageLine(connectorId: 1)
        let taken = line.handle(.taken(levels: [0]), at: at(0))
        #expect(taken == [.report(.deviceRecovered(Self.device)), told(false)])
        let live = line.handle(.read(group: 0, levels: 1), at: at(10))
        #expect(live == [told(true)])
        let due = try #require(line.nextDeadline?.at)
        #expect(due < .seconds(10))
        let again = line.deadlineReached(at: Moment(uptime: due, utc: at(0).utc))
        #expect(again == [.read(group: 0)])
        let asked = line.perform(.readPosition(Self.device), at: at(6000))
        #expect(asked == [.read(group: 0)])
        let lost = line.handle(.lost(reason: "gone"), at: at(6001))
        #expect(lost == [.report(.deviceLost(Self.device, reason: "gone"))])
        let vain = line.perform(.readPosition(Self.device), at: at(6002))
        #expect(vain == [])
    }
}

/// Whoever is in doubt asks, and is answered at once or when the device is where it goes.
@Suite struct ReadPositionTests {
    private let contactor = DriverCommand.readPosition(.contactor(connectorId: 1))
    private let lock = DriverCommand.readPosition(.lock(connectorId: 1))

    @Test func contactsAreReadAndLinesThatAreAwayAreNot() {
        var contactor = ContactorLines(connectorId: 1)
        let away = contactor.perform(self.contactor, at: at(0))
        #expect(away == [])
        _ = contactor.handle(.taken(levels: [0, 0]), at: at(1))
        let read = contactor.perform(self.contactor, at: at(2))
        #expect(read == [.read(group: 1)])
        var lock = LockLines(connectorId: 1, pulseMilliseconds: 600)
        _ = lock.handle(.taken(levels: [0, 0]), at: at(1))
        let bolt = lock.perform(self.lock, at: at(2))
        #expect(bolt == [.read(group: 1)])
    }

    @Test func withoutAContactNothingIsSaidWhileItMoves() {
        var contactor = ContactorLines(connectorId: 1, hasContact: false)
        _ = contactor.handle(.taken(levels: [0]), at: at(0))
        _ = contactor.perform(.closeContactor(connectorId: 1), at: at(1000))
        let moving = contactor.perform(self.contactor, at: at(1100))
        #expect(moving == [])
        _ = contactor.deadlineReached(at: at(1150))
        let closed = contactor.perform(self.contactor, at: at(1200))
        #expect(closed == [.report(.contactorFeedback(connectorId: 1, closed: true))])
        var lock = LockLines(connectorId: 1, pulseMilliseconds: 600, hasContact: false)
        _ = lock.handle(.taken(levels: [0]), at: at(0))
        let driven = lock.perform(self.lock, at: at(100))
        #expect(driven == [])
    }
}

@Suite struct LockLinesTests {
    private static let off = LinesOrder.set(group: 0, levels: 0, mask: 0b11)
    private static let towardsLocked = LinesOrder.set(group: 0, levels: 0b01, mask: 0b11)
    private static let towardsUnlocked = LinesOrder.set(group: 0, levels: 0b10, mask: 0b11)

    private func lock() -> LockLines {
        var lock = LockLines(connectorId: 1, pulseMilliseconds: 600)
        _ = lock.handle(.taken(levels: [0, 0]), at: at(0))
        return lock
    }

    /// Where it is when its lines are taken nobody knows: a cable that is held stays held.
    @Test func withoutAContactItIsDrivenTowardsLockedAndIsWhereItWasDriven() {
        var lock = LockLines(connectorId: 1, pulseMilliseconds: 600, hasContact: false)
        let taken = lock.handle(.taken(levels: [0]), at: at(0))
        #expect(taken == [.report(.deviceRecovered(.lock(connectorId: 1))), Self.towardsLocked])
        let end = lock.deadlineReached(at: at(600))
        #expect(end == [Self.off])
        let told = lock.deadlineReached(at: at(700))
        #expect(told == [.report(.lockFeedback(connectorId: 1, locked: true))])
        _ = lock.perform(.unlock(connectorId: 1), at: at(5600))
        let driving = lock.deadlineReached(at: at(5700))
        #expect(driving == [])
        _ = lock.deadlineReached(at: at(6200))
        let unlocked = lock.deadlineReached(at: at(6300))
        #expect(unlocked == [.report(.lockFeedback(connectorId: 1, locked: false))])
        let repeated = lock.deadlineReached(at: at(11_300))
        #expect(repeated == [.report(.lockFeedback(connectorId: 1, locked: false))])
    }

    @Test func aPulseEndsByItselfAndThenTheContactIsRead() {
        var lock = lock()
        let begin = lock.perform(.lock(connectorId: 1), at: at(1000))
        #expect(begin == [Self.towardsLocked])
        #expect(lock.nextDeadline?.at == .milliseconds(1600))
        let early = lock.deadlineReached(at: at(1599))
        #expect(early == [])
        let end = lock.deadlineReached(at: at(1600))
        #expect(end == [Self.off])
        #expect(lock.nextDeadline?.at == .milliseconds(1700))
        let settled = lock.deadlineReached(at: at(1700))
        #expect(settled == [.read(group: 1)])
        let told = lock.handle(.read(group: 1, levels: 1), at: at(1700))
        #expect(told == [.report(.lockFeedback(connectorId: 1, locked: true))])
    }

    @Test func theSameOrderAgainDoesNotMakeThePulseLonger() {
        var lock = lock()
        _ = lock.perform(.unlock(connectorId: 1), at: at(0))
        let again = lock.perform(.unlock(connectorId: 1), at: at(500))
        #expect(again == [])
        #expect(lock.nextDeadline?.at == .milliseconds(600))
    }

    @Test func theMotorStopsBeforeItTurnsTheOtherWayAndNeverBothLinesAreOn() {
        var lock = lock()
        let begin = lock.perform(.lock(connectorId: 1), at: at(0))
        let turn = lock.perform(.unlock(connectorId: 1), at: at(100))
        #expect(turn == [Self.off])
        #expect(lock.nextDeadline?.at == .milliseconds(200))
        let other = lock.deadlineReached(at: at(200))
        #expect(other == [Self.towardsUnlocked])
        #expect(lock.nextDeadline?.at == .milliseconds(800))
        let orders = begin + turn + other
        #expect(!orders.contains { if case .set(0, 0b11, _) = $0 { true } else { false } })
    }

    @Test func whatIsOrderedLastWhileItStopsCounts() {
        var lock = lock()
        _ = lock.perform(.lock(connectorId: 1), at: at(0))
        _ = lock.perform(.unlock(connectorId: 1), at: at(100))
        _ = lock.perform(.lock(connectorId: 1), at: at(150))
        let orders = lock.deadlineReached(at: at(200))
        #expect(orders == [Self.towardsLocked])
    }

    @Test func aLockThatIsAwayIsNotMovedAndItsPulseIsForgotten() {
        var lock = lock()
        _ = lock.perform(.lock(connectorId: 1), at: at(0))
        let lost = lock.handle(.lost(reason: "gone"), at: at(100))
        #expect(lost == [Self.off, .report(.deviceLost(.lock(connectorId: 1), reason: "gone"))])
        let order = lock.perform(.lock(connectorId: 1), at: at(200))
        #expect(order == [])
        #expect(lock.nextDeadline == nil)
    }

    @Test(arguments: [(Int.min, 50), (0, 50), (600, 600), (Int.max, 4000)])
    func aPulseHasALengthThatAMotorStands(milliseconds: Int, expected: Int) {
        var lock = LockLines(connectorId: 1, pulseMilliseconds: milliseconds)
        _ = lock.handle(.taken(levels: [0, 0]), at: at(0))
        _ = lock.perform(.lock(connectorId: 1), at: at(0))
        #expect(lock.nextDeadline?.at == .milliseconds(expected))
    }

    @Test func itsEndEndsThePulse() {
        var lock = lock()
        _ = lock.perform(.lock(connectorId: 1), at: at(0))
        let end = lock.end()
        #expect(end == [Self.off])
    }
}
