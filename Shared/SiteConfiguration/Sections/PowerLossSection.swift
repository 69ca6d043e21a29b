/// `powerLoss`: what becomes of a transaction when the machine goes off while it runs (OCPP 1.6 §3.7.1, §7.36).
public struct PowerLossSection: SiteReadable, Equatable, Sendable {
    public enum Policy: String, SiteChoice, Sendable {
        /// It ends: PowerLoss, or Reboot when the machine was shut down or its watchdog struck.
        case stop
        /// It goes on, unless it took too long or its EV is gone.
        case resume

        var about: String {
            switch self {
            case .stop: "it ends: PowerLoss, or Reboot when the machine was shut down or its watchdog struck"
            case .resume: "it goes on, unless it took too long or its EV is gone"
            }
        }
    }

    public var policy: Policy
    /// With `resume`, from the newest that is known of the transaction, which may be a minute old, to the start. A machine that does not know
    /// the time when it starts cannot tell, and ends the transaction.
    public var maximumOutageSeconds: Int

    public init(_ fields: Fields) {
        policy = fields.choice("policy", default: .stop, "What becomes of a transaction.")
        maximumOutageSeconds = fields.integer(
            "maximumOutageSeconds",
            1...86_400,
            default: 600,
            unit: "s",
            "With resume: from the newest that is known of the transaction, which may be a minute old, to the start."
        )
    }
}
