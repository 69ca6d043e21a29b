import BusSchema
import HardwareCore
import HardwareStorage
import JSON
import Primitives
import SimulatedDisk
import Storage
import Testing

/// What a start believes of a memory that a failing disk has.
@Suite struct MemoryFileTests {
    private let disk = SimulatedDisk(seed: 3)
    private let healthy = HardwareMemory(outlets: [.init(connectorId: 1, registerWh: 4711)])
    private let unknown = HardwareMemory.unknown(connectorIds: [1, 2])

    private var file: MemoryFile { MemoryFile(folder: "/state", files: disk) }

    private func load(_ file: MemoryFile) throws -> (memory: HardwareMemory, levels: [LogRecord.Level]) {
        var levels: [LogRecord.Level] = []
        let memory = try file.load(connectorIds: [1, 2]) { levels.append($0.level) }
        return (memory, levels)
    }

    @Test func nothingIsRememberedAtTheVeryFirstStart() throws {
        #expect(try load(file) == (HardwareMemory(), []))
    }

    @Test func aMemoryThatCannotBeReadCountsAsAFailureOfEachContactor() throws {
        var writer = file
        try writer.save(healthy)
        disk.spoil("/state/memory", block: 0)
        #expect(try load(file) == (unknown, [.error]))
        disk.heal()
        #expect(try load(file) == (healthy, []))
    }

    @Test func aMemoryThatIsDamagedCountsAsOneToo() throws {
        disk.put("/state/memory", Array("not a memory".utf8))
        #expect(try load(file) == (unknown, [.error]))
    }

    /// A memory that was ever saved has its own name, whatever became of the save before it.
    @Test func whatIsOnlyInTheWayOfTheSaveBeforeIsNoMemory() throws {
        disk.put("/state/memory.previous", Array("not a memory".utf8))
        #expect(try load(file).memory == HardwareMemory())
    }

    @Test func whatAVersionBeforeStoredIsReadAndGoesBackAsItWas() throws {
        let before =
            #"{"outlets":[{"connectorId":1,"contactorFailure":"welded","mirrorIsUnproven":true,"groundFailure":"6 mA","#
            + #""overCurrentFailure":"20.0 A","trips":[{"code":"GroundFailure","count":2}],"registerWh":4711,"registerEpoch":7,"#
            + #""refusedRegisterWh":8,"meter":{"serialNumber":"1"},"recentStarts":3,"recentClosings":4}]}"#
        let memory = try JSON.decode(HardwareMemory.self, from: Array(before.utf8))
        let outlet = HardwareMemory.Outlet(
            connectorId: 1,
            failures: .init(
                contactorFailure: "welded",
                mirrorIsUnproven: true,
                groundFailure: "6 mA",
                overCurrentFailure: "20.0 A"
            ),
            trips: [.init(code: .groundFailure, count: 2)],
            registerWh: 4711,
            registerEpoch: 7,
            refusedRegisterWh: 8,
            meter: .init(serialNumber: "1"),
            recentStarts: 3,
            recentClosings: 4
        )
        #expect(memory == HardwareMemory(outlets: [outlet]))
        #expect(String(decoding: try JSON.encode(memory), as: UTF8.self) == before)
    }

    @Test func everyFailureComesBackFromTheDisk() throws {
        let failures = OutletFailures(
            contactorFailure: "a",
            mirrorIsUnproven: true,
            groundFailure: "b",
            overCurrentFailure: "c",
            phaseFailure: "d",
            diodeIsMissing: true
        )
        let memory = HardwareMemory(outlets: [.init(connectorId: 1, failures: failures)])
        var writer = file
        try writer.save(memory)
        #expect(try load(file) == (memory, []))
    }

    /// Their members are listed by hand where they are written and read.
    @Test func everyMemberComesBackFromTheDisk() throws {
        let failures = OutletFailures(contactorFailure: "a")
        let outlet = HardwareMemory.Outlet(
            connectorId: 1,
            failures: failures,
            trips: [.init(code: .groundFailure, count: 2)],
            registerWh: 1,
            registerEpoch: 2,
            refusedRegisterWh: 3,
            meter: .init(serialNumber: "4", offsetWh: 5, offsetSince: 6, standstill: "7"),
            recentStarts: 8,
            recentClosings: 9
        )
        let latches = OutletLatches(
            connectorId: 1,
            failures: failures,
            refusedRegisterWh: 2,
            meterStandstill: "3",
            residualCurrentTestSince: 4
        )
        for members in [Mirror(reflecting: outlet), Mirror(reflecting: latches)] {
            #expect(members.children.allSatisfy { "\($0.value)" != "nil" })
        }
        #expect(try JSON.decode(HardwareMemory.Outlet.self, from: JSON.encode(outlet)) == outlet)
        #expect(try JSON.decode(OutletLatches.self, from: JSON.encode(latches)) == latches)
    }

    @Test func aMemoryThatIsNotUnderstoodCountsAsOneToo() throws {
        var document = AtomicDocument(
            path: "/state/memory",
            magic: "charger-hardware-memory",
            formatVersion: 1,
            files: disk
        )
        try document.save(Array("[]".utf8))
        #expect(try load(file) == (unknown, [.error]))
    }

    /// The change that is lost may have been that a contactor failed: such a change is what writes the document.
    @Test func theOneBeforeStandsInWithItsRegistersAndADoubtInEachContactor() throws {
        var writer = file
        try writer.save(healthy)
        try writer.save(
            HardwareMemory(outlets: [
                .init(connectorId: 1, failures: .init(contactorFailure: "welded"), registerWh: 4711)
            ])
        )
        disk.spoil("/state/memory", block: 0)
        let (memory, levels) = try load(file)
        #expect(memory.outlets.map(\.registerWh) == [4711, nil])
        #expect(memory.outlets.map(\.contactorFailure) == unknown.outlets.map(\.contactorFailure))
        #expect(levels == [.error])
    }

    @Test func aFailureThatTheOneBeforeKnowsKeepsItsWords() throws {
        var writer = file
        try writer.save(HardwareMemory(outlets: [.init(connectorId: 1, failures: .init(contactorFailure: "welded"))]))
        try writer.save(healthy)
        disk.spoil("/state/memory", block: 0)
        #expect(try load(file).memory.outlets.first?.contactorFailure == "welded")
    }

    @Test func whatCouldNotBeReadIsKeptAsideWhenServiceHasLooked() throws {
        var writer = file
        try writer.save(healthy)
        let before = disk.contents("/state/memory")
        disk.spoil("/state/memory", block: 0)
        var next = file
        _ = try load(next)
        try next.save(HardwareMemory())
        disk.heal()
        #expect(disk.contents("/state/memory.unreadable-1") == before)
        #expect(try load(file) == (HardwareMemory(), []))
    }
}
