import JSON
import Primitives
import Testing

@testable import SiteConfiguration

/// What two devices cannot have both.
@Suite struct DriverClaimTests {
    private func conflicts(_ claims: (String, DriverClaim)...) -> [String] {
        DriverClaim.conflicts(among: claims.map { DriverClaim.Claimant(path: $0.0, claims: [$0.1]) })
            .map { "\($0.path): \($0.problem)" }
    }

    private func port(_ baud: Int, unit: Int?) -> DriverClaim {
        let manner = unit.map { _ in "modbus-rtu at \(baud) 8N1" }
        return DriverClaim("/dev/ttyS1", manner: manner, address: unit.map { "unit \($0)" })
    }

    @Test func metersShareALineWhenTheirAddressesDiffer() {
        #expect(conflicts(("connectors[0].meter", port(9600, unit: 1)), ("mainMeter.meter", port(9600, unit: 2))) == [])
    }

    @Test(arguments: ["//dev/ttyS1", "/dev/./ttyS1", "/dev/x/../ttyS1", "/dev/ttyS1/"])
    func aPathThatIsWrittenOtherwiseIsTheSamePort(path: String) {
        #expect(
            conflicts(("connectors[0].meter", port(9600, unit: 1)), ("readers[0].driver", DriverClaim(path))) == [
                "readers[0].driver: \(path) is /dev/ttyS1 of connectors[0].meter under another name"
            ]
        )
    }

    /// Two drivers would open it.
    @Test func metersShareALineByOneNameOnly() throws {
        func text(_ second: String) -> String {
            """
            {"connectors": [{"id": 1, "meter": {"driver": "modbus-rtu", "port": "/dev/serial/by-id/x", "type": "em24"}}],
             "mainMeter": {"meter": {"driver": "modbus-rtu", "port": "\(second)", "type": "em24", "unit": 2}}}
            """
        }
        let identity = { (path: String) in path == "/dev/serial/by-id/x" ? "device 1" : "device 2" }
        let other = try SiteFile(bytes: Array(text("/dev/ttyUSB0").utf8))
        #expect(other.conflicts(identity: identity).isEmpty)
        #expect(other.conflicts { _ in nil }.isEmpty)
        #expect(
            other.conflicts { _ in "device 1" }.map(\.description) == [
                "charger.json: mainMeter.meter: /dev/ttyUSB0 is /dev/serial/by-id/x of connectors[0].meter under another name"
            ]
        )
        let same = try SiteFile(bytes: Array(text("/dev/serial/by-id/x").utf8))
        #expect(same.conflicts { _ in "device 1" }.isEmpty)
    }

    @Test(arguments: [
        (nil, nil, true), ("\"imei\": \"356938035643809\"", nil, true), (nil, "\"device\": \"/sys/devices/a\"", true),
        ("\"imei\": \"356938035643809\"", "\"device\": \"/sys/devices/a\"", true),
        ("\"device\": \"/sys/devices/a\"", "\"device\": \"/sys/devices/a/\"", true),
        ("\"device\": \"/sys/devices/a\"", "\"device\": \"/sys/devices/b\"", false),
        ("\"imei\": \"356938035643809\"", "\"imei\": \"356938035643817\"", false),
    ]) func aModemOfModemManagerBelongsToOneUplink(first: String?, second: String?, conflicts: Bool) throws {
        func uplink(_ name: String, _ mark: String?) -> String {
            #"{"name": "\#(name)", "driver": {"driver": "mmcli"\#(mark.map { ", " + $0 } ?? "")}}"#
        }
        let text = "{\"uplinks\": [\(uplink("a", first)), \(uplink("b", second))]}"
        let file = try SiteFile(bytes: Array(text.utf8))
        let mistakes = file.mistakes().map(\.description)
        #expect(
            mistakes.contains { $0.contains("uplinks[1].driver") && $0.contains("may be the one of uplinks[0].driver") }
                == conflicts
        )
        // Who drives them asks for these alone, and must not begin.
        #expect(((try? file.uplinks()) == nil) == conflicts)
    }

    @Test func anAddressBelongsToOne() {
        #expect(
            conflicts(
                ("connectors[0].meter", port(9600, unit: 1)),
                ("connectors[1].meter", port(9600, unit: 2)),
                ("mainMeter.meter", port(9600, unit: 2))
            ) == ["mainMeter.meter: unit 2 on /dev/ttyS1 is that of connectors[1].meter already"]
        )
    }

    @Test func aLineHasOneSpeed() {
        #expect(
            conflicts(("connectors[0].meter", port(9600, unit: 1)), ("mainMeter.meter", port(2400, unit: 2))) == [
                "mainMeter.meter: /dev/ttyS1 belongs to connectors[0].meter already, as modbus-rtu at 9600 8N1 and not as "
                    + "modbus-rtu at 2400 8N1"
            ]
        )
    }

    @Test func aPortThatIsNotSharedBelongsToOne() {
        #expect(
            conflicts(("readers[0].driver", port(9600, unit: nil)), ("readers[1].driver", port(9600, unit: nil))) == [
                "readers[1].driver: /dev/ttyS1 belongs to readers[0].driver already"
            ]
        )
    }

    @Test func theSettingsOfALineAreReadWithTheirDefaultsAndNamed() throws {
        let file = try SiteFile(bytes: Array(#"{"port": "/dev/ttyS1", "parity": "even"}"#.utf8))
        let reading = Reading(file: "charger.json", unknownKeys: .refused)
        let fields = Fields(file.document, at: "", reading)
        let settings = SerialLineSettings(fields, standard: LineSettings(baud: 19_200))
        fields.end()
        #expect(reading.mistakes.isEmpty)
        #expect(settings.line == LineSettings(baud: 19_200, parity: .even))
        #expect(
            settings.claim(of: "modbus-rtu", address: "unit 1")
                == DriverClaim("/dev/ttyS1", manner: "modbus-rtu at 19200 8E1", address: "unit 1")
        )
    }

    @Test func aPortIsNamedByItsPath() throws {
        let file = try SiteFile(bytes: Array(#"{"port": "ttyS1"}"#.utf8))
        let reading = Reading(file: "charger.json", unknownKeys: .refused)
        _ = SerialLineSettings(Fields(file.document, at: "", reading), standard: LineSettings(baud: 9600))
        #expect(reading.mistakes.map(\.path) == ["port"])
    }
}
