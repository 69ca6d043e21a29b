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

    /// All mistakes are told at once, whatever else is wrong beside it; a type that could lead to another folder is no name of a file.
    @Test(arguments: [
        (#""unit": 300, "type": "mymetr""#, 1), (#""unit": 1, "type": "mymetr", "port": "x""#, 1),
        (#""unit": 1, "type": "../charger""#, 0), (#""unit": 1, "type": 7"#, 0), (#""unit": 1"#, 0),
    ])
    func aMeterWithoutADescriptionIsNamedBesideOtherMistakes(members: String, count: Int) throws {
        let folder = try TemporaryFolder()
        let site = try site(meter: "{ \"driver\": \"modbus-tcp\", \(members) }", in: folder.path)
        let found = MeterFiles.mistakes(site).map(\.description)
        #expect(found.count == count)
        #expect(found.allSatisfy { $0.contains("connectors[0].meter.type") && $0.contains("there is no mymetr.json") })
    }

    @Test func aSimulatedMeterNeedsNoDescription() throws {
        let folder = try TemporaryFolder()
        #expect(MeterFiles.mistakes(try site(meter: #""simulated""#, in: folder.path)).isEmpty)
    }
}
