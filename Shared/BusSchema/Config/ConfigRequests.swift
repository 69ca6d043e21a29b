/// Request: a service declares its keys, at each start and each time the store announces itself. Replaces its earlier declaration;
/// values already set are kept, also those of keys no longer declared (a downgrade finds them again).
public struct ConfigDeclare: BusRequest {
    public static let type = "config.declare"
    public static let server = ServiceName.configStore
    public static let access = BusAccess.services
    public static let speaksForItsSource = true

    public var owner: ServiceName
    public var keys: [KeyDeclaration]

    public init(owner: ServiceName, keys: [KeyDeclaration]) {
        self.owner = owner
        self.keys = keys
    }

    public struct Reply: BusReply {
        public var values: ConfigValues
        /// Stored values that no longer fit their declaration, and why; their default is used, the stored one is kept.
        public var unfit: [String]

        public init(values: ConfigValues, unfit: [String]) {
            self.values = values
            self.unfit = unfit
        }
    }
}

/// Request: values and declarations of the named keys, or of all.
public struct ConfigGet: BusRequest {
    public static let type = "config.get"
    public static let server = ServiceName.configStore
    public static let access = BusAccess.people

    /// Case-insensitive; empty means all.
    public var keys: [String]

    public init(keys: [String] = []) { self.keys = keys }

    public struct Entry: Codable, Equatable, Sendable {
        public var value: ConfigValue
        public var declaration: KeyDeclaration

        public init(value: ConfigValue, declaration: KeyDeclaration) {
            self.value = value
            self.declaration = declaration
        }
    }

    public struct Reply: BusReply {
        public var entries: [Entry]
        public var unknownKeys: [String]

        public init(entries: [Entry], unknownKeys: [String]) {
            self.entries = entries
            self.unknownKeys = unknownKeys
        }
    }
}

/// Request: set one value. Durable when answered. Refused with `invalid` when the value does not fit, with `refused` when read-only.
public struct ConfigSet: BusRequest {
    public static let type = "config.set"
    public static let server = ServiceName.configStore
    public static let access = BusAccess.people

    /// Case-insensitive.
    public var key: String
    /// The new text; nil goes back to the default. Always nil for secrets.
    public var value: String?
    /// For secrets: name of a file in the runtime directory's `secrets-in` folder that holds the value; the store removes it.
    public var secretFile: String?
    public var reason: String?
    /// Only change if the store is still at this revision of the key.
    public var expectedRevision: Int64?

    public init(
        key: String,
        value: String?,
        secretFile: String? = nil,
        reason: String? = nil,
        expectedRevision: Int64? = nil
    ) {
        self.key = key
        self.value = value
        self.secretFile = secretFile
        self.reason = reason
        self.expectedRevision = expectedRevision
    }

    public struct Reply: BusReply {
        public var value: ConfigValue
        public var rebootRequired: Bool

        public init(value: ConfigValue, rebootRequired: Bool) {
            self.value = value
            self.rebootRequired = rebootRequired
        }
    }
}

/// Request: the newest changes, newest first.
public struct ConfigHistory: BusRequest {
    public static let type = "config.history"
    public static let server = ServiceName.configStore
    public static let access = BusAccess.people

    /// Case-insensitive; nil means all.
    public var key: String?
    /// At most 500.
    public var limit: Int

    public init(key: String? = nil, limit: Int = 50) {
        self.key = key
        self.limit = limit
    }

    public struct Reply: BusReply {
        public var changes: [ConfigChange]

        public init(changes: [ConfigChange]) { self.changes = changes }
    }
}
