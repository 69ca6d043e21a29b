public import OCPP

/// The cable of a transaction that is over and was not seen removed: whose it is decides who may have it.
public struct KeptCable: Codable, Equatable, Sendable {
    /// Why the transaction ended.
    public var reason: Reason
    /// Who began it.
    public var idTag: IdToken?
    /// The group that the identifier belongs to (OCPP 1.6 §3.10).
    public var parentIdTag: IdToken?

    /// Whether an identifier, or another of its group, may have the cable.
    func belongs(to idTag: IdToken, parentIdTag: IdToken? = nil) -> Bool {
        if self.idTag == idTag { return true }
        guard let parentIdTag, let own = self.parentIdTag else { return false }
        return parentIdTag == own
    }
}
