/// What the key table needs to know about the charger it is for.
public struct KeySite: Equatable, Sendable {
    /// Physical connectors, 1…n without gaps (OCPP 1.6 §3.8).
    public var numberOfConnectors: Int
    /// Whether every cable is permanently attached: then nothing can be unlocked (E §3.85).
    public var fixedCable: Bool
    /// Phases of the mains connection, 1 or 3.
    public var phases: Int
    /// Site defaults that replace the factory's, as text by canonical key name. A key that is optional and absent from the
    /// factory table (`MessageTimeout`, `MinimumStatusDuration`, `MaxEnergyOnInvalidId`) exists only when it is named here.
    public var defaults: [String: String]
    /// What the site demands of connections; only its file lowers it.
    public var security: ConnectionProfile.Security

    public init(
        numberOfConnectors: Int,
        fixedCable: Bool,
        phases: Int,
        defaults: [String: String] = [:],
        security: ConnectionProfile.Security = .notConfigured
    ) {
        self.numberOfConnectors = numberOfConnectors
        self.fixedCable = fixedCable
        self.phases = phases
        self.defaults = defaults
        self.security = security
    }
}
