/// Questions for the address of a name, and their answers, as name servers speak (RFC 1035 §4.1; AAAA: RFC 3596 §2.1).
///
/// Each uplink has name servers of its own, which the system's resolver cannot be told to use; so the probe asks them itself.
public enum NameQuery {
    public enum Kind: UInt16, Equatable, Sendable, CaseIterable {
        case a = 1
        case aaaa = 28
    }

    /// What an answer says.
    public enum Answer: Equatable, Sendable {
        /// At least one, 4 or 16 bytes each.
        case addresses([[UInt8]])
        /// The name exists and has no address of this kind.
        case none
        /// The server had more to say than a datagram takes (RFC 1035 §4.1.1, TC), and no address was in what arrived.
        case cut
        /// RFC 1035 §4.1.1, RCODE 1…15: 3 says that there is no such name.
        case refused(code: UInt8)
    }

    /// Answers over UDP without an extension are no longer than this, bytes (RFC 1035 §4.2.1); nothing behind it is read.
    public static let longestAnswer = 512
    /// More are of no use to anybody who dials them one after the other.
    static let mostAddresses = 8

    /// The bytes to send to port 53; nil for what is no name of a host (RFC 1035 §2.3.4: labels of 1…63 bytes, 253 characters in all).
    public static func question(_ name: String, _ kind: Kind, id: UInt16) -> [UInt8]? {
        guard let labels = labels(of: name) else { return nil }
        // One question, recursion desired.
        var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xFF), 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in labels {
            bytes.append(UInt8(label.count))
            bytes += label
        }
        return bytes + [0, 0, UInt8(kind.rawValue), 0, 1]
    }

    /// Reads what came back. Nil for whatever is no answer to that question: it is left unread, and the right one waited for.
    public static func answer(_ bytes: [UInt8], to name: String, _ kind: Kind, id: UInt16) -> Answer? {
        guard bytes.count >= 12, let labels = labels(of: name) else { return nil }
        guard bytes[0] == UInt8(id >> 8), bytes[1] == UInt8(id & 0xFF), bytes[2] & 0x80 != 0 else { return nil }
        // The question comes back (RFC 1035 §4.1): without it, anybody's packet would do.
        let isCut = bytes[2] & 0x02 != 0 || bytes.count > longestAnswer
        var reader = Reader(Array(bytes.prefix(longestAnswer)))
        guard reader.number(at: 4) == 1, reader.takesQuestion(labels, kind) else { return nil }
        let code = bytes[3] & 0x0F
        guard code == 0 else { return .refused(code: code) }
        let count = Int(reader.number(at: 6))
        var addresses: [[UInt8]] = []
        for _ in 0..<count {
            guard let record = reader.record() else { break }
            let isRight = record.type == kind.rawValue && record.data.count == (kind == .a ? 4 : 16)
            // A chain of other names (CNAME) comes in the same answer, with the addresses at its end.
            if isRight, addresses.count < mostAddresses { addresses.append(Array(record.data)) }
        }
        if addresses.isEmpty { return isCut ? .cut : Answer.none }
        return .addresses(addresses)
    }

    private static func labels(of name: String) -> [[UInt8]]? {
        let name = name.hasSuffix(".") ? name.dropLast() : name[...]
        guard (1...253).contains(name.utf8.count) else { return nil }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        let areFit = labels.allSatisfy { (1...63).contains($0.count) && $0.allSatisfy { 0x21...0x7E ~= $0 } }
        return areFit ? labels : nil
    }

    /// Reads on through an answer; everything in it is somebody else's.
    private struct Reader {
        private let bytes: [UInt8]
        private var place = 12

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// Two bytes; 0 beyond the end.
        func number(at place: Int) -> UInt16 {
            guard place + 1 < bytes.count else { return 0 }
            return UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
        }

        /// Whether the question that follows is this one; reads over it.
        mutating func takesQuestion(_ labels: [[UInt8]], _ kind: Kind) -> Bool {
            for label in labels {
                let end = place + 1 + label.count
                guard end < bytes.count, Int(bytes[place]) == label.count else { return false }
                let found = bytes[(place + 1)..<end]
                guard zip(found, label).allSatisfy({ Self.lowered($0) == Self.lowered($1) }) else { return false }
                place = end
            }
            guard place + 4 < bytes.count, bytes[place] == 0 else { return false }
            defer { place += 5 }
            return number(at: place + 1) == kind.rawValue && number(at: place + 3) == 1
        }

        /// One record; nil when the bytes end before it does.
        mutating func record() -> (type: UInt16, data: ArraySlice<UInt8>)? {
            guard skipName(), place + 10 <= bytes.count else { return nil }
            let type = number(at: place)
            let length = Int(number(at: place + 8))
            let start = place + 10
            guard start + length <= bytes.count else { return nil }
            place = start + length
            return (type, bytes[start..<(start + length)])
        }

        /// A name ends with an empty label or with a pointer (RFC 1035 §4.1.4), which is not followed: whose record it is does not matter here.
        private mutating func skipName() -> Bool {
            while place < bytes.count {
                let length = Int(bytes[place])
                if length == 0 {
                    place += 1
                    return true
                }
                if length & 0xC0 == 0xC0 {
                    place += 2
                    return place <= bytes.count
                }
                guard length & 0xC0 == 0 else { return false }
                place += 1 + length
            }
            return false
        }

        private static func lowered(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte + 0x20 : byte }
    }
}
