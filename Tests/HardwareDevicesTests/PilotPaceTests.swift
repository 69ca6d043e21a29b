import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

@Suite struct PilotPaceTests {
    /// Plays a pilot in time, as the sampling thread would: how many samples there were, and after how long each change was told twice.
    private struct Play {
        var samples = 0
        var reports: [Duration] = []

        init(_ course: [(until: Duration, high: Int, low: Int)], noise: Int = 100) {
            var pace = PilotPace()
            var reporter = PilotReporter()
            var random = SeededRandom(seed: 8)
            var uptime = Duration.zero
            for (until, high, low) in course {
                while uptime < until {
                    let sample = PilotSample(
                        highMillivolts: high + Int.random(in: -noise...noise, using: &random),
                        lowMillivolts: low + Int.random(in: -noise...noise, using: &random)
                    )
                    samples += 1
                    if reporter.sampled(sample, at: uptime) { reports.append(uptime) }
                    uptime += pace.sampled(sample, at: uptime)
                }
            }
        }
    }

    @Test func aPilotWithoutAnEVIsSampledLessThanThreeTimesASecond() {
        let play = Play([(.seconds(100), 12_000, 12_000)])
        #expect(play.samples < 280)
        // The second report of the first sample, then one every 10 s.
        #expect(play.reports.count <= 12)
    }

    @Test func aPilotThatIsNotAvailableIsSampledSeldomToo() {
        #expect(Play([(.seconds(100), -12_000, -12_000)]).samples < 280)
    }

    @Test func aConnectedEVIsSampledTwentyTimesASecond() {
        #expect((1900...2100).contains(Play([(.seconds(100), 9000, -12_000)]).samples))
    }

    @Test(arguments: [(9000, -12_000), (12_000, 12_000), (0, 0), (-12_000, -12_000), (6000, -6000)])
    func whatEndsAChargeIsKnownWithinTwoSamples(_ after: (high: Int, low: Int)) {
        let change = Duration.seconds(10)
        let play = Play([(change, 6000, -12_000), (.seconds(11), after.high, after.low)])
        let confirmed = play.reports.filter { $0 >= change }.prefix(2).last ?? .seconds(99)
        // 10 ms until it is seen, 10 ms until it is seen again.
        #expect(confirmed - change <= .milliseconds(20))
    }

    @Test func anEVThatComesIsKnownWithinHalfASecond() {
        let change = Duration.seconds(10)
        let play = Play([(change, 12_000, 12_000), (.seconds(11), 9000, 9000)])
        let confirmed = play.reports.filter { $0 >= change }.prefix(2).last ?? .seconds(99)
        #expect(confirmed - change <= .milliseconds(420))
    }

    @Test func anEVBetweenConnectedAndAskingIsTakenForOneThatAsks() {
        #expect(Play([(.seconds(10), 7500, -12_000)], noise: 0).samples >= 900)
    }
}

@Suite struct ProximityDividerTests {
    /// 1 kΩ from 5 V.
    private let divider = ProximityDivider(pullUpOhms: 1000, supplyMillivolts: 5000)

    @Test(arguments: [(100, 454), (220, 901), (680, 2023), (1500, 3000)])
    func plugsAreFoundByTheirResistors(_ plug: (ohms: Int, millivolts: Int)) throws {
        let ohms = try #require(divider.ohms(millivolts: plug.millivolts))
        #expect(abs(ohms - plug.ohms) <= plug.ohms / 50)
    }

    @Test func anEmptySocketHasNone() {
        #expect(divider.ohms(millivolts: 5000) == nil)
        #expect(divider.ohms(millivolts: 4900) == nil)
        #expect(divider.ohms(millivolts: .max) == nil)
        #expect(divider.ohms(millivolts: .min) == 0)
        #expect(ProximityDivider(pullUpOhms: .max, supplyMillivolts: 5000).ohms(millivolts: 4000) == nil)
    }

    @Test func aPlugThatIsPulledIsToldTwiceWithinTwoSamples() {
        var reporter = ProximityReporter()
        var uptime = Duration.zero
        var told: [Duration] = []
        var samples = 0
        while uptime < .seconds(30) {
            let ohms: Int? = uptime < .seconds(10) ? 220 + samples % 7 : nil
            let (isTold, next) = reporter.sampled(ohms, at: uptime)
            if isTold { told.append(uptime) }
            samples += 1
            uptime += next
        }
        let pulled = told.filter { $0 >= .seconds(10) }
        #expect(pulled.count == 3 && pulled[1] <= .milliseconds(10_100))
        #expect(told.filter { $0 < .seconds(10) }.count == 11)
        #expect(samples < 290)
    }
}
