/// The value of one key.
public struct ConfigValue: Codable, Equatable, Sendable {
    public var key: String
    /// The service that declared the key.
    public var owner: ServiceName
    /// Canonical text; nil when unset, and always nil for secrets.
    public var value: String?
    /// Revision of the store at which it was last set; 0 while it is the default.
    public var revision: Int64
    /// For secrets: whether there is a value. The owner reads it from the file that the store keeps for it.
    public var secretPresent: Bool?

    public init(key: String, owner: ServiceName, value: String?, revision: Int64, secretPresent: Bool? = nil) {
        self.key = key
        self.owner = owner
        self.value = value
        self.revision = revision
        self.secretPresent = secretPresent
    }
}

/// State: every declared key of one service with its value. Topic `config.values.<owner>`.
public struct ConfigValues: BusState {
    public static let type = "config.values"
    public var instance: String? { owner.rawValue }

    public var owner: ServiceName
    /// Counts every change of the store.
    public var revision: Int64
    public var values: [ConfigValue]

    public init(owner: ServiceName, revision: Int64, values: [ConfigValue]) {
        self.owner = owner
        self.revision = revision
        self.values = values
    }
}

/// Event: a value changed.
public struct ConfigChanged: BusEvent {
    public static let type = "config.changed"

    public var change: ConfigChange

    public init(change: ConfigChange) { self.change = change }
}

/// One entry of the history.
public struct ConfigChange: Codable, Equatable, Sendable {
    public var revision: Int64
    /// UTC milliseconds since 1970.
    public var at: Int64
    public var key: String
    /// Nil when unset, and for secrets.
    public var oldValue: String?
    public var newValue: String?
    /// The service or tool that asked.
    public var source: ServiceName
    /// Why, for people: `ChangeConfiguration`, `technician` …
    public var reason: String?

    public init(
        revision: Int64,
        at: Int64,
        key: String,
        oldValue: String?,
        newValue: String?,
        source: ServiceName,
        reason: String? = nil
    ) {
        self.revision = revision
        self.at = at
        self.key = key
        self.oldValue = oldValue
        self.newValue = newValue
        self.source = source
        self.reason = reason
    }
}
