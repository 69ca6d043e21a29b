import Foundation
import JSON
import SiteConfiguration
import Testing

/// What people paste for a modem: whole files that are shipped, and uplinks in the README of modem-manager.
@Suite struct MobileExamplesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func example(_ name: String) throws -> SiteFile {
        let path = Self.root.appending(path: "deploy/config/\(name).json")
        return try SiteFile(bytes: [UInt8](try Data(contentsOf: path)), name: "\(name).json")
    }

    /// Every block of JSON in the README.
    private func shown() throws -> [JSONValue] {
        let readme = Self.root.appending(path: "Services/ModemManager/README.md")
        let blocks = try String(contentsOf: readme, encoding: .utf8).components(separatedBy: "```json").dropFirst()
        return try blocks.map { try JSON.parse(Array($0.components(separatedBy: "```")[0].utf8)) }
    }

    @Test(arguments: [("mobile-at", "modem"), ("mobile-modemmanager", "mmcli")])
    func theShippedExamplesAreRight(name: String, driver: String) throws {
        let file = try example(name)
        #expect(file.mistakes().map(\.description) == [])
        #expect(try file.uplinks().map(\.driver.driver) == ["static", driver])
    }

    @Test(arguments: ["mobile-at", "mobile-modemmanager"])
    func theREADMEShowsTheUplinkOfTheExample(name: String) throws {
        let uplinks = try #require(try example(name).content.asObject?["uplinks"]?.asArray)
        #expect(try shown().contains(try #require(uplinks.last)))
    }

    @Test func everyUplinkOfTheREADMECanBePasted() throws {
        let shown = try shown()
        #expect(shown.count == 3)
        for uplink in shown {
            #expect(try Sample().changing("uplinks", to: .array([uplink])).mistakes().map(\.description) == [])
        }
    }
}
