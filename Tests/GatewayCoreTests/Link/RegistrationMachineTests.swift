import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct RegistrationMachineTests {
    private let start = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))

    private func machine() -> RegistrationMachine {
        RegistrationMachine(
            request: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
            acceptance: Acceptance(nil, found: nil, hasDelivered: false),
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

    // Shows: CORE-BOOT-02, CORE-BOOT-04
    /// OCPP 1.6 §4.2, §4.2.1, §6.4.
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

    /// A central system that always takes longer than the time-out would never be heard otherwise.
    @Test func anAnswerAfterTheTimeOutRegistersToo() {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(.timedOut, at: start.advanced(by: .seconds(30)))
        let late = start.advanced(by: .seconds(31))
        let effects = machine.callFinished(answer(.accepted, interval: 300), at: late)
        #expect(effects.first == .accepted(heartbeatIntervalSeconds: 300))
        #expect(machine.gate == .open)
        let again = machine.nextCall(at: late.advanced(by: .seconds(600)))
        #expect(again == nil)
    }

    // Shows: CORE-HB-06
    /// OCPP 1.6 §6.4.
    @Test(arguments: [0, -5]) func anAcceptedBootWithoutAnIntervalKeepsTheConfiguredOne(interval: Int) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        let effects = machine.callFinished(answer(.accepted, interval: interval), at: start)
        #expect(effects.first == .accepted(heartbeatIntervalSeconds: nil))
    }

    // Shows: CORE-BOOT-06, CORE-BOOT-14
    /// OCPP 1.6 §4.2, §6.4.
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

    // Shows: CORE-BOOT-07
    /// OCPP 1.6 §4.2.
    @Test func anIntervalOfZeroDoesNotFloodTheCentralSystem() throws {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(.rejected, interval: 0), at: start)
        let next = try #require(machine.nextDeadline).at
        #expect(next - start.uptime >= .seconds(30))
    }

    // Shows: CORE-BOOT-20
    /// OCPP 1.6 §4.2.
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

    // Shows: J-CON-10
    /// OCPP 1.6 §4.2: the boot procedure goes on over a reconnect, and its interval stays.
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

    // MARK: - Numbers of a central system that errs

    @Test(arguments: [86_399, 86_400]) func anIntervalOfUpToADayIsObeyedToTheSecond(interval: Int) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(.rejected, interval: interval), at: start)
        #expect(machine.nextDeadline?.at == start.uptime + .seconds(interval))
    }

    @Test(arguments: [RegistrationStatus.pending, .rejected], [86_401, 10_000_000_000_000_000, Int.max])
    func anIntervalBeyondADayIsTakenForAMistakeAndAskedAgainAfterADay(status: RegistrationStatus, interval: Int) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(status, interval: interval), at: start)
        #expect(machine.nextDeadline?.at == start.uptime + .seconds(86_400))
        let due = machine.nextCall(at: start.advanced(by: .seconds(86_400)))
        #expect(due != nil)
    }

    @Test(arguments: [
        (1, 1), (86_400, 86_400), (86_401, 86_400), (10_000_000_000_000_000, 86_400), (Int.max, 86_400),
    ])
    func anAbsurdHeartbeatIntervalIsADay(interval: Int, taken: Int) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        let effects = machine.callFinished(answer(.accepted, interval: interval), at: start)
        #expect(effects.first == .accepted(heartbeatIntervalSeconds: taken))
    }

    @Test(arguments: [0, -1, Int.min]) func withoutAnIntervalTheWaitsAreOurOwnAndGrow(interval: Int) throws {
        var machine = machine()
        var now = start
        var waits: [Duration] = []
        for _ in 0..<12 {
            _ = machine.nextCall(at: now)
            _ = machine.callFinished(answer(.pending, interval: interval), at: now)
            let next = try #require(machine.nextDeadline).at
            waits.append(next - now.uptime)
            now = now.advanced(by: next - now.uptime)
        }
        #expect(waits.allSatisfy { $0 >= .seconds(30) && $0 <= .seconds(330) })
        #expect(waits[0] <= .seconds(40))
        #expect(waits.max() ?? .zero > .seconds(90))
    }

    @Test func anUnreadableAnswerIsNotFollowedByARequestAtOnce() throws {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(.refused(CallError(code: .formationViolation)), at: start)
        let atOnce = machine.nextCall(at: start.advanced(by: .milliseconds(4999)))
        #expect(atOnce == nil)
        let next = try #require(machine.nextDeadline).at
        #expect(next >= start.uptime + .seconds(5) && next <= start.uptime + .seconds(15))
    }

    // MARK: - Answers that cannot be read as a whole

    private func unreadable(_ status: RegistrationStatus?, interval: Int?) -> CallOutcome {
        let result = SalvagedResult.registration(status: status, currentTime: nil, intervalSeconds: interval)
        return .unreadable(UnreadableResult(problem: "something", salvaged: result))
    }

    // Shows: CORE-BOOT-07, CORE-BOOT-08, CORE-BOOT-09
    /// OCPP 1.6 §4.2: Rejected silences, whatever else can be read.
    @Test(arguments: [RegistrationStatus.pending, .rejected]) func aRefusalWithoutAnIntervalIsFollowedByOurOwnWait(
        status: RegistrationStatus
    ) throws {
        var machine = machine()
        _ = machine.nextCall(at: start)
        let effects = machine.callFinished(unreadable(status, interval: nil), at: start)
        #expect(effects.first == .notAccepted(status))
        #expect(machine.gate == (status == .rejected ? .silent : .answersOnly))
        let next = try #require(machine.nextDeadline).at
        #expect(next - start.uptime >= .seconds(30))
    }

    @Test func aRefusalWithAnIntervalAndNoTimeIsFollowedByThatWait() {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(unreadable(.rejected, interval: 600), at: start)
        #expect(machine.nextDeadline?.at == start.uptime + .seconds(600))
    }

    // Shows: CORE-BOOT-04
    @Test(arguments: [nil, 0, 300], [false, true]) func anAcceptanceCountsWhateverElseCanBeRead(
        interval: Int?,
        isLate: Bool
    ) {
        var machine = machine()
        _ = machine.nextCall(at: start)
        if isLate { _ = machine.callFinished(.timedOut, at: start) }
        let effects = machine.callFinished(unreadable(.accepted, interval: interval), at: start)
        #expect(effects.first == .accepted(heartbeatIntervalSeconds: interval == 300 ? 300 : nil))
        #expect(machine.gate == .open)
    }

    /// A status that cannot be read is none: the answer before it holds, and it is asked again.
    @Test func withoutAStatusNothingIsAnswered() throws {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(.rejected, interval: 60), at: start)
        let later = start.advanced(by: .seconds(60))
        _ = machine.nextCall(at: later)
        let effects = machine.callFinished(unreadable(nil, interval: 300), at: later)
        #expect(effects.count == 1)
        #expect(machine.gate == .silent)
        let next = try #require(machine.nextDeadline).at
        #expect(next > later.uptime)
    }

    // MARK: - SecurityError

    private func accepted() -> RegistrationMachine {
        var machine = machine()
        _ = machine.nextCall(at: start)
        _ = machine.callFinished(answer(.accepted, interval: 300), at: start)
        return machine
    }

    @Test func aQuestionedRegistrationIsRenewedBeforeAnythingElse() {
        var machine = accepted()
        let later = start.advanced(by: .seconds(60))
        let effects = machine.questioned(at: later)
        #expect(effects?.count == 1)
        #expect(machine.gate == .answersOnly)
        #expect(machine.status == nil)
        let call = machine.nextCall(at: later)
        #expect(call?.key == .bootNotification)
        _ = machine.callFinished(answer(.accepted, interval: 300), at: later)
        #expect(machine.gate == .open)
    }

    @Test func anErrorRightAfterTheAcceptanceIsAboutTheCallItself() {
        var machine = accepted()
        let effects = machine.questioned(at: start.advanced(by: .milliseconds(59_999)))
        #expect(effects == nil)
        #expect(machine.gate == .open)
    }

    @Test func aRegistrationThatIsNotAcceptedCannotBeQuestioned() {
        var machine = machine()
        let before = machine.questioned(at: start.advanced(by: .seconds(7200)))
        #expect(before == nil)
        _ = machine.nextCall(at: start)
        let during = machine.questioned(at: start.advanced(by: .seconds(7200)))
        #expect(during == nil)
    }

    /// One that answers SecurityError to everything gets a BootNotification after 1, 2, 4, … 60, 60, … minutes.
    @Test func aCentralSystemThatAlwaysQuestionsIsAskedAtGrowingIntervals() {
        var machine = accepted()
        var asked: [Int] = []
        for second in stride(from: 0, to: 6 * 3600, by: 20) {
            let now = start.advanced(by: .seconds(second))
            guard machine.questioned(at: now) != nil else { continue }
            asked.append(second)
            _ = machine.nextCall(at: now)
            _ = machine.callFinished(answer(.accepted, interval: 300), at: now)
        }
        let gaps = zip(asked.dropFirst(), asked).map { $0 - $1 }
        #expect(asked.first == 60)
        #expect(gaps == [120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600])
    }

    @Test(arguments: [(7199, 240), (7200, 120)])
    func aRegistrationThatHeldForTwoHoursForgetsEarlierQuestions(held: Int, nextTrust: Int) {
        var machine = accepted()
        var now = start.advanced(by: .seconds(60))
        for step in [held, nextTrust - 1] {
            let renewed = machine.questioned(at: now)
            #expect(renewed != nil)
            _ = machine.nextCall(at: now)
            _ = machine.callFinished(answer(.accepted, interval: 300), at: now)
            now = now.advanced(by: .seconds(step))
        }
        let early = machine.questioned(at: now)
        #expect(early == nil)
        let due = machine.questioned(at: now.advanced(by: .seconds(1)))
        #expect(due != nil)
    }

    @Test func aRenewalThatIsLostWithItsConnectionIsAskedOnTheNext() {
        var machine = accepted()
        let later = start.advanced(by: .seconds(60))
        _ = machine.questioned(at: later)
        _ = machine.nextCall(at: later)
        _ = machine.callFinished(.connectionLost, at: later)
        let again = machine.nextCall(at: later.advanced(by: .seconds(1)))
        #expect(again?.key == .bootNotification)
    }
}
