import Primitives
import Testing

@testable import GatewayCore

@Suite struct StationClockTests {
    private let now = Moment(uptime: .seconds(10_000), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))

    /// An answer `trip` after its CALL, with a time that is `ahead` of the host's now.
    private func observe(
        _ clock: inout StationClock,
        ahead: Duration,
        trip: Duration = .zero,
        at moment: Moment
    ) -> StationClock.Verdict {
        clock.observe(moment.utc.advanced(by: ahead), sentUptime: moment.uptime - trip, at: moment)
    }

    @Test func theOffsetLeavesOutHalfOfTheWayThereAndBack() {
        var clock = StationClock()
        let verdict = observe(&clock, ahead: .seconds(60), trip: .seconds(2), at: now)
        #expect(verdict == .synchronised(offset: .seconds(61)))
        #expect(clock.offset == .seconds(61))
    }

    @Test(arguments: [5, 1_735_689_599_999, 4_102_444_800_001, Int64.max, Int64.min])
    func aCentralSystemWithoutAClockIsNotBelieved(milliseconds: Int64) {
        var clock = StationClock()
        let time = Timestamp(millisecondsSinceEpoch: milliseconds)
        let verdict = clock.observe(time, sentUptime: now.uptime, at: now)
        #expect(verdict == .ignored("it is not plausible"))
        #expect(clock.offset == nil)
    }

    /// Eight seconds on one leg, as a congested mobile network makes them.
    @Test func eightSecondsOnOneLegAreFourSecondsOfErrorAtMost() {
        var clock = StationClock()
        let slowThere = observe(&clock, ahead: .zero, trip: .seconds(8), at: now)
        #expect(slowThere == .synchronised(offset: .seconds(4)))
        var other = StationClock()
        let slowBack = observe(&other, ahead: .seconds(-8), trip: .seconds(8), at: now)
        #expect(slowBack == .synchronised(offset: .seconds(-4)))
    }

    @Test func aSlowAnswerChangesNothingAfterAQuickOne() {
        var clock = StationClock()
        _ = observe(&clock, ahead: .seconds(60), at: now)
        let later = now.advanced(by: .seconds(3600))
        let slow = observe(&clock, ahead: .seconds(60), trip: .seconds(8), at: later)
        #expect(slow == .synchronised(offset: .seconds(60)))
    }

    @Test func aQuickAnswerMendsWhatASlowOneSaid() {
        var clock = StationClock()
        _ = observe(&clock, ahead: .seconds(60), trip: .seconds(8), at: now)
        let quick = observe(&clock, ahead: .seconds(60), at: now.advanced(by: .seconds(300)))
        #expect(quick == .synchronised(offset: .seconds(60)))
    }

    @Test(arguments: [(60_000, true), (60_001, false)])
    func theFirstAnswerMayTakeAMinute(milliseconds: Int, isTaken: Bool) {
        var clock = StationClock()
        let verdict = observe(&clock, ahead: .zero, trip: .milliseconds(milliseconds), at: now)
        #expect((verdict == .synchronised(offset: .seconds(30))) == isTaken)
    }

    @Test(arguments: [(20_000, true), (20_001, false)])
    func anAnswerThatTookLongerThanTwentySecondsIsNoTime(milliseconds: Int, isTaken: Bool) {
        var clock = StationClock()
        _ = observe(&clock, ahead: .zero, at: now)
        // Half an hour off, so that it contradicts.
        let verdict = observe(&clock, ahead: .seconds(1800), trip: .milliseconds(milliseconds), at: now)
        #expect((verdict == .synchronised(offset: .seconds(1810))) == isTaken)
    }

    @Test func aStepOfMoreThanAnHourNeedsASecondAnswer() {
        for (step, isTaken) in [(Duration.milliseconds(3_600_000), true), (.milliseconds(3_600_001), false)] {
            var clock = StationClock()
            _ = observe(&clock, ahead: .zero, at: now)
            let first = observe(&clock, ahead: step, at: now)
            #expect((first == .synchronised(offset: step)) == isTaken)
            let second = observe(&clock, ahead: step, at: now.advanced(by: .seconds(60)))
            #expect(second == .synchronised(offset: step))
        }
    }

    @Test func oneWrongAnswerAmongRightOnesIsForgotten() {
        var clock = StationClock()
        _ = observe(&clock, ahead: .zero, at: now)
        for ahead in [Duration.seconds(86_400), .zero, .seconds(86_400), .seconds(-86_400), .zero] {
            _ = observe(&clock, ahead: ahead, at: now)
            #expect(clock.offset == .zero)
        }
    }

    @Test func aClockThatTheHostTrustsIsMovedByADayOnlyWhenSaidTwice() {
        var clock = StationClock(trustsHost: true)
        let first = observe(&clock, ahead: .seconds(86_400), at: now)
        #expect(first == .ignored("it is far from the time known so far: the next answer must confirm it"))
        let second = observe(&clock, ahead: .seconds(86_400), at: now.advanced(by: .seconds(20)))
        #expect(second == .synchronised(offset: .seconds(86_400)))
    }

    /// A step of the host's clock is none of the central system's: the estimate runs on uptime.
    @Test func aStepOfTheHostsClockNeedsNoSecondAnswer() {
        var clock = StationClock(trustsHost: true)
        _ = observe(&clock, ahead: .zero, at: now)
        let stepped = Moment(uptime: now.uptime + .seconds(60), utc: now.utc.advanced(by: .seconds(-86_340)))
        let verdict = clock.observe(now.utc.advanced(by: .seconds(60)), sentUptime: stepped.uptime, at: stepped)
        #expect(verdict == .synchronised(offset: .seconds(86_400)))
    }
}

@Suite struct HostClockTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)

    @Test func aLateYearAloneIsNoReasonToTrustAClock() {
        #expect(!HostClock(isSynchronised: false, realTimeClock: nil).isTrusted(at: now))
    }

    @Test func aClockThatTheKernelKeepsInStepIsTrusted() {
        let clock = HostClock(isSynchronised: true, realTimeClock: nil)
        #expect(clock.isTrusted(at: now))
        #expect(!clock.isTrusted(at: Timestamp(millisecondsSinceEpoch: 86_400_000)))
    }

    @Test(arguments: [(60_000, true), (-60_000, true), (60_001, false), (-60_001, false)])
    func aClockThatWasSetFromABatteryBackedOneIsTrusted(apart: Int, isTrusted: Bool) {
        let clock = HostClock(isSynchronised: false, realTimeClock: now)
        #expect(clock.isTrusted(at: now.advanced(by: .milliseconds(apart))) == isTrusted)
    }

    @Test(arguments: [(0, true), (-1, false)]) func aBatteryBackedClockThatWasNeverSetIsNot(later: Int, isTrusted: Bool)
    {
        let time = HostClock.earliest.advanced(by: .milliseconds(later))
        #expect(HostClock(isSynchronised: false, realTimeClock: time).isTrusted(at: time) == isTrusted)
        #expect(HostClock.earliest == Timestamp("2025-01-01T00:00:00Z"))
    }
}
