public import Storage

/// The way to have the machine boot without any right over it: a file in the service's own runtime folder. `charger-reboot.path` of systemd
/// watches for it, and decides (`deploy/systemd/charger-reboot`); where nobody watches, nothing happens.
public struct BootRequest {
    private let file: SmallFile

    init(folder: String) { file = SmallFile("\(folder)/reboot") }

    /// Asks. A request that nobody has read after a minute counts as withdrawn.
    /// - Throws: `SmallFileError` when the file cannot be written.
    public func ask() throws(SmallFileError) { try file.replace(with: [], access: .init(mode: 0o600)) }

    /// Takes back what an earlier process asked for, if nobody has read it.
    func withdraw() { try? file.remove() }
}
