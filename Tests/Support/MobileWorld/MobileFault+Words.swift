import UplinkCore

extension MobileFault {
    /// As the table in the README of the modem manager calls it.
    public var words: String {
        switch self {
        case .callEnded: "the network ended the call"
        case .callsRefused: "the packet network lost the subscriber"
        case .notLetIn: "the radio is stuck, or the network does not let it in"
        case .silentCarrier: "the carrier blocks traffic, link and signal are fine"
        case .firmwareHung: "the firmware hangs"
        case .mute: "the modem answers no command"
        case .latchedUp: "only cutting the supply helps"
        case .hostStuck: "drivers of the machine are stuck"
        case .portGone: "the port is gone"
        case .networkGone: "no network"
        case .denied: "the network refuses the SIM"
        case .cardLoose: "a card with a loose contact"
        case .wrongCard: "a card with another PIN"
        }
    }

    /// What ends it, as that table says.
    public var helper: String {
        if self == .portGone { return "its end, or `powerKey`" }
        return cure.map { "`\($0.name)`" } ?? "its end, from which it is counted"
    }
}
