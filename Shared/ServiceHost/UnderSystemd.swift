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

    /// Call it before anything opens a descriptor.
    /// - Throws: `BusStartError` when sockets were handed over wrongly.
    init(environment: [String: String], pid: Int32) throws {
        sockets = try InheritedSockets.take(environment: environment, pid: pid)
        notifier = SystemdNotifier(environment: environment, pid: pid)
        credentialsFolder = environment["CREDENTIALS_DIRECTORY"]
    }

    /// Nil when there is no such file, or an empty one, which is what a unit gives in place of a file that is not there.
    func credential(_ name: String) -> Credential? {
        guard let path = credentialsFolder.map({ "\($0)/\(name)" }), let text = SmallFile(path).foreignText else {
            return nil
        }
        return Credential(path: path, secret: Secret(text))
    }
}

/// A secret that a service was given at its start.
public struct Credential: Sendable {
    /// The file that it came in, for messages.
    public let path: String
    /// Its text, without the space around it.
    public let secret: Secret
}
