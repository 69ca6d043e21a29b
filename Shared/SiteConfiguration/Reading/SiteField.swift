public import JSON

/// One member of an object in the site's file: all there is to say about it. The same calls of `Fields` that read the file make it.
public struct SiteField: Sendable {
    public var name: String
    public var shape: SiteShape
    public var isRequired: Bool
    /// What counts when the member is absent; nil when nothing does, or `about` says it.
    public var fallback: JSONValue?
    /// `s`, `A`, `V`; nil where the value is no quantity.
    public var unit: String?
    /// One or two sentences for people.
    public var about: String

    public init(
        name: String,
        shape: SiteShape,
        isRequired: Bool = false,
        fallback: JSONValue? = nil,
        unit: String? = nil,
        about: String
    ) {
        self.name = name
        self.shape = shape
        self.isRequired = isRequired
        self.fallback = fallback
        self.unit = unit
        self.about = about
    }
}

/// What a value may be.
public indirect enum SiteShape: Sendable {
    /// `true` or `false`.
    case truth
    case integer(ClosedRange<Int>)
    /// One of a few integers.
    case number([Int])
    /// So many characters, none of them a control character; `pattern` is a regular expression of ECMA 262 that fits no wrong one.
    case text(ClosedRange<Int>, pattern: String?)
    /// One of these.
    case word([SiteWord])
    /// So many of `of`.
    case list(of: SiteShape, count: ClosedRange<Int>)
    /// `rules` are conditions between the members, as fragments of a JSON Schema.
    case object([SiteField], rules: [JSONValue])
    /// The name of a driver, or an object with it and its settings.
    case device([SiteDriver])
    /// Defaults of OCPP keys: the key's owner knows their names and judges the values.
    case keys
}

/// A word that stands for something, and for what.
public struct SiteWord: Sendable {
    public var word: String
    public var about: String

    public init(_ word: String, _ about: String) {
        self.word = word
        self.about = about
    }
}

/// An enum whose cases are words of the file.
protocol SiteChoice: RawRepresentable, CaseIterable where RawValue == String {
    /// What it means, for people.
    var about: String { get }
}

/// An object that can be read from the site's file.
public protocol SiteReadable: SendableMetatype {
    /// Asks for every member, in each call the same ones: what it asks for is also the description of the object.
    init(_ fields: Fields)
}

extension SiteReadable {
    /// What it asks for.
    static var shape: SiteShape {
        let fields = Fields(JSONObject(), at: "", Reading.describing)
        _ = Self(fields)
        return .object(fields.described, rules: fields.rules)
    }

    /// Something that fits, where the file has nothing that does.
    static var placeholder: Self { Self(Fields(JSONObject(), at: "", Reading(file: "", unknownKeys: .ignored))) }
}
