import SimulatedDisk
import Storage

/// A scripted session with a journal that writes down what it was told.
struct JournalSession {
    /// Payloads that count as stored for good.
    private(set) var promised: [String] = []
    /// Payloads that were stored until the power goes.
    private(set) var batched: [String] = []
    /// All that was tried.
    private(set) var attempted: [String] = []
    /// Payloads that a compaction may have dropped.
    private(set) var droppable: Set<String> = []
    private(set) var errors: [StorageError] = []
    private var journal: Journal?
    private var number = 0
    private let bench: DiskBench

    init(on disk: SimulatedDisk) { bench = DiskBench(disk: disk) }

    /// Does everything: begins, appends, compacts, is killed and begins again.
    static func run(on disk: SimulatedDisk) -> JournalSession {
        var session = JournalSession(on: disk)
        session.open()
        session.work()
        session.kill()
        session.open()
        session.append(1, .immediate)
        session.append(1, .batched)
        session.flush()
        return session
    }

    private mutating func work() {
        append(1, .immediate)
        append(2, .batched)
        append(1, .batched)
        append(3, .immediate)
        append(1, .batched)
        flush()
        compactWhileAppending()
        append(1, .immediate)
        append(1, .batched)
        flush()
        append(1, .batched)
    }

    mutating func open() {
        for _ in 0..<2 where journal == nil {
            noting { session throws(StorageError) in
                let reserve = try SpaceReserve(
                    path: "/state/reserve",
                    bytes: 4 << 10,
                    files: session.bench.disk
                )
                let opened = try session.bench.open(reserve: reserve)
                session.journal = opened.journal
                // Decisions are made on what was found: from now on it must not be lost, unless it was said that it may.
                let found = opened.records.map { String(decoding: $0.payload, as: UTF8.self) }
                if let doubt = opened.report.doubt {
                    session.errors.append(doubt)
                    session.batched = found
                    return
                }
                for text in found { session.promise(text) }
                session.batched = []
            }
        }
    }

    mutating func kill() {
        journal = nil
        bench.disk.killProcesses()
    }

    mutating func append(_ count: Int, _ durability: Durability) {
        guard let journal else { return }
        let texts = (0..<count).map {
            "payload \(number + $0) " + String(repeating: "x", count: (number + $0) * 37 % 900)
        }
        number += count
        attempted += texts
        noting { session throws(StorageError) in
            try journal.append(contentsOf: texts.map { Array($0.utf8) }, durability: durability)
            session.batched += texts
            if durability == .immediate { session.promiseBatched() }
        }
    }

    mutating func flush() {
        guard let journal else { return }
        noting { session throws(StorageError) in
            try journal.flush()
            session.promiseBatched()
        }
    }

    /// Every third record so far goes, while others come.
    mutating func compactWhileAppending() {
        guard let journal else { return }
        droppable.formUnion(attempted)
        noting { session throws(StorageError) in
            try journal.beginCompaction { $0.sequence.isMultiple(of: 3) ? nil : $0.payload }
            var isDone = false
            while !isDone {
                isDone = try journal.continueCompaction(maximumBytes: 1500)
                session.append(1, isDone ? .batched : .immediate)
                if session.errors.count > 20 { return }
            }
        }
    }

    /// What a reader of the running journal finds.
    var readable: [String]? {
        // A device that cannot read says nothing about what is stored.
        (try? journal?.read(from: 0, limit: .max, maximumBytes: .max))?.map {
            String(decoding: $0.payload, as: UTF8.self)
        }
    }

    private mutating func promiseBatched() {
        for text in batched { promise(text) }
        batched = []
    }

    private mutating func promise(_ text: String) {
        if !promised.contains(text) { promised.append(text) }
    }

    private mutating func noting(_ work: (inout JournalSession) throws(StorageError) -> Void) {
        do throws(StorageError) {
            try work(&self)
        } catch {
            errors.append(error)
        }
    }
}
