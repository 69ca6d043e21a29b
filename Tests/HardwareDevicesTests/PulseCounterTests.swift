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

    @Test mutating func powerFadesWhenPulsesStayAway() {
        _ = pulse(1)
        _ = pulse(2)
        #expect(read(2.5).sample?.powerW == 3600)
        #expect(read(12).sample?.powerW == 360)
        #expect(read(62).sample?.powerW == 0)
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
