/// An entry of an update of the local authorization list. OCPP 1.6 §7.1.
public struct AuthorizationData: Codable, Equatable, Sendable {
    /// The identifier.
    public var idTag: IdToken
    /// What is known about it; absent in a differential update deletes the entry.
    public var idTagInfo: IdTagInfo?

    /// Takes the fields as they are; optional ones default to absent.
    public init(idTag: IdToken, idTagInfo: IdTagInfo? = nil) {
        self.idTag = idTag
        self.idTagInfo = idTagInfo
    }
}
