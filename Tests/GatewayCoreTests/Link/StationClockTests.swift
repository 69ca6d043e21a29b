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

    // Shows: CORE-HB-03
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

    @Test func certificatesAreHeldAgainstWhatIsKnownOfTheTime() {
        #expect(StationClock().knownTime(at: now) == .atLeast(HostClock.earliest))
        let written = Timestamp(millisecondsSinceEpoch: 1_790_000_000_000)
        #expect(StationClock(newest: written).knownTime(at: now) == .atLeast(written))
        // A host that starts in 1970 has written nothing that counts.
        #expect(
            StationClock(newest: Timestamp(millisecondsSinceEpoch: 5)).knownTime(at: now)
                == .atLeast(HostClock.earliest)
        )
        var clock = StationClock(trustsHost: true, newest: written)
        #expect(clock.knownTime(at: now) == .about(now.utc))
        let always = Validity(begin: HostClock.earliest, end: now.utc.advanced(by: .seconds(86_400)))
        var later = now
        for seconds in [0, 10, 3600] {
            #expect(clock.knownTime(at: later) == .about(later.utc))
            later = later.advanced(by: .seconds(seconds))
            _ = clock.observe(
                later.utc.advanced(by: .seconds(7200)),
                sentUptime: later.uptime,
                under: always,
                at: later
            )
        }
        later = later.advanced(by: .seconds(30))
        #expect(clock.knownTime(at: later) == .about(later.utc.advanced(by: .seconds(7200))))
    }

    /// A central system with a wrong clock proves who it is like any other, and its certificates may be good for years. It is put right, and
    /// has a certificate then that is not valid at the time that it told before.
    @Test(arguments: [400, -5]) func oneWrongWordOfACentralSystemThatHasProvedWhoItIsBarsNoCertificate(days: Int) {
        let years = Validity(begin: HostClock.earliest, end: now.utc.advanced(by: .seconds(86_400 * 4000)))
        var clock = StationClock()
        let ahead = Duration.seconds(days * 86_400)
        _ = clock.observe(now.utc.advanced(by: ahead), sentUptime: now.uptime, under: years, at: now)
        #expect(clock.offset == ahead)
        #expect(!clock.isProven)
        #expect(clock.knownTime(at: now) == .atLeast(HostClock.earliest))
        // Said for an hour it counts; whoever then says otherwise, twice, begins anew.
        let later = now.advanced(by: StationClock.provesAfter)
        _ = clock.observe(later.utc.advanced(by: ahead), sentUptime: later.uptime, under: years, at: later)
        #expect(clock.knownTime(at: later) == .about(later.utc.advanced(by: ahead)))
        for _ in 0..<2 { _ = clock.observe(later.utc, sentUptime: later.uptime, under: years, at: later) }
        #expect(clock.offset == .zero)
        #expect(clock.knownTime(at: later) == .atLeast(HostClock.earliest))
    }

    /// Anybody may have said it. One that proves who he is and says the same for an hour makes it count; one who says otherwise is believed
    /// the second time, as ever.
    @Test func aTimeThatWasToldOnAPlainConnectionBarsNoCertificate() {
        var clock = StationClock()
        let wrong = Duration.seconds(10 * 365 * 86_400)
        #expect(observe(&clock, ahead: wrong, at: now) == .synchronised(offset: wrong))
        #expect(clock.knownTime(at: now) == .atLeast(HostClock.earliest))
        var trusting = StationClock(trustsHost: true)
        for _ in 0..<2 { _ = observe(&trusting, ahead: wrong, at: now) }
        #expect(trusting.knownTime(at: now) == .about(now.utc))

        let validity = Validity(begin: now.utc, end: now.utc.advanced(by: .seconds(86_400)))
        let later = now.advanced(by: StationClock.provesAfter)
        for moment in [now, now, later] {
            _ = clock.observe(moment.utc, sentUptime: moment.uptime, under: validity, at: moment)
        }
        #expect(clock.knownTime(at: later) == .about(later.utc))

        var other = StationClock()
        _ = observe(&other, ahead: .zero, at: now)
        for moment in [now, later] {
            #expect(!other.isProven)
            _ = other.observe(moment.utc, sentUptime: moment.uptime, under: validity, at: moment)
        }
        #expect(other.isProven)
    }

    /// The charger holds certificates against the time that it was told: a word by which they have ended would lock out whoever said it.
    @Test func aTimeAtWhichItsOwnCertificatesAreNotValidIsNotBelieved() {
        let validity = Validity(
            begin: now.utc.advanced(by: .seconds(-86_400)),
            end: now.utc.advanced(by: .seconds(86_400))
        )
        var clock = StationClock()
        for ahead in [-86_401, 86_401] {
            // Not even when it is said again.
            for _ in 0..<3 {
                let time = now.utc.advanced(by: .seconds(ahead))
                let verdict = clock.observe(time, sentUptime: now.uptime, under: validity, at: now)
                let word = ahead < 0 ? "begin on \(validity.begin.day)" : "end on \(validity.end.day)"
                #expect(verdict == .ignored("its own certificates \(word)"))
            }
        }
        #expect(clock.knownTime(at: now) == .atLeast(HostClock.earliest))
        let good = clock.observe(
            now.utc.advanced(by: .seconds(86_400)),
            sentUptime: now.uptime,
            under: validity,
            at: now
        )
        #expect(good == .synchronised(offset: .seconds(86_400)))
    }

    /// A connection may outlast the certificates that it was opened with; the clock is kept right all the same.
    @Test func aTimeThatIsNoNewsIsBelievedAfterTheEndOfTheCertificates() {
        let validity = Validity(begin: now.utc, end: now.utc.advanced(by: .seconds(3600)))
        var clock = StationClock()
        _ = clock.observe(now.utc, sentUptime: now.uptime, under: validity, at: now)
        let later = now.advanced(by: .seconds(7200))
        let verdict = clock.observe(later.utc, sentUptime: later.uptime, under: validity, at: later)
        #expect(verdict == .synchronised(offset: .zero))
    }

    /// Longer than a charger lives after the newest time that it knows; a charger that lay in store knows that of its program only.
    @Test(
        arguments: [
            (1_735_689_600_000, 2_366_841_600_000), (1_800_000_000_000, 2_431_152_000_000), (5, 2_366_841_600_000),
            (Int64.max, 4_102_444_800_000),
        ] as [(Int64, Int64)]
    )
    func noTimeIsBelievedThatIsTwentyYearsAfterTheNewestKnown(newest: Int64, latest: Int64) {
        var clock = StationClock(newest: Timestamp(millisecondsSinceEpoch: newest))
        let late = clock.observe(Timestamp(millisecondsSinceEpoch: latest + 1), sentUptime: now.uptime, at: now)
        #expect(late == .ignored("it is not plausible"))
        _ = clock.observe(Timestamp(millisecondsSinceEpoch: latest), sentUptime: now.uptime, at: now)
        #expect(clock.offset != nil)
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

    private static let doubted = StationClock.Verdict.ignored(
        "it contradicts the time known so far: the next answer must confirm it"
    )

    @Test(arguments: [(20_000, true), (20_001, false)])
    func anAnswerThatTookLongerThanTwentySecondsIsNoTime(milliseconds: Int, isTaken: Bool) {
        var clock = StationClock()
        _ = observe(&clock, ahead: .zero, at: now)
        // Half an hour off, so that it contradicts.
        let verdict = observe(&clock, ahead: .seconds(1800), trip: .milliseconds(milliseconds), at: now)
        #expect((verdict == Self.doubted) == isTaken)
    }

    /// Both answers may be wrong by a second, and the quartzes by 200 ppm: 12 ms in a minute.
    @Test(arguments: [(2012, false), (2013, true), (-2012, false), (-2013, true), (3_600_000, true)])
    func aTimeThatContradictsNeedsASecondAnswer(milliseconds: Int, isDoubted: Bool) {
        var clock = StationClock()
        _ = observe(&clock, ahead: .zero, at: now)
        let step = Duration.milliseconds(milliseconds)
        let later = now.advanced(by: .seconds(60))
        let first = observe(&clock, ahead: step, at: later)
        #expect((first == Self.doubted) == isDoubted)
        guard isDoubted else { return }
        #expect(clock.offset == .zero)
        let second = observe(&clock, ahead: step, at: later.advanced(by: .seconds(60)))
        #expect(second == .synchronised(offset: step))
    }

    @Test func oneWrongAnswerAmongRightOnesIsForgotten() {
        var clock = StationClock()
        _ = observe(&clock, ahead: .zero, at: now)
        for ahead in [Duration.seconds(86_400), .zero, .seconds(-3500), .zero, .seconds(-3500), .seconds(3500), .zero] {
            _ = observe(&clock, ahead: ahead, at: now)
            #expect(clock.offset == .zero)
        }
    }

    /// What is called a right clock may be off by a minute: see `HostClock`.
    @Test(arguments: [(61_000, false), (61_001, true), (-61_001, true), (86_400_000, true)])
    func aClockThatTheHostTrustsIsMovedFarOnlyWhenSaidTwice(milliseconds: Int, isDoubted: Bool) {
        var clock = StationClock(trustsHost: true)
        let step = Duration.milliseconds(milliseconds)
        let first = observe(&clock, ahead: step, at: now)
        #expect(first == (isDoubted ? Self.doubted : .synchronised(offset: step)))
        let second = observe(&clock, ahead: step, at: now.advanced(by: .seconds(20)))
        #expect(second == .synchronised(offset: step))
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
