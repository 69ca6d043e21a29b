import Foundation
import Storage
import TemporaryFolder
import Testing

@Suite struct SmallFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String, maximumBytes: Int = 10) -> SmallFile {
        SmallFile(folder.file(name), maximumBytes: maximumBytes)
    }

    private func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: folder.file(name))[.posixPermissions] as? Int
    }

    @Test(arguments: [SmallFile.Source.chosen, .foreign, .handedIn, .regular])
    func aFileOfTheLargestSizeIsReadAndAByteMoreIsNot(source: SmallFile.Source) throws {
        try folder.write([UInt8]("0123456789"), to: "fits")
        try folder.write([UInt8]("0123456789A"), to: "large")
        #expect(try file("fits").read(from: source) == [UInt8]("0123456789"))
        #expect(throws: SmallFileError.tooLarge(path: folder.file("large"), limit: 10)) {
            try file("large").read(from: source)
        }
    }

    @Test func aFolderThatWasRemovedIsMadeAnewWhereItIsOurs() throws {
        let small = file("gone/file")
        #expect(throws: SmallFileError.self) { try small.replace(with: [1], access: .init(mode: 0o600)) }
        try small.replace(with: [1], access: .init(mode: 0o600), folder: .init(mode: 0o700))
        #expect(try small.read(from: .handedIn) == [1])
        #expect(try mode("gone") == 0o700)
    }

    @Test func whatHasThePlaceOfAFolderIsMovedAway() throws {
        try folder.write([1], to: "place")
        #expect(SmallFile.moveAwayUnlessFolder(folder.file("place")) == folder.file("place.unreadable"))
        #expect(SmallFile.moveAwayUnlessFolder(folder.file("place")) == nil)
        try folder.makeFolder("place")
        #expect(SmallFile.moveAwayUnlessFolder(folder.file("place")) == nil)
        #expect(try folder.read("place.unreadable") == [1])
    }

    @Test func aFileOfManyPiecesIsReadWhole() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try folder.write(bytes, to: "large")
        #expect(try file("large", maximumBytes: 100_000).read(from: .foreign) == bytes)
    }

    @Test func anAbsentFileIsAnAbsenceAndAFolderIsNone() throws {
        try folder.makeFolder("folder")
        let absent = #expect(throws: SmallFileError.self) { try file("absent").read(from: .foreign) }
        let wrong = #expect(throws: SmallFileError.self) { try file("folder").read(from: .foreign) }
        #expect(absent?.isAbsence == true)
        #expect(absent?.description == "cannot read \(folder.file("absent")): No such file or directory")
        #expect(wrong?.isAbsence == false)
        #expect(wrong?.description == "cannot read \(folder.file("folder")): Is a directory")
    }

    @Test func aLinkIsFollowedUnlessTheFileWasHandedIn() throws {
        try folder.write([1], to: "file")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"),
            withDestinationPath: folder.file("file")
        )
        #expect(try file("link").read(from: .chosen) == [1])
        #expect(try file("link").read(from: .foreign) == [1])
        #expect(try file("link").read(from: .regular) == [1])
        #expect(throws: SmallFileError.self) { try file("link").read(from: .handedIn) }
    }

    @Test func whatIsHandedInHasOneNameAndIsAFile() throws {
        try folder.write([1], to: "file")
        #expect(try file("file").read(from: .handedIn) == [1])
        try FileManager.default.linkItem(atPath: folder.file("file"), toPath: folder.file("second"))
        let two = #expect(throws: SmallFileError.self) { try file("file").read(from: .handedIn) }
        #expect(two?.description == "expected a file with one name at \(folder.file("file")), found one with 2")
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        // It comes back at once, although nobody writes into the pipe.
        let pipe = #expect(throws: SmallFileError.self) { try file("pipe").read(from: .handedIn) }
        #expect(pipe?.description == "expected a regular file at \(folder.file("pipe")), found something else")
    }

    /// Nobody writes into it: whoever waited for that would wait for ever.
    @Test(.timeLimit(.minutes(1))) func aPipeOrAFolderInThePlaceOfAFileIsRefusedAtOnce() throws {
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        let pipe = #expect(throws: SmallFileError.self) { try file("pipe").read(from: .regular) }
        #expect(pipe?.description == "expected a regular file at \(folder.file("pipe")), found something else")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"),
            withDestinationPath: folder.file("pipe")
        )
        #expect(throws: SmallFileError.self) { try file("link").read(from: .regular) }
        try folder.makeFolder("folder")
        #expect(throws: SmallFileError.self) { try file("folder").read(from: .regular) }
    }

    @Test func aReplacedFileHasItsContentAndItsModeAndNothingIsLeftBeside() throws {
        try folder.write([9], to: "file.new")
        try file("file").replace(with: [1, 2], access: .init(mode: 0o666))
        #expect(try folder.read("file") == [1, 2])
        #expect(try mode("file") == 0o666)
        try file("file").replace(with: [3], access: .init(mode: 0o640))
        #expect(try folder.read("file") == [3])
        #expect(try mode("file") == 0o640)
        #expect(try folder.names == ["file"])
    }

    enum Planted: CaseIterable { case link, secondName, file, pipe }

    /// Whoever may write into the folder must not get the content, or have us write over a file that only we may touch.
    @Test(arguments: Planted.allCases) func whatIsPlantedAtTheTemporaryNameIsNotWrittenTo(planted: Planted) throws {
        let other = try TemporaryFolder()
        try other.write([7, 7], to: "victim")
        let place = folder.file("file.new")
        switch planted {
        case .link:
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: other.file("victim"))
        case .secondName: try FileManager.default.linkItem(atPath: other.file("victim"), toPath: place)
        case .file: try folder.write([7, 7], to: "file.new")
        case .pipe: #expect(mkfifo(place, 0o666) == 0)
        }
        // Whoever planted a file holds it open, and would read what is written into it.
        let held = open(place, O_RDONLY | O_NONBLOCK)
        #expect(held >= 0)
        defer { close(held) }
        try file("file").replace(with: [1, 2, 3], access: .init(mode: 0o640))
        #expect(try folder.read("file") == [1, 2, 3])
        #expect(try mode("file") == 0o640)
        #expect(try folder.names == ["file"])
        #expect(try other.read("victim") == [7, 7])
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(read(held, &buffer, buffer.count) == (planted == .pipe ? 0 : 2))
    }

    /// Where it cannot be taken away, nothing is written at all.
    @Test func withoutATemporaryNameOfItsOwnNothingIsReplaced() throws {
        try folder.write([9], to: "file")
        for name in ["file.new", "file.new.unreadable"] {
            try folder.makeFolder(name)
            try folder.write([1], to: name + "/something")
        }
        let error = #expect(throws: SmallFileError.self) {
            try file("file").replace(with: [1, 2], access: .init(mode: 0o640))
        }
        #expect(error?.description == "cannot create \(folder.file("file.new")): File exists")
        #expect(try folder.read("file") == [9])
    }

    @Test func aFileThatCannotBeReplacedStaysAndNothingIsLeftBeside() throws {
        try folder.makeFolder("place")
        let error = #expect(throws: SmallFileError.self) {
            try file("place").replace(with: [1], access: .init(mode: 0o640))
        }
        #expect(error?.description == "cannot write \(folder.file("place")): Is a directory")
        #expect(try folder.names == ["place"])
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "no root to mount a small file system"))
    func onAFullDiskTheOldContentStays() throws {
        let disk = try SmallDisk(kilobytes: 64)
        let file = SmallFile(disk.folder.file("file"), maximumBytes: 1 << 20)
        try file.replace(with: [1], access: .init(mode: 0o640))
        let error = #expect(throws: SmallFileError.self) {
            try file.replace(with: [UInt8](repeating: 2, count: 1 << 20), access: .init(mode: 0o640))
        }
        #expect(error?.description == "cannot write \(file.path): No space left on device")
        #expect(try file.read(from: .foreign) == [1])
        #expect(try disk.folder.names == ["file"])
    }

    @Test func removingWhatIsNotThereIsFine() throws {
        try folder.write([1], to: "file")
        try file("file").remove()
        try file("file").remove()
        #expect(try folder.names == [])
    }

    @Test func aFolderIsMadeOnceWithItsMode() throws {
        for _ in 0..<2 {
            try SmallFile.makeFolder(folder.file("folder"), access: .init(mode: 0o2750))
            #expect(try mode("folder") == 0o2750)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"),
            withDestinationPath: folder.file("folder")
        )
        let error = #expect(throws: SmallFileError.self) {
            try SmallFile.makeFolder(folder.file("link"), access: .init(mode: 0o777))
        }
        #expect(error?.description == "cannot use the folder \(folder.file("link")): Not a directory")
        #expect(try mode("folder") == 0o2750)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, to give a folder to another group"))
    func aFolderThatWasPreparedForAnotherGroupGoesOnToHandItOn() throws {
        let path = folder.file("prepared")
        let group: gid_t = 54_321
        try folder.makeFolder("prepared")
        #expect(!SmallFile.isPreparedFolder(path))
        #expect(chown(path, .max, group) == 0)
        #expect(chmod(path, 0o2770) == 0)
        #expect(SmallFile.isPreparedFolder(path))
        try SmallFile.makeFolder(path, access: .init(mode: 0o750))
        #expect(try mode("prepared") == 0o2750)
        try SmallFile(path + "/file").replace(with: [1], access: .init(mode: 0o640))
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/file")
        #expect(attributes[.groupOwnerAccountID] as? UInt32 == group)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
    }
}

@Suite struct SimulatedPowerCutTests {
    @Test func eachIsAnotherBootForEverybodyWhoSharesTheRuntimeFolder() throws {
        let folder = try TemporaryFolder()
        let mine = SimulatedPowerCuts(runtimeFolder: folder.path)
        let yours = SimulatedPowerCuts(runtimeFolder: folder.path)
        #expect(mine.bootId(onMachine: "m") == "m")
        try mine.add()
        #expect(yours.bootId(onMachine: "m") == "m+1")
        try yours.add()
        #expect(mine.bootId(onMachine: "m") == "m+2")
        #expect(mine.bootId(onMachine: "n") == "n+2")
    }

    @Test func oneThatCannotBeNotedIsAnError() {
        #expect(throws: SmallFileError.self) { try SimulatedPowerCuts(runtimeFolder: "/nowhere").add() }
    }
}
