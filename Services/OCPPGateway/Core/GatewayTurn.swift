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
    /// Of the one write; nil while there is none.
    private var durability: Durability?
    private var effects: [GatewayEffect] = []

    init(at moment: Moment) { self.moment = moment }

    var uptime: Duration { moment.uptime }

    /// All effects, in the order in which they are to be performed.
    var ordered: [GatewayEffect] {
        let write: [GatewayEffect] = durability.map { [.persist(records, $0)] } ?? []
        return cuts + write + effects
    }

    /// The tickets of the CALLs of the central system that are answered in this turn.
    var answered: [String] {
        effects.compactMap { effect in
            switch effect {
            case .sendResult(let ticket, _), .sendError(let ticket, _): ticket
            default: nil
            }
        }
    }

    /// Adds an order that follows the write of this turn.
    mutating func add(_ effect: GatewayEffect) { effects.append(effect) }

    /// Answers a CALL of the central system by its ticket. It goes out if it still may, under the id of the CALL: see `IncomingCalls`.
    mutating func answer(_ ticket: String, _ confirmation: OCPPConfirmation) {
        effects.append(.sendResult(id: ticket, confirmation))
    }

    /// Answers a CALL of the central system with CALLERROR, in the same way.
    mutating func refuse(_ ticket: String, _ error: CallError) { effects.append(.sendError(id: ticket, error)) }

    /// Withdraws a permit before anything else happens. What was granted to that connector earlier in this turn is not granted at all,
    /// because it would come after the withdrawal.
    mutating func cutEnergy(_ withdrawal: Permit) {
        effects.removeAll { effect in
            if case .requestPermit(let permit) = effect { permit.connectorId == withdrawal.connectorId } else { false }
        }
        cuts.append(.requestPermit(withdrawal))
    }

    /// Adds records to the one write of this turn; the strictest durability asked for counts for all.
    mutating func persist(_ new: [JournalRecord], _ wanted: Durability) {
        records += new
        durability = max(durability ?? .written, wanted)
    }

    mutating func log(_ level: LogRecord.Level, _ message: String, _ fields: LogRecord.Field...) {
        var record = LogRecord(level, message)
        record.fields = fields
        effects.append(.log(record))
    }
}
