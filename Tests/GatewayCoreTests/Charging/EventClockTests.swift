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
        times.saw(EventTime(utc: nil, boot: "a", uptime: 5000), in: 1)
        times.saw(EventTime(utc: nil, boot: "a", uptime: 9000), in: 2)
        times.saw(EventTime(utc: nil, boot: "b", uptime: 2000), in: 3)
        times.learned(BootStart(boot: "c", utc: 100_000))
        times.learned(BootStart(boot: "d", utc: 200_000))
        #expect(
            times.known == [
                BootStart(boot: "a", utc: 89_000), BootStart(boot: "b", utc: 98_000),
                BootStart(boot: "c", utc: 100_000), BootStart(boot: "d", utc: 200_000),
            ]
        )
    }

    // MARK: - Order

    private static let boots = [BootStart(boot: "a", utc: 100_000), BootStart(boot: "b", utc: 50_000)]

    private static func told(_ utc: Int64) -> EventTime { EventTime(utc: utc, boot: nil, uptime: 0) }

    private static func untold(_ boot: String, _ uptime: Int64, earliest: Int64? = nil) -> EventTime {
        var time = EventTime(utc: nil, boot: boot, uptime: uptime)
        time.earliestUTC = earliest
        return time
    }

    static let pairs: [(earlier: EventTime, time: EventTime, expected: EventTime)] = [
        (told(10_000), told(10_001), told(10_001)), (told(3_600_000), told(10_000), told(3_600_000)),
        // The clock was learned in this boot, or in one before.
        (untold("a", 5), told(10_000), told(100_005)), (untold("a", 5), told(100_006), told(100_006)),
        // Not known yet, whatever it will be.
        (told(10_000), untold("c", 7), untold("c", 7, earliest: 10_000)),
        (untold("a", 5), untold("b", 7), untold("b", 7, earliest: 100_005)),
        (untold("c", 9), untold("c", 7), untold("c", 9)),
        (untold("c", 6, earliest: 20), untold("c", 7), untold("c", 7, earliest: 20)),
        (untold("d", 6, earliest: 20), untold("c", 7), untold("c", 7, earliest: 20)),
        (untold("d", 6, earliest: 20_000), told(10_000), told(20_000)), (untold("d", 6), told(10_000), told(10_000)),
    ]

    @Test(arguments: pairs) func whatIsSaidOfOneTransactionIsInOrder(
        earlier: EventTime,
        time: EventTime,
        expected: EventTime
    ) {
        #expect(Self.clock(boots: Self.boots).inOrder(time, after: earlier) == expected)
    }

    @Test func aTimeThatIsLearnedLaterIsNotBeforeWhatWasSaid() {
        let moment = Self.moment(20, wall: 20)
        let clock = Self.clock(boots: Self.boots)
        for (earliest, expected) in [(Int64(60_000), Int64(60_000)), (49_000, 50_007)] {
            let timestamp = clock.timestamp(of: Self.untold("b", 7, earliest: earliest), at: moment)
            #expect(timestamp.millisecondsSinceEpoch == expected)
        }
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
        #expect(start == BootStart(boot: "b", utc: Self.utc, errorMilliseconds: 30_000))
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
        times.saw(EventTime(utc: nil, boot: "b", uptime: 5000), in: 1)
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
