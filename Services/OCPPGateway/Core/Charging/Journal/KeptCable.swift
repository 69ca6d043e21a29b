public import OCPP

/// The cable of a transaction that is over and was not seen removed: whose it is decides who may have it.
public struct KeptCable: Codable, Equatable, Sendable {
    /// The transaction, by our own name for it; nil in files of a version that did not keep it.
    public var transaction: String?
    /// Why the transaction ended.
    public var reason: Reason
    /// Who began it.
    public var idTag: IdToken?
    /// The group that the identifier belongs to (OCPP 1.6 §3.10).
    public var parentIdTag: IdToken?

    /// StartTransaction was answered, perhaps long after the end: the answer says to which group the identifier belongs (OCPP 1.6 §6.46).
    mutating func learn(_ answer: Assigned) {
        guard answer.transaction == transaction else { return }
        parentIdTag = answer.parentIdTag.group ?? parentIdTag
    }

    /// Whether an identifier, or another of its group, may have the cable.
    func belongs(to idTag: IdToken, parentIdTag: IdToken? = nil) -> Bool {
        if self.idTag == idTag { return true }
        guard let group = parentIdTag.group else { return false }
        return group == self.parentIdTag.group
    }

    /// Whether another identifier than that of its owner may have it.
    var isOfGroup: Bool { parentIdTag.group != nil }
}
