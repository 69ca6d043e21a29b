import BusSchema
import Foundation
import HardwareCore
import Primitives
import SiteConfiguration
import Testing

@testable import hardware_io

// As the README of hardware-io shows it: the smallest driver there is.
struct Door: LineDevice {
    let door: Device
    var nextDeadline: Deadline? { nil }
    mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput] {
        guard case .received(let bytes) = event, let last = bytes.last, let id = door.connectorId else { return [] }
        let isPressed = DriverEvent.faultReported(
            connectorId: id,
            code: .emergencyStop,
            present: last == 0x31,
            detail: "emergency stop"
        )
        return [.report(.deviceRecovered(door)), .report(isPressed)]
    }
    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput] { [] }
    mutating func deadlineReached(at moment: Moment) -> [DeviceOutput] { [] }
}
struct DoorSettings: DriverSettings {
    let serial: SerialLineSettings
    init(_ fields: Fields) { serial = SerialLineSettings(fields, standard: LineSettings(baud: 9600)) }
    var claims: [DriverClaim] { [serial.claim(of: "door", address: nil)] }
}

@Suite struct SmallestDriverTests {
    @Test func itTellsOfAnEmergencyStop() {
        var door = Door(door: .emergencyStop(connectorId: 1))
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

    /// What people copy out of the README is what this file has compiled.
    @Test func theREADMEShowsWhatCompiles() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = try String(
            contentsOf: root.appending(path: "Services/HardwareIO/README.md"),
            encoding: .utf8
        )
        let here = try String(contentsOfFile: #filePath, encoding: .utf8)
        for beginning in ["struct Door: LineDevice {", "struct DoorSettings: DriverSettings {"] {
            #expect(code(from: beginning, in: readme) == code(from: beginning, in: here))
        }
    }

    /// From `beginning` up to the brace that ends it, without comments, line ends and spaces.
    private func code(from beginning: String, in text: String) -> String? {
        guard let start = text.range(of: beginning) else { return nil }
        var depth = 0
        var found = ""
        for line in text[start.lowerBound...].split(separator: "\n") {
            let words = line.components(separatedBy: "//")[0].filter { !$0.isWhitespace }
            found += words
            depth += words.count { $0 == "{" } - words.count { $0 == "}" }
            if depth == 0 { return found }
        }
        return nil
    }
}
