import GatewayCore
import JSON

/// The records of the journal as JSON.
enum RecordText {
    static func encode(_ record: GatewayCore.JournalRecord) -> [UInt8] {
        do throws(EncodingError) {
            return try JSON.encode(record)
        } catch {
            preconditionFailure("Every record can be written: none holds a number that JSON lacks.")
        }
    }

    static func decode(_ payload: [UInt8]) -> GatewayCore.JournalRecord? {
        // The caller counts what cannot be read; why is of no use to anybody there.
        guard let tree = try? JSON.parse(payload), hasOnlyPossibleNumbers(tree) else { return nil }
        return try? JSON.decode(GatewayCore.JournalRecord.self, from: tree)
    }

    /// Whether all numbers are of a size that we could have written, so that the core may add them. Milliseconds since 1970 are the largest.
    private static func hasOnlyPossibleNumbers(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let number): number.asInt64.map(possible.contains) ?? true
        case .array(let elements): elements.allSatisfy(hasOnlyPossibleNumbers)
        case .object(let object):
            // The central system chooses this one, and nobody counts with it.
            object.members.allSatisfy { $0.key == "transactionId" || hasOnlyPossibleNumbers($0.value) }
        case .null, .bool, .string: true
        }
    }

    private static let possible: ClosedRange<Int64> = -1_000_000_000_000_000...1_000_000_000_000_000
}
