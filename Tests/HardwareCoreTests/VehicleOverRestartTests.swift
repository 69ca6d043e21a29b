import BusSchema
import HardwareCore
import Primitives
import Testing

/// Which EV is there after a restart of the process: that of before only where what was seen before and after agrees.
@Suite struct VehicleOverRestartTests {
    private func sight(_ effects: [HardwareEffect]) -> VehicleSight? {
        effects.compactMap { if case .rememberVehicle(let sight) = $0 { sight } else { nil } }.last
    }

    /// The next process of the same boot, that long after `bench`, before its first reading.
    private func next(after gap: Duration, of bench: Bench, _ sight: VehicleSight?) -> Bench {
        var next = Bench(vehicles: sight.map { [$0] } ?? [], at: bench.now.uptime + gap)
        next.handle(.started)
        return next
    }

    @Test func comingAndGoingAreKeptAtOnce() {
        var bench = Bench.idle()
        let came = sight(bench.pilot(9000))
        let uptime = bench.now.uptime.wholeMilliseconds
        #expect(came == VehicleSight(connectorId: 1, presentSince: uptime, wasFound: nil, seenAt: uptime))
        bench.wait(.seconds(2))
        let left = sight(bench.pilot(12_000))
        #expect(left?.presentSince == nil && left?.seenAt == bench.now.uptime.wholeMilliseconds)
        // An outlet without an EV writes nothing more.
        #expect(sight(bench.wait(.seconds(60))) == nil)
    }

    @Test func thatAnEVIsStillThereIsKeptNowAndThen() {
        var bench = Bench.idle()
        bench.pilot(9000)
        let effects = bench.wait(.seconds(60))
        let sights = effects.compactMap { if case .rememberVehicle(let sight) = $0 { sight } else { nil } }
        #expect((10...12).contains(sights.count))
        #expect(Set(sights.map(\.presentSince)).count == 1)
    }

    @Test func anEVThatIsThereAgainSoonIsTheSame() {
        var bench = Bench.idle()
        let came = bench.pilot(9000).connector?.pluggedSinceUptime
        let kept = sight(bench.wait(.seconds(20)))
        var restarted = next(after: .seconds(24), of: bench, kept)
        let state = restarted.pilot(9000).connector
        #expect(state?.pluggedSinceUptime == came && came != nil)
        #expect(state?.vehicleFoundUptime == nil)
        // Also over the restart after that.
        let again = sight(restarted.wait(.seconds(6)))
        var third = next(after: .seconds(1), of: restarted, again)
        #expect(third.pilot(9000).connector?.pluggedSinceUptime == came)
    }

    @Test func anEVAfterALongGapIsAnotherOne() {
        var bench = Bench.idle()
        let kept = sight(bench.pilot(9000))
        var restarted = next(after: .milliseconds(30_001), of: bench, kept)
        let state = restarted.pilot(9000).connector
        #expect(state?.vehicleFoundUptime == restarted.now.uptime.wholeMilliseconds)
        #expect(state?.pluggedSinceUptime == nil)
    }

    /// The breaker's case: one EV left and another one came while only hardware-io looked, which then died.
    @Test func anEVThatCameBeforeTheRestartIsNotTheOneBeforeIt() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.wait(.seconds(5))
        bench.pilot(12_000)
        bench.wait(.seconds(1))
        let kept = sight(bench.pilot(9000))
        let came = bench.now.uptime.wholeMilliseconds
        var restarted = next(after: .seconds(1), of: bench, kept)
        #expect(restarted.pilot(9000).connector?.pluggedSinceUptime == came)
    }

    @Test func anEVThatWasNotThereBeforeIsFound() {
        var bench = Bench.idle()
        bench.pilot(9000)
        let kept = sight(bench.pilot(12_000))
        var restarted = next(after: .seconds(1), of: bench, kept)
        #expect(restarted.pilot(9000).connector?.vehicleFoundUptime == restarted.now.uptime.wholeMilliseconds)
        #expect(restarted.pilot(12_000).connector?.pluggedSinceUptime == nil)
    }

    @Test func withoutAMemoryAnEVIsFound() {
        var bench = Bench()
        bench.handle(.started)
        let state = bench.pilot(9000).connector
        #expect(state?.vehicleFoundUptime == bench.now.uptime.wholeMilliseconds)
        #expect(state?.pluggedSinceUptime == nil)
        bench.pilot(12_000)
        bench.wait(.seconds(1))
        #expect(bench.pilot(9000).connector?.vehicleFoundUptime == nil)
    }

    /// A file may say anything.
    @Test(arguments: [
        (Int64.max, Int64.max), (.min, .min), (0, .max), (.max, 0), (5000, 100_000_000),
    ])
    func aMemoryThatCannotBeIsNone(since: Int64, seenAt: Int64) {
        let sight = VehicleSight(connectorId: 1, presentSince: since, wasFound: nil, seenAt: seenAt)
        var bench = Bench(vehicles: [sight])
        bench.handle(.started)
        #expect(bench.pilot(9000).connector?.vehicleFoundUptime == bench.now.uptime.wholeMilliseconds)
    }

    /// Somebody may have unplugged one and plugged in another while nothing could be seen.
    @Test func anEVThatIsSeenAgainAfterALongFaultOfThePilotIsAnotherOne() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(32_000)
        bench.pilot(-400)
        bench.wait(.seconds(31))
        let state = bench.pilot(9000).connector
        #expect(state?.vehicleFoundUptime == bench.now.uptime.wholeMilliseconds)
        #expect(state?.permit == nil)
    }

    @Test func anEVThatIsSeenAgainSoonAfterAFaultOfThePilotIsTheSame() {
        var bench = Bench.idle()
        let came = bench.pilot(9000).connector?.pluggedSinceUptime
        bench.permit(32_000)
        bench.pilot(-400)
        bench.wait(.seconds(29))
        let state = bench.pilot(9000).connector
        #expect(state?.pluggedSinceUptime == came && came != nil)
        #expect(state?.permit != nil)
    }
}
