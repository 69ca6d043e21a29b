/// One rung of the ladder, the gentlest first.
public enum RecoveryStep: Int, CaseIterable, Comparable, Sendable {
    /// Make the data connection anew.
    case redial = 1
    /// Leave the packet network and join it again.
    case detach = 2
    /// Radio off for some seconds, and on.
    case radio = 3
    /// Start the modem anew by command.
    case modemReset = 4
    /// By its power key or reset line.
    case powerKey = 5
    /// Cut its supply, or the power of its USB port.
    case supply = 6
    /// Start the whole machine anew. Only if configured, and never while energy is or may be sold.
    case hostReboot = 7

    public static func < (one: RecoveryStep, other: RecoveryStep) -> Bool { one.rawValue < other.rawValue }

    /// In documents and on the bus.
    public var name: String {
        switch self {
        case .redial: "redial"
        case .detach: "detach"
        case .radio: "radio"
        case .modemReset: "modemReset"
        case .powerKey: "powerKey"
        case .supply: "supply"
        case .hostReboot: "hostReboot"
        }
    }

    /// In sentences for people.
    public var words: String {
        switch self {
        case .redial: "dialled again"
        case .detach: "left the packet network and joined it again"
        case .radio: "switched the radio off and on"
        case .modemReset: "started the modem anew"
        case .powerKey: "reset the modem by its power key or reset line"
        case .supply: "cut the supply of the modem"
        case .hostReboot: "started the machine anew"
        }
    }

    public init?(name: String) {
        guard let step = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = step
    }
}
