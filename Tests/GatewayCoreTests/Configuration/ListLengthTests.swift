import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct ListLengthTests {
    // Shows: CORE-MV-15
    /// OCPP 1.6 §5.3, §9.1.18: `MeterValuesSampledDataMaxLength` is 20.
    @Test func aListThatIsLongerThanItsKeyAllowsIsRejected() throws {
        let table = try OCPPKeyTable(site: KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3))
        var machine = ConfigurationMachine(table: table, snapshot: nil)
        let nothing = ConfigValues(owner: .ocppGateway, revision: 0, values: [])
        _ = machine.declared(.success(ConfigDeclare.Reply(values: nothing, unfit: [])))
        let names = ["Current.Import", "Power.Active.Import", "Power.Active.Export", "Energy.Active.Export.Register"]
        let all =
            names.flatMap { name in ["", ".L1", ".L2", ".L3"].map { name + $0 } }
            + ["Current.Export", "Current.Import.N", "Current.Offered", "Frequency", "Voltage"]
        func isRejected(_ count: Int) -> Bool {
            let value = CiString500(fitting: all.prefix(count).joined(separator: ","))
            let request = ChangeConfiguration.Request(key: "MeterValuesSampledData", value: value)
            let moment = Moment(uptime: .seconds(1), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
            let rejected = ChangeConfiguration.Confirmation(status: .rejected)
            return machine.change(request, callId: "c", at: moment).contains(.answer(callId: "c", rejected))
        }
        #expect(!isRejected(20))
        #expect(isRejected(21))
    }
}
