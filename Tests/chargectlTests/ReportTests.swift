import JSON
import Testing

@testable import chargectl

@Suite struct RedactionTests {
    private static let secret = "0123456789ABCDEF0123456789abcdef01234567"
    private static let site: JSONValue = [
        "centralSystem": ["identity": "CP-1", "authorizationKeyHex": "plain pass word"]
    ]
    private let redaction = Redaction(Self.site)

    /// Whatever the name beside it, the value does not get through.
    @Test(arguments: [
        #"{"key":"AuthorizationKey","value":"SECRET"}"#, #"{"key":"AuthorisationKey","value":"SECRET"}"#,
        #"{"key":"Authorization\u004bey","value":"SECRET"}"#, #"{"key":"authorization key","value":["SECRET"]}"#,
        #"{"key":"AuthKey","value":"SECRET"}"#,
        #"[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"SECRET"}]"#,
        #"[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"SECRET""#,
        #"[2,"1","ChangeConfiguration",{"key":"AuthorizationKe\u0079","value":"SECRET""#,
        #"{"frame":"[2,\"1\",\"ChangeConfiguration\",{\"key\":\"AuthorizationKy\",\"value\":\"SECRET\"}]"}"#,
        #"{"authorizationKeyHex":"SECRET"}"#, #"{"authorisationKey":{"a":"SECRET"}}"#, #"{"a":{"b":["xSECRETx"]}}"#,
        #"{"SECRET":1}"#, "a line of a log with SECRET in it", "{SECRET",
    ])
    func aPasswordOfHexadecimalDigitsIsNeverShown(text: String) {
        let parts = text.split(separator: "SECRET", omittingEmptySubsequences: false)
        let cleaned = redaction.clean(parts.joined(separator: Self.secret))
        #expect(!cleaned.contains("456789"))
        #expect(cleaned.contains("***") || cleaned.contains("withheld"))
    }

    /// One that is no digits is known by its name, or from the file.
    @Test(arguments: [
        #"{"key":"AuthorizationKey","value":"hunter2 hunter2"}"#,
        #"{"key":"Authorization-Kye","newValue":"hunter2 hunter2"}"#,
        #"[2,"1","ChangeConfiguration",{"key":"authorizationkey","value":"hunter2 hunter2"}]"#,
        #"{"password":"hunter2 hunter2"}"#,
        #"{"a":"my plain pass word"}"#, #"{"pin":1234}"#,
    ])
    func aPasswordInWordsIsNotShownWhereItIsNamedOrKnown(text: String) {
        let cleaned = redaction.clean(text)
        #expect(!cleaned.contains("hunter2") && !cleaned.contains("plain pass word") && !cleaned.contains("1234"))
        #expect(cleaned.contains("***"))
    }

    @Test(arguments: [
        #"{"key":"HeartbeatInterval","value":"300","secret":false,"secretPresent":true,"pid":4711}"#,
        #"{"transaction":"0f8fad5b-d9cb-469f-a165-70867728950e","idTag":"04A1B2C3D4E5F601","at":1767268800000}"#,
        #"[2,"1","GetConfiguration",{"key":["AuthorizationKey"]}]"#,
        #"{"topic":"ocpp.message","payload":"{\"url\":\"ws://csms.example:8080/ocpp\"}"}"#,
        "2026-11-28T13:24:22 the password was refused", #"{"key":"AuthorizationCacheEnabled","value":"true"}"#,
    ])
    func whatIsNoSecretStays(text: String) { #expect(redaction.clean(text) == text) }

    @Test func theSitesFileIsShownWithoutItsSecrets() {
        #expect(
            redaction.clean(Self.site) == ["centralSystem": ["identity": "CP-1", "authorizationKeyHex": "***"]]
        )
    }
}

@Suite struct TarArchiveTests {
    @Test func anArchiveIsOfWholeBlocksAndSaysHowLongEachFileIs() {
        var archive = TarArchive()
        archive.add("a.txt", Array("hello".utf8), at: 8)
        archive.add("b", [], at: 0)
        let bytes = archive.bytes
        #expect(bytes.count == 512 * 5)
        #expect(bytes[..<5].elementsEqual("a.txt".utf8))
        #expect(bytes[124..<135].elementsEqual("00000000005".utf8))
        #expect(bytes[136..<147].elementsEqual("00000000010".utf8))
        #expect(bytes[512..<517].elementsEqual("hello".utf8))
        #expect(bytes[1536...].allSatisfy { $0 == 0 })
    }
}

@Suite struct CommandTableTests {
    /// What is completed is what `--help` tells, and nothing else.
    @Test(arguments: Command.all.filter { $0.about != nil }.map(\.name))
    func theTableHasTheOptionsThatTheUsageTells(name: String) throws {
        let command = try #require(Command.all.first { $0.name == name })
        let told = Set(
            command.usage.split { !"-abcdefghijklmnopqrstuvwxyz".contains($0) }.filter {
                $0.hasPrefix("--") && $0.count > 2
            }.map(String.init)
        )
        let options = command.forms.flatMap(\.options).map { $0.hasSuffix("=") ? String($0.dropLast()) : $0 }
        #expect(told.subtracting(["--timeout"]) == Set(options), "\(name)")
        for word in command.forms.compactMap(\.word) { #expect(command.usage.contains(word)) }
    }

    @Test func theOverviewNamesEveryCommandOnce() {
        for command in Command.all {
            let lines = Usage.overview.split(separator: "\n").filter { $0.hasPrefix("  \(command.name) ") }
            #expect(lines.count == (command.about == nil ? 0 : 1), "\(command.name)")
        }
    }
}
