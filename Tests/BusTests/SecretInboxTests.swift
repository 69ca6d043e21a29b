import Bus
import Foundation
import Primitives
import Testing

@Suite struct SecretInboxTests {
    private let folder = "/tmp/secret-inbox-" + UUID().uuidString.prefix(8)
    private var inbox: SecretInbox { SecretInbox(RuntimeDirectory(path: folder)) }

    /// Makes the runtime directory, and the inbox in it as the config store does.
    private func make(mode: Int = 0o3730) throws {
        try FileManager.default.createDirectory(atPath: inbox.path, withIntermediateDirectories: true)
        #expect(chmod(inbox.path, mode_t(mode)) == 0)
    }

    private func remove() throws { try FileManager.default.removeItem(atPath: folder) }

    @Test func aSecretLiesInANewFileThatOnlyUserAndGroupMayRead() throws {
        try make()
        defer { try? remove() }  // Lies in the system's temporary folder otherwise.
        let first = try inbox.put(Secret("one"))
        let second = try inbox.put(Secret("two"))
        #expect(first != second && first.count > 20)
        #expect(try Data(contentsOf: URL(fileURLWithPath: inbox.path + "/" + first)) == Data("one".utf8))
        let attributes = try FileManager.default.attributesOfItem(atPath: inbox.path + "/" + first)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        inbox.takeBack(first)
        #expect(try FileManager.default.contentsOfDirectory(atPath: inbox.path) == [second])
    }

    @Test func noFolderIsMadeForAStoreThatIsNotThere() throws {
        let error = #expect(throws: SecretInboxError.self) { try inbox.put(Secret("one")) }
        #expect(error?.description == "cannot open \(inbox.path): No such file or directory")
    }

    @Test func aFolderThatEverybodyMayWriteIsRefused() throws {
        try make(mode: 0o777)
        defer { try? remove() }  // Lies in the system's temporary folder otherwise.
        let error = #expect(throws: SecretInboxError.self) { try inbox.put(Secret("one")) }
        #expect(error?.description.contains("can be written by everybody") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: inbox.path).isEmpty)
    }

    @Test func aLinkInPlaceOfTheFolderIsNotFollowed() throws {
        try FileManager.default.createDirectory(atPath: folder + "/elsewhere", withIntermediateDirectories: true)
        defer { try? remove() }  // Lies in the system's temporary folder otherwise.
        try FileManager.default.createSymbolicLink(atPath: inbox.path, withDestinationPath: folder + "/elsewhere")
        #expect(throws: SecretInboxError.self) { try inbox.put(Secret("one")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/elsewhere").isEmpty)
    }
}
