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
        let file = try Data(contentsOf: URL(fileURLWithPath: store.state + "/settings.journal"))
        #expect(file.count < 150_000)
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
        bytes[bytes.count / 2] ^= 0x10
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
