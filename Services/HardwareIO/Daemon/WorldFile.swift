import Glibc
import HardwareSimulation
import JSON
import Storage

/// Where the simulated world is kept between runs.
///
/// Replaced as a whole by a rename, so that a killed process leaves the old or the new one; without `fsync`, since it changes every second
/// while a car charges and a real charger writes nothing then. After a power cut the simulated world may begin anew.
struct WorldFile {
    /// What is wrong with the file, or with writing it.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Version of the body; a newer one is set aside rather than guessed at.
    private static let format = 1
    private static let maximumBytes = 1 << 20

    private struct Body: Codable {
        var format: Int
        var world: SimulatedWorld
    }

    let path: String

    /// Nil when there is none. What cannot be understood is kept as `<path>.unreadable`.
    /// - Throws: `Failure` when there was something that could not be used; the next call finds nothing.
    func load() throws(Failure) -> SimulatedWorld? {
        guard let bytes = try read() else { return nil }
        do {
            let body = try JSON.decode(Body.self, from: bytes)
            guard body.format == Self.format else {
                throw setAside("its format is \(body.format), expected \(Self.format)")
            }
            return body.world
        } catch let error as DecodingError {
            let (place, problem) = JSON.describe(error: error)
            throw setAside(place.isEmpty ? problem : "\(place): \(problem)")
        } catch let failure as Failure {
            throw failure
        } catch {
            throw setAside("\(error)")
        }
    }

    /// Replaces the file.
    /// - Throws: `Failure`; then the old one is still there.
    func save(_ world: SimulatedWorld) throws(Failure) {
        let bytes: [UInt8]
        do {
            bytes = try JSON.encode(Body(format: Self.format, world: world))
        } catch {
            throw Failure(description: "\(error)")
        }
        do throws(SmallFileError) {
            try file.replace(with: bytes, access: .init(mode: 0o640))
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private var file: SmallFile { SmallFile(path, maximumBytes: Self.maximumBytes) }

    private func read() throws(Failure) -> [UInt8]? {
        do throws(SmallFileError) {
            return try file.read(from: .foreign)
        } catch {
            if error.isAbsence { return nil }
            if case .system(let error) = error, error.errno == EISDIR { throw setAside("it is a folder") }
            if case .tooLarge(_, let limit) = error { throw setAside("it is larger than \(limit) bytes") }
            throw Failure(description: "\(error)")
        }
    }

    private func setAside(_ reason: String) -> Failure {
        let name = path + ".unreadable"
        let kept = rename(path, name) == 0 ? "kept as \(name)" : "and cannot be renamed"
        return Failure(description: "\(path) is unreadable: \(reason); \(kept)")
    }
}
