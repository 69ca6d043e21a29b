import SimulatedDisk
import Storage
import Testing

@Suite struct FaultSweepTests {
    /// Calls whose failure, unless the disk is full, must be said to whoever wanted something stored.
    private static let mustBeSaid: Set<DiskCall> = [
        .write, .truncate, .syncData, .sync, .rename, .syncFolder,
    ]

    @Test(arguments: [UInt64(1), 2, 3])
    func whateverCallFailsNothingPromisedIsLostNothingComesTwiceAndAnErrorIsSaid(seed: UInt64) throws {
        let sweep = FaultSweep(seeds: [seed])
        let runs = try sweep.run(
            on: { SimulatedDisk(seed: $0) },
            session: { disk, trial in
                let session = JournalSession.run(on: disk)
                if let readable = session.readable {
                    expectAll(of: session, in: readable, alsoBatched: true, trial)
                }
                if trial.fault.effect == .error(.deviceFailed),
                    disk.failures.contains(where: Self.mustBeSaid.contains)
                {
                    #expect(!session.errors.isEmpty, "\(trial)")
                }
                return session
            },
            check: { disk, session, trial in
                let (_, records, report) = try DiskBench(disk: disk).open()
                #expect(report.setAside == nil && report.damage.isEmpty, "\(trial)")
                let found = records.map { String(decoding: $0.payload, as: UTF8.self) }
                expectAll(of: session, in: found, alsoBatched: false, trial)
            }
        )
        #expect(runs > 200)
    }

    private func expectAll(
        of session: JournalSession,
        in found: [String],
        alsoBatched: Bool,
        _ trial: FaultSweep.Trial
    ) {
        let wanted = session.promised + (alsoBatched ? session.batched : [])
        let lost = wanted.filter { !found.contains($0) && !session.droppable.contains($0) }
        #expect(lost == [], "lost with \(trial)")
        #expect(Set(found).count == found.count, "twice with \(trial)")
        #expect(Set(found).isSubset(of: session.attempted), "invented with \(trial)")
        let order = session.attempted.filter(Set(found).contains)
        #expect(found == order, "out of order with \(trial)")
    }

    @Test(arguments: [false, true])
    func whateverCallFailsADocumentIsTheLastThatWasSavedOrOneTriedLater(keepsPrevious: Bool) throws {
        try FaultSweep(seeds: [1, 2, 3, 4]).run(
            on: { SimulatedDisk(seed: $0) },
            session: { disk, trial in
                var document = DiskBench(disk: disk).document(keepsPrevious: keepsPrevious)
                var possible: [[UInt8]?] = [nil]
                for size in [10, 6000, 3, 9000] {
                    let body = [UInt8](repeating: UInt8(size % 251), count: size)
                    do throws(StorageError) {
                        try document.save(body)
                        possible = [body]
                    } catch {
                        possible.append(body)
                    }
                    if !disk.isPowerOff, disk.faults.isEmpty {
                        let loaded = try document.load()
                        #expect(possible.contains(loaded.body), "\(trial)")
                    }
                }
                return possible
            },
            check: { disk, possible, trial in
                let loaded = try DiskBench(disk: disk).document(keepsPrevious: keepsPrevious).load()
                #expect(possible.contains(loaded.body), "\(trial)")
                #expect(loaded.setAside.isEmpty && !loaded.isPrevious, "\(trial)")
            }
        )
    }
}
