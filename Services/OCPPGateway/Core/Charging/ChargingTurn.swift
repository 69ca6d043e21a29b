import BusSchema
import OCPP
import Primitives

/// What the machines of charging share while one event is handled: the circumstances to read, and the effects to add to.
///
/// Effects come out as cuts of energy, one write, and the rest (see `GatewayTurn`).
struct ChargingTurn {
    /// What is ordered, apart by when it is performed.
    private struct Orders {
        var cuts: [ChargingEffect] = []
        var records: [JournalRecord] = []
        /// Of the one write; nil while there is none.
        var durability: Durability?
        var rest: [ChargingEffect] = []

        /// In the order in which they are performed.
        var all: [ChargingEffect] {
            let write: [ChargingEffect] = durability.map { [.persist(records, $0)] } ?? []
            return cuts + write + rest
        }
    }

    let moment: Moment
    let configuration: ChargingConfiguration
    let keys: OCPPKeys
    var isOnline: Bool
    var clock: EventClock
    var random: SeededRandom
    /// The history as it will be when the effects so far are performed.
    var book: RecordBook
    /// Who is being asked about.
    var identity: IdentityMachine

    private var orders = Orders()
    /// Messages that joined the queue.
    private(set) var appended: [QueueEntry] = []
    /// Whom the central system has just refused.
    private(set) var refused: [IdToken] = []
    /// Status changes, in the order of their events.
    var statusChanges: [StatusReport] = []

    init(
        moment: Moment,
        configuration: ChargingConfiguration,
        keys: OCPPKeys,
        isOnline: Bool,
        clock: EventClock,
        random: SeededRandom,
        book: RecordBook,
        identity: IdentityMachine
    ) {
        self.moment = moment
        self.configuration = configuration
        self.keys = keys
        self.isOnline = isOnline
        self.clock = clock
        self.random = random
        self.book = book
        self.identity = identity
    }

    var now: EventTime { clock.time(at: moment) }
    var uptime: Duration { moment.uptime }
    var ledger: TransactionLedger { book.ledger }

    /// UTC; nil while it is not known.
    private var time: Timestamp? {
        clock.isTrusted ? Timestamp(millisecondsSinceEpoch: clock.utc(at: moment)) : nil
    }

    /// What is known of an identifier without asking.
    mutating func known(_ idTag: IdToken) -> KnownIdentifier? { identity.known(idTag, at: time, uptime) }

    /// A CALL that named an identifier ended: the one place where the cache is told what Authorize.conf, StartTransaction.conf and
    /// StopTransaction.conf say of it (OCPP 1.6 §4.1, §4.8, §4.10).
    mutating func learn(_ idTag: IdToken, from outcome: CallOutcome) {
        guard let info = outcome.idTagInfo else { return }
        identity.cache.learn(idTag, info, at: time, uptime)
        let now = Timestamp(millisecondsSinceEpoch: clock.utc(at: moment))
        if info.status != .accepted || info.isExpired(at: now) { refused.append(idTag) }
    }

    /// Somebody who wants this connector is being asked about.
    func isAuthorizing(_ connectorId: Int) -> Bool { identity.isPending(connectorId: connectorId) }

    /// All effects, in the order in which they are to be performed.
    var effects: [ChargingEffect] { orders.all }

    /// Adds an order that follows the write of this turn.
    mutating func add(_ effect: ChargingEffect) { orders.rest.append(effect) }

    /// Withdraws a permit before anything else happens: cutting energy does not wait for a disk. A grant that this turn ordered before is
    /// dropped, because it would now follow the withdrawal and give the energy back.
    mutating func cutEnergy(_ withdrawal: Permit) {
        orders.rest.removeAll {
            guard case .requestPermit(let earlier) = $0 else { return false }
            return earlier.connectorId == withdrawal.connectorId
        }
        orders.cuts.append(.requestPermit(withdrawal))
    }

    mutating func log(_ level: LogRecord.Level, _ message: String, _ fields: LogRecord.Field...) {
        var record = LogRecord(level, message)
        record.fields = fields
        orders.rest.append(.log(record))
    }

    mutating func indicate(_ signal: Indicate.Signal, on connectorId: Int) {
        orders.rest.append(.indicate(Indicate(connectorId: connectorId, signal: signal)))
    }

    /// Adds a record to the one write of this turn; the strictest durability asked for counts for all.
    mutating func persist(_ record: JournalRecord, _ wanted: Durability) {
        guard book.enter(record) else { return }
        if let entry = QueueEntry(record) { appended.append(entry) }
        orders.records.append(record)
        orders.durability = max(orders.durability ?? .written, wanted)
    }

    /// Forces everything to the disk that was written so far.
    mutating func sync() { orders.durability = .synced }

    /// Of the one write of this turn; nil while there is none.
    var durability: Durability? { orders.durability }

    /// A write was ordered.
    var writes: Bool { orders.durability != nil }

    /// Orders what the disk is owed, once more. The ledger has it already.
    mutating func persistOwed(_ owed: [JournalRecord]) {
        guard !owed.isEmpty else { return }
        orders.records = owed + orders.records
        orders.durability = .synced
        appended = owed.compactMap(QueueEntry.init) + appended
    }

    mutating func newUUID() -> String { random.uuid() }

    /// The time that a message says about the transaction on that connector: not before what was said of it already. What happens on other
    /// connectors does not alter it: messages are delivered in the order in which they were written (OCPP 1.6 §3.7).
    func inOrder(_ time: EventTime, on connectorId: Int) -> EventTime {
        guard let earlier = ledger.open[connectorId]?.newestTime else { return time }
        return clock.inOrder(time, after: earlier)
    }

    /// The next place in the order of messages.
    var nextSequence: Int64 { ledger.lastSequence + 1 }
}
