import Glibc
import HardwareSimulation
import JSON

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
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("open \(temporary)") }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        let problem = written == bytes.count ? nil : failure("write \(temporary)")
        close(descriptor)
        if let problem { throw problem }
        guard rename(temporary, path) == 0 else { throw failure("rename \(temporary)") }
    }

    private func read() throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open \(path)")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= Self.maximumBytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else { throw failure("read \(path)") }
            bytes += buffer.prefix(count)
        }
        throw setAside("it is larger than \(Self.maximumBytes) bytes")
    }

    private func setAside(_ reason: String) -> Failure {
        let name = path + ".unreadable"
        let kept = rename(path, name) == 0 ? "kept as \(name)" : "and cannot be renamed"
        return Failure(description: "\(path) is unreadable: \(reason); \(kept)")
    }

    private func failure(_ operation: String) -> Failure {
        Failure(description: "\(operation): \(String(cString: strerror(errno)))")
    }
}
