import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// Every measurand of OCPP 1.6 §7.31 from the meter to MeterValues.
@Suite struct MeasurandTests {
    private static let interval = "Energy.Active.Import.Interval"

    /// A meter that measures whatever can be measured; its registers count with the one of the fake.
    private static func quantities(_ registerWh: Int64) -> [MeterQuantity] {
        [
            MeterQuantity(.currentExport, phase: .l1, thousandths: 0),
            MeterQuantity(.currentImport, phase: .n, thousandths: 31_200),
            MeterQuantity(.energyActiveExportRegister, thousandths: 5500),
            MeterQuantity(.energyReactiveExportRegister, thousandths: 0),
            MeterQuantity(.energyReactiveImportRegister, thousandths: registerWh * 100),
            MeterQuantity(.powerActiveExport, thousandths: 0),
            MeterQuantity(.powerFactor, thousandths: 995),
            MeterQuantity(.powerReactiveExport, thousandths: 0),
            MeterQuantity(.powerReactiveImport, thousandths: 720_500),
            MeterQuantity(.rpm, thousandths: 2_400_000),
            MeterQuantity(.soC, thousandths: 42_000),
            MeterQuantity(.temperature, thousandths: -4250),
            MeterQuantity(.voltage, phase: .l1L2, thousandths: 398_400),
        ]
    }

    private func charging(_ keys: [OCPPKeyName: String]) -> ChargingBench {
        let bench = ChargingBench(keys: keys)
        bench.change { $0.quantities = Self.quantities }
        bench.run(seconds: 1)
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        return bench
    }

    private func values(_ bench: ChargingBench) -> [[MeterValue]] {
        bench.central.meterValues.map(\.request.meterValue.elements)
    }

    // Shows: CORE-MV-23, CORE-MV-27, CORE-MV-28, CORE-MV-30
    /// OCPP 1.6 §7.31, §4.7, E §3.86: each of the 22 has its value, its unit and its place.
    @Test(
        arguments: [
            ("Current.Export", "0", .a, .l1, .outlet), ("Current.Offered", "32", .a, nil, .outlet),
            ("Energy.Active.Export.Register", "5.5", .wh, nil, .outlet),
            ("Energy.Active.Import.Register", "1020", .wh, nil, .outlet),
            ("Energy.Reactive.Export.Register", "0", .varh, nil, .outlet),
            ("Energy.Reactive.Import.Register", "102", .varh, nil, .outlet),
            ("Energy.Active.Export.Interval", "0", .wh, nil, .outlet), (interval, "20", .wh, nil, .outlet),
            ("Energy.Reactive.Export.Interval", "0", .varh, nil, .outlet),
            ("Energy.Reactive.Import.Interval", "2", .varh, nil, .outlet), ("Frequency", "50.01", nil, nil, .outlet),
            ("Power.Active.Export", "0", .w, nil, .outlet), ("Power.Active.Import", "7200", .w, nil, .outlet),
            ("Power.Factor", "0.995", nil, nil, .outlet), ("Power.Offered", "7360", .w, nil, .outlet),
            ("Power.Reactive.Export", "0", .var, nil, .outlet), ("Power.Reactive.Import", "720.5", .var, nil, .outlet),
            ("RPM", "2400", nil, nil, .body), ("SoC", "42", .percent, nil, .ev),
            ("Temperature", "-4.25", .celsius, nil, .body), ("Voltage.L1", "230.1", .v, .l1, .outlet),
            ("Current.Import.N", "31.2", .a, .n, .outlet),
        ] as [(String, String, UnitOfMeasure?, Phase?, Location)]
    )
    func aMeasurandIsReported(name: String, text: String, unit: UnitOfMeasure?, phase: Phase?, location: Location) {
        let bench = charging([.meterValueSampleInterval: "10", .meterValuesSampledData: name])
        bench.run(seconds: 11)
        let expected = SampledValue(
            value: text,
            context: .samplePeriodic,
            measurand: MeasurandSelection(name)?.measurand,
            phase: phase,
            location: location,
            unit: unit
        )
        #expect(values(bench).first?.first?.sampledValue.elements == [expected])
    }

    // Shows: CORE-MV-17, CORE-MV-35
    /// OCPP 1.6 §3.16.3.
    @Test func allPlacesWhereItIsMeasuredAreReported() {
        let bench = charging([.meterValueSampleInterval: "10", .meterValuesSampledData: "Current.Import,Voltage"])
        bench.run(seconds: 11)
        let sampled = values(bench).first?.first?.sampledValue.elements ?? []
        #expect(sampled.map(\.phase) == [.l1, .n, .l1N, .l1L2])
    }

    // MARK: - Intervals

    // Shows: CORE-MV-29
    /// OCPP 1.6 §7.31, E §3.78.
    @Test func theEnergiesOfAllIntervalsMakeTheWhole() {
        let bench = charging([
            .meterValueSampleInterval: "7", .meterValuesSampledData: "\(Self.interval),Energy.Active.Import.Register",
        ])
        bench.run(seconds: 15)
        bench.change { $0.meterWorks = false }
        bench.run(seconds: 20)
        bench.change { $0.meterWorks = true }
        bench.run(seconds: 30)
        let sets = values(bench).compactMap(\.first?.sampledValue.elements)
        let energies = sets.compactMap { Int64($0[0].value) }
        #expect(energies.count > 4)
        #expect(sets.last?[1].value == "\(1000 + energies.reduce(0, +))")
    }

    // Shows: CORE-MV-06, CORE-MV-07
    /// OCPP 1.6 §9.1.5, §4.7: the register is one of the boundary, the rest of the whole interval.
    @Test func aClockAlignedIntervalIsCountedAndAveragedFromItsBegin() {
        let bench = ChargingBench(keys: [
            .meterValueSampleInterval: "0", .clockAlignedDataInterval: "60",
            "MeterValuesAlignedData": "Energy.Active.Import.Register,\(Self.interval),Power.Active.Import",
        ])
        bench.skip(.seconds(30))
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        let began = bench.moment.utc
        // Half of the second interval without energy.
        bench.run(seconds: 60)
        bench.plug(ready: false)
        bench.run(seconds: 40)
        let sets = values(bench)
        #expect(sets.count == 2)
        let boundaries = sets.map { $0.last?.timestamp.millisecondsSinceEpoch ?? 1 }
        #expect(boundaries.allSatisfy { $0 % 60_000 == 0 })
        #expect(
            sets.map { $0.last?.sampledValue.elements.map(\.measurand) } == [
                [.energyActiveImportRegister], [.energyActiveImportRegister],
            ]
        )
        // The first one is partial: it began with the transaction.
        #expect(sets.first?.first?.timestamp == began)
        #expect(sets.last?.first?.timestamp.millisecondsSinceEpoch == boundaries.first)
        let over = sets.map { $0.first?.sampledValue.elements ?? [] }
        #expect(
            over.map { $0.map(\.measurand) } == [
                [.energyActiveImportInterval, .powerActiveImport], [.energyActiveImportInterval, .powerActiveImport],
            ]
        )
        #expect(over.allSatisfy { $0.allSatisfy { $0.context == .sampleClock } })
        let power = over.compactMap { $0.last.flatMap { Double($0.value) } }
        #expect(power.count == 2 && power[0] > 6900 && (3000...4200).contains(power[1]))
        let counted = over.compactMap { $0.first.flatMap { Int($0.value) } }
        #expect(sets.last?.last?.sampledValue.first.value == "\(1000 + counted.reduce(0, +))")
    }

    /// E §3.14, §3.91: what belongs together is kept or left out together, begin and end always stay.
    @Test func transactionDataKeepsBothTimesOfAnInterval() {
        let bench = charging([
            .meterValueSampleInterval: "0", .clockAlignedDataInterval: "10",
            "StopTxnAlignedData": "Energy.Active.Import.Register,\(Self.interval)",
        ])
        bench.run(seconds: 1000)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        let data = bench.central.stops.first?.request.transactionData ?? []
        #expect(data.count <= 20 && data.count > 8)
        #expect(data.first?.sampledValue.elements.map(\.context) == [.transactionBegin, .transactionBegin])
        #expect(data.last?.sampledValue.elements.map(\.context) == [.transactionEnd, .transactionEnd])
        let between = data.dropFirst().dropLast()
        #expect(
            between.filter { $0.sampledValue.first.measurand == .energyActiveImportInterval }.count * 2 == between.count
        )
    }

    // MARK: - What a meter does not give

    /// OCPP 1.6 §3.16.4: a quantity that is missing once is measured all the same.
    @Test func whatAMeterGaveOnceItMeasures() {
        let bench = ChargingBench()
        let temperature = MeasurandSelection(.temperature)
        #expect(!bench.machine.measures(temperature))
        bench.change { $0.quantities = Self.quantities }
        bench.run(seconds: 1)
        bench.change { $0.quantities = { _ in [] } }
        bench.run(seconds: 1)
        for name in Measurand.allCases { #expect(bench.machine.measures(MeasurandSelection(name)), "\(name)") }
        #expect(!bench.machine.measures(MeasurandSelection(.voltage, phase: .l2)))
        #expect(bench.machine.measures(MeasurandSelection(.voltage, phase: .l1)))
    }

    /// The names of the bus are those of OCPP.
    @Test func everyQuantityOfTheBusIsAMeasurandOfOCPP() {
        for name in MeterQuantity.Measurand.known { #expect(Measurand(rawValue: name.rawValue) != nil, "\(name)") }
    }
}
