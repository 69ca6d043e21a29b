/// How a journal looks on disk. All integers are little-endian.
///
/// A header of 32 bytes, twice: magic 8, layout version 2, owner's format version 2, zero 8, next sequence number 8, CRC-32 4. The copies
/// lie in different blocks of the device, at 0 and 4096, so that no single lost block takes both. Then records: length of the payload 4,
/// CRC-32 of the rest 4, sequence number 8, payload. A record says by itself where it ends and that it is one, so records are found again
/// behind any damage. In layout 1, which is still read, the copies lay side by side at 0 and 32 and the records began at 64.
enum JournalFormat {
    /// Version of the layout that is written; the payloads have a version of their own.
    static let layoutVersion: UInt16 = 2
    static let magicBytes = 8
    static let headerCopyBytes = 32
    /// Where the second copy of the header is, by layout version.
    static func secondCopy(layout: UInt16) -> Int { layout == 1 ? headerCopyBytes : 4096 }
    /// Where the first record is, by layout version.
    static func recordsStart(layout: UInt16) -> Int64 {
        Int64(secondCopy(layout: layout) + headerCopyBytes)
    }
    /// So much has to be read to find a header of any layout.
    static let largestHeaderBytes = 4096 + headerCopyBytes
    static let recordHeaderBytes = 16
    /// No record was ever larger. Scanning relies on it, whatever the owner's own limit is today.
    static let maximumRecordBytes = 1 << 20
    /// No journal counts so far: a number from a file above this is damage, and counting on from one below never overflows.
    static let maximumSequence: UInt64 = 1 << 62

    struct Header: Equatable {
        var layout = JournalFormat.layoutVersion
        var formatVersion: UInt16
        /// The number that the next new record had when the file was written: all below are used, though a compaction may have dropped
        /// their records.
        var nextSequence: UInt64

        var recordsStart: Int64 { JournalFormat.recordsStart(layout: layout) }

        /// Both copies, with zeros between them.
        func bytes(magic: [UInt8]) -> [UInt8] {
            let copy = self.copy(magic: magic)
            let gap = [UInt8](repeating: 0, count: JournalFormat.secondCopy(layout: layout) - copy.count)
            return copy + gap + copy
        }

        func copy(magic: [UInt8]) -> [UInt8] {
            var copy = magic
            copy.append(littleEndian: layout)
            copy.append(littleEndian: formatVersion)
            copy.append(littleEndian: UInt64(0))
            copy.append(littleEndian: nextSequence)
            copy.append(littleEndian: CRC32.checksum(copy))
            return copy
        }
    }

    enum HeaderFinding: Equatable {
        /// `flawed`: only one of the copies is sound.
        case sound(Header, flawed: Bool)
        /// A sound header, but none that we may read.
        case foreign(String)
        /// No copy is sound.
        case lost
    }

    /// Reads the header from the beginning of a file.
    static func header(in bytes: [UInt8], magic: [UInt8], newestVersion: UInt16) -> HeaderFinding {
        var foreign: String?
        for start in [0, headerCopyBytes, 4096] where bytes.count >= start + headerCopyBytes {
            let part = Array(bytes[start..<start + headerCopyBytes])
            guard CRC32.checksum(Array(part.dropLast(4))) == part.littleEndian(at: 28, as: UInt32.self)
            else {
                continue
            }
            let layout = part.littleEndian(at: 8, as: UInt16.self)
            let version = part.littleEndian(at: 10, as: UInt16.self)
            let next = part.littleEndian(at: 20, as: UInt64.self)
            if !part.starts(with: magic) {
                foreign = "it is a journal of another kind"
            } else if layout > layoutVersion || version > newestVersion {
                foreign =
                    "its version is \(layout).\(version), newer than \(layoutVersion).\(newestVersion), the newest known"
            } else if layout > 0, start == 0 || start == secondCopy(layout: layout),
                next <= maximumSequence
            {
                let header = Header(layout: layout, formatVersion: version, nextSequence: next)
                return .sound(header, flawed: !isWhole(header, in: bytes, magic: magic))
            }
        }
        return foreign.map { .foreign($0) } ?? .lost
    }

    private static func isWhole(_ header: Header, in bytes: [UInt8], magic: [UInt8]) -> Bool {
        let copy = header.copy(magic: magic)
        let second = secondCopy(layout: header.layout)
        return bytes.starts(with: copy) && bytes.count >= second + headerCopyBytes
            && bytes[second...].starts(with: copy)
    }

    /// Appends one record to `bytes`.
    static func append(_ payload: [UInt8], sequence: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.reserveCapacity(start + recordHeaderBytes + payload.count)
        bytes.append(littleEndian: UInt32(payload.count))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: sequence)
        bytes.append(contentsOf: payload)
        let sum = bytes.withUnsafeBytes {
            checksum(ofRecord: UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        for place in 0..<4 {
            bytes[start + 4 + place] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * place))
        }
    }

    /// The records in bytes that were made by `append`.
    static func records(in bytes: [UInt8]) -> [JournalRecord] {
        var records: [JournalRecord] = []
        var start = 0
        while start < bytes.count {
            let end = start + recordHeaderBytes + Int(bytes.littleEndian(at: start, as: UInt32.self))
            let sequence = bytes.littleEndian(at: start + 8, as: UInt64.self)
            records.append(
                JournalRecord(sequence: sequence, payload: Array(bytes[start + recordHeaderBytes..<end]))
            )
            start = end
        }
        return records
    }

    /// The checksum over everything in a record but the checksum itself.
    static func checksum(ofRecord record: UnsafeRawBufferPointer) -> UInt32 {
        var sum = CRC32()
        sum.update(UnsafeRawBufferPointer(rebasing: record[..<4]))
        sum.update(UnsafeRawBufferPointer(rebasing: record[8...]))
        return sum.value
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    func littleEndian<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type) -> Integer {
        withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }
}
