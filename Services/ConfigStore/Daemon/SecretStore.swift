internal import BusSchema
internal import ConfigCore
internal import EventLoop
internal import Glibc
internal import JSON
internal import Log
internal import Primitives
internal import Storage

/// Secrets on their three ways: in through a file of whoever sets one, on disk in a document of the store, out through a file per owner.
final class SecretStore {
    private var document: AtomicDocument
    private let incoming: String
    private let outgoing: String
    private let log: Log
    private var stored = 0
    /// Of those who get secrets, and of who may hand them in, where their folders are not prepared. Looked up before anything is served, because
    /// a directory service may take its time.
    private let groups: [String: gid_t]

    /// - Parameters:
    ///   - stateFolder: Where the store keeps them.
    ///   - runtimeFolder: Where they come in and go out.
    ///   - files: Where the store keeps them.
    ///   - log: Gets what could not be read or handed over.
    ///   - lookUp: The number of the group with that name, nil when there is none. Asked here and never again.
    init(
        stateFolder: String,
        runtimeFolder: String,
        files: any FileSystem = KernelFileSystem(),
        log: Log,
        lookUp: (String) -> gid_t? = { LocalSocket.groupId(named: $0) }
    ) {
        document = AtomicDocument(
            path: stateFolder + "/secrets",
            magic: "charger-secrets",
            formatVersion: 1,
            maximumBytes: 8 << 20,
            mode: 0o600,
            keepsPrevious: true,
            files: files
        )
        incoming = runtimeFolder + "/secrets-in"
        outgoing = runtimeFolder + "/secrets"
        var folders = [Self.givers: incoming]
        for service in ServiceName.daemons { folders[service.rawValue] = "\(outgoing)/\(service)" }
        // Who prepared a folder, systemd or the store before, knew the group.
        let open = folders.filter { !SmallFile.isPreparedFolder($0.value) }.keys
        groups = Dictionary(uniqueKeysWithValues: open.compactMap { name in lookUp(name).map { (name, $0) } })
        self.log = log
    }

    /// What it has written to the disk since the start.
    var written: WriteCounters { document.written }

    /// Reads the document.
    /// - Parameter tryAgain: How long a device is waited for that cannot read.
    /// - Returns: What was stored; nothing after a loss, nil when the device cannot read it. Both are logged.
    /// - Throws: `StorageError.system` when access is denied.
    func load(tryAgain: DevicePatience = { _ in false }) throws(StorageError) -> [String: Secret]? {
        let loaded: AtomicDocument.Loaded
        do throws(StorageError) {
            loaded = try document.load(tryAgain: tryAgain)
        } catch {
            guard error.isDeviceError else { throw error }
            log.write(LogRecord(.error, "the secrets cannot be read and must be set again", .init("why", error)))
            return nil
        }
        for moved in loaded.moved { log.write(LogRecord(.warning, moved.description)) }
        if let unread = loaded.unread { log.write(LogRecord(.error, unread.description)) }
        for setAside in loaded.setAside { log.write(LogRecord(.error, setAside.description)) }
        if loaded.isPrevious { log.write(LogRecord(.error, "the secrets are those before the last change")) }
        guard let body = loaded.body else { return [:] }
        do throws(DecodingError) {
            let values = try JSON.decode([String: String].self, from: body)
            stored = values.count
            return values.mapValues(Secret.init)
        } catch {
            // The text of the error could hold a part of the document.
            log.write(LogRecord(.error, "the secrets are not understood", .init("path", document.path)))
            return [:]
        }
    }

    /// Durable when this returns.
    /// - Throws: `StorageError`.
    func save(_ secrets: [String: Secret]) throws {
        let body = try JSON.encode(secrets.mapValues(\.exposed))
        try document.save(body)
        // What was removed must not live on in the document before.
        if secrets.count < stored { try document.save(body) }
        stored = secrets.count
    }

    // MARK: - Files of the runtime folder

    /// Makes the folders, for the groups that may use them: who may command services may set secrets, too.
    /// - Throws: `SmallFileError`.
    func makeFolders() throws(SmallFileError) {
        // With the setgid bit, what others put there belongs to the group, and so we can read it.
        try SmallFile.makeFolder(incoming, access: .init(mode: 0o3730, group: groups[Self.givers]))
        try SmallFile.makeFolder(outgoing, access: .init(mode: 0o755))
    }

    /// Reads the file called `name` that somebody put there for us, and removes it whatever it holds.
    func takeIncoming(_ name: String) -> ConfigMachine.SecretInput {
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.contains("\0"), name.utf8.count <= 100
        else {
            return .unreadable(reason: "expected the name of a file in \(incoming)")
        }
        let path = incoming + "/" + name
        let file = SmallFile(path, maximumBytes: ConfigLimits.valueBytes + 1)
        defer { removeIncoming(file) }
        do throws(SmallFileError) {
            var bytes = try file.read(from: .handedIn)
            guard !bytes.isEmpty else { return .unreadable(reason: "expected a value in \(path), found an empty file") }
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }  // As `echo` leaves it.
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .unreadable(reason: "expected UTF-8 text in \(path)")
            }
            return .secret(Secret(text))
        } catch {
            return .unreadable(reason: error.description)
        }
    }

    private func removeIncoming(_ file: SmallFile) {
        do throws(SmallFileError) {
            try file.remove()
        } catch {
            log.write(LogRecord(.error, "what was handed in as a secret stays readable", .init("why", error)))
        }
    }

    /// Writes or removes the file in which `owner` finds its secret.
    /// - Throws: `SmallFileError`; the file of before is still there.
    func handOver(_ secret: Secret?, key: String, owner: ServiceName) throws(SmallFileError) {
        let folder = "\(outgoing)/\(owner)"
        let file = SmallFile("\(folder)/\(key)")
        let group = groups[owner.rawValue]
        if let secret {
            try SmallFile.makeFolder(folder, access: .init(mode: 0o750, group: group))
            try file.replace(with: Array(secret.exposed.utf8), access: .init(mode: 0o640, group: group))
        } else {
            try file.remove()
        }
    }

    /// Who may command services may set secrets, too.
    private static let givers = "charger-control"
}
