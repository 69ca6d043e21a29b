import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// What is told of a time of which not everything was measured.
@Suite struct MeterIntervalTests {
    private static let begin = EventTime(utc: 0, boot: nil, uptime: 0)
    private static let power = MeasurandSelection(.powerActiveImport)
    private static let charge = MeasurandSelection(.soC)
    private static let reactive = MeasurandSelection(.energyReactiveImportInterval)

    private var interval = MeterInterval(since: begin, energyWh: 0)

    private mutating func follow(_ figures: MeterFigure..., at seconds: Int) {
        interval.follow(figures, at: .seconds(seconds))
    }

    private mutating func beginAnew(at seconds: Int) {
        interval.beginAnew(since: Self.begin, at: .seconds(seconds))
    }

    private func average(of place: MeasurandSelection, at seconds: Int) -> Int64? {
        interval.averages(at: .seconds(seconds)).first { $0.place == place }?.thousandths
    }

    private func energy(of place: MeasurandSelection) -> Int64? {
        interval.energy.first { $0.place == place }?.thousandths
    }

    /// An EV that told its charge does so no more: the average of it ends with what is known.
    @Test mutating func whatIsMeasuredNoMoreIsNotToldForEver() {
        follow(MeterFigure(.soC, nil, 42_000), MeterFigure(.powerActiveImport, nil, 1000), at: 0)
        beginAnew(at: 10)
        for second in 10...40 { follow(MeterFigure(.powerActiveImport, nil, 1000), at: second) }
        // Five seconds of this time it was known.
        #expect(average(of: Self.charge, at: 40) == 42_000)
        beginAnew(at: 40)
        follow(MeterFigure(.powerActiveImport, nil, 1000), at: 41)
        #expect(average(of: Self.charge, at: 70) == nil)
        #expect(average(of: Self.power, at: 70) == 1000)
    }

    /// A value counts for 15 s after it was measured, whatever begins meanwhile.
    @Test mutating func aNewIntervalMakesNoValueYoung() {
        follow(MeterFigure(.powerActiveImport, nil, 1000), at: 0)
        beginAnew(at: 10)
        follow(MeterFigure(.powerActiveImport, nil, 4000), at: 20)
        // 5 s of 1 W and 10 s of 4 W.
        #expect(average(of: Self.power, at: 30) == 3000)
    }

    /// Nothing was counted is another thing than not known.
    @Test mutating func aRegisterThatIsReadNoMoreHasCountedNothingThatIsKnown() {
        follow(MeterFigure(.energyReactiveImportRegister, nil, 100), at: 0)
        beginAnew(at: 10)
        for second in 10...40 { follow(MeterFigure(.powerActiveImport, nil, 1000), at: second) }
        #expect(energy(of: Self.reactive) == nil)
        #expect(energy(of: MeasurandSelection(.energyActiveImportInterval)) == 0)
        beginAnew(at: 40)
        // It is read again, and what it counted meanwhile is told with what it counts now.
        follow(MeterFigure(.energyReactiveImportRegister, nil, 160), at: 45)
        #expect(energy(of: Self.reactive) == 60)
    }

    /// Another meter, or one that was reset: what was counted before is not lost, and what is counted now is not hidden.
    @Test mutating func aRegisterThatBeginsElsewhereCountsOn() {
        follow(MeterFigure(.energyReactiveImportRegister, nil, 1_000_000), at: 0)
        follow(MeterFigure(.energyReactiveImportRegister, nil, 1_000_050), at: 1)
        follow(MeterFigure(.energyReactiveImportRegister, nil, 100), at: 2)
        follow(MeterFigure(.energyReactiveImportRegister, nil, 120), at: 3)
        #expect(energy(of: Self.reactive) == 70)
    }
}
