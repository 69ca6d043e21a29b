import BusSchema
import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

private func at(_ milliseconds: Int) -> Moment {
    Moment(uptime: .milliseconds(milliseconds), utc: Timestamp(millisecondsSinceEpoch: 0))
}

@Suite struct AlarmLineTests {
    @Test(arguments: [
        (Device.residualCurrent(connectorId: 2), HardwareFaultCode.groundFailure),
        (.emergencyStop(connectorId: 2), .emergencyStop),
        (.temperature(connectorId: 2), .highTemperature),
    ])
    func whatHasTrippedIsTheFaultOfItsKind(device: Device, code: HardwareFaultCode) throws {
        var alarm = try #require(AlarmLine(device))
        let taken = alarm.handle(.taken(levels: [0]), at: at(0))
        #expect(
            taken == [
                .report(.deviceRecovered(device)),
                .report(.faultReported(connectorId: 2, code: code, present: false, detail: "")),
            ]
        )
        let tripped = alarm.handle(.read(group: 0, levels: 1), at: at(10))
        guard case .report(.faultReported(2, code, true, let detail)) = tripped.first else {
            Issue.record("not told: \(tripped)")
            return
        }
        #expect(!detail.isEmpty)
    }

    @Test func aLineThatIsGoneIsALostDeviceAndNotAnAnswer() throws {
        var alarm = try #require(AlarmLine(.emergencyStop(connectorId: 1)))
        _ = alarm.handle(.taken(levels: [0]), at: at(0))
        let lost = alarm.handle(.lost(reason: "gone"), at: at(1))
        #expect(lost == [.report(.deviceLost(.emergencyStop(connectorId: 1), reason: "gone"))])
        #expect(alarm.nextDeadline == nil)
    }

    private static let tripNow = LinesOrder.set(group: 1, levels: 1, mask: 1)
    private static let leaveIt = LinesOrder.set(group: 1, levels: 0, mask: 1)

    private func answer(_ passed: Bool) -> LinesOrder {
        .report(.residualCurrentTested(connectorId: 1, passed: passed))
    }

    private func testable(tripped: Bool = false, hasTest: Bool = true) throws -> AlarmLine {
        var alarm = try #require(AlarmLine(.residualCurrent(connectorId: 1), hasTest: hasTest))
        _ = alarm.handle(.taken(levels: [tripped ? 1 : 0, 0]), at: at(0))
        return alarm
    }

    @Test func aTestPassesWhenTheDeviceTripsAndRecovers() throws {
        var alarm = try testable()
        let begin = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(100))
        #expect(begin == [Self.tripNow])
        let tripped = alarm.handle(.read(group: 0, levels: 1), at: at(250))
        #expect(tripped.first == Self.leaveIt)
        #expect(tripped.count == 2)
        let recovered = alarm.handle(.read(group: 0, levels: 0), at: at(400))
        #expect(recovered.last == answer(true))
        #expect(recovered.count == 2)
    }

    @Test(arguments: [false, true])
    func aTestFailsWhenTheDeviceDoesNotTripOrDoesNotRecover(trips: Bool) throws {
        var alarm = try testable()
        _ = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(0))
        if trips { _ = alarm.handle(.read(group: 0, levels: 1), at: at(100)) }
        let due = try #require(alarm.nextDeadline?.at)
        #expect(due <= .milliseconds(1000))
        let failed = alarm.deadlineReached(at: Moment(uptime: due, utc: at(0).utc))
        #expect(failed == [Self.leaveIt, answer(false)])
    }

    @Test(arguments: [(true, true), (false, false)])
    func whatCannotBeTestedHasNotPassed(tripped: Bool, hasTest: Bool) throws {
        var alarm = try testable(tripped: tripped, hasTest: hasTest)
        let orders = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(0))
        #expect(orders == [answer(false)])
    }

    @Test func aTestEndsWithItsLines() throws {
        var alarm = try testable()
        _ = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(0))
        let lost = alarm.handle(.lost(reason: "gone"), at: at(10))
        #expect(lost == [Self.leaveIt, .report(.deviceLost(.residualCurrent(connectorId: 1), reason: "gone"))])
        let deadline = alarm.nextDeadline
        #expect(deadline == nil)
    }

    /// A process before may have left its test in the middle.
    @Test(arguments: [false, true])
    func whatIsTrippedWhenItsLineComesIsLostUntilItHadTimeToRecover(recovers: Bool) throws {
        let device = Device.residualCurrent(connectorId: 1)
        var alarm = try #require(AlarmLine(device, hasTest: true, testWasCutShort: true))
        let taken = alarm.handle(.taken(levels: [1, 0]), at: at(0))
        #expect(taken.count == 1)
        guard case .report(.deviceLost(device, _)) = taken.first else {
            Issue.record("not lost: \(taken)")
            return
        }
        if recovers {
            let orders = alarm.handle(.read(group: 0, levels: 0), at: at(800))
            #expect(orders == [.report(.deviceRecovered(device)), told(false)])
        } else {
            let due = try #require(alarm.nextDeadline?.at)
            #expect(due == .seconds(2))
            let orders = alarm.deadlineReached(at: Moment(uptime: due, utc: at(0).utc))
            #expect(orders == [.report(.deviceRecovered(device)), told(true)])
        }
        let next = try #require(alarm.nextDeadline?.at)
        #expect(next > .seconds(2))
    }

    @Test func whatIsTrippedWithoutATestHasFoundAResidualCurrent() throws {
        let device = Device.residualCurrent(connectorId: 1)
        var alarm = try #require(AlarmLine(device, hasTest: true))
        let found = [LinesOrder.report(.deviceRecovered(device)), told(true)]
        let taken = alarm.handle(.taken(levels: [1, 0]), at: at(0))
        #expect(taken == found)
        _ = alarm.handle(.lost(reason: "gone"), at: at(100))
        let back = alarm.handle(.taken(levels: [1, 0]), at: at(200))
        #expect(back == found)
    }

    @Test func aChipThatGoesInTheMiddleOfATestLeavesTheDeviceTimeToRecoverOnce() throws {
        let device = Device.residualCurrent(connectorId: 1)
        var alarm = try testable()
        _ = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(0))
        _ = alarm.handle(.lost(reason: "gone"), at: at(100))
        let back = alarm.handle(.taken(levels: [1, 0]), at: at(200))
        #expect(back.count == 1)
        let recovered = alarm.handle(.read(group: 0, levels: 0), at: at(300))
        #expect(recovered == [.report(.deviceRecovered(device)), told(false)])
        _ = alarm.handle(.lost(reason: "gone"), at: at(400))
        let again = alarm.handle(.taken(levels: [1, 0]), at: at(500))
        #expect(again.last == told(true))
    }

    private func told(_ present: Bool) -> LinesOrder {
        let detail = present ? "the residual current device has tripped" : ""
        return .report(.faultReported(connectorId: 1, code: .groundFailure, present: present, detail: detail))
    }

    /// The edges that wait bear the time at which they came.
    @Test func aProcessThatHadNoTimeHearsTheDeviceBeforeItJudgesIt() throws {
        var alarm = try testable()
        _ = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(0))
        #expect(!alarm.deadlineReached(at: at(3000)).contains(answer(false)))
        #expect(alarm.handle(.read(group: 0, levels: 1), at: at(60)).first == Self.leaveIt)
        #expect(!alarm.deadlineReached(at: at(3001)).contains(answer(false)))
        #expect(alarm.handle(.read(group: 0, levels: 0), at: at(3800)).last == answer(true))
    }

    @Test func oneThatIsLateEachTimeStillFindsADeviceThatDoesNotTrip() throws {
        var alarm = try testable()
        _ = alarm.perform(.testResidualCurrent(connectorId: 1), at: at(0))
        _ = alarm.deadlineReached(at: at(3000))
        #expect(alarm.deadlineReached(at: at(9000)).contains(answer(false)))
    }

    @Test func otherDevicesHaveNoAlarmLine() {
        let none = AlarmLine(.contactor(connectorId: 1))
        #expect(none == nil)
    }
}
