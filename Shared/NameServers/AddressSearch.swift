public import EventLoop
import Primitives

/// Finds the addresses of a host: asks the name servers of the network in use, through its interface, and the system's resolver where there are none,
/// where they do not know, and where they keep silent for a while. What they do not know may stand in `/etc/hosts`; and servers that an uplink named
/// and that are dead must not keep anybody from a name that the system knows.
public final class AddressSearch {
    /// Asks the system's resolver; calls back once.
    public typealias System = (
        _ host: String, _ port: UInt16, _ completion: @escaping (Result<[SocketAddress], ResolveError>) -> Void
    ) -> Void

    /// How long the name servers have for themselves: a good one answers within a tenth of it. Shorter than any patience with the whole search.
    private static let headStart = Duration.milliseconds(500)

    /// Who is asked, and through which interface; nil for the system's resolver alone.
    public var nameServers: (servers: [SocketAddress], interface: String)?
    /// What was found last.
    public private(set) var found: [SocketAddress] = []
    private let loop: EventLoop
    private let system: System
    /// The search under way; the answers of those before it belong to nobody.
    private var number = 0
    private var completion: ((ResolveError?) -> Void)?
    private var lookup: NameLookup?
    private var askSystem: (() -> Void)?
    private var systemFailure: ResolveError?
    private var due: Duration?
    private var deadlines: DeadlineSource?

    /// - Parameters:
    ///   - loop: Calls back.
    ///   - system: The system's resolver; nil for that of the loop.
    public init(_ loop: EventLoop, system: System? = nil) {
        self.loop = loop
        self.system = system ?? { loop.resolve(host: $0, port: $1, completion: $2) }
    }

    /// `completion` is called once, unless another search begins before; with nil when `found` is to be used.
    public func find(_ host: String, port: UInt16, completion: @escaping (ResolveError?) -> Void) {
        end()
        number += 1
        let number = number
        self.completion = completion
        askSystem = { [unowned self] in
            due = nil
            askSystem = nil
            system(host, port) { [weak self] result in
                guard let self, self.number == number else { return }
                take(result)
            }
        }
        // A name without a dot is none of theirs: the system knows it, or completes it.
        guard host.contains("."), SocketAddress(numeric: host, port: port) == nil, let nameServers else {
            askSystem?()
            return
        }
        due = EventLoop.uptime() + Self.headStart
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "name servers have a head start") },
            fire: { [unowned self] _ in askSystem?() }
        )
        lookup = NameLookup(
            host,
            port: port,
            servers: nameServers.servers,
            interface: nameServers.interface,
            loop: loop
        ) { [weak self] outcome in
            guard let self, self.number == number else { return }
            lookup = nil
            if case .addresses(let addresses) = outcome { return succeed(addresses) }
            if let systemFailure { finish(systemFailure) } else { askSystem?() }
        }
    }

    private func take(_ result: Result<[SocketAddress], ResolveError>) {
        switch result {
        case .success(let addresses): succeed(addresses)
        case .failure(let error) where lookup == nil: finish(error)
        case .failure(let error): systemFailure = error
        }
    }

    private func succeed(_ addresses: [SocketAddress]) {
        found = addresses
        finish(nil)
    }

    private func finish(_ error: ResolveError?) {
        let completion = completion
        end()
        // What the system says later belongs to nobody.
        number += 1
        completion?(error)
    }

    private func end() {
        lookup?.cancel()
        lookup = nil
        completion = nil
        askSystem = nil
        systemFailure = nil
        due = nil
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        deadlines = nil
    }
}
