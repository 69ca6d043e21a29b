import EventLoop
import Glibc
import HardwareCore
import HardwareStorage
import Primitives
import Storage
import TemporaryFolder
import Testing

/// The document of hardware-io, and a disk that stands still while it is saved.
@Suite struct MemoryWriterTests {
    private let memory = HardwareMemory(outlets: [
        .init(connectorId: 1, failures: .init(contactorFailure: "welded"), registerWh: 4711)
    ])

    @Test func whatWasSavedIsFoundAtTheNextStart() throws {
        let folder = try TemporaryFolder()
        let loop = try EventLoop()
        let told = Told()
        let writer = try MemoryWriter(folder: folder.path, loop: loop) { told.events.append($0) }
        writer.save(memory)
        try loop.run(until: { told.events == [.memoryStored] })
        #expect(try MemoryFile(folder: folder.path).load(connectorIds: [1]) { _ in } == memory)
    }

    @Test func theLoopDoesNotWaitForADiskThatStandsStill() throws {
        let folder = try TemporaryFolder()
        let loop = try EventLoop()
        let told = Told()
        let gate = try Gate()
        let writer = try MemoryWriter(folder: folder.path, files: { StillDisk(gate: gate) }, loop: loop) {
            told.events.append($0)
        }
        writer.save(memory)
        var ticks = 0
        loop.addDeadlineSource(next: { Deadline(at: .zero, for: "a tick") }) { _ in ticks += 1 }
        // Nobody but this loop ever opens the gate: if it waited for the disk, it would never get here.
        try loop.run(until: { gate.isWaitedAt && ticks >= 100 })
        #expect(told.events.isEmpty)
        gate.open()
        try loop.run(until: { told.events == [.memoryStored] })
        #expect(try MemoryFile(folder: folder.path).load(connectorIds: [1]) { _ in } == memory)
    }

    @Test func aFolderThatIsGoneIsSaidAndHarmsNothing() throws {
        let loop = try EventLoop()
        let told = Told()
        let writer = try MemoryWriter(folder: "/nonexistent/folder", loop: loop) { told.events.append($0) }
        writer.save(memory)
        try loop.run(until: { !told.events.isEmpty })
        guard case .memoryNotStored = told.events.first else {
            Issue.record("a save into a folder that is gone succeeded")
            return
        }
    }
}

private final class Told {
    var events: [HardwareMachine.Event] = []
}

extension EventLoop {
    /// Runs until `condition` holds, or fails the test.
    fileprivate func run(until condition: @escaping () -> Bool) throws {
        let end = EventLoop.uptime() + .seconds(10)
        let source = addDeadlineSource(next: { Deadline(at: condition() ? .zero : end, for: "a test") }) { _ in
            self.stop()
        }
        try run()
        removeDeadlineSource(source)
        #expect(condition(), "it did not come true in time")
    }
}
