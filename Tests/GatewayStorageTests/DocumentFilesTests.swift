import GatewayCore
import GatewayStorage
import Primitives
import SimulatedDisk
import Storage
import Testing

/// A document that somebody waits for.
private struct Notes: Document {
    static let name = "notes"
    static let magic = "ocpp-notes"
    static let formatVersion: UInt16 = 1

    var numbers: [Int]
}

@Suite struct DocumentFilesTests {
    private let kinds: [any Document.Type] = [Notes.self, ConfigSnapshot.self]
    private let disk = SimulatedDisk(seed: 1)

    private func files() -> DocumentFiles { DocumentFiles(directory: "/state", kinds: kinds, files: disk) { _ in } }

    private var snapshot: ConfigSnapshot {
        ConfigSnapshot(entries: ["HeartbeatInterval": ConfigSnapshot.Entry(value: "10", revision: 3)])
    }

    @Test func aSavedDocumentSurvivesAPowerCut() {
        let document = Notes(numbers: [0, 2])
        let event = files().save(AnyDocument(document), at: .zero)
        #expect(event == .saved(document: "notes"))
        disk.losePower()
        disk.heal()
        let found = files().load()
        #expect(found[Notes.self] == document)
        #expect(found[ConfigSnapshot.self] == nil)
    }

    @Test func aFullDiskIsReportedAndTheDocumentBeforeStays() {
        let first = Notes(numbers: [1])
        _ = files().save(AnyDocument(first), at: .zero)
        disk.capacityBytes = disk.usedBytes
        let event = files().save(AnyDocument(Notes(numbers: [2])), at: .zero)
        guard case .saveFailed(document: "notes", _)? = event else {
            Issue.record("\(String(describing: event))")
            return
        }
        #expect(files().load()[Notes.self] == first)
    }

    @Test func aDocumentThatMayWaitIsWrittenOnceForSeveralSaves() {
        let files = files()
        let early = files.save(AnyDocument(ConfigSnapshot()), at: .seconds(10))
        #expect(early == nil)
        #expect(files.nextDeadline?.at == .seconds(12))
        let later = files.save(AnyDocument(snapshot), at: .seconds(11))
        #expect(later == nil)
        // Changes that never end do not put it off.
        #expect(files.nextDeadline?.at == .seconds(12))
        let tooEarly = files.deadlineReached(at: .milliseconds(11_999))
        #expect(tooEarly.isEmpty)
        #expect(self.files().load()[ConfigSnapshot.self] == nil)
        let written = files.deadlineReached(at: .seconds(12))
        #expect(written == [.saved(document: "config-snapshot")])
        #expect(files.nextDeadline == nil)
        #expect(self.files().load()[ConfigSnapshot.self] == snapshot)
    }

    @Test func whatWaitsIsWrittenAtTheEnd() {
        let files = files()
        _ = files.save(AnyDocument(snapshot), at: .zero)
        files.flush()
        #expect(self.files().load()[ConfigSnapshot.self] == snapshot)
    }

    /// What a device cannot read may say anything, so that its owner must not take it for absent.
    @Test(arguments: [false, true])
    func whatTheDeviceCannotReadIsNotTakenForAbsent(hasBefore: Bool) {
        _ = files().save(AnyDocument(Notes(numbers: [1])), at: .zero)
        if hasBefore { _ = files().save(AnyDocument(Notes(numbers: [2])), at: .zero) }
        disk.spoil("/state/notes", block: 0)
        var lines: [LogRecord] = []
        var waits = 0
        let found = DocumentFiles(directory: "/state", kinds: kinds, files: disk) { lines.append($0) }.load { _ in
            waits += 1
            return waits < 5
        }
        #expect(found.isUnread(Notes.self) && !found.isUnread(ConfigSnapshot.self))
        #expect(found[Notes.self] == (hasBefore ? Notes(numbers: [1]) : nil))
        #expect(waits >= 5)
        #expect(lines.contains { $0.level == .error && "\($0.fields)".contains("/state/notes") })
    }

    @Test func aDamagedDocumentIsNotTakenForUnread() {
        _ = files().save(AnyDocument(Notes(numbers: [1])), at: .zero)
        disk.lose("/state/notes", block: 0)
        let found = files().load()
        #expect(!found.isUnread(Notes.self) && found[Notes.self] == nil)
    }

    /// A body that is no such document is none, and says so.
    @Test func whatCannotBeReadIsLoggedAndMissing() throws {
        var file = AtomicDocument(
            path: "/state/notes",
            magic: "ocpp-notes",
            formatVersion: 1,
            files: disk
        )
        try file.save(Array("{\"numbers\":\"all\"}".utf8))
        var lines: [LogRecord] = []
        let found = DocumentFiles(directory: "/state", kinds: kinds, files: disk) { lines.append($0) }.load()
        #expect(found[Notes.self] == nil)
        #expect(lines.map(\.level) == [.error])
    }
}
