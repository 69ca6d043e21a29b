public import UplinkCore

/// What ails a simulated modem or its network, and the gentlest step that mends it. Unlike `ModelFault` it is not told to anybody: the
/// machine of the modem has to find out by what the modem answers.
public enum MobileFault: Hashable, Sendable, CaseIterable {
    /// The network ends the call.
    case callEnded
    /// Calls are refused until the modem has left the packet network and joined it.
    case callsRefused
    /// The packet network does not take it in, until its radio was off.
    case notLetIn
    /// Everything looks well, and nothing comes back through a call, until the packet network was joined anew.
    case silentCarrier
    /// Calls are refused until the modem starts anew.
    case firmwareHung
    /// It answers nothing until its reset line was pulled.
    case mute
    /// It answers nothing until it was without supply.
    case latchedUp
    /// Its port goes away for some minutes by itself.
    case portGone
    /// There is no network, for hours.
    case networkGone
    /// The network refuses the SIM, for hours.
    case denied
    /// The card has a contact that comes and goes: missing for some minutes.
    case cardLoose
    /// Somebody put in a card with another PIN, and takes it out again.
    case wrongCard
    /// The host's own driver is stuck: there is no port until the host boots anew.
    case hostStuck

    /// Those that come over a modem whose ladder may start the host anew, or may not.
    public static func all(mayReboot: Bool) -> [MobileFault] { allCases.filter { $0 != .hostStuck || mayReboot } }

    /// Nil where only time helps.
    public var cure: RecoveryStep? {
        switch self {
        case .callEnded: .redial
        case .callsRefused, .silentCarrier: .detach
        case .notLetIn: .radio
        case .firmwareHung: .modemReset
        case .mute: .powerKey
        case .latchedUp: .supply
        case .hostStuck: .hostReboot
        case .portGone, .networkGone, .denied, .cardLoose, .wrongCard: nil
        }
    }

    /// Whether the modem waits for its network and is not hung.
    var isWaitedFor: Bool { self == .networkGone || self == .denied }

    /// The hardest step that may be taken while it lasts.
    var hardestStep: RecoveryStep {
        switch self {
        case .networkGone, .denied: .radio
        // The end of the call is noticed before the reason of it.
        case .wrongCard: .redial
        default: .hostReboot
        }
    }
}
