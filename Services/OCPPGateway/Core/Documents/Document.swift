/// Something the gateway keeps on disk as a whole, beside the journal of transactions: a small file of its own that is replaced.
///
/// A new kind of document is a type that conforms, and stands in the `documents` of its feature profile.
public protocol Document: Codable, Equatable, Sendable {
    /// The name of its file in the state folder; also what `saved` and `saveFailed` name.
    static var name: String { get }
    /// The word that the file begins with, so that another file is not taken for it.
    static var magic: String { get }
    /// From 1. A file of a newer version is set aside.
    static var formatVersion: UInt16 { get }
    /// How long a save may wait for another that replaces it; zero when somebody waits for `saved`.
    static var patience: Duration { get }
    /// Whether the one before stays on disk, and stands in for one that is damaged.
    static var keepsPrevious: Bool { get }
}

extension Document {
    public static var patience: Duration { .zero }
    public static var keepsPrevious: Bool { true }
}

/// A document of any kind, to be saved.
public struct AnyDocument: Equatable, Sendable {
    public let value: any Document

    public init(_ value: some Document) { self.value = value }

    public static func == (one: AnyDocument, other: AnyDocument) -> Bool { isEqual(one.value, other.value) }

    private static func isEqual<D: Document>(_ one: D, _ other: any Document) -> Bool { one == (other as? D) }
}

/// The documents as they were found at the start.
public struct Documents: Sendable {
    /// All there are: the snapshot of the configuration, and what the feature profiles keep.
    public static let kinds: [any Document.Type] = [ConfigSnapshot.self] + FeatureProfiles.all.flatMap { $0.documents }

    private var found: [String: any Document] = [:]
    private var unread: Set<String> = []

    /// None was found.
    public init() {}

    /// That of one kind; nil when there is none that can be read: its owner goes on with a default.
    public subscript<D: Document>(_ kind: D.Type) -> D? {
        get { found[kind.name] as? D }
        set { found[kind.name] = newValue }
    }

    /// Whether there is one that could not be read: not absent, not damaged, but unknown. One found all the same is that of the save before.
    public func isUnread<D: Document>(_ kind: D.Type) -> Bool { unread.contains(kind.name) }

    /// Notes that there is one that cannot be read.
    public mutating func setUnread(_ kind: any Document.Type) { unread.insert(kind.name) }

    /// Adds one that was read.
    public mutating func add(_ document: AnyDocument) { found[type(of: document.value).name] = document.value }
}
