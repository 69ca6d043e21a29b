import HardwareSite
import SiteConfiguration
import TemporaryFolder
import Testing

@Suite struct MeterFilesTests {
    private func site(meter: String, in folder: String) throws -> SiteFile {
        let text = #"""
            { "allowSimulation": true,
              "connectors": [
                { "id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 3, "pilot": "simulated",
                  "contactor": "simulated", "meter": \#(meter) } ] }
            """#
        return try SiteFile(bytes: Array(text.utf8), name: "\(folder)/charger.json")
    }

    @Test func aMeterWithoutADescriptionIsNamedWhereItStands() throws {
        let folder = try TemporaryFolder()
        let modbus = #"{ "driver": "modbus-tcp", "host": "meter", "unit": 1, "type": "mymetr" }"#
        let found = MeterFiles.mistakes(try site(meter: modbus, in: folder.path)).map(\.description)
        #expect(found.count == 1)
        #expect(found.first?.contains("connectors[0].meter.type") == true)
        #expect(found.first?.contains("there is no mymetr.json in \(folder.path)/meters") == true)
    }

    @Test func aSimulatedMeterNeedsNoDescription() throws {
        let folder = try TemporaryFolder()
        #expect(MeterFiles.mistakes(try site(meter: #""simulated""#, in: folder.path)).isEmpty)
    }
}
