import Primitives

/// Charging as a part of the gateway: boxed, because it is large and most messages leave it alone, and with what it is asked for in every turn,
/// which is found out anew only after a change.
struct ChargingPart: Sendable {
    private var box: Boxed<ChargingMachine>
    private var isStale = true
    private var deadline: Deadline?
    private var callDue: Duration?

    init(_ machine: ChargingMachine) { box = Boxed(machine) }

    var machine: ChargingMachine {
        _read { yield box.value }
        _modify {
            isStale = true
            yield &box.value
        }
    }

    /// As of the last `refresh`.
    var nextDeadline: Deadline? { deadline }

    /// Whether `nextCall` may have a CALL, as of the last `refresh`.
    func mayCall(at uptime: Duration) -> Bool { callDue.map { $0 <= uptime } ?? false }

    /// To be called behind changes, before the two above are asked.
    mutating func refresh() {
        guard isStale else { return }
        isStale = false
        deadline = box.value.nextDeadline
        callDue = box.value.callDue
    }
}
