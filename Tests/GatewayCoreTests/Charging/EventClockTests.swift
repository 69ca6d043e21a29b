import Primitives
import Testing

@testable import GatewayCore

@Suite struct EventClockTests {
    private static let utc: Int64 = 1_800_000_000_000

    private static func moment(_ seconds: Int64, wall: Int64) -> Moment {
        Moment(uptime: .seconds(seconds), utc: Timestamp(millisecondsSinceEpoch: utc + wall * 1000))
    }

    private static func clock(trusted: Bool = true, boots: [BootStart] = []) -> EventClock {
        EventClock(bootId: "b", trusted: trusted, boots: boots, at: moment(0, wall: 0))
    }

    @Test func aTrustedWallClockCountsUntilTheCentralSystemTellsTheTime() {
        let clock = Self.clock()
        #expect(clock.time(at: Self.moment(10, wall: 3610)).utc == Self.utc + 3_610_000)
    }

    @Test func aStepOfTheWallClockChangesNothingOnceTheTimeWasTold() {
        var clock = Self.clock()
        _ = clock.synchronise(offset: .milliseconds(20), at: Self.moment(10, wall: 10))
        #expect(clock.time(at: Self.moment(20, wall: 3620)).utc == Self.utc + 20_000)
        let confirmed = clock.synchronise(offset: .seconds(-3600), at: Self.moment(30, wall: 3630))
        #expect(confirmed == nil)
        #expect(clock.time(at: Self.moment(40, wall: -5000)).utc == Self.utc + 40_000)
    }

    @Test func theCentralSystemMayCorrectTheTime() {
        var clock = Self.clock()
        _ = clock.synchronise(offset: .zero, at: Self.moment(10, wall: 10))
        _ = clock.synchronise(offset: .seconds(60), at: Self.moment(20, wall: 20))
        #expect(clock.time(at: Self.moment(30, wall: 30)).utc == Self.utc + 90_000)
    }

    @Test func theNextProcessOfTheSameBootGoesOnWithTheToldTime() {
        var first = Self.clock()
        let start = first.synchronise(offset: .seconds(-3600), at: Self.moment(10, wall: 3610))
        #expect(start == BootStart(boot: "b", utc: Self.utc))
        let second = Self.clock(boots: start.map { [$0] } ?? [])
        #expect(second.time(at: Self.moment(20, wall: 9999)).utc == Self.utc + 20_000)
    }

    @Test func bootsOfUnknownTimeAreTakenToEndWhenTheNextOneBegins() {
        var times = BootTimes()
        times.saw(EventTime(utc: nil, boot: "a", uptime: 5000))
        times.saw(EventTime(utc: nil, boot: "a", uptime: 9000))
        times.saw(EventTime(utc: nil, boot: "b", uptime: 2000))
        times.learned(BootStart(boot: "c", utc: 100_000))
        times.learned(BootStart(boot: "d", utc: 200_000))
        #expect(
            times.known == [
                BootStart(boot: "a", utc: 89_000), BootStart(boot: "b", utc: 98_000),
                BootStart(boot: "c", utc: 100_000), BootStart(boot: "d", utc: 200_000),
            ]
        )
    }

    @Test func aTimeSlightlyBeforeTheNewestMessageIsThatOfTheMessage() {
        let newest = EventTime(utc: 10_000, boot: nil, uptime: 10_000)
        #expect(EventTime(utc: 9000, boot: nil, uptime: 9000).notBefore(newest) == newest)
        let later = EventTime(utc: 11_000, boot: nil, uptime: 11_000)
        #expect(later.notBefore(newest) == later)
    }

    @Test func aTimeLongBeforeTheNewestMessageIsACorrectionOfTheClock() {
        let corrected = EventTime(utc: 10_000, boot: nil, uptime: 9_000_000)
        #expect(corrected.notBefore(EventTime(utc: 3_600_000, boot: nil, uptime: 8_000_000)) == corrected)
    }

    @Test(arguments: [(59_999, 0), (60_000, 60_000), (-59_999, 0), (-60_000, -60_000)])
    func whileSomebodyChargesOnlyAClockThatIsWrongByAMinuteIsMoved(correction: Int64, moved: Int64) {
        var clock = Self.clock()
        _ = clock.synchronise(offset: .zero, at: Self.moment(10, wall: 10))
        let offset = Duration.milliseconds(correction)
        _ = clock.synchronise(offset: offset, isCharging: true, at: Self.moment(20, wall: 20))
        #expect(clock.time(at: Self.moment(30, wall: 30)).utc == Self.utc + 30_000 + moved)
        _ = clock.synchronise(offset: offset, at: Self.moment(40, wall: 40))
        #expect(clock.time(at: Self.moment(50, wall: 50)).utc == Self.utc + 50_000 + correction)
    }

    /// The transaction began before this process, by the wall clock that was right then.
    @Test func theFirstAnswerDoesNotMoveATrustedClockWhileSomebodyChargesEither() {
        var clock = Self.clock()
        let start = clock.synchronise(offset: .seconds(30), isCharging: true, at: Self.moment(20, wall: 20))
        #expect(start == BootStart(boot: "b", utc: Self.utc))
    }

    @Test func aClockThatNobodyTrustedTakesTheTimeWhoeverCharges() {
        var clock = Self.clock(trusted: false)
        let start = clock.synchronise(offset: .milliseconds(300), isCharging: true, at: Self.moment(20, wall: 20))
        #expect(start == BootStart(boot: "b", utc: Self.utc + 300))
    }

    @Test(arguments: [(999, 0), (1000, 1000)]) func whatTheNetworkAddsIsNoCorrection(offset: Int64, moved: Int64) {
        var clock = Self.clock()
        let start = clock.synchronise(offset: .milliseconds(offset), at: Self.moment(10, wall: 10))
        #expect(start == BootStart(boot: "b", utc: Self.utc + moved))
    }

    @Test func aCorrectionHoldsForTheNextProcessAndNotForEventsThatHaveTheirTime() {
        var times = BootTimes()
        times.saw(EventTime(utc: nil, boot: "b", uptime: 5000))
        var first = Self.clock(trusted: false)
        for offset in [3600, 7200, 10_800] {
            guard let start = first.synchronise(offset: .seconds(offset), at: Self.moment(10, wall: 10)) else {
                continue
            }
            times.learned(start)
        }
        #expect(times.known.count == 2)
        let next = Self.clock(boots: times.known)
        #expect(next.time(at: Self.moment(20, wall: 20)).utc == Self.utc + 10_820_000)
        let early = next.timestamp(of: EventTime(utc: nil, boot: "b", uptime: 5000), at: Self.moment(20, wall: 20))
        #expect(early == Timestamp(millisecondsSinceEpoch: Self.utc + 3_605_000))
    }
}
