import Bus
import BusSchema
import GatewayCore
import JSON
import Primitives
import Storage
import WebSocket

/// The password for the central system, on its ways through files: to the config store, back from it (never over the bus), and the one that
/// worked last, which is kept here in case that a later one does not.
final class Credentials {
    private let identity: String
    /// The address that they are for, with the identity.
    private let url: String
    /// From the site's file, in hexadecimal digits.
    private let siteKey: Secret?
    private let isRequired: Bool
    private let runtimeDirectory: String
    private let log: (LogRecord) -> Void
    private var file: AtomicDocument
    private var trial: PasswordTrial
    /// Hears whether an older password is used than the one that was set last: at once, and when it changes.
    var onDoubt: ((Bool) -> Void)? {
        didSet { onDoubt?(isDoubted) }
    }

    /// What the file holds: hexadecimal digits, and the address whose central system said so. Older versions did not note that.
    private struct Kept: Codable {
        var url: String?
        var proven: String?
        var doubted: String?
        var replaced: String?
    }

    /// - Parameters:
    ///   - identity: The user name.
    ///   - url: The address of the central system. What another one accepted is none of its business.
    ///   - siteKey: In hexadecimal digits, used while nothing is set or known to work, and when nothing else is accepted.
    ///   - isRequired: Whether there is no handshake without a password.
    ///   - runtimeDirectory: Where the config store hands passwords over.
    ///   - stateDirectory: Where the one that worked last is kept.
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - log: Gets what people should know; never a password.
    init(
        identity: String,
        url: String,
        siteKey: Secret?,
        isRequired: Bool,
        runtimeDirectory: String,
        stateDirectory: String,
        tryAgain: DevicePatience,
        log: @escaping (LogRecord) -> Void
    ) {
        self.identity = identity
        self.url = url
        self.siteKey = siteKey
        self.isRequired = isRequired
        self.runtimeDirectory = runtimeDirectory
        self.log = log
        let path = "\(stateDirectory)/accepted-password"
        trial = PasswordTrial(siteKey: siteKey)
        file = AtomicDocument(path: path, magic: "CHARGER-PASSWORD", formatVersion: 1, maximumBytes: 4096, mode: 0o600)
        // Without it the password that is set is used, and the site's when that one is refused.
        do throws(StorageError) {
            let loaded = try file.load(tryAgain: tryAgain)
            for moved in loaded.moved { log(LogRecord(.warning, moved.description)) }
            for setAside in loaded.setAside { log(LogRecord(.error, setAside.description)) }
            if let body = loaded.body { restore(body) }
        } catch {
            complain("the password that worked last cannot be read", error.description)
        }
    }

    private func restore(_ body: [UInt8]) {
        do throws(DecodingError) {
            let kept = try JSON.decode(Kept.self, from: body)
            guard kept.url ?? url == url else {
                log(LogRecord(.notice, "the password that worked last was for another address and is not used"))
                return
            }
            let memory = PasswordTrial.Memory(
                proven: kept.proven.map(Secret.init),
                doubted: kept.doubted.map(Secret.init),
                replaced: kept.replaced.map(Secret.init)
            )
            trial = PasswordTrial(memory, siteKey: siteKey)
        } catch {
            // The text of the error could hold a part of the document.
            complain("the password that worked last is not understood", file.path)
        }
    }

    /// What to put into the next handshake; nil while there is no password.
    /// - Throws: `LinkProblem` when there must be one.
    func next() throws(LinkProblem) -> BasicCredentials? {
        // What the disk refused may succeed by now.
        _ = keep()
        // The header carries the bytes, not their spelling (OCPP-J 1.6 §6.2.2).
        guard let digits = trial.choose(ordered: ordered), let bytes = Hexadecimal.bytes(digits.exposed) else {
            if isRequired { throw .passwordMissing }
            return nil
        }
        return BasicCredentials(user: identity, password: bytes)
    }

    /// The central system talks OCPP. May be told again on the same connection.
    func accepted() {
        guard trial.isOpen else { return }
        _ = follow { $0.accepted() }
    }

    /// The central system does not accept the password; of no meaning once it has talked OCPP.
    func refused() {
        guard trial.isOpen else { return }
        _ = follow { $0.refused() }
    }

    /// The connection has ended; of no meaning once the central system has talked OCPP, or said that it refuses.
    func ended() {
        guard trial.isOpen else { return }
        _ = follow { $0.ended() }
    }

    /// The config store has a new one, or was given the same again.
    /// - Returns: Whether one gets its turn that was refused before.
    func wasSet() -> Bool {
        follow { $0.passwordWasSet() }
    }

    /// Puts a new one where the config store finds it.
    /// - Returns: What to call it towards the store.
    /// - Throws: `BusError` when it must not be set, because its trial would have nothing to go back to after a restart, or cannot.
    func handIn(_ secret: Secret) throws(BusError) -> String {
        guard keep() else { throw BusError(.failed, "the password that works cannot be kept on disk") }
        do throws(SecretInboxError) {
            return try inbox.put(secret)
        } catch {
            throw BusError(.failed, error.description)
        }
    }

    /// The store did not take what was handed in under that name.
    func takeBack(_ name: String) { inbox.takeBack(name) }

    private var inbox: SecretInbox { SecretInbox(RuntimeDirectory(path: runtimeDirectory)) }

    private var ordered: Secret? {
        let path = "\(runtimeDirectory)/secrets/\(ServiceName.ocppGateway)/\(OCPPKeyName.authorizationKey.rawValue)"
        guard let text = SmallFile(path).foreignText, Hexadecimal.bytes(text) != nil else { return nil }
        return Secret(text)
    }

    private var isDoubted: Bool { trial.memory.doubted != nil }

    private func follow(_ change: (inout PasswordTrial) -> LogRecord?) -> Bool {
        let wasDoubted = isDoubted
        let news = change(&trial)
        if let news { log(news) }
        _ = keep()
        if isDoubted != wasDoubted { onDoubt?(isDoubted) }
        return news != nil
    }

    /// Saves what the disk does not hold yet.
    /// - Returns: Whether it holds everything now.
    private func keep() -> Bool {
        guard !trial.isKept else { return true }
        do {
            let memory = trial.memory
            let kept = Kept(
                url: url,
                proven: memory.proven?.exposed,
                doubted: memory.doubted?.exposed,
                replaced: memory.replaced?.exposed
            )
            try file.save(try JSON.encode(kept))
            trial.wasKept()
            return true
        } catch {
            // A restart then finds the password of before; it is tried like any other.
            complain("the password that worked last cannot be kept", "\(error)")
            return false
        }
    }

    private func complain(_ message: String, _ reason: String) {
        log(LogRecord(.warning, message, .init("reason", reason)))
    }
}
