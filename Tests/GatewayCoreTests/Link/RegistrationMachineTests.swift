import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct RegistrationMachineTests {
    private let start = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))

    private func machine() -> RegistrationMachine {
        RegistrationMachine(
            request: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
            seed: 7
        )
    }

    private func answer(_ status: RegistrationStatus, interval: Int) -> CallOutcome {
        .confirmed(
            .bootNotification(
                BootNotification.Confirmation(status: status, currentTime: start.utc, interval: interval)
            )
        )
    }

    /// CORE-BOOT-01, CORE-BOOT-04.
    @Test func anAcceptedBootOpensTheGateForGood() {
        var machine = machine()
        #expect(machine.gate == .answersOnly)
        let call = machine.nextCall(at: start)
        #expect(call?.key == .bootNotification)
        let second = machine.nextCall(at: start)
        #expect(second == nil)
        let effects = machine.callFinished(answer(.accepted, interval: 300), at: start)
        #expect(effects.first == .accepted(heartbeatIntervalSeconds: 300))
        #expect(machine.gate == .open)
        let later = machine.nextCall(at: start.advanced(by: .seconds(86_400)))
        #expect(later == nil)
    }

    /// CORE-HB-06.
    @Test(arguments: [0, -5]) func anAcceptedBootWithoutAnIntervalKeepsTheConfiguredOne(interval: Int) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        let effects = machine.callFinished(answer(.accepted, interval: interval), at: start)
        #expect(effects.first == .accepted(heartbeatIntervalSeconds: nil))
    }

    /// CORE-BOOT-06, CORE-BOOT-08, CORE-BOOT-09, CORE-BOOT-11.
    @Test(arguments: [
        (RegistrationStatus.pending, RegistrationMachine.Gate.answersOnly), (.rejected, .silent),
    ])
    func aBootThatIsNotAcceptedIsRepeatedAfterTheInterval(
        status: RegistrationStatus,
        gate: RegistrationMachine.Gate
    ) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(status, interval: 30), at: start)
        #expect(machine.gate == gate)
        #expect(machine.nextDeadline?.at == start.uptime + .seconds(30))
        let early = machine.nextCall(at: start.advanced(by: .milliseconds(29_999)))
        #expect(early == nil)
        let due = machine.nextCall(at: start.advanced(by: .seconds(30)))
        #expect(due != nil)
        // Still not accepted while the question is out.
        #expect(machine.gate == gate)
    }

    /// CORE-BOOT-07.
    @Test func anIntervalOfZeroDoesNotFloodTheCentralSystem() throws {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(.rejected, interval: 0), at: start)
        let next = try #require(machine.nextDeadline).at
        #expect(next - start.uptime >= .seconds(30))
    }

    /// CORE-BOOT-20.
    @Test func aMissingAnswerIsFollowedByGrowingWaits() throws {
        var machine = machine()
        var now = start
        var waits: [Duration] = []
        for round in 0..<12 {
            _ = machine.nextCall(at: now)
            let error = CallError(code: .internalError)
            _ = machine.callFinished(round.isMultiple(of: 2) ? .timedOut : .refused(error), at: now)
            let next = try #require(machine.nextDeadline).at
            waits.append(next - now.uptime)
            now = now.advanced(by: next - now.uptime)
        }
        #expect(waits.allSatisfy { $0 >= .seconds(5) && $0 <= .seconds(305) })
        #expect(waits.max() ?? .zero > .seconds(60))
    }

    /// J-CON-10: the boot procedure goes on over a reconnect, and its interval stays.
    @Test func aLostConnectionDoesNotShortenTheInterval() {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(.rejected, interval: 600), at: start)
        let reconnected = machine.nextCall(at: start.advanced(by: .seconds(60)))
        #expect(reconnected == nil)
        let due = machine.nextCall(at: start.advanced(by: .seconds(600)))
        #expect(due != nil)
        _ = machine.callFinished(.connectionLost, at: start.advanced(by: .seconds(601)))
        let again = machine.nextCall(at: start.advanced(by: .seconds(602)))
        #expect(again != nil)
        #expect(machine.gate == .silent)
    }
}
