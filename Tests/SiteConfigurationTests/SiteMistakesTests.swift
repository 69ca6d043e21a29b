import JSON
import SiteConfiguration
import Testing

/// What a person reads who has written the file wrongly.
@Suite struct SiteMistakesTests {
    /// All that is wrong in the file, a line each.
    private func failure(_ file: SiteFile) -> String {
        let mistakes = file.mistakes().map(\.description)
        return mistakes.isEmpty ? "no error" : mistakes.joined(separator: "\n")
    }

    /// A misspelt section is one that is missing, with all its defaults in force.
    @Test(arguments: [("conectors", "connectors"), ("reader", "readers"), ("premit", "permit"), ("Station", "station")])
    func anUnknownSectionIsNamedWithTheNearest(name: String, nearest: String) throws {
        let found = failure(try Sample().changing(name, to: []))
        #expect(found == "charger.json: \(name): unknown section; did you mean \"\(nearest)\"?")
    }

    @Test func aSectionThatIsLikeNoneIsNamedWithAll() throws {
        #expect(
            failure(try Sample().changing("colours", to: 1))
                == "charger.json: colours: unknown section; known are station, centralSystem, ocpp, connectors, mainMeter, "
                + "readers, permit, powerLoss, reset, uplinks, allowSimulation, simulation"
        )
    }

    @Test func theSchemaOfAnEditorIsNoMistake() throws {
        let file = try Sample().changing("$schema", to: "/usr/share/charger/charger.schema.json")
        #expect(file.mistakes().isEmpty)
    }

    @Test func allMistakesAreToldAtOnceWithTheNearestNames() throws {
        let text = """
            {"staton": {}, "allowSimulation": true,
             "station": {"chargePointVendr": "V", "chargePointModel": 5},
             "connectors": [{"id": 1, "cable": "fixd", "maximumCurrentAmps": 200, "phases": 3, "pilot": "simulated",
                             "contactor": "simulated", "meter": "simulated", "lok": 1}],
             "readers": [{"id": 1, "driver": "simulated", "connectors": [1, "x", 2]}],
             "permit": {"leaseSeconds": 5, "renewSeconds": 20}}
            """
        #expect(
            failure(try SiteFile(bytes: Array(text.utf8))) == #"""
                charger.json: station.chargePointVendor: required, but missing
                charger.json: station.chargePointModel: expected a text, found 5
                charger.json: station.chargePointVendr: unknown key; did you mean "chargePointVendor"?
                charger.json: connectors[0].cable: expected "fixed" or "socket", found "fixd"; did you mean "fixed"?
                charger.json: connectors[0].maximumCurrentAmps: expected 6…80, found 200
                charger.json: connectors[0].lok: unknown key; did you mean "lock"?
                charger.json: readers[0].connectors[1]: expected an integer, found "x"
                charger.json: readers[0].connectors[2]: there is no connector 2
                charger.json: permit.leaseSeconds: expected 10…3600, found 5
                charger.json: staton: unknown section; did you mean "station"?
                """#
        )
    }

    /// A service takes no part in what only others read; but a name that is nobody's is everybody's matter.
    @Test func aServiceHearsOfItsOwnSectionsOnly() throws {
        let file = try Sample().with("permit", 1).changing("readrs", to: [])
        #expect(file.mistakes(in: [.uplinks], glimpsed: [.connectors]).map(\.path) == ["readrs"])
        #expect(file.mistakes(in: [.permit]).map(\.path) == ["permit", "readrs"])
        let newer = try Sample().changing("connectors.0.inventedLater", to: 1)
        #expect(newer.mistakes(in: [], glimpsed: [.connectors]).isEmpty)
        #expect(newer.mistakes(in: [.connectors]).count == 1)
    }

    /// A file of another kind, or a hostile one, does not fill the log: neither with lines nor within one.
    @Test func mistakesAreBoundedAndOneLineEach() throws {
        var station = JSONObject()
        for index in 0..<500 { station["key\(index)"] = 1 }
        station["line\nbreak" + String(repeating: "x", count: 5000)] = 1
        let mistakes = try Sample().changing("station", to: .object(station)).mistakes()
        #expect(mistakes.count == 101)
        #expect(mistakes.last?.description == "charger.json: and 403 more mistakes")
        let long = try Sample().changing("a\nb" + String(repeating: "x", count: 5000), to: 1).mistakes()
        #expect(long.count == 1)
        #expect(long.allSatisfy { !$0.description.contains("\n") && $0.description.utf8.count < 1000 })
    }

    @Test func aSecretIsNotShownWhereItIsWrong() throws {
        let digits = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFF"
        for value: JSONValue in [.string(digits), .string("\(digits)\(digits)"), ["x": .string(digits)]] {
            #expect(!failure(try Sample().changing("centralSystem.authorizationKeyHex", to: value)).contains("FFF"))
        }
        #expect(
            !failure(try Sample().changing("centralSystem.authorizationKeyHx", to: .string(digits))).contains("FFF")
        )
    }

    /// What a driver needs to know, put beside its name instead of into the object that has it.
    @Test(arguments: [
        (
            "uplinks", #"[{"name":"cell","driver":"modem","port":"/dev/ttyUSB2"}]"#,
            #"uplinks[0].port: belongs to "driver": {"driver": "modem", "port": …}"#
        ),
        (
            "uplinks", #"[{"name":"cell","driver":{"driver":"mmcli"},"access":{"apn":"internet"}}]"#,
            #"uplinks[0].access: belongs to "driver": {"driver": "mmcli", "access": …}"#
        ),
        (
            "readers", #"[{"id":1,"driver":"pn532","port":"/dev/ttyUSB0"}]"#,
            #"readers[0].port: belongs to "driver": {"driver": "pn532", "port": …}"#
        ),
    ])
    func aSettingBesideItsDriverIsToldWhereItBelongs(section: String, value: String, mistake: String) throws {
        let file = try Sample().changing(section, to: try JSON.parse(Array(value.utf8)))
        let mistakes = file.mistakes().map(\.description)
        #expect(mistakes.contains("charger.json: " + mistake))
        #expect(!mistakes.joined().contains("unknown key"))
    }
}
