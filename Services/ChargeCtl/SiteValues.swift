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

    /// Whether `word` names a place in the file, which no key does.
    static func isPath(_ word: String) -> Bool {
        word.contains(".") || word.contains("[") || SiteSection(rawValue: word) != nil
    }

    /// The value at a path as `connectors[0].cable`.
    /// - Throws: a `Failure` when there is none.
    func value(at place: String) throws -> String {
        guard let content else { throw Failure(status: .refused, message: "\(path) cannot be read") }
        var value = content
        for step in place.split(whereSeparator: { $0 == "." || $0 == "[" || $0 == "]" }) {
            guard let next = Self.member(String(step), of: value) else {
                throw Failure(
                    status: .refused,
                    message: "\(path) says nothing of \(place): a default counts (man charger.json)"
                )
            }
            value = next
        }
        return value.asString ?? String(decoding: JSON.write(value), as: UTF8.self)
    }

    /// Where the file gives the value of an OCPP key; nil when it does not.
    func source(of key: String) -> String? {
        let path = Self.sections[key] ?? "ocpp.\(key)"
        let steps = path.split(separator: ".").map(String.init)
        var value = content
        for step in steps { value = value.flatMap { Self.member(step, of: $0) } }
        return value == nil ? nil : path
    }

    /// Keys that another section than `ocpp` gives.
    private static let sections = [
        "AuthorizationKey": "centralSystem.authorizationKeyHex", "SecurityProfile": "centralSystem.securityProfile",
        "NumberOfConnectors": "connectors",
    ]

    private static func member(_ step: String, of value: JSONValue) -> JSONValue? {
        if let list = value.asArray { return Int(step).flatMap { list.indices.contains($0) ? list[$0] : nil } }
        return value[step]
    }
}
