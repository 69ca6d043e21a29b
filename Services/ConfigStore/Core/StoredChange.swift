public import BusSchema

/// One record of the store's journal: what changed, for the history, and what is stored from then on.
public struct StoredChange: Codable, Equatable, Sendable {
    /// As the bus shows it: effective values, nothing of secrets.
    public var change: ConfigChange
    /// The canonical text set by somebody; nil after a return to the default, and for secrets.
    public var stored: String?
    /// For secrets: whether one was set (its value is elsewhere) or removed. Nil for everything else.
    public var secretSet: Bool?

    public init(change: ConfigChange, stored: String?, secretSet: Bool? = nil) {
        self.change = change
        self.stored = stored
        self.secretSet = secretSet
    }

    /// Whether the key is away from its default after this change.
    var isSet: Bool { stored != nil || secretSet == true }
}
