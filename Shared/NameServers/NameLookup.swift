public import EventLoop
import Primitives

/// Asks name servers for the addresses of a name, through one interface: all of them at once, for both kinds of address.
public final class NameLookup {
    public enum Outcome {
        case addresses([SocketAddress])
        /// A name server answered, without an address.
        case none(String)
        /// No name server answered.
        case silent(String)
        case unreachable(String)
    }

    private static let patience = Duration.seconds(5)
    private static let attempts = 2

    private let name: String
    private let port: UInt16
    private let loop: EventLoop
    private let completion: (Outcome) -> Void
    private var questions: [(socket: DatagramSocket, kind: NameQuery.Kind, id: UInt16)] = []
    /// By kind, each address once, however many servers name it.
    private var found: [NameQuery.Kind: [SocketAddress]] = [:]
    private var answered: Set<UInt16> = []
    private var word: String?
    private var attempt = 0
    private var due: Duration?
    private var deadlines: DeadlineSource?
    private var isDone = false

    /// - Parameters:
    ///   - name: Of a host.
    ///   - port: That of the addresses that are found.
    ///   - servers: Of which the first three are asked.
    ///   - interface: Through which they are asked.
    ///   - loop: Calls the handler.
    ///   - completion: Called once, within ten seconds; whoever asked keeps the look-up until then.
    public init(
        _ name: String,
        port: UInt16,
        servers: [SocketAddress],
        interface: String,
        loop: EventLoop,
        completion: @escaping (Outcome) -> Void
    ) {
        self.name = name
        self.port = port
        self.loop = loop
        self.completion = completion
        var failure: SystemError?
        let isName = NameQuery.question(name, .a, id: 0) != nil
        for server in servers.prefix(3) where isName {
            do throws(SystemError) {
                try ask(server, through: interface)
            } catch {
                failure = error
            }
        }
        guard !questions.isEmpty else {
            let reason = failure.map { "\($0)" } ?? "\(name) is no name of a host"
            loop.enqueue { [self] in finish(.unreachable(reason)) }
            return
        }
        send()
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "name servers are waited for") },
            fire: { [unowned self] _ in timeIsUp() }
        )
    }

    private func ask(_ server: SocketAddress, through interface: String) throws(SystemError) {
        let reader = Reader()
        let socket = try DatagramSocket(to: server, interface: interface, loop: loop) { [unowned self] result in
            if case .success(let bytes) = result { take(bytes, reader.socket) }
        }
        reader.socket = socket
        var random = KernelRandom()
        for kind in NameQuery.Kind.allCases {
            let id = UInt16(truncatingIfNeeded: random.next())
            questions.append((socket, kind, id))
        }
    }

    /// Lets the handler of a socket name it, which it cannot do before it is made.
    private final class Reader {
        weak var socket: DatagramSocket?
    }

    private func send() {
        attempt += 1
        due = EventLoop.uptime() + Self.patience
        for (socket, kind, id) in questions where !answered.contains(id) {
            guard let bytes = NameQuery.question(name, kind, id: id) else { continue }
            // One that cannot be sent is one that is lost: the time-out tells.
            try? socket.send(bytes)
        }
    }

    private func take(_ bytes: [UInt8], _ socket: DatagramSocket?) {
        for question in questions where question.socket === socket && !answered.contains(question.id) {
            guard let answer = NameQuery.answer(bytes, to: name, question.kind, id: question.id) else { continue }
            answered.insert(question.id)
            switch answer {
            case .addresses(let addresses):
                for address in addresses.compactMap({ SocketAddress(raw: $0, port: port) })
                where found[question.kind]?.contains(address) != true {
                    found[question.kind, default: []].append(address)
                }
                // Whoever has an address of IPv4 needs no second opinion: mobile networks have that all.
                if question.kind == .a { return finish(.addresses(inTurns)) }
            case .none: word = word ?? "\(name) has no address"
            case .refused(let code): word = code == 3 ? "there is no \(name)" : "name servers answer with error \(code)"
            }
        }
        if answered.count == questions.count { conclude() }
    }

    private func timeIsUp() {
        due = nil
        if answered.isEmpty, attempt < Self.attempts { send() } else { conclude() }
    }

    private func conclude() {
        if !found.isEmpty { return finish(.addresses(inTurns)) }
        if let word { return finish(.none(word)) }
        finish(.silent("no name server answers"))
    }

    /// One of IPv4, one of IPv6, and so on: whoever tries but the first few has one that the network can reach, whichever it has.
    private var inTurns: [SocketAddress] {
        let (four, six) = (found[.a] ?? [], found[.aaaa] ?? [])
        return (0..<max(four.count, six.count)).flatMap { index in
            [four, six].compactMap { $0.indices.contains(index) ? $0[index] : nil }
        }
    }

    /// Nobody wants to know any more; nothing is called.
    public func cancel() {
        guard !isDone else { return }
        isDone = true
        release()
    }

    private func finish(_ outcome: Outcome) {
        guard !isDone else { return }
        isDone = true
        release()
        completion(outcome)
    }

    private func release() {
        due = nil
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        deadlines = nil
        for question in questions { question.socket.close() }
    }
}
