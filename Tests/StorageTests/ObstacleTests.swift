import SimulatedDisk
import Storage
import Testing

/// Something that is no file of ours has the name of one.
@Suite struct ObstacleTests {
    enum Obstacle: CaseIterable {
        case folder, other
    }

    private let bench = DiskBench(seed: 3)
    private var disk: SimulatedDisk { bench.disk }

    private func put(_ obstacle: Obstacle, _ path: String) throws {
        switch obstacle {
        case .folder: try disk.makeFolder(path, permissions: 0o755)
        case .other: disk.putPipe(path)
        }
    }

    @Test(arguments: Obstacle.allCases, [false, true])
    func nothingInThePlaceOfTheNewFileKeepsAJournalFromOpening(obstacle: Obstacle, exists: Bool) throws {
        if exists { try bench.open().journal.append([1], durability: .immediate) }
        try put(obstacle, "/state/log.new")
        let (journal, records, report) = try bench.open()
        #expect(records.count == (exists ? 1 : 0))
        let kept = obstacle == .folder ? ["/state/log.new.unreadable-1"] : []
        #expect(report.moved.map(\.keptAs) == kept)
        #expect(report.moved.map(\.description).allSatisfy { $0.contains("it is a folder") })
        try journal.append([2], durability: .immediate)
        try journal.compact(keeping: \.payload)
    }

    @Test func aFolderThatComesLaterInThePlaceOfTheNewFileIsMovedByTheNextCompaction() throws {
        let journal = try bench.open().journal
        try journal.append([1], durability: .immediate)
        try put(.folder, "/state/log.new")
        try journal.compact(keeping: \.payload)
        #expect(journal.takeSetAsides().map(\.path) == ["/state/log.new"])
        #expect(journal.takeSetAsides().isEmpty)
    }

    @Test(arguments: Obstacle.allCases)
    func whatHasThePlaceOfTheReserveIsMovedAndTold(obstacle: Obstacle) throws {
        try put(obstacle, "/state/reserve")
        let reserve = try SpaceReserve(path: "/state/reserve", bytes: 1 << 20, files: disk)
        #expect(reserve.isWhole)
        #expect(reserve.moved?.keptAs == "/state/reserve.unreadable-1")
        #expect(try SpaceReserve(path: "/state/reserve", bytes: 1 << 20, files: disk).moved == nil)
    }

    @Test(arguments: Obstacle.allCases, ["/state/doc.new", "/state/doc.previous", "/state/doc"])
    func nothingInThePlaceOfADocumentsFilesKeepsItFromBeingSaved(obstacle: Obstacle, path: String) throws {
        var document = bench.document(keepsPrevious: true)
        if path != "/state/doc" { try document.save([1]) }
        try put(obstacle, path)
        let loaded = try document.load()
        #expect(loaded.body == (path == "/state/doc" ? nil : [1]))
        try document.save([2])
        try document.save([3])
        #expect(try document.load().body == [3])
    }

    @Test func aFolderInThePlaceOfANewDocumentIsTold() throws {
        try put(.folder, "/state/doc.new")
        #expect(try bench.document().load().moved.map(\.keptAs) == ["/state/doc.new.unreadable-1"])
    }

    /// Every name that could be given is taken: the newest gives way, also a folder.
    @Test func whenAllNamesAreTakenTheLastOneIsFreed() throws {
        for number in 1...20 { try put(.folder, "/state/doc.new.unreadable-\(number)") }
        var document = bench.document()
        try put(.folder, "/state/doc.new")
        try document.save([1])
        #expect(try document.load().body == [1])
    }
}
