/// One line of the durable history of transactions. Everything the charging part must know after a restart is in these records.
///
/// Evolution: fields are only added, and are optional; a record of an unknown kind is kept as `unknown` and skipped.
public enum JournalRecord: Equatable, Sendable {
    case began(Began)
    case sampled(Sampled)
    case registerRead(RegisterRead)
    case stopping(Stopping)
    case ended(Ended)
    case resumed(Resumed)
    case assigned(Assigned)
    case delivered(Delivered)
    case attempted(Attempted)
    case deadLettered(DeadLettered)
    case requeued(Requeued)
    case availabilitySet(AvailabilitySet)
    case released(Released)
    case bootStart(BootStart)
    case checkpoint(Checkpoint)
    /// Written by a newer version.
    case unknown(kind: String)

    /// Place in the order of messages; nil for records that are no message.
    public var sequence: Int64? {
        switch self {
        case .began(let record): record.sequence
        case .sampled(let record): record.sequence
        case .ended(let record): record.sequence
        case .registerRead, .stopping, .resumed, .assigned, .delivered, .attempted, .deadLettered, .requeued,
            .availabilitySet, .released, .bootStart, .checkpoint, .unknown:
            nil
        }
    }

    /// May be given up when the disk is full, so that begins and ends still find room (E §3.91, OCPP 1.6 §3.7). What every session or start
    /// writes is none of these: as long as it is refused, nothing begins.
    public var isExpendable: Bool {
        switch self {
        case .sampled, .registerRead, .attempted, .checkpoint, .unknown: true
        case .began, .stopping, .ended, .resumed, .assigned, .delivered, .deadLettered, .requeued, .availabilitySet,
            .released, .bootStart:
            false
        }
    }

    /// The transaction it is about, by our own name for it.
    public var transaction: String? {
        switch self {
        case .began(let record): record.transaction
        case .sampled(let record): record.transaction
        case .registerRead(let record): record.transaction
        case .stopping(let record): record.transaction
        case .ended(let record): record.transaction
        case .resumed(let record): record.transaction
        case .assigned(let record): record.transaction
        case .delivered(let record): record.transaction
        case .deadLettered(let record): record.transaction
        case .attempted, .requeued, .availabilitySet, .released, .bootStart, .checkpoint, .unknown: nil
        }
    }
}

/// How safe records must be before the effects after it are performed.
public enum Durability: Int, Comparable, Sendable {
    /// Handed to the operating system: survives the death of the process.
    case written
    /// On the disk: survives a power cut. Unless all records are expendable, space kept free for them may be used.
    case synced

    public static func < (left: Durability, right: Durability) -> Bool { left.rawValue < right.rawValue }
}

extension JournalRecord: Codable {
    private struct Kind: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads an object with one field: the kind, and in it the record.
    /// - Throws: `DecodingError` when there is no field, or the record does not fit its kind.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Kind.self)
        guard let kind = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a journal record needs a kind")
            )
        }
        switch kind.stringValue {
        case "began": self = .began(try container.decode(Began.self, forKey: kind))
        case "sampled": self = .sampled(try container.decode(Sampled.self, forKey: kind))
        case "register": self = .registerRead(try container.decode(RegisterRead.self, forKey: kind))
        case "stopping": self = .stopping(try container.decode(Stopping.self, forKey: kind))
        case "ended": self = .ended(try container.decode(Ended.self, forKey: kind))
        case "resumed": self = .resumed(try container.decode(Resumed.self, forKey: kind))
        case "assigned": self = .assigned(try container.decode(Assigned.self, forKey: kind))
        case "delivered": self = .delivered(try container.decode(Delivered.self, forKey: kind))
        case "attempted": self = .attempted(try container.decode(Attempted.self, forKey: kind))
        case "deadLettered": self = .deadLettered(try container.decode(DeadLettered.self, forKey: kind))
        case "requeued": self = .requeued(try container.decode(Requeued.self, forKey: kind))
        case "availability": self = .availabilitySet(try container.decode(AvailabilitySet.self, forKey: kind))
        case "released": self = .released(try container.decode(Released.self, forKey: kind))
        case "bootStart": self = .bootStart(try container.decode(BootStart.self, forKey: kind))
        case "checkpoint": self = .checkpoint(try container.decode(Checkpoint.self, forKey: kind))
        default: self = .unknown(kind: kind.stringValue)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        func put(_ kind: String, _ record: some Encodable) throws {
            try container.encode(record, forKey: Kind(stringValue: kind))
        }
        switch self {
        case .began(let record): try put("began", record)
        case .sampled(let record): try put("sampled", record)
        case .registerRead(let record): try put("register", record)
        case .stopping(let record): try put("stopping", record)
        case .ended(let record): try put("ended", record)
        case .resumed(let record): try put("resumed", record)
        case .assigned(let record): try put("assigned", record)
        case .delivered(let record): try put("delivered", record)
        case .attempted(let record): try put("attempted", record)
        case .deadLettered(let record): try put("deadLettered", record)
        case .requeued(let record): try put("requeued", record)
        case .availabilitySet(let record): try put("availability", record)
        case .released(let record): try put("released", record)
        case .bootStart(let record): try put("bootStart", record)
        case .checkpoint(let record): try put("checkpoint", record)
        case .unknown(let kind): try put(kind, Requeued())
        }
    }
}
