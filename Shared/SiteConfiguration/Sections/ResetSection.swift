/// `reset`: how much of the machine a Reset of the central system starts anew (OCPP 1.6 §5.14).
public struct ResetSection: SiteReadable, Equatable, Sendable {
    public enum Hard: String, SiteChoice, Sendable {
        /// hardware-io and the gateway start anew, and the machine runs on.
        case services
        /// The machine boots.
        case machine

        var about: String {
            switch self {
            case .services: "hardware-io and ocpp-gateway start anew, and the machine runs on"
            case .machine: "the machine boots, if charger-reboot.path of systemd is there to do it"
            }
        }
    }

    public var hard: Hard

    public init(_ fields: Fields) {
        hard = fields.choice("hard", default: .services, "What a Hard reset starts anew.")
    }
}
