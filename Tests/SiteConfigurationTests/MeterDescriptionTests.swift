import Foundation
import SiteConfiguration
import Testing

@Suite struct MeterDescriptionTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("deploy/config/meters")
    static let shipped = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []

    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try MeterDescription.read(Array(text.utf8), name: "my.json")
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    private func meter(_ members: String = "", values: String = "") -> String {
        """
        { "name": "My meter", \(members) "values": [
          { "quantity": "Energy.Active.Import.Register", "address": "0x0048", "type": "float32", "unit": "kWh" },
          { "quantity": "Power.Active.Import", "address": "52", "type": "float32", "unit": "W" }\(values)
        ] }
        """
    }

    @Test func theFilesThatComeAlongAreThere() {
        let wanted = [
            "sdm120", "sdm230", "sdm630", "sdm72d-m-v1", "sdm72d-m-v2", "em24", "em340", "orno-we-515", "orno-we-517",
            "wm3m4",
        ]
        #expect(Set(Self.shipped).isSuperset(of: wanted.map { "\($0).json" }))
    }

    @Test(arguments: shipped)
    func theFilesThatComeAlongAreRight(name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name)))
        let meter = try MeterDescription.read(bytes, name: name)
        #expect([0, 1, 3].contains(meter.phases))
        #expect(meter.factory.unit >= 1)
        // What is billed is what was taken, never the sum of both directions.
        #expect(meter.values.contains { $0.quantity == .energyImport && $0.phase == nil })
    }

    @Test func aDescriptionSaysWhereEverythingIs() throws {
        let text = meter(#""wordOrder": "lowFirst", "notAvailable": ["0x7FFF"], "#)
        let meter = try MeterDescription.read(Array(text.utf8), name: "my.json")
        #expect(meter.values.map(\.address) == [0x48, 52])
        #expect(meter.wordOrder == .lowFirst)
        #expect(meter.notAvailable == [0x7FFF])
        #expect(meter.phases == 0)
        #expect(meter.factory.baud == 9600)
    }

    @Test func allMistakesAreToldAtOnceWithTheNearestName() {
        let found = mistakes(
            meter(
                #""energyStep": 10, "factory": { "baud": 96, "parity": "evn" }, "notAvailable": ["7FFF"], "#,
                values: """
                    ,
                    { "quantity": "Voltag", "phase": "L1", "address": "0x0000", "type": "float32", "unit": "V" },
                    { "quantity": "Frequency", "address": "0x10000", "type": "float23", "unit": "Hz" },
                    { "quantity": "Temperature", "address": "70000", "type": "int16", "unit": "kWh" },
                    { "quantity": "Power.Factor", "phase": "L4", "address": 62, "type": "int16", "unit": "1" }
                    """
            )
        )
        let expected = [
            "my.json: energyStep: unknown key; did you mean \"energyStepWh\"?",
            "my.json: factory.baud: expected 300…921600, found 96",
            "did you mean \"even\"?", "my.json: notAvailable[0]: expected a code like \"0x7FFF\"",
            "my.json: values[2].quantity: expected", "did you mean \"Voltage\"?",
            "my.json: values[3].address: expected the address of a register", "did you mean \"float32\"?",
            "my.json: values[4].address: expected the address of a register",
            "my.json: values[4].unit: expected \"Celsius\" for Temperature, found \"kWh\"",
            "my.json: values[5].phase: expected", "my.json: values[5].address: expected a text",
        ]
        for words in expected { #expect(found.contains { $0.contains(words) }, "\(words)\n\(found)") }
    }

    /// What stands in the place of a name that is not known says nothing of the others.
    @Test func aMisspeltQuantityIsTheOnlyMistake() {
        let value = ", { \"quantity\": \"Frequenz\", \"address\": \"0\", \"type\": \"int16\", \"unit\": \"Hz\" }"
        let found = mistakes(meter(values: value))
        #expect(found.count == 1 && found[0].contains("values[2].quantity: expected"), "\(found)")
        let register = meter().replacingOccurrences(of: "Import.Register", with: "Import.Registr")
        #expect(mistakes(register).allSatisfy { $0.contains("values[0].quantity: expected") })
    }

    @Test func aMeterThatDoesNotTellWhatIsBilledIsRefused() {
        let text = """
            { "name": "m", "values": [
              { "quantity": "Energy.Active.Export.Register", "address": "0", "type": "float32", "unit": "kWh" }
            ] }
            """
        let found = mistakes(text)
        #expect(found.contains { $0.contains("expected \"Energy.Active.Import.Register\" without a phase") })
        #expect(found.contains { $0.contains("expected \"Power.Active.Import\" of all together, or of each phase") })
    }

    @Test func aValueThatIsThereTwiceOrPhasesWithGapsAreRefused() {
        let voltage = { (phase: String) in
            """
            , { "quantity": "Voltage", "phase": "\(phase)", "address": "0", "type": "float32", "unit": "V" }
            """
        }
        #expect(mistakes(meter(values: voltage("L1"))).first?.contains("voltage and current of L1") == true)
        let twice = ", { \"quantity\": \"Frequency\", \"address\": \"0\", \"type\": \"int16\", \"unit\": \"Hz\" }"
        #expect(
            mistakes(meter(values: twice + twice)) == ["my.json: values[3].quantity: Frequency is there twice"]
        )
    }

    @Test func aValueBehindTheLastRegisterIsRefused() {
        let value = """
            , { "quantity": "Frequency", "address": "0xFFFF", "type": "float32", "unit": "Hz" }
            """
        #expect(mistakes(meter(values: value)).first?.contains("the value ends behind the last register") == true)
    }

    @Test(arguments: [("0xFFFF", 2), ("0xFFF1", 16), ("65535", 2)])
    func aSerialNumberBehindTheLastRegisterIsRefused(address: String, registers: Int) {
        let serial = "\"serialNumber\": { \"function\": 3, \"address\": \"\(address)\", \"registers\": \(registers) },"
        #expect(
            mistakes(meter(serial)) == [
                "my.json: serialNumber.address: the serial number ends behind the last register"
            ]
        )
        let last = serial.replacingOccurrences(of: address, with: "0xFFF0")
        #expect(mistakes(meter(last)) == [])
    }

    @Test func aFileThatIsNoObjectSaysWhere() {
        #expect(mistakes("[]") == ["my.json: expected an object"])
        #expect(mistakes("{").first?.hasPrefix("my.json: line 1, column") == true)
    }
}
