import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

@Suite struct PilotSamplerTests {
    /// 200 samples 23 µs apart, of a pilot of 1 kHz with noise and a slope at each edge.
    private func burst(high: Int, low: Int, dutyPermille: Int, seed: UInt64 = 1) -> [Int] {
        var random = SeededRandom(seed: seed)
        let phase = Int.random(in: 0..<1000, using: &random)
        return (0..<200).map { index in
            let place = (index * 23 + phase) % 1000
            let noise = Int.random(in: -100...100, using: &random)
            if place < 10 { return low + (high - low) * place / 10 + noise }
            return (place < dutyPermille ? high : low) + noise
        }
    }

    @Test(arguments: [(80, 6000), (100, 9000), (266, 6000), (533, 6000), (533, 3000), (960, 9000)], [UInt64](0..<50))
    func bothHalfWavesAreFoundAtEveryDuty(_ signal: (dutyPermille: Int, high: Int), seed: UInt64) throws {
        let sample = try #require(
            PilotSample(burst: burst(high: signal.high, low: -12_000, dutyPermille: signal.dutyPermille, seed: seed))
        )
        #expect(abs(sample.highMillivolts - signal.high) <= 150)
        #expect(abs(sample.lowMillivolts + 12_000) <= 150)
    }

    @Test(arguments: [12_000, 9000, 6000, 0, -12_000])
    func aSteadyPilotHasOneVoltage(_ millivolts: Int) throws {
        let sample = try #require(PilotSample(burst: burst(high: millivolts, low: millivolts, dutyPermille: 500)))
        #expect(sample.highMillivolts == sample.lowMillivolts)
        #expect(abs(sample.highMillivolts - millivolts) <= 100)
    }

    @Test func aMissingDiodeShowsInTheNegativeHalfWave() throws {
        let sample = try #require(PilotSample(burst: burst(high: 6000, low: -6000, dutyPermille: 266)))
        #expect(abs(sample.lowMillivolts + 6000) <= 150)
    }

    @Test func oneSampleSomewhereElseIsADisturbance() throws {
        var samples = [Int](repeating: 9000, count: 80)
        samples[17] = -12_000
        let sample = try #require(PilotSample(burst: samples))
        #expect(sample == PilotSample(highMillivolts: 9000, lowMillivolts: 9000))
        #expect(PilotSample(burst: []) == nil)
        #expect(PilotSample(burst: [.min, .max]) != nil)
    }

    @Test func theDividerOfABoardIsTakenIntoAccount() {
        // 12 bits over 3.3 V, and the divider of a Charge Control C.
        let board = PilotCalibration(
            nanovoltsPerStep: 805_664,
            numerator: 4561,
            denominator: 476,
            offsetMillivolts: -16_013
        )
        #expect(board.millivolts(raw: 0) == -16_013)
        #expect(abs(board.millivolts(raw: 3630) - 12_010) <= 10)
        #expect(abs(board.millivolts(raw: 520) + 11_998) <= 10)
        #expect(board.millivolts(raw: .max) == 100_000)
        #expect(board.millivolts(raw: .min) == -100_000)
        let turned = PilotCalibration(
            rawOffset: -2048,
            nanovoltsPerStep: 1_000_000,
            numerator: -8,
            denominator: 1,
            offsetMillivolts: 0
        )
        #expect(turned.millivolts(raw: 548) == 12_000)
    }
}

@Suite struct PilotReporterTests {
    /// How many of the samples, 10 ms apart, are reported.
    private func reports(_ samples: [(high: Int, low: Int)], noise: Int = 100) -> [Int] {
        var reporter = PilotReporter()
        var random = SeededRandom(seed: 3)
        return samples.enumerated().compactMap { index, sample in
            let sample = PilotSample(
                highMillivolts: sample.high + Int.random(in: -noise...noise, using: &random),
                lowMillivolts: sample.low + Int.random(in: -noise...noise, using: &random)
            )
            return reporter.sampled(sample, at: .milliseconds(10 * index)) ? index : nil
        }
    }

    @Test func aPilotWithoutAnEVIsToldTwiceAndThenEvery10Seconds() {
        #expect(reports([(12_000, 12_000)].repeated(3000)) == [0, 1, 1001, 2001])
    }

    @Test func aPilotWithAnEVIsToldEverySecond() {
        #expect(reports([(9000, -12_000)].repeated(300)) == [0, 1, 101, 201])
    }

    @Test func everyChangeIsToldAtOnceAndTwice() {
        let plugged = reports([(12_000, 12_000)].repeated(50) + [(9000, 9000)].repeated(50))
        #expect(plugged == [0, 1, 50, 51])
        let charging = reports([(6000, -12_000)].repeated(50) + [(9000, -12_000)].repeated(50))
        #expect(charging == [0, 1, 50, 51])
        let diode = reports([(6000, -12_000)].repeated(50) + [(6000, -6000)].repeated(50))
        #expect(diode == [0, 1, 50, 51])
    }

    @Test func aSmallStepOverTheEdgeOfABandIsAChange() {
        #expect(reports([(7050, -12_000)].repeated(50) + [(6950, -12_000)].repeated(40), noise: 0) == [0, 1, 50, 51])
    }

    @Test func onePeakIsToldAndSoIsWhatFollows() {
        #expect(
            reports([(6000, -12_000)].repeated(20) + [(0, 0)] + [(6000, -12_000)].repeated(20)) == [0, 1, 20, 21, 22]
        )
    }
}

@Suite struct PilotGeneratorTests {
    @Test func signalsAreDutiesOf1kHz() {
        #expect(PilotGenerator().writes(for: .x1) == [.init("duty_cycle", "1000000")])
        #expect(PilotGenerator().writes(for: .f) == [.init("duty_cycle", "0")])
        #expect(
            PilotGenerator().writes(for: PilotDuty.signal(offeringMilliamps: 16_000)) == [.init("duty_cycle", "266000")]
        )
        #expect(PilotGenerator().writes(for: .pwm(dutyPermille: 5000)) == [.init("duty_cycle", "1000000")])
    }

    @Test func aBoardThatTurnsTheOutputAroundGetsTheOtherDuty() {
        let generator = PilotGenerator(isInverted: true)
        #expect(generator.writes(for: .x1) == [.init("duty_cycle", "0")])
        #expect(generator.writes(for: .f) == [.init("duty_cycle", "1000000")])
        #expect(generator.writes(for: .pwm(dutyPermille: 266)) == [.init("duty_cycle", "734000")])
        #expect(
            generator.start(from: .init(periodNanoseconds: 0, dutyNanoseconds: 0, isOn: false)).suffix(2) == [
                .init("duty_cycle", "0"), .init("enable", "1"),
            ]
        )
    }

    /// As the kernel judges a write (pwm_apply_state): no state without a period that the chip can make, and no duty above it.
    @Test(
        arguments: [
            (0, 0, false), (2_000_000, 1_999_999, true), (500_000, 500_000, true), (1_000_000, 266_000, false),
            (160, 0, false),
        ]
    )
    func aGeneratorIsSetUpFromWhateverItWasBefore(_ before: (period: Int, duty: Int, isOn: Bool)) {
        var (period, duty, isOn) = before
        let present = PilotGenerator.Present(periodNanoseconds: period, dutyNanoseconds: duty, isOn: isOn)
        for write in PilotGenerator().start(from: present) {
            switch write.attribute {
            case "enable": isOn = write.text == "1"
            case "period": period = Int(write.text) ?? 0
            case "duty_cycle": duty = Int(write.text) ?? 0
            default: #expect(!isOn, "The polarity of a PWM that runs cannot be changed.")
            }
            #expect(period > 100_000 && duty <= period, "EINVAL at \(write)")
        }
        #expect(isOn && duty == period && period == 1_000_000)
    }
}

extension Array {
    fileprivate func repeated(_ count: Int) -> [Element] { (0..<count).flatMap { _ in self } }
}
