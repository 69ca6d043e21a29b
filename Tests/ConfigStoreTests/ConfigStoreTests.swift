import Bus
import BusSchema
import EventLoop
import Foundation
import Primitives
import Testing

@Suite(.enabled(if: StoreUnderTest.isBuilt, "config-store is not built"), .serialized)
struct ConfigStoreTests {
    private let store: StoreUnderTest

    init() throws { store = try StoreUnderTest() }

    private var value: Int? {
        get throws { try store.ask(ConfigGet(keys: ["counter"])).entries.first?.value.value.flatMap { Int($0) } }
    }

    /// Sends a row of changes at once and kills the store when the given number of them is answered. Returns the last answered number.
    private func setUntilKilled(from first: Int, count: Int, killAfter answers: Int) throws -> Int {
        var acknowledged = first - 1
        var answered = 0
        for number in first..<(first + count) {
            store.send(ConfigSet(key: "Counter", value: String(number))) { [store] result in
                guard case .success = result, answered < answers else { return }
                acknowledged = number
                answered += 1
                if answered == answers { store.loop.stop() }
            }
        }
        try store.loop.run()
        store.kill()
        return acknowledged
    }

    @Test func noAnsweredChangeIsLostHoweverOftenTheStoreIsKilled() throws {
        var random = SeededRandom(seed: 20_261_122)
        var next = 1
        try store.start([.counter])
        for round in 0..<25 {
            let answers = Int.random(in: 1...30, using: &random)
            let acknowledged = try setUntilKilled(from: next, count: 40, killAfter: answers)
            let reply = try store.start([.counter])
            let found = try #require(try value)
            #expect(found >= acknowledged, "round \(round)")
            #expect(found < next + 40, "round \(round)")
            #expect(reply.unfit.isEmpty)
            let changes = try store.ask(ConfigHistory(key: "Counter", limit: 500)).changes
            #expect(changes.first?.newValue == String(found))
            #expect(changes.map(\.revision) == Array((1...changes[0].revision).reversed().prefix(500)))
            next = found + 1
        }
        #expect(next > 25)
        #expect(try store.logged.contains("damaged") == false)
    }

    @Test func aCompactionLosesNothing() throws {
        try store.start([.counter])
        for number in 1...2100 { _ = try store.ask(ConfigSet(key: "Counter", value: String(number))) }
        let path = store.state + "/settings.journal"
        func bytes() throws -> Int { try Data(contentsOf: URL(fileURLWithPath: path)).count }
        // It goes in slices, one behind each turn of the loop.
        for _ in 0..<2000 where try bytes() >= 150_000 { _ = try store.ask(ConfigHistory(limit: 1)) }
        #expect(try bytes() < 150_000)
        let before = try store.ask(ConfigHistory(limit: 500))
        store.kill()
        try store.start([.counter])
        #expect(try value == 2100)
        #expect(try store.ask(ConfigHistory(limit: 500)) == before)
    }

    @Test func aDamagedJournalCostsOnlyWhatWasDamagedAndIsReported() throws {
        try store.start([.counter])
        for number in 1...10 { _ = try store.ask(ConfigSet(key: "Counter", value: String(number))) }
        store.kill()
        let path = store.state + "/settings.journal"
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        // In the middle of the records, which begin behind the second copy of the header.
        bytes[(4128 + bytes.count) / 2] ^= 0x10
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try store.start([.counter])
        #expect(try value == 10)
        #expect(try store.ask(ConfigHistory()).changes.count == 9)
        #expect(try store.logged.contains("kept as \(path).unreadable-1"))
    }

    @Test func aJournalThatCannotBeReadIsKeptAndTheStoreServesDefaults() throws {
        let path = store.state + "/settings.journal"
        try Data("not a journal at all".utf8).write(to: URL(fileURLWithPath: path))
        try store.start([.counter])
        #expect(try value == 0)
        _ = try store.ask(ConfigSet(key: "Counter", value: "5"))
        #expect(try value == 5)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + ".unreadable-1")) == Data("not a journal at all".utf8))
    }

    @Test func aSecretComesInByAFileAndGoesOutByAFileAndSurvivesAKill() throws {
        try store.start([.password])
        let incoming = store.runtime + "/secrets-in/upload"
        let outgoing = store.runtime + "/secrets/tester/Password"
        try Data("hunter2\n".utf8).write(to: URL(fileURLWithPath: incoming))
        let reply = try store.ask(ConfigSet(key: "password", value: nil, secretFile: "upload"))
        #expect(reply.value.secretPresent == true)
        #expect(!FileManager.default.fileExists(atPath: incoming))
        #expect(try Data(contentsOf: URL(fileURLWithPath: outgoing)) == Data("hunter2".utf8))
        store.kill()
        try FileManager.default.removeItem(atPath: outgoing)
        #expect(try store.start([.password]).values.values.first?.secretPresent == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: outgoing)) == Data("hunter2".utf8))
        let attributes = try FileManager.default.attributesOfItem(atPath: store.state + "/secrets")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        _ = try store.ask(ConfigSet(key: "Password", value: nil))
        #expect(!FileManager.default.fileExists(atPath: outgoing))
        for name in try FileManager.default.contentsOfDirectory(atPath: store.state) {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: store.state + "/" + name))
            #expect(!String(decoding: bytes, as: UTF8.self).contains("hunter2"), "\(name)")
        }
        #expect(try !store.logged.contains("hunter2"))
    }

    /// What lies in place of a secret, and what the refusal says. None of it may hold the store up.
    enum Impostor: CaseIterable {
        case pipe, link, hardLink, empty, huge, binary

        func put(at path: String, beside other: String) throws {
            let url = URL(fileURLWithPath: path)
            switch self {
            case .pipe: #expect(mkfifo(path, 0o660) == 0)
            case .link: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: other)
            case .hardLink: try FileManager.default.linkItem(atPath: other, toPath: path)
            case .empty: try Data().write(to: url)
            case .huge: try Data(repeating: 0x41, count: 1 << 20).write(to: url)
            case .binary: try Data([0xFF, 0xFE]).write(to: url)
            }
        }

        var words: String {
            switch self {
            case .pipe: "expected a regular file"
            case .link: "Too many levels of symbolic links"
            case .hardLink: "expected a file with one name"
            case .empty: "found an empty file"
            case .huge: "expected at most 4097 bytes"
            case .binary: "expected UTF-8 text"
            }
        }
    }

    @Test(arguments: Impostor.allCases) func whatIsNoSecretIsRefusedInWordsAndRemoved(impostor: Impostor) throws {
        try store.start([.password])
        let other = store.folder + "/other"
        try Data("hunter2".utf8).write(to: URL(fileURLWithPath: other))
        let path = store.runtime + "/secrets-in/upload"
        try impostor.put(at: path, beside: other)
        let error = #expect(throws: BusError.self) {
            try store.ask(ConfigSet(key: "Password", value: nil, secretFile: "upload"))
        }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(impostor.words) == true, "\(error?.message ?? "")")
        #expect(throws: (any Error).self) { try FileManager.default.attributesOfItem(atPath: path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == Data("hunter2".utf8))
        #expect(!FileManager.default.fileExists(atPath: store.runtime + "/secrets/tester/Password"))
    }

    @Test func aSecretThatCannotBeRemovedIsSaid() throws {
        try store.start([.password])
        let folder = store.runtime + "/secrets-in/upload"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        #expect(throws: BusError.self) { try store.ask(ConfigSet(key: "Password", value: nil, secretFile: "upload")) }
        #expect(try store.logged.contains("stays readable"))
    }

    @Test func theInboxPassesItsGroupOnAndNobodyElseMayLookInside() throws {
        try store.start([.password])
        let attributes = try FileManager.default.attributesOfItem(atPath: store.runtime + "/secrets-in")
        #expect(attributes[.posixPermissions] as? Int == 0o3730)
        let name = try SecretInbox(RuntimeDirectory(path: store.runtime)).put(Secret("hunter2"))
        let reply = try store.ask(ConfigSet(key: "Password", value: nil, secretFile: name))
        #expect(reply.value.secretPresent == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.runtime + "/secrets-in").isEmpty)
    }

    @Test func aSecretHandedOverWhileTheStoreIsDownWaitsForIt() throws {
        try store.start([.password])
        store.kill()
        let name = try SecretInbox(RuntimeDirectory(path: store.runtime)).put(Secret("hunter2"))
        try store.start([.password])
        let reply = try store.ask(ConfigSet(key: "Password", value: nil, secretFile: name))
        #expect(reply.value.secretPresent == true)
    }

    @Test func aLinkInPlaceOfTheInboxKeepsTheStoreFromStartingAndSaysWhy() throws {
        try FileManager.default.createSymbolicLink(
            atPath: store.runtime + "/secrets-in",
            withDestinationPath: store.folder + "/state"
        )
        #expect(try store.refusal().contains("cannot use the folder \(store.runtime)/secrets-in: Not a directory"))
    }

    @Test(arguments: ["../state/settings.journal", "", ".hidden", "absent", "folder"])
    func aSecretFileThatIsNoneIsRefusedAndNothingElseIsTouched(name: String) throws {
        try store.start([.password])
        try FileManager.default.createDirectory(
            atPath: store.runtime + "/secrets-in/folder",
            withIntermediateDirectories: false
        )
        let error = #expect(throws: BusError.self) {
            try store.ask(ConfigSet(key: "Password", value: nil, secretFile: name))
        }
        #expect(error?.code == .invalid)
        #expect(FileManager.default.fileExists(atPath: store.state + "/settings.journal"))
    }
}
