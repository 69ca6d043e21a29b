internal import JSON

/// The site's file: factory and site settings, one section per concern. Reading from disk is the caller's.
///
/// A service reads the sections it uses and no other. What it owns it reads strictly: an unknown key in there is an error. What it
/// merely looks at, it reads with `unknownKeys: .ignored`, and what is in the rest it never sees. The names of all sections are known to
/// every service, so that each can warn of one that is owned by nobody.
public struct SiteFile: Sendable {
    /// Largest file, bytes.
    public static let maximumBytes = 256 * 1024

    /// For people, in errors.
    public let name: String
    private let document: JSONObject

    /// Every member that the file may have.
    enum Section: String, CaseIterable {
        case station, centralSystem, ocpp, connectors, mainMeter, readers, permit, powerLoss, uplinks, allowSimulation
        case simulation
    }

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

    /// What each section says that nobody here knows: misspelt, or for a service that is newer than this one. It is without effect, and the
    /// service goes on: each is upgraded alone.
    public var unknownSections: [SiteFileError] {
        let known = Section.allCases.map(\.rawValue).joined(separator: ", ")
        return document.members.filter { Section(rawValue: $0.key) == nil }.map {
            failure(at: $0.key, "unknown section, which is ignored; known are \(known)")
        }
    }

    /// Reads one section; nil when the file does not have it.
    /// - Throws: a `SiteFileError` with the path of the value that does not fit.
    func section<T: Decodable>(
        _ section: Section,
        as type: T.Type,
        unknownKeys: JSON.UnknownKeys = .refused
    ) throws(SiteFileError) -> T? {
        guard let value = document[section.rawValue] else { return nil }
        do {
            return try JSON.decode(type, from: value, root: section.rawValue, unknownKeys: unknownKeys)
        } catch {
            throw failure(error)
        }
    }

    /// An error about this file, for what only the reader of a section can judge.
    public func failure(at path: String, _ problem: String) -> SiteFileError {
        SiteFileError(file: name, path: path, problem: problem)
    }

    /// Reads what belongs to one driver.
    /// - Throws: a `SiteFileError` with the path of the value that does not fit.
    public func settings<T: Decodable>(of driver: DriverChoice, as type: T.Type) throws(SiteFileError) -> T {
        do {
            return try JSON.decode(type, from: .object(driver.settings), root: driver.path, unknownKeys: .refused)
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: DecodingError) -> SiteFileError {
        let (path, problem) = JSON.describe(error: error)
        return failure(at: path, problem)
    }
}
