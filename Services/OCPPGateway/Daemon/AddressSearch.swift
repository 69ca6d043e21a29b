import EventLoop
import NameServers

/// Finds the addresses of the central system: asks the name servers of the uplink in use, through its interface, and the system's resolver where there
/// are none or they do not know. What they do not know may stand in `/etc/hosts`; where they are silent, others may not be.
final class AddressSearch {
    /// Who is asked, and through which interface; nil for the system's resolver alone.
    var nameServers: (servers: [SocketAddress], interface: String)?
    /// What was found last.
    private(set) var found: [SocketAddress] = []
    private let loop: EventLoop
    private var lookup: NameLookup?
    /// The search under way; the answers of those before it belong to nobody.
    private var number = 0

    init(_ loop: EventLoop) { self.loop = loop }

    /// `completion` is called once, unless another search begins before; with nil when `found` is to be used.
    func find(_ host: String, port: UInt16, completion: @escaping (ResolveError?) -> Void) {
        number += 1
        let number = number
        lookup?.cancel()
        lookup = nil
        // A name without a dot is none of theirs: the system knows it, or completes it.
        let isName = host.contains(".") && SocketAddress(numeric: host, port: port) == nil
        guard isName, let nameServers else { return askSystem(host, port, number, completion) }
        lookup = NameLookup(
            host,
            port: port,
            servers: nameServers.servers,
            interface: nameServers.interface,
            loop: loop
        ) { [weak self] outcome in
            guard let self, self.number == number else { return }
            lookup = nil
            guard case .addresses(let addresses) = outcome else { return askSystem(host, port, number, completion) }
            found = addresses
            completion(nil)
        }
    }

    private func askSystem(
        _ host: String,
        _ port: UInt16,
        _ number: Int,
        _ completion: @escaping (ResolveError?) -> Void
    ) {
        loop.resolve(host: host, port: port) { [weak self] result in
            guard let self, self.number == number else { return }
            switch result {
            case .success(let addresses):
                found = addresses
                completion(nil)
            case .failure(let error): completion(error)
            }
        }
    }
}
