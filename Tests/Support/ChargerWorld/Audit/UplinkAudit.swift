import BusSchema
import Primitives

/// What the modem manager tells of the way to the world: since when it is as it is, whatever else changes about it.
struct UplinkAudit {
    /// What the living process told last.
    private var told: UplinkState?

    mutating func modemStarted() { told = nil }

    /// It tells a state, when its clock says `utc`.
    mutating func told(_ state: UplinkState, at utc: Timestamp) -> [String] {
        let isSame = told?.link == state.link
        let since = isSame ? told?.since ?? 0 : utc.millisecondsSinceEpoch
        told = state
        return state.since == since ? [] : ["the uplink is \(state.link) since \(since), told is since \(state.since)"]
    }
}
