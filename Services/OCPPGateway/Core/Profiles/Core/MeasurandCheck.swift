import BusSchema
import OCPP
import Primitives

/// What the meters of this charger give decides which lists of measurands are accepted (OCPP 1.6 §3.16.4). The table of keys knows only how
/// they are spelled: it is the same before hardware-io was heard for the first time.
///
/// Before any meter was ever read here nobody can say what it does not give: a list with something that none has given yet waits a moment
/// for the readings, like the store's first word.
struct MeasurandCheck: Sendable {
    /// A ChangeConfiguration that waits.
    private struct Waiting {
        var callId: String
        var request: ChangeConfiguration.Request
        var end: Duration
    }

    enum Verdict: Equatable {
        /// Nothing is wrong with it, or it is about another key, or wrong in another way.
        case fits
        /// No meter gives that.
        case lacks(MeasurandSelection)
        /// Nobody knows yet.
        case undecided
    }

    /// As long as the store is waited for.
    private static let patience = Duration.seconds(2)
    private static let mostWaiting = 8

    /// In the order in which they came.
    private var waiting: [Waiting] = []

    var nextDeadline: Deadline? {
        Deadline(at: waiting.map(\.end).min(), for: "a list of measurands is judged without a reading")
    }

    static func verdict(on request: ChangeConfiguration.Request, _ machine: GatewayMachine) -> Verdict {
        let table = machine.configuration.table
        // What is not spelled right is refused by the rule of the key.
        guard let name = table.name(of: request.key.text), CoreKeys.measurandLists.contains(name),
            let text = try? table[name]?.canonical(request.value.text),
            let missing = MeasurandSelection.list(text).first(where: { !machine.charging.measures($0) })
        else { return .fits }
        return machine.charging.knowsMeters ? .lacks(missing) : .undecided
    }

    /// Has the request wait. Returns false when too many do.
    mutating func hold(_ request: ChangeConfiguration.Request, callId: String, at uptime: Duration) -> Bool {
        guard waiting.count < Self.mostWaiting else { return false }
        waiting.append(Waiting(callId: callId, request: request, end: uptime + Self.patience))
        return true
    }

    /// Gives out the oldest that can be judged now, or has waited for long enough.
    mutating func popJudged(_ machine: GatewayMachine, at uptime: Duration)
        -> (callId: String, request: ChangeConfiguration.Request)?
    {
        let index = waiting.firstIndex {
            $0.end <= uptime || Self.verdict(on: $0.request, machine) != .undecided
        }
        guard let index else { return nil }
        let judged = waiting.remove(at: index)
        return (judged.callId, judged.request)
    }

    /// Nobody waits for the answers any more.
    mutating func drop() { waiting = [] }
}
