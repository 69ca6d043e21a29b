public import EventLoop
internal import Glibc
import Primitives

/// Finds the addresses of a host, of two who may know: the name servers of the network in use, asked through its interface, and the system's resolver,
/// which also reads `/etc/hosts`.
///
/// The other one is asked where the one does not know, or keeps silent for a while. An answer may be wrong, too: where nothing came of a search, the next
/// one begins with the other; so neither dead nor lying name servers keep anybody for good from a host that the system knows, nor the other way round.
public final class AddressSearch {
    /// Asks the system's resolver; calls back once.
    public typealias System = (
        _ host: String, _ port: UInt16, _ completion: @escaping (Result<[SocketAddress], ResolveError>) -> Void
    ) -> Void

    private enum Source {
        case nameServers, system

        var other: Source { self == .system ? .nameServers : .system }
    }

    private struct Search {
        let host: String
        let port: UInt16
        let completion: (ResolveError?) -> Void
        /// Who is still to answer, and who has not been asked yet.
        var awaited: Set<Source> = []
        var unasked: Source?
        var systemFailure: ResolveError?
    }

    /// How long the one has for itself: a good one answers within a tenth of it. Shorter than any patience with the whole search.
    private static let headStart = Duration.milliseconds(500)

    /// Who is asked, and through which interface; nil for the system's resolver alone.
    public var nameServers: (servers: [SocketAddress], interface: String)? {
        didSet {
            let isSame =
                oldValue?.servers == nameServers?.servers && oldValue?.interface == nameServers?.interface
            if !isSame { (first, isDoubted) = (.nameServers, false) }
        }
    }

    /// What was found last.
    public private(set) var found: [SocketAddress] = []
    private let loop: EventLoop
    private let system: System
    /// Who is asked first.
    private var first = Source.nameServers
    /// Whose answer `found` is; nil while nobody's.
    private var answeredBy: Source?
    /// Nothing has come of what was found yet.
    private var isDoubted = false
    /// The search under way; the answers of those before it belong to nobody.
    private var number = 0
    private var search: Search?
    private var lookup: NameLookup?
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
        if isDoubted, let answeredBy { first = answeredBy.other }
        isDoubted = false
        search = Search(host: host, port: port, completion: completion)
        // A name without a dot is none of theirs: the system knows it, or completes it.
        guard host.contains("."), SocketAddress(numeric: host, port: port) == nil, nameServers != nil else {
            return ask(.system)
        }
        search?.unasked = first.other
        due = EventLoop.uptime() + Self.headStart
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "one who knows addresses has a head start") },
            fire: { [unowned self] _ in askOther() }
        )
        ask(first)
    }

    /// The host was reached by what was found: whoever said it is asked first the next time.
    public func worked() {
        isDoubted = false
        if let answeredBy { first = answeredBy }
    }

    private func askOther() {
        due = nil
        guard let other = search?.unasked else { return }
        search?.unasked = nil
        ask(other)
    }

    private func ask(_ source: Source) {
        guard let search else { return }
        self.search?.awaited.insert(source)
        let number = number
        switch source {
        case .system:
            system(search.host, search.port) { [weak self] result in
                guard let self, self.number == number else { return }
                switch result {
                case .success(let addresses):
                    // `/etc/hosts` may well name this machine, but nobody a central system that is none.
                    let usable = addresses.filter { !$0.isNoDestination }
                    if !usable.isEmpty { return succeed(usable, by: .system) }
                    self.search?.systemFailure = ResolveError(host: search.host, code: EAI_NONAME)
                    failed(.system)
                case .failure(let error):
                    self.search?.systemFailure = error
                    failed(.system)
                }
            }
        case .nameServers:
            guard let nameServers else { return failed(.nameServers) }
            lookup = NameLookup(
                search.host,
                port: search.port,
                servers: nameServers.servers,
                interface: nameServers.interface,
                loop: loop
            ) { [weak self] outcome in
                guard let self, self.number == number else { return }
                lookup = nil
                if case .addresses(let addresses) = outcome { return succeed(addresses, by: .nameServers) }
                failed(.nameServers)
            }
        }
    }

    private func failed(_ source: Source) {
        search?.awaited.remove(source)
        guard let search else { return }
        if search.unasked != nil { return askOther() }
        guard search.awaited.isEmpty else { return }
        finish(search.systemFailure ?? ResolveError(host: search.host, code: 0))
    }

    private func succeed(_ addresses: [SocketAddress], by source: Source) {
        found = addresses
        answeredBy = source
        isDoubted = true
        finish(nil)
    }

    private func finish(_ error: ResolveError?) {
        let completion = search?.completion
        end()
        // What anybody says later belongs to nobody.
        number += 1
        completion?(error)
    }

    private func end() {
        lookup?.cancel()
        lookup = nil
        search = nil
        due = nil
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        deadlines = nil
    }
}
