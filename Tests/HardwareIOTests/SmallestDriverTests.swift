import BusSchema
import Foundation
import HardwareCore
import Primitives
import Testing

@testable import SiteConfiguration
@testable import hardware_io

@Suite struct SmallestDriverTests {
    @Test func itTellsOfAnEmergencyStop() {
        var door = DoorDevice(door: .emergencyStop(connectorId: 1))
        let moment = Moment(uptime: .seconds(1), utc: Timestamp(millisecondsSinceEpoch: 0))
        let told = door.handle(.received([0x30, 0x31]), at: moment)
        #expect(told.first == .report(.deviceRecovered(.emergencyStop(connectorId: 1))))
        #expect(
            told.last
                == .report(
                    .faultReported(connectorId: 1, code: .emergencyStop, present: true, detail: "emergency stop")
                )
        )
    }

    @Test func itsRowsFitTheTables() {
        let settings = SiteDriver("door", DoorSettings.self, for: [.emergencyStop], "a contact on a serial port")
        #expect((SiteDriver.all + [settings]).last?.name == DoorDriver.row.name)
        #expect((DriverRegistry.rows + [DoorDriver.row]).last?.name == settings.name)
    }

    /// What people copy out of the README is what these files have compiled, but for what a test imports besides.
    @Test(arguments: [
        ("DoorSettings", "public import SiteConfiguration\n"), ("DoorDriver", "\n@testable import hardware_io\n"),
    ])
    func theREADMEShowsWhatCompiles(name: String, more: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "Services/HardwareIO/README.md"), encoding: .utf8)
        let compiled = try String(contentsOf: folder.appending(path: "\(name).swift"), encoding: .utf8)
        let parts = compiled.components(separatedBy: more)
        #expect(parts.count == 2)
        #expect(readme.contains("```swift\n\(parts.joined())```\n"))
    }

    /// The rows, too.
    @Test func theREADMEShowsTheRows() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "Services/HardwareIO/README.md"), encoding: .utf8)
        let here = try String(contentsOfFile: #filePath, encoding: .utf8)
        for row in [
            #"SiteDriver("door", DoorSettings.self, for: [.emergencyStop], "a contact on a serial port")"#,
            "+ [DoorDriver.row]",
        ] {
            // Once in the list above.
            #expect(here.components(separatedBy: row).count > 2)
            #expect(readme.contains(row))
        }
    }
}
