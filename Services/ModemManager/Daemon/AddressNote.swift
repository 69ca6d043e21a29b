internal import EventLoop
internal import Log
internal import ServiceHost
internal import Storage

/// Which address an interface has from an uplink, for the process after this one: nothing else is taken from that interface, which may have become
/// somebody else's.
struct AddressNote {
    /// Behind the name of the uplink.
    static let ending = "-address"

    private let file: SmallFile

    init(path: String) { file = SmallFile(path) }

    /// The interface; nil where none has an address from it.
    var interface: String? { words.first }
    /// In digits; nil where it is not known, as in a note of an earlier version, and where there is none.
    var address: String? { words.count > 1 ? words[1] : nil }

    private var words: [String] { (file.foreignText ?? "").split(separator: " ").map(String.init) }

    func write(_ interface: String, _ address: String) throws(SmallFileError) {
        try file.replace(with: Array("\(interface) \(address)\n".utf8), access: .init(mode: 0o600))
    }

    func remove() throws(SmallFileError) { try file.remove() }

    /// Takes the address away; where nobody noted which one, all that the interface has, or none unless `others` says so.
    /// - Throws: `SystemError`; EPERM without CAP_NET_ADMIN.
    func clear(_ interface: String, others: Bool) throws(SystemError) {
        if let address {
            try InterfaceSetting.clear(interface, of: address)
        } else if others {
            try InterfaceSetting.clear(interface)
        }
    }
}
