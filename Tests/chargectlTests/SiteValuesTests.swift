import JSON
import SiteConfiguration
import Testing

@testable import chargectl

@Suite struct SiteValuesTests {
    private let values = SiteValues(
        [
            "centralSystem": [
                "url": "wss://csms.example/ocpp", "securityProfile": 2,
                "authorizationKeyHex": "000102030405060708090A0B0C0D0E0F",
            ],
            "connectors": [["id": 1, "cable": "fixed"]], "ocpp": ["HeartbeatInterval": 300],
        ],
        path: "charger.json"
    )

    @Test(arguments: [
        ("centralSystem.url", "wss://csms.example/ocpp"), ("connectors[0].cable", "fixed"),
        ("connectors[0]", #"{"id":1,"cable":"fixed"}"#), ("centralSystem.securityProfile", "2"),
        ("centralSystem.authorizationKeyHex", "***"),
    ])
    func aPathHasItsValueAndNoSecret(path: String, value: String) throws {
        #expect(SiteValues.isPath(path))
        #expect(try values.value(at: path) == value)
    }

    @Test(arguments: ["connectors[1]", "permit.leaseSeconds", "connectors[x]", "..", "centralSystem.url.more"])
    func whatTheFileDoesNotSayIsNamed(path: String) {
        #expect(throws: Failure.self) { try values.value(at: path) }
        #expect(throws: Failure.self) { try SiteValues(path: "/nowhere").value(at: path) }
    }

    @Test func aKeyComesFromWhereTheFileGivesIt() {
        #expect(values.source(of: "HeartbeatInterval") == "ocpp.HeartbeatInterval")
        #expect(values.source(of: "SecurityProfile") == "centralSystem.securityProfile")
        #expect(values.source(of: "NumberOfConnectors") == "connectors")
        #expect(values.source(of: "MeterValueSampleInterval") == nil)
    }
}

@Suite struct SiteDoubtTests {
    private func doubts(_ text: String) throws -> [String] {
        SiteCommand.doubts(of: try SiteFile(bytes: Array(text.utf8))).map(\.description)
    }

    private func file(url: String, readers: String) -> String {
        #"""
        { "station": { "chargePointVendor": "V", "chargePointModel": "M" }, "allowSimulation": true,
          "centralSystem": { "url": "\#(url)", "identity": "CP1", "rootCertificates": "/nowhere/roots.pem" },
          "connectors": [
            { "id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 3,
              "pilot": "simulated", "contactor": "simulated", "meter": "simulated" } ],
          "readers": [\#(readers)] }
        """#
    }

    @Test func missingRootsOfAnEncryptedConnectionAreNamed() throws {
        let reader = #"{ "id": 1, "driver": "simulated" }"#
        let found = try doubts(file(url: "wss://csms/ocpp", readers: reader))
        #expect(found.count == 1 && found[0].contains("centralSystem.rootCertificates"))
        #expect(found[0].contains("/nowhere/roots.pem"))
        #expect(try doubts(file(url: "ws://csms/ocpp", readers: reader)).isEmpty)
    }

    @Test func aConnectorWithoutAReaderIsNamed() throws {
        let found = try doubts(file(url: "ws://csms/ocpp", readers: ""))
        #expect(found.count == 1 && found[0].contains("no card reader is for connector 1"))
    }
}

@Suite struct PlaceTests {
    @Test(arguments: ["centralSystem", "centralSystem.url", "connectors[0].cable", "connectors[1].meter.unit"])
    func aPlaceInTheFileIsExplained(place: String) {
        #expect(SiteManual.text(of: place)?.isEmpty == false)
    }

    @Test(arguments: ["centralSystem.uri", "connectors[0]cable", "connectors.cable", ".", "["])
    func whatIsNoPlaceIsNotExplained(place: String) { #expect(SiteManual.text(of: place) == nil) }
}
