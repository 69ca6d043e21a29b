import BusSchema
import OCPP
import Primitives

/// What the machines share while one event is handled: the moment, and the effects they add to.
///
/// Effects come out in the order that makes a failed write a thing that did not happen: first energy is cut, which is right whatever follows;
/// then one write of all records; then everything that relies on it (orders, answers, CALLs, publications), in the order in which it was added.
/// When the write fails, the shell puts the machine back to what it was before the event, tells it so, and feeds the event again.
struct GatewayTurn {
    let moment: Moment
    /// Cutting energy does not wait for a disk.
    private var cuts: [GatewayEffect] = []
    private var records: [JournalRecord] = []
    private var durability = Durability.written
    private var effects: [GatewayEffect] = []

    init(at moment: Moment) { self.moment = moment }

    var uptime: Duration { moment.uptime }

    /// All effects, in the order in which they are to be performed.
    var ordered: [GatewayEffect] {
        let write: [GatewayEffect] = records.isEmpty ? [] : [.persist(records, durability)]
        return cuts + write + effects
    }

    /// Adds an order that follows the write of this turn.
    mutating func add(_ effect: GatewayEffect) { effects.append(effect) }

    /// Withdraws a permit before anything else happens.
    mutating func cutEnergy(_ withdrawal: Permit) { cuts.append(.requestPermit(withdrawal)) }

    /// Adds records to the one write of this turn; the strictest durability asked for counts for all.
    mutating func persist(_ new: [JournalRecord], _ wanted: Durability) {
        guard !new.isEmpty else { return }
        records += new
        durability = max(durability, wanted)
    }

    mutating func log(_ level: LogRecord.Level, _ message: String, _ fields: LogRecord.Field...) {
        var record = LogRecord(level, message)
        record.fields = fields
        effects.append(.log(record))
    }
}
