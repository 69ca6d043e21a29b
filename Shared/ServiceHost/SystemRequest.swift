public import Storage

/// The way to have systemd do something without any right over it: a file in the service's own runtime folder, which a `.path` unit watches for
/// (`deploy/systemd`). Where nobody watches, nothing happens.
public struct SystemRequest {
    /// What can be asked for.
    public enum Wish: String, Sendable {
        /// A boot of the machine: `charger-reboot.path`.
        case reboot
        /// A new start of hardware-io, whoever holds it up: `charger-restart@hardware-io.path`.
        case restartHardware = "restart-hardware-io"
    }

    private let file: SmallFile

    init(_ wish: Wish, folder: String) { file = SmallFile("\(folder)/\(wish.rawValue)") }

    /// Asks. A request that nobody has read after a minute counts as withdrawn.
    /// - Throws: `SmallFileError` when the file cannot be written.
    public func ask() throws(SmallFileError) { try file.replace(with: [], access: .init(mode: 0o600)) }

    /// Takes back what an earlier process asked for, if nobody has read it.
    func withdraw() { try? file.remove() }
}
