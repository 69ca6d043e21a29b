import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

@Suite struct PulseCounterTests {
    private static let settings = PulseCounter.Settings(connectorId: 1, pulsesPerKilowattHour: 1000)
    private var counter = PulseCounter(settings, count: 5000)

    private func moment(_ seconds: Double) -> Moment {
        Moment(uptime: .seconds(seconds), utc: Timestamp(millisecondsSinceEpoch: 0))
    }

    private mutating func pulse(_ seconds: Double) -> [PulseCounter.Effect] {
        counter.handle(.pulsed(at: .seconds(seconds)), at: moment(seconds))
    }

    private mutating func read(_ seconds: Double) -> (stored: Int64?, sample: MeterSample?) {
        var result: (stored: Int64?, sample: MeterSample?)
        for effect in counter.handle(.wanted, at: moment(seconds)) {
            switch effect {
            case .store(let count):
                #expect(result.sample == nil, "stored before it is told")
                result.stored = count
            case .read(_, let sample, _): result.sample = sample
            case .failed: break
            }
        }
        return result
    }

    @Test mutating func aThousandPulsesAreAKilowattHour() {
        for second in 1...1000 { _ = pulse(Double(second)) }
        let sample = read(1000.5).sample
        #expect(sample?.energyWh == 6000)
        #expect(sample?.powerW == 3600)
        #expect(sample?.hasPhases == false)
        #expect(sample?.registerStepWh == 1)
    }

    @Test mutating func powerFadesWhenPulsesStayAwayAndIsNoneWhenTheyDoNotCome() {
        _ = pulse(1)
        _ = pulse(2)
        #expect(read(2.5).sample?.powerW == 3600)
        #expect(read(4).sample?.powerW == 1800)
        #expect(read(5.1).sample?.powerW == 0)
    }

    /// Sampled each second, as while a contactor is closed, and added up as HardwareCore does: three watt-hours that the register does not count
    /// would be a meter that stands still.
    @Test(arguments: [0.05, 0.164, 0.33, 0.5, 0.9, 1.7, 2.6, 5, 12, 36])
    mutating func aLoadThatStopsIsNoMeterThatStandsStill(_ interval: Double) {
        for number in 0...10 { _ = pulse(Double(number) * interval) }
        let last = 10 * interval
        var uncounted = 0.0
        var before = read(last).sample?.powerW ?? 0
        for second in 1...100 {
            let power = read(last + Double(second)).sample?.powerW ?? 0
            uncounted += Double(min(power, before)) / 3600
            before = power
        }
        #expect(uncounted < 2.5)
    }

    @Test mutating func aLoadThatComesAndGoesIsStoredOnceAMinute() {
        var stores = 0
        for second in stride(from: 0.0, to: 600, by: 10) {
            _ = pulse(second)
            _ = pulse(second + 0.5)
            if read(second + 5).stored != nil { stores += 1 }
        }
        #expect((9...11).contains(stores))
    }

    @Test mutating func aBouncingContactCountsOnce() {
        _ = pulse(1)
        _ = pulse(1.005)
        _ = pulse(1.015)
        _ = pulse(2)
        #expect(read(100).sample?.energyWh == 5002)
        #expect(counter.bounces == 2)
    }

    @Test mutating func aRegisterThatIsToldWhileNothingFlowsIsOnDiskBefore() {
        #expect(read(1).stored == nil)
        _ = pulse(2)
        _ = pulse(3)
        #expect(read(3.5).stored == nil)
        #expect(read(80).stored == 5002)
        #expect(read(90).stored == nil)
    }

    @Test mutating func whilePulsesComeItIsStoredEveryTenMinutes() {
        var stores = 0
        for second in 1...3600 {
            _ = pulse(Double(second))
            if let due = counter.nextDeadline, due.isDue(at: .seconds(second)) {
                stores += counter.deadlineReached(at: moment(Double(second))).count
            }
        }
        #expect((5...6).contains(stores))
    }

    @Test mutating func aCountThatIsLostIsNotInvented() {
        counter = PulseCounter(Self.settings, count: nil)
        _ = pulse(1)
        let failed = counter.handle(.wanted, at: moment(2))
        #expect(failed == [.failed(connectorId: 1, reason: "the count of its pulses is lost")])
        #expect(counter.handle(.counted(700), at: moment(3)) == [.store(700)])
        _ = pulse(4)
        #expect(read(5).sample?.energyWh == 701)
    }

    @Test mutating func pulsesThatWereNotSeenOneByOneCount() {
        _ = counter.handle(.missed(3), at: moment(1))
        _ = counter.handle(.missed(-7), at: moment(1))
        #expect(read(2).sample?.energyWh == 5003)
    }

    @Test mutating func coarseMetersCountInTheirSteps() {
        counter = PulseCounter(PulseCounter.Settings(connectorId: 0, pulsesPerKilowattHour: 3), count: 1)
        #expect(read(1).sample?.energyWh == 333)
        #expect(read(1).sample?.registerStepWh == 334)
        counter = PulseCounter(PulseCounter.Settings(connectorId: 0, pulsesPerKilowattHour: 3), count: .max)
        _ = counter.handle(.pulsed(at: .seconds(1)), at: moment(1))
        #expect(read(2).sample != nil)
    }
}
