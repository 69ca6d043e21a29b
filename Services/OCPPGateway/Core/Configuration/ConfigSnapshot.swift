/// The newest values of the config store as the gateway last saw them, kept on its own disk so that it starts with them when the
/// store is absent.
public struct ConfigSnapshot: Codable, Equatable, Sendable {
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
