import BusSchema
import GatewayCore
import OCPP
import Testing

/// OCPP 1.6 §3.16.4: a list with something that no meter here gives is refused, and nothing changes.
@Suite struct MeasurandRefusalTests {
    private static func online() throws -> GatewayBench {
        var bench = try GatewayBench()
        bench.start()
        bench.hearStore()
        bench.register()
        bench.read(energyWh: 1000)
        return bench
    }

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
