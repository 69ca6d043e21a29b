/// `powerLoss`: what becomes of a transaction when the machine goes off while it runs (OCPP 1.6 §3.7.1, §7.36).
public struct PowerLossSection: Decodable, Equatable, Sendable {
    public enum Policy: String, CaseIterable, Sendable {
        /// It ends: PowerLoss, or Reboot when the machine was shut down or its watchdog struck.
        case stop
        /// It goes on, unless it took too long or its EV is gone.
        case resume
    }

    /// Default: stop.
    public var policy: Policy
    /// With `resume`, from the newest that is known of the transaction, which may be a minute old, to the start: 1…86400, default 600. A
    /// machine that does not know the time when it starts cannot tell, and ends the transaction.
    public var maximumOutageSeconds: Int

    init() {
        policy = .stop
        maximumOutageSeconds = 600
    }

    private enum CodingKeys: String, CodingKey { case policy, maximumOutageSeconds }

    /// - Throws: `DecodingError` with the path and the range.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        policy = try fields.choice(.policy, default: .stop)
        maximumOutageSeconds = try fields.integer(.maximumOutageSeconds, 1...86_400, default: 600)
    }
}
