internal import Log
internal import Primitives
internal import Storage
internal import UplinkCore

/// The documents of all carriers. Each carrier writes its own and is told what is in the others: a SIM is moved from one modem to another, and an
/// uplink gets another name, while what a SIM has refused is refused.
struct CarrierDocuments {
    private static let prefix = "modem-"

    private struct Found {
        var body: [UInt8]?
        /// Whether something was there, and is not what was written last.
        var isDamaged = false
    }

    private var found: [String: Found] = [:]
    /// The uplinks of the site's file.
    private let uplinks: Set<String>

    static func document(of uplink: String, folder: String) -> AtomicDocument {
        AtomicDocument(
            path: "\(folder)/\(prefix)\(uplink)",
            magic: "charger-modem",
            formatVersion: 1,
            maximumBytes: 64 << 10,
            mode: 0o600,
            keepsPrevious: true
        )
    }

    /// Reads those of the uplinks of the site's file, and of others that were in it once.
    init(folder: String, uplinks: Set<String>, tryAgain: @escaping DevicePatience, log: Log) {
        self.uplinks = uplinks
        let names = (try? KernelFileSystem().names(inFolder: folder)) ?? []
        var all = uplinks
        var damaged: Set<String> = []
        for name in names.sorted() where name.hasPrefix(Self.prefix) {
            let parts = name.dropFirst(Self.prefix.count).split(separator: ".", omittingEmptySubsequences: false)
            let uplink = parts.dropLast().joined(separator: ".")
            switch parts.last {
            // One that was set aside is a doubt until a person takes it away.
            case let kind? where kind.hasPrefix("unreadable-"): damaged.insert(uplink)
            case "previous": all.insert(uplink)
            case "new": break
            default: all.insert(parts.joined(separator: "."))
            }
        }
        for uplink in all.union(damaged).sorted() {
            found[uplink] = Self.read(uplink, folder, tryAgain, log)
            if damaged.contains(uplink) { found[uplink]?.isDamaged = true }
        }
    }

    private static func read(_ uplink: String, _ folder: String, _ tryAgain: @escaping DevicePatience, _ log: Log)
        -> Found
    {
        do {
            let loaded = try document(of: uplink, folder: folder).load(tryAgain: tryAgain)
            for moved in loaded.moved { log.write(LogRecord(.warning, moved.description)) }
            for setAside in loaded.setAside { log.write(LogRecord(.error, setAside.description)) }
            return Found(body: loaded.body, isDamaged: !loaded.setAside.isEmpty || loaded.isPrevious)
        } catch {
            log.write(LogRecord(.error, "what was known of the modem cannot be read", .init("why", "\(error)")))
            return Found(isDamaged: true)
        }
    }

    /// What the carrier of that uplink is told. What another uplink of the file has lost is that one's doubt alone.
    func past(of uplink: String) -> CarrierPast {
        let former = found.filter { !uplinks.contains($0.key) }
        let isDamaged = found[uplink]?.isDamaged == true || former.contains { $0.value.isDamaged }
        let elsewhere = found.filter { $0.key != uplink }.compactMapValues(\.body)
        return CarrierPast(stored: found[uplink]?.body, elsewhere: elsewhere, isDamaged: isDamaged)
    }
}
