import HardwareStorage
import Storage
import TemporaryFolder
import Testing

@Suite struct PulseCountFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(boot: String = "a") -> PulseCountFile {
        PulseCountFile(meter: "main-meter", stateFolder: folder.path, runtimeFolder: folder.path + "/run", boot: boot)
    }

    private func save(_ count: Int64) throws {
        var document = file().document()
        _ = try document.load()
        try document.save(PulseCountFile.body(count))
    }

    @Test func aNewMeterBeginsAtZero() throws {
        #expect(file().load() == .init(count: 0))
    }

    @Test func theLargerOneCounts() throws {
        try folder.makeFolder("run")
        try save(100)
        #expect(file().load() == .init(count: 100))
        try file().note(107)
        #expect(file().load() == .init(count: 107))
        try save(200)
        #expect(file().load() == .init(count: 200))
    }

    @Test func whatAnotherBootNotedSaysNothing() throws {
        try folder.makeFolder("run")
        try file().note(107)
        #expect(file(boot: "b").load() == .init(count: 0))
    }

    @Test func aDamagedCountIsNotInvented() throws {
        try folder.write(Array("rubbish".utf8), to: "pulses-main-meter")
        let found = file().load()
        #expect(found.count == nil)
        #expect(!found.problems.isEmpty)
    }

    @Test func aDamagedCountOfTheDiskIsKnownFromThisBoot() throws {
        try folder.makeFolder("run")
        try folder.write(Array("rubbish".utf8), to: "pulses-main-meter")
        try file().note(107)
        #expect(file().load().count == 107)
    }
}
