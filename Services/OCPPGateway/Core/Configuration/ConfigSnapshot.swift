/// The newest values of the config store as the gateway last saw them, kept on its own disk so that it starts with them when the
/// store is absent.
public struct ConfigSnapshot: Document {
    public static let name = "config-snapshot"
    public static let magic = "ocpp-config"
    public static let formatVersion: UInt16 = 1
    /// The store has it already: several changes in a row cost one write, and no answer waits for it.
    public static let patience: Duration = .seconds(2)

    public struct Entry: Codable, Equatable, Sendable {
        /// Canonical text; nil when unset.
        public var value: String?
        /// The store's revision of the key.
        public var revision: Int64

        public init(value: String?, revision: Int64) {
            self.value = value
            self.revision = revision
        }
    }

    /// By canonical key name. No secrets.
    public var entries: [String: Entry]

    public init(entries: [String: Entry] = [:]) { self.entries = entries }
}
