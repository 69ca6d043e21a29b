internal import Bus
internal import Glibc

/// Hands a secret to the config store by a file, so that it never travels on the bus.
enum SecretFile {
    /// Writes the value where only its owner can read it; returns the name for the request. The store removes the file.
    static func write(_ value: String, _ session: Session) throws -> String {
        let folder = session.directory.path + "/secrets-in"
        mkdir(folder, 0o700)
        let name = "chargectl-\(getpid())"
        let path = folder + "/" + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(
                status: .refused,
                message: "\(path) cannot be written; a secret is set by who may write there"
            )
        }
        defer { close(descriptor) }
        let bytes = Array(value.utf8)
        guard unsafe bytes.withUnsafeBytes({ unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count
        else {
            unlink(path)
            throw Failure(status: .refused, message: "\(path) cannot be written completely")
        }
        return name
    }
}
