import SimulatedDisk
import Storage

/// Files that somebody else wrote, or a failing disk.
enum StorageInputs {
    private static let path = "/state/input"

    /// A journal opens whatever its file holds; what was found once is found again, and then without any damage.
    static func readJournal(_ bytes: [UInt8]) {
        let disk = SimulatedDisk(seed: 1)
        disk.put(path, bytes)
        let options = Journal.Options(path: path, magic: "FUZZING1", formatVersion: 1)
        var first: [JournalRecord] = []
        var second: [JournalRecord] = []
        do {
            let opened = try Journal.open(options, files: disk) { first.append($0) }
            _ = try opened.journal.append([1, 2, 3], durability: .batched)
        } catch {
            fatalError("The journal does not open: \(error)")
        }
        disk.killProcesses()
        do {
            let report = try Journal.open(options, files: disk) { second.append($0) }.report
            precondition(report.damage.isEmpty && report.setAside == nil, "A mended journal is damaged again.")
        } catch {
            fatalError("The journal does not open again: \(error)")
        }
        precondition(second.dropLast() == first[...] && second.last?.payload == [1, 2, 3], "A record came or went.")
    }

    /// A document loads whatever its file holds, and can be replaced afterwards.
    static func readDocument(_ bytes: [UInt8]) {
        let disk = SimulatedDisk(seed: 1)
        disk.put(path, bytes)
        var document = AtomicDocument(
            path: path,
            magic: "FUZZING",
            formatVersion: 1,
            keepsPrevious: true,
            files: disk
        )
        do {
            _ = try document.load()
            try document.save([4, 5, 6])
            let body = try document.load().body
            precondition(body == [4, 5, 6], "What was saved is not what is loaded.")
        } catch {
            fatalError("The document cannot be used: \(error)")
        }
    }
}
