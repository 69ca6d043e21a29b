/// `permit`: the lease under which energy flows.
public struct PermitSection: SiteReadable, Equatable, Sendable {
    public var leaseSeconds: Int
    /// At most half of the lease.
    public var renewSeconds: Int

    public init(_ fields: Fields) {
        leaseSeconds = fields.integer(
            "leaseSeconds",
            10...3600,
            default: 60,
            unit: "s",
            "How long a permit lasts without renewal."
        )
        renewSeconds = fields.integer(
            "renewSeconds",
            1...1800,
            default: 20,
            unit: "s",
            "How often the gateway renews it: at most half of the lease."
        )
        guard renewSeconds * 2 > leaseSeconds, fields.isRight("leaseSeconds"), fields.isRight("renewSeconds") else {
            return
        }
        fields.note(
            "renewSeconds",
            "expected at most half of leaseSeconds (\(leaseSeconds)), so that one lost renewal does no harm, found \(renewSeconds)"
        )
    }
}
