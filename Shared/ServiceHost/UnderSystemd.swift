internal import Bus
internal import Glibc
public import Primitives
internal import Storage

/// What systemd gives to a service at its start; each part is absent where something else starts it.
struct UnderSystemd {
    let notifier: SystemdNotifier
    /// What listens for the service already.
    let sockets: InheritedSockets?
    /// Where `LoadCredential=` puts what only this service may read.
    private let credentialsFolder: String?

    /// systemd gives no larger one (`systemd.exec`, Credentials).
    private static let largestCredential = 1024 * 1024

    /// Call it before anything opens a descriptor.
    /// - Throws: `BusStartError` when sockets were handed over wrongly.
    init(environment: [String: String], pid: Int32) throws {
        sockets = try InheritedSockets.take(environment: environment, pid: pid)
        notifier = SystemdNotifier(environment: environment, pid: pid)
        credentialsFolder = environment["CREDENTIALS_DIRECTORY"]
    }

    /// Nil when there is no such file. An empty one is what somebody has put there by mistake: of what is not there systemd makes none.
    func credential(_ name: String) -> Credential? {
        guard let path = credentialsFolder.map({ "\($0)/\(name)" }) else { return nil }
        let file = SmallFile(path, maximumBytes: Self.largestCredential)
        if let text = file.foreignText { return Credential(path: path, secret: Secret(text)) }
        do throws(SmallFileError) {
            // It holds nothing, or only space.
            _ = try file.read(from: .foreign)
            return Credential(path: path, secret: Secret(""))
        } catch {
            if case .system(let cause) = error, cause.errno == ENOENT { return nil }
            return Credential(path: path, secret: nil)
        }
    }
}

/// A secret that a service was given at its start.
public struct Credential: Sendable {
    /// The file that it came in, for messages.
    public let path: String
    /// Its text, without the space around it, which may be empty; nil when there is a file that cannot be read.
    public let secret: Secret?
}
