public import Primitives

/// What the central system knows about an identifier. OCPP 1.6 §7.27.
public struct IdTagInfo: Codable, Equatable, Sendable {
    /// Until when the identifier holds; absent means without end.
    public var expiryDate: Timestamp?
    /// The group that the identifier belongs to.
    public var parentIdTag: IdToken?
    /// Whether it may charge.
    public var status: AuthorizationStatus

    /// Takes the fields as they are; optional ones default to absent.
    public init(expiryDate: Timestamp? = nil, parentIdTag: IdToken? = nil, status: AuthorizationStatus) {
        self.expiryDate = expiryDate
        self.parentIdTag = parentIdTag
        self.status = status
    }
}

/// Whether an identifier may charge. OCPP 1.6 §7.2.
public enum AuthorizationStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case blocked = "Blocked"
    case expired = "Expired"
    /// Unknown.
    case invalid = "Invalid"
    /// Charging already somewhere, and may not do so twice.
    case concurrentTx = "ConcurrentTx"
}
