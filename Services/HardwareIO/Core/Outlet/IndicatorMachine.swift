import BusSchema
import Primitives

/// What the lights of one outlet show.
struct IndicatorMachine {
    private let connectorId: Int
    private let isBuiltIn: Bool
    /// What was ordered last; nil before the first order.
    private var shown: IndicatorLook?

    init(_ configuration: ConnectorConfiguration) {
        connectorId = configuration.connectorId
        isBuiltIn = configuration.equipment.hasIndicator
    }

    mutating func show(_ look: IndicatorLook, _ turn: inout Turn) {
        guard isBuiltIn, shown != look else { return }
        shown = look
        turn.order(.show(connectorId: connectorId, look))
    }

    /// The lights lost what they showed.
    mutating func forget() { shown = nil }
}

extension Situation {
    /// What people see of all this. A fault first: nothing else would explain why nothing happens.
    var look: IndicatorLook {
        if isEnding { return .unavailable }
        if !blockingFaults.isEmpty { return .fault }
        if contactor.position == .closed { return .charging }
        guard isPlugged else { return .available }
        return lease.inForce == nil ? .connected : .waiting
    }
}
