import Foundation
import JSON
import Primitives
import SiteConfiguration
import Testing

/// A file that is right in every place, and copies of it with one place changed.
struct Sample {
    private var document: JSONValue

    init() throws {
        document = try JSON.parse(
            Array(
                """
                {
                  "station": {"chargePointVendor": "V", "chargePointModel": "M"},
                  "centralSystem": {"url": "ws://csms.example:8080/ocpp", "identity": "CP-1"},
                  "allowSimulation": true,
                  "connectors": [
                    {"id": 1, "cable": "fixed", "maximumCurrentAmps": 32, "phases": 3,
                     "pilot": "simulated", "contactor": {"driver": "simulated"}, "meter": {"driver": "simulated"}},
                    {"id": 2, "cable": "socket", "lock": {"driver": "simulated"}, "maximumCurrentAmps": 16, "phases": 1,
                     "pilot": {"driver": "simulated"}, "contactor": "simulated",
                     "meter": {"driver": "simulated"}}
                  ],
                  "readers": [{"id": 1, "driver": "simulated", "connectors": [1, 2]}],
                  "uplinks": [{"name": "lan", "driver": "static", "interface": "eth0"}]
                }
                """.utf8
            )
        )
    }

    /// A copy that is changed in one place, and may be in another.
    func with(_ path: String, _ value: JSONValue?) -> Sample {
        Sample(Self.set(path.split(separator: ".").map(String.init)[...], in: document, to: value) ?? .null)
    }

    /// Sets the member at `path` (`connectors.0.id`), or removes it with nil.
    func changing(_ path: String, to value: JSONValue?) throws -> SiteFile {
        let steps = path.split(separator: ".").map(String.init)
        return try SiteFile(bytes: JSON.write(Self.set(steps[...], in: document, to: value) ?? .null))
    }

    private init(_ document: JSONValue) { self.document = document }

    func file() throws -> SiteFile { try SiteFile(bytes: JSON.write(document)) }

    private static func set(_ steps: ArraySlice<String>, in tree: JSONValue?, to value: JSONValue?) -> JSONValue? {
        guard let step = steps.first else { return value }
        if let index = Int(step), case .array(var elements) = tree {
            let replacement = set(steps.dropFirst(), in: index < elements.count ? elements[index] : nil, to: value)
            elements.replaceSubrange(index..<min(index + 1, elements.count), with: replacement.map { [$0] } ?? [])
            return .array(elements)
        }
        var object = tree?.asObject ?? JSONObject()
        object[step] = set(steps.dropFirst(), in: object[step], to: value)
        return .object(object)
    }
}

@Suite struct SiteFileTests {
    /// All that is wrong in the file, a line each.
    private func failure(_ file: SiteFile) -> String {
        let mistakes = file.mistakes().map(\.description)
        return mistakes.isEmpty ? "no error" : mistakes.joined(separator: "\n")
    }

    @Test func everySectionIsReadWithItsDefaults() throws {
        let file = try Sample().file()
        #expect(try file.station().chargePointModel == "M")
        #expect(try file.station().firmwareVersion == nil)
        let centralSystem = try #require(try file.centralSystem())
        #expect(centralSystem.url == "ws://csms.example:8080/ocpp")
        #expect(centralSystem.callTimeoutSeconds == 30)
        #expect(centralSystem.connectTimeoutSeconds == 20)
        #expect(centralSystem.pongTimeoutSeconds == 20)
        #expect(centralSystem.reconnectMinimumSeconds == 1)
        #expect(centralSystem.reconnectMaximumSeconds == 300)
        #expect(centralSystem.authorizationKey == nil)
        #expect(centralSystem.securityProfile == 0)
        #expect(centralSystem.rootCertificates == "/etc/charger/roots.pem")
        #expect(centralSystem.revocationLists == nil)
        #expect(try file.ocppDefaults() == [:])
        #expect(try file.permit().leaseSeconds == 60)
        #expect(try file.permit().renewSeconds == 20)
        #expect(try file.powerLoss().policy == .stop)
        #expect(try file.powerLoss().maximumOutageSeconds == 600)
        #expect(try file.reset().hard == .services)
        #expect(try file.simulation().energyTimeScale == 1)
        #expect(try file.simulation().persistState)
        #expect(try file.simulation().noise)
        #expect(try file.simulation().voltageVolts == 230)
        #expect(try file.simulation().measurands == nil)
        #expect(try file.uplinks().map(\.interface) == ["eth0"])
        let connectors = try file.connectors()
        #expect(connectors.map(\.cable) == [.fixed, .socket])
        #expect(connectors.map(\.onPermitLost) == [.standard, .standard])
        #expect(connectors.map { $0.devices.count } == [3, 5])
        #expect(connectors[0].pilot?.driver == "simulated")
        #expect(connectors[0].meterLossGraceSeconds == 60)
        #expect(try file.readers().map(\.connectorIds) == [[1, 2]])
        #expect(try file.readers().map(\.format) == [.hex])
    }

    // Shows: J-CON-27
    @Test(
        arguments: [
            ("station", nil, "station: required, but missing"),
            ("powerLoss.policy", "pause", #"powerLoss.policy: expected "stop" or "resume", found "pause""#),
            ("reset.hard", "all", #"reset.hard: expected "services" or "machine", found "all""#),
            ("powerLoss.maximumOutageSeconds", 0, "powerLoss.maximumOutageSeconds: expected 1…86400, found 0"),
            ("station.chargePointVendor", nil, "station.chargePointVendor: required, but missing"),
            ("station.chargePointModel", "", "station.chargePointModel: expected 1…20 characters, found 0"),
            (
                "station.chargePointModel", "123456789012345678901",
                "station.chargePointModel: expected 1…20 characters, found 21"
            ),
            ("station.iccid", 5, "station.iccid: expected a text, found 5"),
            ("station.imsi", "a\nb", "station.imsi: expected a text without control characters"),
            (
                "station.colour", "red",
                "station.colour: unknown key; known are chargePointVendor, chargePointModel, chargePointSerialNumber, "
                    + "chargeBoxSerialNumber, firmwareVersion, meterType, meterSerialNumber, iccid, imsi"
            ),
            ("centralSystem.identity", "a:b", #"centralSystem.identity: expected a text without a colon, found "a:b""#),
            ("centralSystem.callTimeoutSeconds", 0, "centralSystem.callTimeoutSeconds: expected 1…600, found 0"),
            (
                "centralSystem.callTimeoutSeconds", 1.5,
                "centralSystem.callTimeoutSeconds: expected an integer, found 1.5"
            ),
            ("centralSystem.callTimeoutSeconds", nil, "no error"),
            (
                "centralSystem.callTimeoutSeconds", .null,
                "centralSystem.callTimeoutSeconds: expected an integer, found null"
            ),
            (
                "centralSystem.reconnectMinimumSeconds", 301,
                "centralSystem.reconnectMinimumSeconds: expected at most reconnectMaximumSeconds (300), found 301"
            ),
            ("centralSystem.securityProfile", 3, "centralSystem.securityProfile: expected 0…2, found 3"),
            ("centralSystem.securityProfile", 2, "centralSystem.securityProfile: expected 0 or 1 for ws://, found 2"),
            ("centralSystem.securityProfile", 1, "no error"),
            (
                "centralSystem.rootCertificates", "",
                "centralSystem.rootCertificates: expected 1…4096 characters, found 0"
            ),
            (
                "centralSystem.authorizationKeyHex", "00",
                "centralSystem.authorizationKeyHex: expected 32 to 40 hexadecimal digits, two per byte"
            ),
            (
                "ocpp", ["HeartbeatInterval": []],
                "ocpp.HeartbeatInterval: expected a text, a number, true or false"
            ),
            ("allowSimulation", "yes", #"allowSimulation: expected true or false, found "yes""#),
            ("connectors", nil, "connectors: required, but missing"),
            ("connectors", [], "connectors: expected a list of 1…32, found 0"),
            ("connectors.0.maximumCurrentAmps", 200, "connectors[0].maximumCurrentAmps: expected 6…80, found 200"),
            (
                "connectors.0.maximumCurrentAmps", "lots",
                #"connectors[0].maximumCurrentAmps: expected an integer, found "lots""#
            ),
            ("connectors.1.phases", 2, "connectors[1].phases: expected 1 or 3, found 2"),
            ("connectors.1.id", 1, "connectors[1].id: connector 1 is there twice"),
            ("connectors.1.id", 3, "connectors[1].id: expected 1…2, as there are 2 connectors, found 3"),
            ("connectors.0.cable", "loose", #"connectors[0].cable: expected "fixed" or "socket", found "loose""#),
            (
                "connectors.0.lock", ["driver": "simulated"],
                #"connectors[0].lock: a fixed cable has no lock: expected "none""#
            ),
            ("connectors.0.lock", "none", "no error"),
            ("connectors.0.phaseContactor", "simulated", "no error"),
            (
                "connectors.1.phaseContactor", "simulated",
                #"connectors[1].phaseContactor: there is one phase: expected "none""#
            ),
            ("connectors.1.outputVoltage", "simulated", "no error"),
            ("connectors.0.pilot", nil, "connectors[0].pilot: required, but missing"),
            (
                "connectors.0.pilot", 5,
                #"connectors[0].pilot: expected the name of a driver, or an object with "driver" in it"#
            ),
            ("connectors.0.pilot", [:], "connectors[0].pilot.driver: required, but missing"),
            (
                "connectors.0.colour", "red",
                "connectors[0].colour: unknown key; known are id, cable, maximumCurrentAmps, phases, controller, pilot, contactor, meter, "
                    + "lock, proximity, residualCurrent, emergencyStop, temperature, indicator, phaseContactor, outputVoltage, "
                    + "residualCurrentTest, "
                    + "deratingCelsius, hottestCelsius, onPermitLost, "
                    + "allowVentilation, meterLossGraceSeconds, contactorRestSeconds"
            ),
            (
                "connectors.0.onPermitLost", ["action": "open", "graceSeconds": 5],
                #"connectors[0].onPermitLost.graceSeconds: goes with "action": "continue" only"#
            ),
            (
                "connectors.0.onPermitLost", ["action": "explode"],
                #"connectors[0].onPermitLost.action: expected "open" or "continue", found "explode""#
            ),
            (
                "connectors.0.onPermitLost", ["action": "continue", "graceSeconds": 0],
                "connectors[0].onPermitLost.graceSeconds: expected 1…86400, found 0"
            ),
            ("readers.0.connectors", [1, 3], "readers[0].connectors[1]: there is no connector 3"),
            ("readers.0.connectors", [2, 2], "readers[0].connectors[1]: connector 2 is there twice"),
            ("readers.1", ["id": 1, "driver": "simulated"], "readers[1].id: reader 1 is there twice"),
            ("readers.0.format", "octal", #"readers[0].format: expected "hex" or "decimal", found "octal""#),
            ("readers.0.prefix", "1234567890123", "readers[0].prefix: expected 0…12 characters, found 13"),
            (
                "permit", ["leaseSeconds": 30],
                "permit.renewSeconds: expected at most half of leaseSeconds (30), "
                    + "so that one lost renewal does no harm, found 20"
            ),
            ("uplinks", [], "uplinks: expected a list of 1…32, found 0"),
            (
                "uplinks.0.driver", "pigeon",
                #"uplinks[0].driver: there is no driver "pigeon" in this version, expected "static" or "simulated" or "modem" or "mmcli""#
            ),
            ("uplinks.1", ["name": "lan", "driver": "static"], "uplinks[1].name: uplink lan is there twice"),
            ("simulation", ["energyTimeScale": 0], "simulation.energyTimeScale: expected 1…10000, found 0"),
            (
                "mainMeter", ["meter": "simulated", "maximumCurrentAmps": 63, "phases": 2],
                "mainMeter.phases: expected 1 or 3, found 2"
            ),
        ] as [(String, JSONValue?, String)]
    )
    func whatDoesNotFitIsNamedInOneLine(path: String, value: JSONValue?, expected: String) throws {
        let problem = failure(try Sample().changing(path, to: value))
        #expect(problem == (expected == "no error" ? expected : "charger.json: \(expected)"))
    }

    @Test(arguments: ["connectors[0].pilot.driver", "readers[0].driver", "uplinks[0].driver"])
    func simulatedDevicesAreRefusedUnlessAllowed(path: String) throws {
        let sample = try Sample()
        // Not judged where the file is merely looked at.
        let real: JSONValue = ["driver": "real"]
        let connector: JSONValue = [
            "id": 1, "cable": "fixed", "maximumCurrentAmps": 32, "phases": 3, "contactor": real, "meter": real,
            "pilot": path.hasPrefix("connectors") ? ["driver": "simulated"] : real,
        ]
        var document = JSONObject()
        document["connectors"] = [connector]
        document["readers"] = [["id": 1, "driver": path.hasPrefix("readers") ? "simulated" : "real"]]
        document["uplinks"] = [["name": "x", "driver": path.hasPrefix("uplinks") ? "simulated" : "static"]]
        document["station"] = ["chargePointVendor": "V", "chargePointModel": "M"]
        func failure() throws -> String {
            let file = try SiteFile(bytes: JSON.write(.object(document)))
            let mistakes = file.mistakes(in: [], glimpsed: [.connectors, .readers, .uplinks])
            return mistakes.first?.description ?? "no error"
        }
        let problem = try failure()
        #expect(problem.hasPrefix("charger.json: \(path): a simulated device is refused: "))
        #expect(problem.contains(#""allowSimulation": true"#))
        document["allowSimulation"] = true
        #expect(try failure() == "no error")
        #expect(self.failure(try sample.changing("allowSimulation", to: false)).contains("allowSimulation"))
    }

    // Shows: J-CON-03
    @Test(
        arguments: [
            ("ws://h", nil), ("wss://h/", nil), ("WS://h:1/a/b", nil), ("ws://[::1]:80/x", nil),
            ("ws://127.0.0.1", nil),
            ("http://h", "expected an address beginning with ws:// or wss://"), ("ws://", "expected a host name"),
            ("ws:///x", "expected a host name"), ("ws://h:0", "expected a port of 1…65535"),
            ("ws://h:65536", "expected a port of 1…65535"), ("ws://h:+1", "expected a port of 1…65535"),
            ("ws://h:", "expected a port of 1…65535"), ("ws://h#a", "expected an address without ? and #"),
            ("ws://h ", "expected an address of printable ASCII without spaces"),
            ("ws://[::1]x", "expected a host name, or an address in brackets"),
            (
                "ws://h/%2",
                "expected an address that can be used: the URL has a % that is not followed by two hexadecimal digits"
            ),
        ] as [(String, String?)]
    )
    func addressesAreChecked(url: String, problem: String?) throws {
        let found = failure(try Sample().changing("centralSystem.url", to: .string(url)))
        let expected = problem.map { "charger.json: centralSystem.url: \($0), found \"\(url)\"" }
        #expect(found == expected ?? "no error")
    }

    /// What stands before an @ or behind a ? is often a password, and the mistake goes to the journal.
    @Test(
        arguments: [
            ("ws://u:p@h", "expected an address without a user name"),
            ("ws://h/?a", "expected an address without ? and #"),
            ("http://u:p@h", "expected an address beginning with ws:// or wss://"),
        ]
    )
    func anAddressThatMayHoldAPasswordIsNotShown(url: String, problem: String) throws {
        let found = failure(try Sample().changing("centralSystem.url", to: .string(url)))
        #expect(found == "charger.json: centralSystem.url: \(problem)")
    }

    @Test func aFileThatIsNoObjectIsNamedWithThePlace() {
        func problem(_ text: String) -> String {
            do {
                _ = try SiteFile(bytes: Array(text.utf8), name: "site.json")
                return "no error"
            } catch {
                return error.description
            }
        }
        #expect(
            problem("{\n \"station\": {,}\n}") == "site.json: line 2, column 14: expected a key in quotes, found ','"
        )
        #expect(problem("[]") == "site.json: expected an object")
        #expect(problem("").hasPrefix("site.json: line 1, column 1: "))
        #expect(problem(#"{"station":1,"station":2}"#) == #"site.json: line 1, column 14: duplicate key "station""#)
        #expect(problem("{" + String(repeating: " ", count: SiteFile.maximumBytes)).contains("exceeds 262144 bytes"))
    }

    @Test func aMissingSectionHasItsMeaning() throws {
        let sample = try Sample()
        #expect(try sample.changing("centralSystem", to: nil).centralSystem() == nil)
        #expect(try sample.changing("readers", to: nil).readers().isEmpty)
        let uplinks = try sample.changing("uplinks", to: nil).uplinks()
        #expect(uplinks.map(\.name) == ["network"])
        #expect(uplinks.map(\.driver.driver) == ["static"])
        #expect(try sample.changing("readers.0.connectors", to: nil).readers().map(\.connectorIds) == [[1, 2]])
    }

    @Test func whoMerelyLooksAtConnectorsToleratesNewKeys() throws {
        let file = try Sample().changing("connectors.0.inventedLater", to: 1)
        #expect(try file.connectors(unknownKeys: .ignored).count == 2)
        #expect(throws: SiteFileError.self) { try file.connectors() }
        #expect(throws: Never.self) { try file.readers() }
    }

    @Test func defaultsOfOCPPKeysBecomeTexts() throws {
        let values: JSONValue = ["A": "x,y", "B": 300, "C": true, "D": -1, "E": ""]
        let file = try Sample().changing("ocpp", to: values)
        #expect(try file.ocppDefaults() == ["A": "x,y", "B": "300", "C": "true", "D": "-1", "E": ""])
    }

    @Test func connectorsAndReadersComeOrderedById() throws {
        let sample = try Sample()
        let swapped = try sample.changing("connectors.1.id", to: 1)
        #expect(throws: SiteFileError.self) { try swapped.connectors() }
        let one: JSONValue = ["id": 2, "driver": "simulated"]
        let other: JSONValue = ["id": 1, "driver": "simulated"]
        #expect(try sample.changing("readers", to: [one, other]).readers().map(\.id) == [1, 2])
    }

    @Test func driversReadTheirOwnSettingsStrictly() throws {
        let file = try Sample().changing("connectors.1.meter.baud", to: 9600)
        #expect(failure(file) == "charger.json: connectors[1].meter.baud: unknown key; none is known here")
        let choice = try file.connectors(unknownKeys: .ignored)[1].meter
        #expect(throws: SiteFileError.self) { try file.settings(of: choice, as: NoSettings.self) }
    }

    @Test func aDriverOfAnotherVersionIsNamed() throws {
        let file = try Sample().changing("connectors.0.pilot", to: ["driver": "simulatd", "port": 1])
        #expect(
            failure(file)
                == #"charger.json: connectors[0].pilot.driver: there is no driver "simulatd" in this version, "#
                + #"expected "none" or "simulated" or "pwm-pilot"; did you mean "simulated"?"#
        )
        #expect(try file.connectors(unknownKeys: .ignored)[0].pilot?.driver == "simulatd")
    }

    @Test func aKeyIsNeverShown() throws {
        let digits = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"
        let file = try Sample().changing("centralSystem.authorizationKeyHex", to: .string(digits))
        let section = try #require(try file.centralSystem())
        #expect(section.authorizationKey?.exposed == digits)
        var dumped = ""
        dump(section, to: &dumped)
        #expect(!"\(section)\(String(reflecting: section))\(dumped)".contains("FFFF"))
    }

    @Test(arguments: ["demo", "two-sockets"])
    func theShippedExamplesAreRight(name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().appendingPathComponent("deploy/config/\(name).json")
        let file = try SiteFile(bytes: [UInt8](try Data(contentsOf: path)), name: "\(name).json")
        #expect(failure(file) == "no error")
        #expect(try file.connectors().count == (name == "demo" ? 1 : 2))
        #expect(try file.centralSystem() != nil)
    }

    @Test func aModemOfModemManagersHasNoSecondSlot() throws {
        let pins = #"{"simSelect":{"chip":"gpiochip0","line":"7"}}"#
        let uplink = #"{"name":"cell","driver":{"driver":"mmcli","pins":\#(pins)}}"#
        let file = try Sample().changing("uplinks", to: try JSON.parse(Array("[\(uplink)]".utf8)))
        #expect(failure(file).contains("no \"simSelect\" here"))
    }
}
