import Foundation
import SiteConfiguration
import TemporaryFolder
import Testing

@testable import chargectl

@Suite struct UplinkDoubtsTests {
    private let folder: TemporaryFolder
    private let owner = ServiceUser(name: "owner", user: getuid(), groups: [getgid()])
    private let stranger = ServiceUser(name: "stranger", user: 61_234, groups: [61_234])

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Array("1234".utf8), to: "secret")
        try folder.write([], to: "program")
        chmod(folder.file("program"), 0o755)
    }

    /// What is said of an uplink with these settings, in which `FOLDER` stands for the folder.
    private func doubts(_ driver: String, _ user: ServiceUser?) throws -> [String] {
        let text = #"""
            { "station": { "chargePointVendor": "V", "chargePointModel": "M" }, "allowSimulation": true,
              "connectors": [
                { "id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 3,
                  "pilot": "simulated", "contactor": "simulated", "meter": "simulated" } ],
              "uplinks": [{ "name": "cell", "driver": \#(driver) }] }
            """#
        let placed = text.replacingOccurrences(of: "FOLDER", with: folder.path)
        let file = try SiteFile(bytes: Array(placed.utf8))
        #expect(file.mistakes().map(\.description) == [])
        return UplinkDoubts(file: file, user: user).all().map {
            $0.description.replacingOccurrences(of: folder.path, with: "FOLDER")
        }
    }

    @Test func whatIsThereAndTheServicesOwnIsNotDoubted() throws {
        chmod(folder.file("secret"), 0o600)
        let modem = #"""
            { "driver": "modem", "port": "/dev/ttyUSB2", "pppd": "FOLDER/program", "chat": "FOLDER/program",
              "pinFile": "FOLDER/secret", "access": { "passwordFile": "FOLDER/secret" } }
            """#
        #expect(try doubts(modem, owner) == [])
        #expect(try doubts(modem, nil) == [])
        // No program of a way that is not taken; Debian's pppd need not be there for a modem that nobody dials.
        let mmcli = #"{ "driver": "mmcli", "mmcli": "FOLDER/program", "pinFile": "FOLDER/secret" }"#
        #expect(try doubts(mmcli, owner) == [])
        #expect(try doubts(#""static""#, owner) == [])
    }

    @Test func everySecretThatIsMissingIsNamed() throws {
        let modem = #"""
            { "driver": "modem", "port": "/dev/ttyUSB2", "connection": "networkInterface", "dhcpClient": "FOLDER/program",
              "pinFile": "FOLDER/1", "secondSIM": { "pinFile": "FOLDER/2" }, "access": { "passwordFile": "FOLDER/3" },
              "profiles": [{ "imsi": "26201" }, { "imsi": "26202", "passwordFile": "FOLDER/4" }] }
            """#
        #expect(
            try doubts(modem, owner) == [
                "charger.json: uplinks[0].driver.pinFile: there is no FOLDER/1",
                "charger.json: uplinks[0].driver.secondSIM.pinFile: there is no FOLDER/2",
                "charger.json: uplinks[0].driver.access.passwordFile: there is no FOLDER/3",
                "charger.json: uplinks[0].driver.profiles[1].passwordFile: there is no FOLDER/4",
            ]
        )
    }

    @Test func aSecretThatEverybodyMayReadIsNamed() throws {
        chmod(folder.file("secret"), 0o644)
        let mmcli = #"{ "driver": "mmcli", "mmcli": "FOLDER/program", "pinFile": "FOLDER/secret" }"#
        let place = "charger.json: uplinks[0].driver.pinFile: "
        let found = try doubts(mmcli, owner)
        #expect(found == [place + "FOLDER/secret has mode 644: everybody on this machine may read the secret"])
    }

    @Test func aSecretThatTheServiceMayNotReadIsNamed() throws {
        chmod(folder.file("secret"), 0o600)
        let mmcli = #"{ "driver": "mmcli", "mmcli": "FOLDER/program", "pinFile": "FOLDER/secret" }"#
        let place = "charger.json: uplinks[0].driver.pinFile: modem-manager cannot read it: "
        #expect(try doubts(mmcli, stranger).count == 1)
        #expect(try doubts(mmcli, stranger)[0].hasPrefix(place + "stranger may not "))
        // Its owner cannot read it either, root or not: the service has no rights but those of the mode.
        chmod(folder.file("secret"), 0o044)
        let found = try doubts(mmcli, owner)
        #expect(found.count == 1 && found[0].hasPrefix(place + "owner may not read /"))
        #expect(found[0].contains("/secret, which is of ") && found[0].hasSuffix(" with mode 44"))
    }

    @Test func everyProgramThatIsNotThereIsNamed() throws {
        let place = "charger.json: uplinks[0].driver."
        let modem = #"{ "driver": "modem", "port": "/dev/ttyUSB2", "pppd": "FOLDER/pppd", "chat": "FOLDER/secret" }"#
        #expect(
            try doubts(modem, owner) == [
                place + "pppd: there is no FOLDER/pppd", place + "chat: FOLDER/secret is no program",
            ]
        )
        let mmcli = #"""
            { "driver": "mmcli", "mmcli": "FOLDER/mmcli", "pppd": "FOLDER/program/pppd", "dhcpClient": "FOLDER" }
            """#
        #expect(
            try doubts(mmcli, owner) == [
                place + "mmcli: there is no FOLDER/mmcli", place + "pppd: there is no FOLDER/program/pppd",
                place + "dhcpClient: FOLDER is no program",
            ]
        )
    }
}
