internal import Glibc
internal import JSON
internal import SiteConfiguration
internal import Storage

/// What `charger.json` says, for people who ask where a value comes from. Secrets are taken out.
struct SiteValues {
    /// Where the services look unless they are told otherwise.
    static var usualPath: String {
        unsafe getenv("CHARGER_CONFIG").map { unsafe String(cString: $0) } ?? "/etc/charger/charger.json"
    }

    let path: String
    /// Nil when there is no such file, or it cannot be read.
    private let content: JSONValue?

    /// - Parameter path: Of the file; one that cannot be read says nothing.
    init(path: String) {
        self.path = path
        let bytes = try? SmallFile(path, maximumBytes: SiteFile.maximumBytes).read(from: .foreign)
        let content = bytes.flatMap { try? SiteFile(bytes: $0).content }
        self.content = content.map { Redaction(content).clean($0) }
    }

    init(_ content: JSONValue, path: String) {
        self.path = path
        self.content = Redaction(content).clean(content)
    }

    var isReadable: Bool { content != nil }

    /// Whether `word` names a place in the file, which no key does.
    static func isPath(_ word: String) -> Bool {
        word.contains(".") || word.contains("[") || SiteSection(rawValue: word) != nil
    }

    /// The value at a path as `connectors[0].cable`.
    /// - Throws: a `Failure` when there is none.
    func value(at place: String) throws -> String {
        guard let content else { throw Failure(status: .refused, message: "\(path) cannot be read") }
        let steps = place.split(whereSeparator: { $0 == "." || $0 == "[" || $0 == "]" }).map(String.init)
        guard !steps.isEmpty, let value = Self.value(at: steps, in: content) else {
            let problem = "\(path) says nothing of \(place): a default counts (man charger.json)"
            throw Failure(status: .refused, message: problem)
        }
        return value.asString ?? String(decoding: JSON.write(value), as: UTF8.self)
    }

    /// Where the file gives the value of an OCPP key; nil when it does not.
    func source(of key: String) -> String? {
        let path = Self.sections[key] ?? "ocpp.\(key)"
        let steps = path.split(separator: ".").map(String.init)
        return content.flatMap { Self.value(at: steps, in: $0) } == nil ? nil : path
    }

    /// Keys that another section than `ocpp` gives.
    private static let sections = [
        "AuthorizationKey": "centralSystem.authorizationKeyHex", "SecurityProfile": "centralSystem.securityProfile",
        "NumberOfConnectors": "connectors",
    ]

    private static func value(at steps: [String], in content: JSONValue) -> JSONValue? {
        var value = content
        for step in steps {
            guard let next = member(step, of: value) else { return .none }
            value = next
        }
        return value
    }

    private static func member(_ step: String, of value: JSONValue) -> JSONValue? {
        guard let list = value.asArray else { return value[step] }
        // Not `nil`, which is a JSON value.
        guard let index = Int(step), list.indices.contains(index) else { return .none }
        return list[index]
    }
}
