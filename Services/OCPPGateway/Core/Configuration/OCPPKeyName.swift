/// The name of an OCPP key, spelled as its row spells it.
public struct OCPPKeyName: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public init(stringLiteral text: String) { rawValue = text }

    public var description: String { rawValue }

    /// Whether `text` names this key: names are case-insensitive (OCPP 1.6 §7.29).
    public func isNamed(by text: String) -> Bool { text.lowercased() == rawValue.lowercased() }

    // The keys that code has to tell from all others. A key that is only read needs no name here.
    public static let authorizationKey: OCPPKeyName = "AuthorizationKey"
    public static let heartbeatInterval: OCPPKeyName = "HeartbeatInterval"
}
