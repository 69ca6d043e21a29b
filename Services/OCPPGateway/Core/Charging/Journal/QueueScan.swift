import OCPP

/// A transaction-related message as it waits on disk, with what rendering needs beside it.
public struct QueueEntry: Equatable, Sendable {
    /// What it renders.
    public enum Message: Equatable, Sendable {
        case start(Began)
        case meterValues(Sampled)
        case stop(Ended)
    }

    public var sequence: Int64
    public var message: Message
    /// The central system's answer to StartTransaction, if it is on disk.
    public var assigned: Assigned?
    /// It was confirmed before, as an end with the id -1.
    var wasTold = false

    /// Nil for records that are no message.
    init?(_ record: JournalRecord) {
        guard let sequence = record.sequence else { return nil }
        self.sequence = sequence
        switch record {
        case .began(let began): message = .start(began)
        case .sampled(let sampled): message = .meterValues(sampled)
        case .ended(let ended): message = .stop(ended)
        case .registerRead, .stopping, .resumed, .assigned, .delivered, .attempted, .deadLettered, .requeued,
            .availabilitySet, .released, .bootStart, .checkpoint, .unknown:
            return nil
        }
    }

    /// The identifier that it names: who began, or who asked for the end.
    var idTag: IdToken? {
        switch message {
        case .start(let began): began.idTag
        case .meterValues: nil
        case .stop(let ended): ended.idTag
        }
    }

    var transaction: String {
        switch message {
        case .start(let began): began.transaction
        case .meterValues(let sampled): sampled.transaction
        case .stop(let ended): ended.transaction
        }
    }

    var action: Action {
        switch message {
        case .start: .startTransaction
        case .meterValues: .meterValues
        case .stop: .stopTransaction
        }
    }

    var messageId: String? {
        switch message {
        case .start(let began): began.messageId
        case .meterValues(let sampled): sampled.messageId
        // With the id that came late it is another message than the one that was confirmed, and stays the same over retries: nothing else
        // is called by our own name of the transaction.
        case .stop(let ended): wasTold && assigned != nil ? ended.transaction : ended.messageId
        }
    }

    var time: EventTime {
        switch message {
        case .start(let began): began.time
        case .meterValues(let sampled): sampled.time
        case .stop(let ended): ended.time
        }
    }

    var isStop: Bool {
        guard case .stop = message else { return false }
        return true
    }
}

/// Which part of the queue is wanted in memory.
public struct QueueQuery: Equatable, Sendable {
    /// Only messages after this one.
    public var afterSequence: Int64
    /// At most so many.
    public var limit: Int
    /// Read the whole journal, from its first record to its last: an answer to StartTransaction may stand before or behind the
    /// messages that need it. Only for messages that were dead letters; everything else finds the answer in memory, so that the
    /// reading may begin right before the first message wanted and stop early.
    public var throughEnd: Bool

    public init(afterSequence: Int64, limit: Int, throughEnd: Bool = false) {
        self.afterSequence = afterSequence
        self.limit = limit
        self.throughEnd = throughEnd
    }
}

/// Picks a part of the queue out of the journal's records, fed in their order. The reader may stop when `isComplete`, and, unless
/// the query goes through the whole journal, begin anywhere before the first message wanted.
public struct QueueScan: Sendable {
    private let query: QueueQuery
    /// Answers of transactions whose StopTransaction was not passed yet: at most one per connector, and those that failed.
    private var answers: [String: Assigned] = [:]
    /// What was found, in order.
    public private(set) var entries: [QueueEntry] = []

    public init(_ query: QueueQuery) { self.query = query }

    /// Nothing more is wanted.
    public var isComplete: Bool { entries.count >= query.limit && !query.throughEnd }

    public mutating func read(_ record: JournalRecord) {
        switch record {
        case .assigned(let assigned):
            answers[assigned.transaction] = assigned
            for index in entries.indices where entries[index].transaction == assigned.transaction {
                entries[index].assigned = assigned
            }
        case .delivered(let delivered) where delivered.isStop:
            answers[delivered.transaction] = nil
        case .began, .sampled, .ended:
            guard entries.count < query.limit, var entry = QueueEntry(record), entry.sequence > query.afterSequence
            else { return }
            entry.assigned = answers[entry.transaction]
            entries.append(entry)
        case .delivered, .registerRead, .stopping, .resumed, .attempted, .deadLettered, .requeued, .availabilitySet,
            .released, .bootStart, .checkpoint, .unknown:
            break
        }
    }
}
