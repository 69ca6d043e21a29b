import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct AvailabilityMachineTests {
    private var machine = AvailabilityMachine(connectorIds: [1, 2], document: AvailabilityDocument())

    private func change(_ connectorId: Int, _ isOperative: Bool, _ callId: String = "a") -> AvailabilityMachine.Change {
        AvailabilityMachine.Change(callId: callId, connectorId: connectorId, isOperative: isOperative)
    }

    private func isOperative(_ connectorId: Int) -> Bool { machine.reasons(for: connectorId).isEmpty }

    /// OCPP 1.6 §5.2.
    @Test mutating func aChangeIsInForceOnlyWhenItIsOnDisk() {
        let asked = machine.change(change(1, false))
        #expect(asked == .init(save: AvailabilityDocument(inoperative: [1])))
        #expect(isOperative(1))
        let done = machine.saved()
        #expect(done == .init(changed: [change(1, false)]))
        #expect(!isOperative(1) && isOperative(2) && isOperative(0))
    }

    @Test mutating func aChangeThatCannotBeStoredIsRejectedAndNotInForce() {
        _ = machine.change(change(1, false))
        let failed = machine.saveFailed(at: .zero)
        #expect(failed == .init(rejected: ["a"]))
        #expect(isOperative(1))
    }

    // Shows: CORE-AVL-11
    @Test mutating func aChangeOfAnUnknownConnectorIsRejected() {
        for id in [-1, 3, .max] {
            let asked = machine.change(change(id, false))
            #expect(asked == .init(rejected: ["a"]))
        }
    }

    // Shows: CORE-AVL-15
    /// OCPP 1.6 §5.2: connector 0 is the charge point and all of its connectors.
    @Test mutating func theChargePointGoesOutOfServiceAboveItsConnectorsAndTakesThemBackAlong() {
        _ = machine.change(change(2, false))
        _ = machine.saved()
        let asked = machine.change(change(0, false))
        #expect(asked.save == AvailabilityDocument(inoperative: [0, 2]))
        _ = machine.saved()
        #expect(!isOperative(0) && !isOperative(1) && !isOperative(2))
        let back = machine.change(change(0, true))
        #expect(back.save == AvailabilityDocument())
        _ = machine.saved()
        #expect(isOperative(0) && isOperative(1) && isOperative(2))
    }

    // Shows: CORE-AVL-15
    @Test mutating func aConnectorPutIntoServiceStaysOutWhileTheChargePointIs() {
        _ = machine.change(change(0, false))
        _ = machine.saved()
        _ = machine.change(change(1, true))
        _ = machine.saved()
        #expect(!isOperative(1))
    }

    @Test mutating func changesAreSavedOneAfterTheOtherWithoutThoseThatFailed() {
        _ = machine.change(change(1, false, "a"))
        let second = machine.change(change(2, false, "b"))
        #expect(second == .init())
        let failed = machine.saveFailed(at: .zero)
        #expect(failed == .init(rejected: ["a"], save: AvailabilityDocument(inoperative: [2])))
        let done = machine.saved()
        #expect(done == .init(changed: [change(2, false, "b")]))
        #expect(isOperative(1) && !isOperative(2))
    }

    @Test mutating func whatIsOnDiskIsNotWrittenAgain() {
        let asked = machine.change(change(1, true))
        #expect(asked == .init(changed: [change(1, true)]))
    }

    /// A save that failed may have reached the disk all the same.
    @Test mutating func afterAFailureWhatSeemsUnchangedIsSavedToo() {
        _ = machine.change(change(1, false))
        _ = machine.saveFailed(at: .zero)
        let asked = machine.change(change(1, true))
        #expect(asked == .init(save: AvailabilityDocument()))
    }

    /// The file may say what was rejected.
    @Test mutating func afterAFailureWhatIsInForceIsSavedUntilThatIsDone() {
        _ = machine.change(change(1, false))
        _ = machine.saveFailed(at: .zero)
        var due = Duration.zero
        for wait in [5, 10, 20, 40, 80, 160, 320, 320] {
            let early = machine.deadlineReached(at: due + .seconds(wait) - .milliseconds(1))
            #expect(early == .init())
            due += .seconds(wait)
            #expect(machine.nextDeadline?.at == due)
            let again = machine.deadlineReached(at: due)
            #expect(again == .init(save: AvailabilityDocument()))
            #expect(machine.nextDeadline == nil)
            let failed = machine.saveFailed(at: due)
            #expect(failed == .init())
        }
        _ = machine.deadlineReached(at: .seconds(10_000))
        let done = machine.saved()
        #expect(done == .init() && machine.nextDeadline == nil)
        // The next failure begins with the shortest wait.
        _ = machine.change(change(1, false))
        _ = machine.saveFailed(at: .seconds(10_000))
        #expect(machine.nextDeadline?.at == .seconds(10_005))
    }

    @Test mutating func aChangeAfterAFailureIsSavedInsteadOfWhatIsInForce() {
        _ = machine.change(change(1, false))
        _ = machine.saveFailed(at: .zero)
        let asked = machine.change(change(2, false))
        #expect(asked == .init(save: AvailabilityDocument(inoperative: [2])))
        let due = machine.deadlineReached(at: .seconds(10))
        #expect(due == .init())
        _ = machine.saved()
        #expect(machine.nextDeadline == nil)
    }

    @Test mutating func aResetHoldsBesideTheCentralSystemsReason() {
        _ = machine.change(change(1, false))
        _ = machine.saved()
        machine.set(.reset, on: 0, true)
        #expect(machine.reasons(for: 1) == [.centralSystem, .reset])
        #expect(machine.reasons(for: 2) == [.reset])
        let asked = machine.change(change(2, false))
        #expect(asked.save == AvailabilityDocument(inoperative: [1, 2]))
    }

    @Test mutating func whatWasKeptHoldsAfterARestartAndUnknownConnectorsAreForgotten() {
        machine = AvailabilityMachine(connectorIds: [1, 2], document: AvailabilityDocument(inoperative: [2, 7]))
        let orders = machine.start()
        #expect(orders == .init())
        #expect(isOperative(1) && !isOperative(2))
        let asked = machine.change(change(1, false))
        #expect(asked.save == AvailabilityDocument(inoperative: [1, 2]))
    }

    @Test mutating func whatIsInheritedGetsADocumentOnlyIfThereIsNone() {
        machine = AvailabilityMachine(connectorIds: [1, 2], document: nil, inherited: [0, 9])
        let orders = machine.start()
        #expect(orders == .init(save: AvailabilityDocument(inoperative: [0])))
        #expect(!isOperative(1))
        // A change that comes meanwhile waits, and is not what failed.
        _ = machine.change(change(2, false))
        let failed = machine.saveFailed(at: .zero)
        #expect(failed == .init(save: AvailabilityDocument(inoperative: [0, 2])))
        machine = AvailabilityMachine(connectorIds: [1], document: AvailabilityDocument(), inherited: [1])
        let none = machine.start()
        #expect(none == .init())
        #expect(isOperative(1))
    }

    /// What the central system took out of service must not come back because of a bad sector (OCPP 1.6 §5.2).
    @Test mutating func whatCannotBeReadIsTakenForOutOfServiceUntilTheCentralSystemOrders() {
        let before = AvailabilityDocument()
        machine = AvailabilityMachine(connectorIds: [1, 2], document: before, inherited: [], isUnread: true)
        let orders = machine.start()
        // The next start may be able to read it.
        #expect(orders == .init())
        #expect(machine.reasons(for: 0) == [.unread] && machine.reasons(for: 1) == [.unread] && !isOperative(2))
        let all = machine.change(change(0, true))
        #expect(all.save == AvailabilityDocument())
        _ = machine.saved()
        #expect(isOperative(0) && isOperative(1) && isOperative(2))
    }

    /// The charge point may have been taken out of service too, and an order for a connector says nothing about that.
    @Test mutating func ofWhatCannotBeReadAnOrderSettlesOnlyWhatItIsAbout() {
        machine = AvailabilityMachine(connectorIds: [1, 2], document: nil, isUnread: true)
        _ = machine.start()
        let one = machine.change(change(1, true))
        #expect(one.save == AvailabilityDocument(inoperative: [0, 2]))
        let done = machine.saved()
        #expect(done.changed == [change(1, true)])
        #expect(machine.reasons(for: 1) == [.unread] && machine.reasons(for: 0) == [.unread])
        _ = machine.change(change(0, false))
        _ = machine.saved()
        #expect(machine.reasons(for: 1) == [.centralSystem] && machine.reasons(for: 2) == [.centralSystem, .unread])
        // What was written down is what the next start goes by.
        machine = AvailabilityMachine(connectorIds: [1, 2], document: one.save)
        #expect(!isOperative(0) && !isOperative(1) && !isOperative(2))
    }

    @Test mutating func anOrderToStayOutOfServiceIsKeptAlsoWhenNothingCouldBeRead() {
        machine = AvailabilityMachine(connectorIds: [1], document: nil, isUnread: true)
        let asked = machine.change(change(1, false))
        #expect(asked == .init(save: AvailabilityDocument(inoperative: [0, 1])))
        _ = machine.saved()
        #expect(machine.reasons(for: 1) == [.unread, .centralSystem])
    }

    @Test mutating func aSaveThatNobodyAskedForMeansNothing() {
        let saved = machine.saved()
        #expect(saved == .init())
        let failed = machine.saveFailed(at: .zero)
        #expect(failed == .init())
    }
}
