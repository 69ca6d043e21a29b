internal import BusSchema
internal import Primitives

/// Requests of people, and what the journal and the log say of a change.
extension UplinkMachine {
    mutating func simulate(_ request: SimulateUplink, _ id: RequestID, at moment: Moment) -> [UplinkEffect] {
        guard request.up != nil || request.signalPercent != nil else {
            return [.refuse(id, BusError(.invalid, "neither up nor signalPercent is there"))]
        }
        if let percent = request.signalPercent, !(0...100).contains(percent) {
            return [.refuse(id, BusError(.invalid, "signalPercent is \(percent), expected 0…100"))]
        }
        let isNamed: (Uplink) -> Bool = { request.name == nil || $0.name == request.name }
        let named = uplinks.indices.filter { isNamed(uplinks[$0]) }
        let simulated = named.filter { uplinks[$0].carrier.kind == SimulatedCarrier.kind }
        guard !simulated.isEmpty else { return [.refuse(id, refusal(of: request, isKnown: !named.isEmpty))] }
        for index in simulated {
            _ = uplinks[index].handle(.simulated(up: request.up, signalPercent: request.signalPercent), at: moment)
        }
        return settle(at: moment) + [.accept(id)]
    }

    private func refusal(of request: SimulateUplink, isKnown: Bool) -> BusError {
        guard let name = request.name else { return BusError(.refused, "no uplink is simulated") }
        if isKnown { return BusError(.refused, "uplink \(name) is real, it cannot be cut by request") }
        return BusError(.invalid, "name: there is no uplink \(name)")
    }

    static func record(of state: UplinkState, _ reason: String) -> LogRecord {
        LogRecord(
            // One that nobody watches yet, or any more, is no trouble.
            state.link == .down ? .warning : .notice,
            "uplink changed",
            .init("link", state.link),
            .init("active", state.active ?? "none"),
            .init("reason", reason)
        )
    }

    /// That something is not known for a while is none.
    private static func isNews(_ text: String?, after earlier: String?) -> Bool { text != nil && text != earlier }

    /// Every change of a link, of its reason, of the cell, and of the uplink in use.
    mutating func recordChanges(
        from before: UplinkState?,
        to state: UplinkState,
        at moment: Moment
    ) -> [UplinkEffect] {
        var effects: [UplinkEffect] = []
        for uplink in state.uplinks {
            let known = before?.uplinks.first { $0.name == uplink.name }
            let kind: UplinkHistory.Kind
            if known?.link != uplink.link {
                kind = uplink.link == .up ? .up : uplink.link == .down ? .down : .unknown
            } else if known?.detail != uplink.detail {
                kind = .detail
            } else if Self.isNews(uplink.radio?.cell, after: known?.radio?.cell)
                || Self.isNews(uplink.radio?.operatorCode, after: known?.radio?.operatorCode)
            {
                kind = .cell
            } else {
                continue
            }
            if before == nil, uplink.link == .unknown { continue }
            effects += record(kind, uplink, uplink.detail, at: moment)
        }
        if state.uplinks.count > 1, before?.active != state.active {
            effects += record(.active, state.activeUplink, state.reason, at: moment)
        }
        return effects
    }
}

extension UplinkState {
    /// Why it is as it is, for people: what the active uplink says, or all of them when there is none.
    var reason: String {
        if let active = activeUplink { return "\(active.name): \(active.detail)" }
        return uplinks.map { "\($0.name): \($0.detail)" }.joined(separator: ", ")
    }
}
