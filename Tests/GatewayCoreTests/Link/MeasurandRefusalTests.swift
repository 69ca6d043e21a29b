import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// OCPP 1.6 §3.16.4: a list with something that no meter here gives is refused, and nothing changes.
@Suite struct MeasurandRefusalTests {
    /// One whose meter has been read for a while, with what an earlier process knew of it.
    private static func online(_ known: [String]? = nil, isRead: Bool = true) throws -> GatewayBench {
        var documents = Documents()
        if let known {
            let meter = MeasurandsDocument.Meter(connectorId: 1, measurands: known)
            documents.add(AnyDocument(MeasurandsDocument(meters: [meter])))
        }
        var bench = try GatewayBench(documents: documents)
        bench.start()
        bench.hearStore()
        bench.register()
        if isRead { read(&bench, seconds: 40) }
        return bench
    }

    private static func read(_ bench: inout GatewayBench, seconds: Int) {
        bench.read(energyWh: 1000)
        for _ in 0..<(seconds / 10) {
            bench.advance(.seconds(10))
            bench.feed(.link(.received))
            if case .heartbeat? = bench.calls.first?.request {
                bench.answer(.heartbeat(Heartbeat.Confirmation(currentTime: bench.now.utc)))
            }
            bench.read(energyWh: 1000)
        }
    }

    private func ask(_ bench: inout GatewayBench, _ items: String, id: String = "1") -> [GatewayEffect] {
        let value = CiString500(fitting: items)
        return bench.ask(.changeConfiguration(.init(key: "MeterValuesSampledData", value: value)), id: id)
    }

    private let rejected: [OCPPConfirmation] = [.changeConfiguration(.init(status: .rejected))]

    private func stores(_ effects: [GatewayEffect]) -> [String?] {
        effects.compactMap { if case .store(_, let set) = $0 { set.value } else { nil } }
    }

    // MARK: - Before a meter was heard

    /// What was known before the start counts, from the first moment on, while hardware-io is away too.
    @Test func whatWasKnownBeforeTheStartCountsAtOnce() throws {
        var bench = try Self.online(["Frequency", "Current.Import.L2", "Of.Another.Version"], isRead: false)
        #expect(stores(ask(&bench, "Frequency,Current.Import.L2", id: "1")).count == 1)
        #expect(ask(&bench, "Temperature", id: "2").answers == rejected)
    }

    /// Nobody knows yet what the meter gives: its first readings are waited for.
    @Test func aListThatNobodyCanJudgeYetWaitsForAReading() throws {
        var bench = try Self.online(isRead: false)
        let asked = ask(&bench, "Voltage.L3-N")
        #expect(asked.answers.isEmpty && stores(asked).isEmpty)
        bench.advance(.milliseconds(1900))
        let read = bench.feed(.charging(.hardwareMeter(Self.reading(at: bench))))
        #expect(stores(read) == ["Voltage.L3-N"])
    }

    @Test func aListThatNobodyCanJudgeInTimeIsRefused() throws {
        var bench = try Self.online(isRead: false)
        let asked = ask(&bench, "Temperature")
        #expect(asked.answers.isEmpty)
        bench.read(energyWh: 1000)
        #expect(bench.advance(.milliseconds(1900)).answers.isEmpty)
        #expect(bench.advance(.milliseconds(100)).answers == rejected)
        // What every meter gives needs no waiting.
        #expect(stores(ask(&bench, "Energy.Active.Import.Register", id: "2")).count == 1)
    }

    @Test func manyListsThatWaitAreRefusedAndNoneIsForgotten() throws {
        var bench = try Self.online(isRead: false)
        var answers = 0
        for number in 0..<20 { answers += ask(&bench, "Temperature", id: "\(number)").answers.count }
        #expect(answers == 12)
        #expect(bench.advance(.seconds(2)).answers.count == 8)
    }

    /// Nobody waits for the answer on the next connection, and nothing is changed.
    @Test func aListThatWaitsEndsWithItsConnection() throws {
        var bench = try Self.online(isRead: false)
        _ = ask(&bench, "Voltage.L3-N")
        bench.feed(.link(.closed(dial: 1, reason: "end of stream")))
        let read = bench.feed(.charging(.hardwareMeter(Self.reading(at: bench))))
        #expect(stores(read).isEmpty)
    }

    // MARK: - For the next start

    @Test func whatReadingsShowIsSavedOnce() throws {
        var bench = try Self.online(isRead: false)
        let first = bench.feed(.charging(.hardwareMeter(Self.reading(at: bench))))
        let document = try #require(first.saved(MeasurandsDocument.self))
        #expect(document.meters.map(\.connectorId) == [1])
        #expect(document.measurands(of: 1)?.contains(MeasurandSelection(.voltage, phase: .l3N)) == true)
        let again = bench.feed(.charging(.hardwareMeter(Self.reading(at: bench))))
        #expect(again.saved(MeasurandsDocument.self) == nil)
        // The next process has nothing to add.
        var next = try Self.online(document.meters[0].measurands, isRead: false)
        let known = next.feed(.charging(.hardwareMeter(Self.reading(at: next))))
        #expect(known.saved(MeasurandsDocument.self) == nil)
    }

    /// The meter was replaced by one that gives less.
    @Test func whatNoReadingShowsAnyMoreIsForgottenAfterAWhile() throws {
        var bench = try Self.online(["Frequency", "Power.Active.Import"])
        #expect(stores(ask(&bench, "Frequency", id: "1")).count == 1)
        Self.read(&bench, seconds: 250)
        bench.advance(.seconds(10))
        let read = bench.feed(.charging(.hardwareMeter(Self.reading(at: bench))))
        #expect(read.saved(MeasurandsDocument.self)?.meters[0].measurands.contains("Frequency") == false)
        #expect(ask(&bench, "Frequency", id: "2").answers == rejected)
    }

    private static func reading(at bench: GatewayBench) -> MeterReading {
        MeterReading(
            connectorId: 1,
            takenAt: bench.now.utc.millisecondsSinceEpoch,
            takenAtUptime: bench.now.uptime.wholeMilliseconds,
            energyWh: 1000,
            powerW: 0,
            voltageMillivolts: [230_000, 230_000, 230_000],
            currentMilliamps: [0, 0, 0],
            valid: true
        )
    }

    // MARK: - When it is known

    @Test(arguments: [
        "MeterValuesSampledData", "MeterValuesAlignedData", "StopTxnSampledData", "StopTxnAlignedData",
        "metervaluessampleddata",
    ])
    func whatNoMeterGivesIsRefused(key: String) throws {
        var bench = try Self.online()
        for items in ["Temperature", "Voltage,SoC", "Energy.Active.Export.Interval", "Current.Import.N"] {
            let value = CiString500(fitting: items)
            let change = ChangeConfiguration.Request(key: CiString50(fitting: key), value: value)
            let effects = bench.ask(.changeConfiguration(change), id: items)
            #expect(effects.answers == [.changeConfiguration(.init(status: .rejected))], "\(items)")
        }
    }

    @Test(arguments: [
        "Energy.Active.Import.Register,Energy.Active.Import.Interval,Power.Active.Import",
        "voltage.l3-n, current.import",
        "Current.Offered,Power.Offered", "",
    ])
    func whatTheMeterGivesIsStored(items: String) throws {
        var bench = try Self.online()
        let change = ChangeConfiguration.Request(key: "MeterValuesSampledData", value: CiString500(fitting: items))
        let effects = bench.ask(.changeConfiguration(change))
        #expect(effects.answers.isEmpty)
        #expect(effects.contains { if case .store = $0 { true } else { false } })
    }
}
