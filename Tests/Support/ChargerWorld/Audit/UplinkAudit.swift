import BusSchema
import OCPP
import Primitives

/// What the modem manager tells of the way to the world: since when it is as it is, whatever else changes about it; and what the central system
/// hears of its signal.
struct UplinkAudit {
    /// Below, a signal is weak beyond doubt; from the second on it is none.
    private static let weakBelowPercent = 15
    private static let strongFromPercent = 25
    /// A report takes its time.
    private static let settling = Duration.seconds(90)

    /// What the living process told last.
    private var told: UplinkState?
    /// Since when it tells this signal.
    private var signalSince = Duration.zero

    mutating func modemStarted() { told = nil }

    /// It tells a state, when its clock says `utc`.
    mutating func told(_ state: UplinkState, at utc: Timestamp, _ now: Duration) -> [String] {
        let isSame = told?.link == state.link
        let since = isSame ? told?.since ?? 0 : utc.millisecondsSinceEpoch
        if told == nil || told?.signalPercent != state.signalPercent { signalSince = now }
        told = state
        return state.since == since ? [] : ["the uplink is \(state.link) since \(since), told is since \(state.since)"]
    }

    /// `reported` is the error that the central system has of connector 0, `isOnline` whether the charger has been registered and undisturbed
    /// for long. A worse error goes before the signal (OCPP 1.6 §7.6).
    func problems(reported: ChargePointErrorCode?, isOnline: Bool, at now: Duration) -> [String] {
        guard isOnline, let told, now > signalSince + Self.settling, let reported,
            reported == .noError || reported == .weakSignal
        else { return [] }
        let percent = told.signalPercent ?? 100
        let isWeak = percent < Self.weakBelowPercent && reported == .noError
        let isStrong = percent >= Self.strongFromPercent && reported == .weakSignal
        return isWeak || isStrong ? ["the signal is \(percent) %, connector 0 is reported with \(reported)"] : []
    }
}
