/// `permit`: the lease under which energy flows.
public struct PermitSection: Decodable, Equatable, Sendable {
    /// How long a permit lasts without renewal: 10…3600, default 60.
    public var leaseSeconds: Int
    /// How often the gateway renews it: 1…1800, default 20, at most half of the lease.
    public var renewSeconds: Int

    init() {
        leaseSeconds = 60
        renewSeconds = 20
    }

    private enum CodingKeys: String, CodingKey { case leaseSeconds, renewSeconds }

    /// - Throws: `DecodingError` with the path and the range.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        leaseSeconds = try fields.integer(.leaseSeconds, 10...3600, default: 60)
        renewSeconds = try fields.integer(.renewSeconds, 1...1800, default: 20)
    }
}
