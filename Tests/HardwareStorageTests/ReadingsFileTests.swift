import BusSchema
import HardwareCore
import HardwareStorage
import Primitives
import Storage
import TemporaryFolder
import Testing

@Suite struct ReadingsFileTests {
    private func reading(_ connectorId: Int, _ energyWh: Int64) -> MeterReading {
        MeterReading(
            connectorId: connectorId,
            takenAt: 1_700_000_000_000,
            takenAtUptime: 5000,
            energyWh: energyWh,
            powerW: 0,
            voltageMillivolts: [230_000],
            currentMilliamps: [0],
            valid: true,
            registerEpoch: 3
        )
    }

    @Test func theNewestOfEachMeterIsThereForTheNextProcess() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        var file = ReadingsFile(folder: folder, boot: "a")
        #expect(file.load { _ in Issue.record("nothing is wrong") }.isEmpty)
        for energyWh in [1, 2, 3] as [Int64] { #expect(file.remember(reading(1, energyWh)) == nil) }
        #expect(file.remember(reading(2, 9)) == nil)
        var next = ReadingsFile(folder: folder, boot: "a")
        #expect(next.load { _ in Issue.record("nothing is wrong") } == [reading(1, 3), reading(2, 9)])
    }

    @Test func anotherBootOfTheMachineStartsWithNone() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        var file = ReadingsFile(folder: folder, boot: "a")
        #expect(file.remember(reading(1, 1)) == nil)
        var next = ReadingsFile(folder: folder, boot: "b")
        #expect(next.load { _ in Issue.record("nothing is wrong") }.isEmpty)
    }

    @Test func whatCannotBeUnderstoodIsSaidAndReplaced() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        try temporary.write(Array("not what was expected".utf8), to: "readings")
        var logs: [LogRecord] = []
        var file = ReadingsFile(folder: folder, boot: "a")
        #expect(file.load { logs.append($0) }.isEmpty)
        #expect(logs.count == 1)
        #expect(file.remember(reading(1, 1)) == nil)
        var next = ReadingsFile(folder: folder, boot: "a")
        #expect(next.load { logs.append($0) } == [reading(1, 1)])
    }

    @Test func aFolderThatCannotBeWrittenIsSaidOnce() {
        var file = ReadingsFile(folder: "/nowhere/at/all", boot: "a")
        #expect(file.remember(reading(1, 1)) != nil)
        #expect(file.remember(reading(1, 2)) == nil)
    }

    @Test func whatIsLatchedIsThereForTheNextProcessOfThisBoot() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        var file = ReadingsFile(folder: folder, boot: "a")
        let tripped = OutletLatches(
            connectorId: 1,
            failures: .init(groundFailure: "6 mA"),
            residualCurrentTestSince: 70
        )
        for outlet in [OutletLatches(connectorId: 1), OutletLatches(connectorId: 2), tripped] {
            #expect(file.remember(outlet) == nil)
        }
        #expect(file.remember(reading(1, 7)) == nil)
        var next = ReadingsFile(folder: folder, boot: "a")
        #expect(next.load { _ in Issue.record("nothing is wrong") } == [reading(1, 7)])
        #expect(next.latches == [OutletLatches(connectorId: 2), tripped])
        var another = ReadingsFile(folder: folder, boot: "b")
        #expect(another.load { _ in Issue.record("nothing is wrong") }.isEmpty)
        #expect(another.latches.isEmpty)
    }

    @Test func aFolderThatGoesAwayIsMadeAgain() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.file("hardware-io")
        var file = ReadingsFile(folder: folder, boot: "a")
        #expect(file.remember(reading(1, 1)) == nil)
        try temporary.remove("hardware-io")
        #expect(file.remember(OutletLatches(connectorId: 1, failures: .init(groundFailure: "6 mA"))) == nil)
        var next = ReadingsFile(folder: folder, boot: "a")
        #expect(next.load { _ in Issue.record("nothing is wrong") } == [reading(1, 1)])
        #expect(next.latches.map(\.failures.groundFailure) == ["6 mA"])
    }

    /// As a newer version, or a disk that flips a bit, may leave it.
    @Test func anEntryThatCannotBeUnderstoodTakesNoOtherWithIt() throws {
        let temporary = try TemporaryFolder()
        var file = ReadingsFile(folder: temporary.path, boot: "a")
        let tripped = OutletLatches(connectorId: 1, failures: .init(groundFailure: "6 mA"))
        let came = VehicleSight(connectorId: 1, presentSince: 4000, wasFound: nil, seenAt: 4000)
        let stays = VehicleSight(connectorId: 2, presentSince: 7000, wasFound: nil, seenAt: 7000)
        for energyWh in [1, 2] as [Int64] { #expect(file.remember(reading(Int(energyWh), energyWh)) == nil) }
        for sight in [came, stays] { #expect(file.remember(sight) == nil) }
        #expect(file.remember(tripped) == nil)
        #expect(file.remember(OutletLatches(connectorId: 2, failures: .init(overCurrentFailure: "odd"))) == nil)
        let path = temporary.path + "/readings"
        let text = String(decoding: try SmallFile(path, maximumBytes: 65536).read(from: .regular), as: UTF8.self)
        let spoiled = text.replacing(#""energyWh":1,"#, with: #""energyWh":"one","#)
            .replacing(#""presentSince":4000"#, with: #""presentSince":true"#)
            .replacing(#""overCurrentFailure":"odd""#, with: #""overCurrentFailure":{"code":"odd"}"#)
        try temporary.write(Array(spoiled.utf8), to: "readings")
        var logs: [LogRecord] = []
        var next = ReadingsFile(folder: temporary.path, boot: "a")
        #expect(next.load { logs.append($0) } == [reading(2, 2)])
        #expect(next.vehicles == [stays])
        // Nobody can say what it was.
        #expect(next.latches == [tripped, OutletLatches.unknown(connectorId: 2)])
        #expect(next.latches.last?.failures.contactorFailure != nil)
        #expect(logs.count == 1)
    }

    @Test func whatWasSeenOfVehiclesIsThereForTheNextProcessOfThisBoot() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        var file = ReadingsFile(folder: folder, boot: "a")
        let came = VehicleSight(connectorId: 1, presentSince: 4000, wasFound: nil, seenAt: 4000)
        let stays = VehicleSight(connectorId: 1, presentSince: 4000, wasFound: nil, seenAt: 9000)
        let absent = VehicleSight(connectorId: 2, presentSince: nil, wasFound: nil, seenAt: 1000)
        for sight in [came, absent, stays] { #expect(file.remember(sight) == nil) }
        #expect(file.remember(reading(1, 7)) == nil)
        var next = ReadingsFile(folder: folder, boot: "a")
        #expect(next.load { _ in Issue.record("nothing is wrong") } == [reading(1, 7)])
        #expect(next.vehicles == [absent, stays])
        var another = ReadingsFile(folder: folder, boot: "b")
        #expect(another.load { _ in Issue.record("nothing is wrong") }.isEmpty)
        #expect(another.vehicles.isEmpty)
    }
}
