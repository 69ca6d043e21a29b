import BusSchema
import OCPP
import Primitives

/// What the machines share while one event is handled: the circumstances to read, and the effects to add to.
struct ChargingTurn {
    let moment: Moment
    let configuration: ChargingConfiguration
    let keys: OCPPKeys
    /// A write failed lately.
    let isStorageTroubled: Bool
    var isOnline: Bool
    var clock: EventClock
    var random: SeededRandom
    /// The journal as it will be when the effects so far are performed.
    var ledger: RestoredTransactions

    private(set) var effects: [ChargingEffect] = []
    /// Messages that joined the queue.
    private(set) var appended: [QueueEntry] = []
    /// Status changes, in the order of their events.
    var statusChanges: [StatusReport] = []
    /// Records that could not be stored before: they go first, with the next write.
    private(set) var unsaved: [JournalRecord]
    /// Every record whose write was ordered, in order.
    private(set) var ordered: [JournalRecord] = []

    var now: EventTime { clock.time(at: moment) }

    init(
        moment: Moment,
        configuration: ChargingConfiguration,
        keys: OCPPKeys,
        isOnline: Bool,
        clock: EventClock,
        random: SeededRandom,
        ledger: RestoredTransactions,
        unsaved: [JournalRecord],
        isStorageTroubled: Bool
    ) {
        self.moment = moment
        self.configuration = configuration
        self.keys = keys
        self.isOnline = isOnline
        self.clock = clock
        self.random = random
        self.ledger = ledger
        self.unsaved = unsaved
        self.isStorageTroubled = isStorageTroubled
    }

    mutating func add(_ effect: ChargingEffect) { effects.append(effect) }

    mutating func log(_ level: LogRecord.Level, _ message: String, _ fields: LogRecord.Field...) {
        var record = LogRecord(level, message)
        record.fields = fields
        effects.append(.log(record))
    }

    mutating func indicate(_ signal: Indicate.Signal, on connectorId: Int) {
        effects.append(.indicate(Indicate(connectorId: connectorId, signal: signal)))
    }

    /// Adds a record. Records in a row become one write.
    mutating func persist(_ record: JournalRecord, _ durability: Durability) {
        ledger.read(record)
        if let entry = QueueEntry(record) { appended.append(entry) }
        persistUnsaved()
        ordered.append(record)
        if case .persist(let records, let other)? = effects.last {
            effects[effects.count - 1] = .persist(records + [record], max(durability, other))
        } else {
            effects.append(.persist([record], durability))
        }
    }

    /// Orders what could not be stored before, once more.
    mutating func persistUnsaved() {
        guard !unsaved.isEmpty else { return }
        ordered += unsaved
        effects.append(.persist(unsaved, .synced))
        unsaved = []
    }

    mutating func newUUID() -> String { random.uuid() }

    /// The time that a message says which joins the queue now.
    func inOrder(_ time: EventTime) -> EventTime { time.notBefore(ledger.newestTime) }

    /// The next place in the order of messages.
    var nextSequence: Int64 { ledger.lastSequence + 1 }
}
