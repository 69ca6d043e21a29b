internal import Glibc
public import Primitives
internal import Storage

/// A secret could not be put where the config store takes it from.
public struct SecretInboxError: Error, Equatable, Sendable, CustomStringConvertible {
    /// For people: which file or folder, and why. Nothing of the secret.
    public let description: String
}

/// The folder of the runtime directory through which secrets reach the config store, so that none ever travels on the bus.
///
/// The store makes the folder, with the group of those who may set secrets and the setgid bit: a file in it belongs to that group, so
/// the store can read it although another user wrote it. Nobody but the store may list the folder, nor, by the sticky bit, remove what is
/// not his own: names cannot be foreseen, so that those who may set secrets do not read each other's.
public struct SecretInbox: Sendable {
    public let path: String

    public init(_ directory: RuntimeDirectory) { path = directory.path + "/secrets-in" }

    /// Writes the secret into a new file whose name nobody can foresee, readable by its user and group only.
    /// - Returns: The name for `ConfigSet.secretFile`. The store removes the file when it takes it; call `takeBack` when it did not.
    /// - Throws: `SecretInboxError` when the folder is absent, is no folder of the store's, or takes nothing.
    public func put(_ secret: Secret) throws(SecretInboxError) -> String {
        // Looked at and not opened: those who may put something there may not list what others have put.
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("open", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw SecretInboxError(description: "\(path) is no folder, so no secret is put there")
        }
        guard status.st_mode & S_IWOTH == 0 else {
            throw SecretInboxError(description: "\(path) can be written by everybody, so no secret is put there")
        }
        var random = SystemRandomNumberGenerator()
        let name = "secret-" + (0..<2).map { _ in String(random.next(), radix: 16) }.joined()
        do throws(SmallFileError) {
            // The group may read it only when it is complete.
            try SmallFile(path + "/" + name).replace(with: Array(secret.exposed.utf8), access: .init(mode: 0o640))
            return name
        } catch {
            throw SecretInboxError(description: error.description)
        }
    }

    /// Removes what the store did not take; a file that is gone is fine.
    public func takeBack(_ name: String) { unlink(path + "/" + name) }

    private func failure(_ operation: String, _ path: String) -> SecretInboxError {
        SecretInboxError(description: "cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
