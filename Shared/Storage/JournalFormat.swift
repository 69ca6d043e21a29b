/// How a journal looks on disk. All integers are little-endian.
///
/// Header, twice (either copy will do): magic 8, layout version 2, owner's format version 2, zero 8, next sequence number 8, CRC-32 4.
/// Then records: length of the payload 4, CRC-32 of the rest 4, sequence number 8, payload.
enum JournalFormat {
    /// Version of this layout; the payloads have a version of their own.
    static let layoutVersion: UInt16 = 1
    static let magicBytes = 8
    static let headerCopyBytes = 32
    static let headerBytes = 2 * headerCopyBytes
    static let recordHeaderBytes = 16
    /// No record was ever larger. Scanning relies on it, whatever the owner's own limit is today.
    static let maximumRecordBytes = 1 << 20

    struct Header: Equatable {
        var formatVersion: UInt16
        /// The number that the next new record had when the file was written: all below are used, though a compaction may have dropped
        /// their records.
        var nextSequence: UInt64

        func bytes(magic: [UInt8]) -> [UInt8] {
            var copy = magic
            copy.append(littleEndian: layoutVersion)
            copy.append(littleEndian: formatVersion)
            copy.append(littleEndian: UInt64(0))
            copy.append(littleEndian: nextSequence)
            copy.append(littleEndian: CRC32.checksum(copy))
            return copy + copy
        }
    }

    enum HeaderFinding: Equatable {
        /// `flawed`: only one of the copies is sound.
        case sound(Header, flawed: Bool)
        case unreadable(String)
    }

    /// Reads the header from the beginning of a file.
    static func header(in bytes: [UInt8], magic: [UInt8], newestVersion: UInt16) -> HeaderFinding {
        var reason = "its header is damaged"
        var found: (header: Header, copy: Int)?
        for copy in 0..<2 where found == nil {
            let start = copy * headerCopyBytes
            guard bytes.count >= start + headerCopyBytes else { continue }
            let part = Array(bytes[start..<start + headerCopyBytes])
            guard CRC32.checksum(Array(part.dropLast(4))) == part.littleEndian(at: 28, as: UInt32.self) else {
                continue
            }
            let layout = part.littleEndian(at: 8, as: UInt16.self)
            let version = part.littleEndian(at: 10, as: UInt16.self)
            if !part.starts(with: magic) {
                reason = "it is a journal of another kind"
            } else if layout > layoutVersion || version > newestVersion {
                reason =
                    "its version is \(layout).\(version), newer than \(layoutVersion).\(newestVersion), the newest known"
            } else {
                found = (Header(formatVersion: version, nextSequence: part.littleEndian(at: 20, as: UInt64.self)), copy)
            }
        }
        guard let found else { return .unreadable(reason) }
        return .sound(found.header, flawed: !bytes.starts(with: found.header.bytes(magic: magic)))
    }

    /// Appends one record to `bytes`.
    static func append(_ payload: [UInt8], sequence: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.reserveCapacity(start + recordHeaderBytes + payload.count)
        bytes.append(littleEndian: UInt32(payload.count))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: sequence)
        bytes.append(contentsOf: payload)
        let sum = bytes.withUnsafeBytes { checksum(ofRecord: UnsafeRawBufferPointer(rebasing: $0[start...])) }
        for place in 0..<4 { bytes[start + 4 + place] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * place)) }
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
