/// One setting as its user declares it. The config store knows no key by itself.
public struct KeyDeclaration: Codable, Equatable, Sendable {
    public struct ValueType: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// `true` or `false`.
        public static let boolean = ValueType(rawValue: "boolean")
        /// Decimal digits, with a minus sign where `minimum` is negative.
        public static let integer = ValueType(rawValue: "integer")
        /// At most `maximumLength` characters; one of `choices` where given.
        public static let string = ValueType(rawValue: "string")
        /// Comma-separated list: at most `maximumItems`, each one of `choices` where given.
        public static let list = ValueType(rawValue: "list")
        /// `minimum`…`maximum` bytes, each as two hex digits.
        public static let hexadecimal = ValueType(rawValue: "hexadecimal")
    }

    public struct Access: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let readOnly = Access(rawValue: "readOnly")
        public static let readWrite = Access(rawValue: "readWrite")
        public static let writeOnly = Access(rawValue: "writeOnly")
    }

    /// Unique over all services, case-insensitively; at most 50 characters.
    public var key: String
    public var type: ValueType
    /// Canonical text; nil when the key may be unset.
    public var defaultValue: String?
    public var access: Access
    public var rebootRequired: Bool
    /// The value never travels on the bus.
    public var secret: Bool
    /// One sentence for people.
    public var description: String
    /// Unit of an integer: `s`, `Wh`, `A` …
    public var unit: String?
    public var minimum: Int64?
    public var maximum: Int64?
    public var maximumLength: Int?
    public var maximumItems: Int?
    public var choices: [String]?

    public init(
        key: String,
        type: ValueType,
        defaultValue: String?,
        access: Access,
        rebootRequired: Bool = false,
        secret: Bool = false,
        description: String,
        unit: String? = nil,
        minimum: Int64? = nil,
        maximum: Int64? = nil,
        maximumLength: Int? = nil,
        maximumItems: Int? = nil,
        choices: [String]? = nil
    ) {
        self.key = key
        self.type = type
        self.defaultValue = defaultValue
        self.access = access
        self.rebootRequired = rebootRequired
        self.secret = secret
        self.description = description
        self.unit = unit
        self.minimum = minimum
        self.maximum = maximum
        self.maximumLength = maximumLength
        self.maximumItems = maximumItems
        self.choices = choices
    }
}
