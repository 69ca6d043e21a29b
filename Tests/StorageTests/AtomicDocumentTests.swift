import Foundation
import Storage
import TemporaryFolder
import Testing

@Suite struct AtomicDocumentTests {
    private let folder: TemporaryFolder
    private let body = [UInt8]("{\"key\":\"value\"}\n")

    init() throws { folder = try TemporaryFolder() }

    private func document(version: UInt16 = 1, maximumBytes: Int = 1000, keepsPrevious: Bool = false)
        -> AtomicDocument
    {
        AtomicDocument(
            path: folder.file("doc"),
            magic: "test-doc",
            formatVersion: version,
            maximumBytes: maximumBytes,
            keepsPrevious: keepsPrevious
        )
    }

    @Test func nothingIsThereAtFirst() throws {
        #expect(try document().load() == AtomicDocument.Loaded())
    }

    @Test(arguments: [[], [UInt8]("x"), [UInt8]("a\nb \n"), [UInt8](0...255)])
    func whatWasSavedIsLoaded(body: [UInt8]) throws {
        var document = document(version: 3)
        try document.save([UInt8]("something older and longer than the rest"))
        try document.save(body)
        let loaded = try document.load()
        #expect(loaded == .init(body: body, formatVersion: 3))
        #expect(try folder.names == ["doc"])
    }

    @Test func theFileStartsWithOneLineOfTextAndHoldsTheBodyAsItIs() throws {
        var document = document()
        try document.save([UInt8]("123456789"))
        let lines = String(decoding: try folder.read("doc"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("test-doc 1 9 "))
        #expect(lines[1] == "123456789")
    }

    @Test func everyShorterFileIsSetAsideAndNeverTaken() throws {
        var document = document()
        try document.save(body)
        let whole = try folder.read("doc")
        for length in 0..<whole.count {
            try folder.write(Array(whole.prefix(length)), to: "doc")
            let loaded = try document.load()
            #expect(loaded.body == nil)
            #expect(loaded.setAside.map(\.keptAs) == [folder.file("doc.unreadable-1")])
            #expect(try folder.read("doc.unreadable-1") == Array(whole.prefix(length)))
            try folder.remove("doc.unreadable-1")
        }
    }

    @Test func everyFlippedBitIsNoticed() throws {
        var document = document()
        try document.save(body)
        let whole = try folder.read("doc")
        for index in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[index] ^= 1 << UInt8(bit)
                try folder.write(damaged, to: "doc")
                let loaded = try document.load()
                #expect(loaded.body == nil, "byte \(index), bit \(bit)")
                try folder.remove("doc.unreadable-1")
            }
        }
    }

    @Test func bytesBehindTheBodyAreNoticed() throws {
        var document = document()
        try document.save(body)
        try folder.write(try folder.read("doc") + [0x0A], to: "doc")
        #expect(try document.load().body == nil)
    }

    @Test func aNewerVersionIsSetAsideAndAnOlderOneRead() throws {
        var newer = document(version: 2)
        try newer.save(body)
        let found = try document(version: 3).load()
        #expect(found == .init(body: body, formatVersion: 2))
        let refused = try document(version: 1).load()
        #expect(refused.body == nil)
        #expect(
            refused.setAside.first?.reason == "its format version is 2, newer than 1, the newest known"
        )
        #expect(try folder.names == ["doc.unreadable-1"])
    }

    @Test func anotherKindOfDocumentIsSetAside() throws {
        try folder.write([UInt8]("other-doc 1 0 00000000\n"), to: "doc")
        #expect(try document().load().setAside.first?.reason == "it does not begin with test-doc")
    }

    @Test func anOversizedFileIsSetAsideWithoutReadingIt() throws {
        try folder.write([UInt8](repeating: 0, count: 2000), to: "doc")
        #expect(try document().load().setAside.first?.reason == "it is larger than 1068 bytes")
    }

    @Test func aFolderInItsPlaceIsSetAside() throws {
        try folder.makeFolder("doc")
        let loaded = try document().load()
        #expect(loaded.setAside.first?.reason == "it is not a regular file")
        #expect(try folder.names == ["doc.unreadable-1"])
        var document = document()
        try document.save(body)
        #expect(try document.load().body == body)
    }

    @Test func unreadableFilesAreKeptSideBySideUpToALimit() throws {
        for number in 1...25 {
            try folder.write([UInt8]("junk \(number)"), to: "doc")
            _ = try document().load()
        }
        #expect(try folder.names.count == 20)
        #expect(try folder.read("doc.unreadable-1") == [UInt8]("junk 1"))
        #expect(try folder.read("doc.unreadable-20") == [UInt8]("junk 25"))
    }

    @Test func aLeftoverOfAKilledSaveIsIgnoredAndReplaced() throws {
        var document = document()
        try document.save(body)
        try folder.write([UInt8]("half of a head"), to: "doc.new")
        #expect(try document.load().body == body)
        try document.save([UInt8]("next"))
        #expect(try document.load().body == [UInt8]("next"))
        #expect(try folder.names == ["doc"])
    }

    @Test func anOversizedBodyIsRefusedAndTheOldOneStays() throws {
        var document = document(maximumBytes: 20)
        try document.save(body)
        let error = #expect(throws: StorageError.self) {
            try document.save([UInt8](repeating: 1, count: 21))
        }
        #expect(error == .tooLarge(path: folder.file("doc"), bytes: 21, limit: 20))
        #expect(try document.load().body == body)
    }

    @Test func aMissingFolderIsAnErrorThatNamesIt() throws {
        var document = AtomicDocument(path: folder.file("no/doc"), magic: "m", formatVersion: 1)
        let error = #expect(throws: StorageError.self) { try document.save([]) }
        let text = try #require(error?.description)
        #expect(text.contains(folder.file("no/doc")))
        #expect(text.hasSuffix("create the folder, or name another one with --state-dir"))
        #expect(try document.load().body == nil)
    }

    @Test func theModeIsExact() throws {
        var secret = AtomicDocument(
            path: folder.file("secret"),
            magic: "m",
            formatVersion: 1,
            mode: 0o600
        )
        try folder.write([], to: "secret.new")
        try secret.save(body)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("secret"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func thePreviousDocumentStandsInForAnUnreadableOne() throws {
        var document = document(keepsPrevious: true)
        try document.save([UInt8]("first"))
        #expect(try folder.names == ["doc"])
        try document.save([UInt8]("second"))
        try document.save([UInt8]("third"))
        #expect(try document.load() == .init(body: [UInt8]("third"), formatVersion: 1))
        try folder.write([UInt8]("junk"), to: "doc")
        let loaded = try document.load()
        #expect(loaded.body == [UInt8]("second"))
        #expect(loaded.isPrevious)
        #expect(loaded.setAside.count == 1)
        try document.save([UInt8]("fourth"))
        #expect(try document.load() == .init(body: [UInt8]("fourth"), formatVersion: 1))
    }

    @Test func whenBothAreUnreadableBothAreKept() throws {
        try folder.write([UInt8]("junk"), to: "doc")
        try folder.write([UInt8]("junk"), to: "doc.previous")
        let loaded = try document(keepsPrevious: true).load()
        #expect(loaded.body == nil)
        #expect(try folder.names == ["doc.previous.unreadable-1", "doc.unreadable-1"])
    }

    @Test func aRemovedDocumentIsGoneWithAllItsNames() throws {
        var document = document(keepsPrevious: true)
        try document.save(body)
        try document.save(body)
        try document.remove()
        try document.remove()
        #expect(try folder.names == [])
    }

    @Test func bytesAndSyncsAreCounted() throws {
        var document = document()
        try document.save(body)
        #expect(document.written.rewrittenBytes == (try folder.read("doc").count))
        #expect(document.written.syncs == 2)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs root, to mount a small file system"))
    func aFullDiskLeavesTheOldDocumentAndNoRemains() throws {
        let disk = try SmallDisk(kilobytes: 256)
        var document = AtomicDocument(path: disk.folder.file("doc"), magic: "m", formatVersion: 1)
        try document.save(body)
        try disk.fill()
        let error = #expect(throws: StorageError.self) {
            try document.save([UInt8](repeating: 7, count: 20_000))
        }
        #expect(error == .full(path: disk.folder.file("doc.new")))
        #expect(try document.load().body == body)
        #expect(try disk.folder.names == ["doc", "filler"])
        try disk.folder.remove("filler")
        try document.save([UInt8](repeating: 7, count: 20_000))
        #expect(try document.load().body?.count == 20_000)
    }
}

@Suite struct CRC32Tests {
    @Test func theCheckValueOfTheStandardComesOut() {
        #expect(CRC32.checksum([UInt8]("123456789")) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
    }

    @Test func piecesGiveTheSameAsTheWhole() {
        var sum = CRC32()
        for piece in ["1234", "", "56789"] { Array(piece.utf8).withUnsafeBytes { sum.update($0) } }
        #expect(sum.value == 0xCBF4_3926)
    }
}

@Suite struct SystemErrorTests {
    @Test func theTextNamesThePathTheCauseAndWhatToDo() {
        #expect(
            FileError(EACCES, "open", "/var/lib/x").description
                == "cannot open /var/lib/x: Permission denied; the user of the service needs read and write access to it and to its folder"
        )
        #expect(FileError(EINVAL, "sync", "/x").description == "cannot sync /x: Invalid argument")
    }
}
