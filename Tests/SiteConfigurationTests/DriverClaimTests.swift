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
