public import JSON

/// The site's file: factory and site settings, one section per concern. Reading from disk is the caller's.
///
/// A service reads the sections it uses and no other. What it owns it reads strictly: an unknown key in there is an error. What it
/// merely looks at, it reads with `unknownKeys: .ignored`, and what is in the rest it never sees. The names of all sections are known to
/// every service, because nobody else would notice one that is misspelt.
public struct SiteFile: Sendable {
    /// Largest file, bytes.
    public static let maximumBytes = 256 * 1024

    /// For people, in errors.
    public let name: String
    let document: JSONObject
    /// All of it, secrets included.
    public var content: JSONValue { .object(document) }

    /// - Throws: a `SiteFileError` with line and column when the bytes are no JSON object.
    public init(bytes: [UInt8], name: String = "charger.json") throws(SiteFileError) {
        let value: JSONValue
        do {
            value = try JSON.parse(bytes, limits: JSONLimits(bytes: Self.maximumBytes))
        } catch {
            let (line, column) = error.position(in: bytes)
            throw SiteFileError(file: name, path: "line \(line), column \(column)", problem: error.problem)
        }
        guard case .object(let object) = value else {
            throw SiteFileError(file: name, path: "", problem: "expected an object")
        }
        self.name = name
        document = object
    }

    /// All that is wrong in `sections`, in their order, and every section that there is none of.
    ///
    /// What the owner of a section alone can judge, for instance names and values of OCPP keys, is not looked at.
    /// - Parameters:
    ///   - sections: Those that are read strictly.
    ///   - glimpsed: Those that are merely looked at: what may be of a newer version is no mistake there.
    /// - Returns: At most 100 of each kind of reading, and how many there are besides.
    public func mistakes(
        in sections: [SiteSection] = SiteSection.allCases,
        glimpsed: [SiteSection] = []
    ) -> [SiteFileError] {
        let strict = Reading(file: name, unknownKeys: .refused)
        let lenient = Reading(file: name, unknownKeys: .ignored)
        for section in sections { section.read(Fields(document, at: "", strict)) }
        for section in glimpsed { section.read(Fields(document, at: "", lenient)) }
        // By that an editor finds the schema to complete the file by; no business of ours.
        var named = document
        named["$schema"] = nil
        let names = Fields(named, at: "", strict)
        for section in SiteSection.allCases { names.expect(section.rawValue) }
        names.end("section")
        return strict.report + lenient.report
    }

    /// Every section: the one description of the file.
    public static var fields: [SiteField] {
        let fields = Fields(JSONObject(), at: "", .describing)
        for section in SiteSection.allCases { section.read(fields) }
        return fields.described
    }

    /// Reads with `read`, strictly or not.
    /// - Throws: the first mistake.
    func reading<T>(
        _ unknownKeys: JSON.UnknownKeys = .refused,
        _ read: (Fields) -> T
    ) throws(SiteFileError) -> T {
        let reading = Reading(file: name, unknownKeys: unknownKeys)
        let result = read(Fields(document, at: "", reading))
        if let mistake = reading.mistakes.first { throw mistake }
        return result
    }

    /// Ports that two devices name differently and that are the same all the same: what `mistakes` cannot know from the file alone.
    /// - Parameter identity: What the device of a path is; nil where there is none now.
    /// - Returns: One mistake for each second name.
    public func conflicts(identity: (String) -> String?) -> [SiteFileError] {
        let claimants = Fields(document, at: "", Reading(file: name, unknownKeys: .ignored)).claimants
        let known = Set(DriverClaim.conflicts(among: claimants).map(\.path))
        let all = DriverClaim.conflicts(among: claimants) { identity($0) ?? DriverClaim.plainPath($0) }
        return all.filter { !known.contains($0.path) }.map { failure(at: $0.path, $0.problem) }
    }

    /// An error about this file, for what only the reader of a section can judge.
    public func failure(at path: String, _ problem: String) -> SiteFileError {
        SiteFileError(file: name, path: path, problem: problem)
    }

    /// Reads what belongs to one driver.
    /// - Throws: a `SiteFileError` with the path of the value that does not fit.
    public func settings<T: SiteReadable>(of driver: DriverChoice, as type: T.Type) throws(SiteFileError) -> T {
        let reading = Reading(file: name, unknownKeys: .refused)
        let fields = Fields(driver.settings, at: driver.path, reading)
        let settings = T(fields)
        fields.end()
        if let mistake = reading.mistakes.first { throw mistake }
        return settings
    }
}
