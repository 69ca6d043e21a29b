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
    /// How long the other kind of address is waited for when one is there (RFC 8305 §3, where it is 50 ms; mobile networks are slower). Shorter than
    /// the head start of name servers before the system's resolver.
    private static let resolutionDelay = Duration.milliseconds(300)

    private let name: String
    private let port: UInt16
    private let loop: EventLoop
    private let completion: (Outcome) -> Void
    private var questions: [(socket: DatagramSocket, kind: NameQuery.Kind, id: UInt16)] = []
    private let surroundings: Surroundings
    private var heard = Heard()
    private var attempt = 0
    private var due: Duration?
    private var deadlines: DeadlineSource?
    private var isDone = false

    /// What name servers have answered so far.
    private struct Heard {
        /// The numbers of questions.
        var answered: Set<UInt16> = []
        /// By kind, each address once, however many servers name it.
        var found: [NameQuery.Kind: [SocketAddress]] = [:]
        /// The kinds of which somebody has told all there is; a server that fails has not.
        var settled: Set<NameQuery.Kind> = []
        /// Questions of which the answers were cut off, without an address.
        var cut: Set<UInt16> = []
        /// Why there is no address.
        var word: String?

        var isEnough: Bool { !found.isEmpty && settled.count == NameQuery.Kind.allCases.count }
    }

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
        surroundings = Surroundings(interface: interface, port: port)
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
        for (socket, kind, id) in questions where !heard.answered.contains(id) {
            guard let bytes = NameQuery.question(name, kind, id: id) else { continue }
            // One that cannot be sent is one that is lost: the time-out tells.
            try? socket.send(bytes)
        }
    }

    private func take(_ bytes: [UInt8], _ socket: DatagramSocket?) {
        for question in questions where question.socket === socket && !heard.answered.contains(question.id) {
            guard let answer = NameQuery.answer(bytes, to: name, question.kind, id: question.id) else { continue }
            heard.answered.insert(question.id)
            switch answer {
            case .addresses(let addresses):
                heard.settled.insert(question.kind)
                take(addresses.compactMap { SocketAddress(raw: Self.plain($0), port: port) }, question.kind)
            case .none: heard.settled.insert(question.kind)
            case .cut: heard.cut.insert(question.id)
            case .refused(let code):
                if code == 3 { heard.settled.insert(question.kind) }
                heard.word =
                    heard.word ?? (code == 3 ? "there is no \(name)" : "name servers answer with error \(code)")
            }
        }
        if heard.answered.count == questions.count || heard.isEnough { return conclude() }
        // Neither a server that is dead nor one that knows nothing of the other kind keeps anybody from the addresses that are there.
        if !heard.found.isEmpty, let latest = due { due = min(latest, EventLoop.uptime() + Self.resolutionDelay) }
    }

    private func take(_ addresses: [SocketAddress], _ kind: NameQuery.Kind) {
        for address in addresses where heard.found[kind]?.contains(address) != true {
            if surroundings.leadsAnywhere(address) {
                heard.found[kind, default: []].append(address)
            } else {
                heard.word = "name servers answer with \(address), which leads to no other machine"
            }
        }
    }

    /// One of IPv4 that is dressed as one of IPv6 (RFC 4291 §2.5.5.2) is dialled as what it is.
    private static func plain(_ address: [UInt8]) -> [UInt8] {
        address.count == 16 && address.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            ? Array(address.suffix(4)) : address
    }

    private func timeIsUp() {
        due = nil
        if heard.answered.isEmpty, attempt < Self.attempts { send() } else { conclude() }
    }

    private func conclude() {
        if !heard.found.isEmpty { return finish(.addresses(inTurns)) }
        if let word = heard.word { return finish(.none(word)) }
        if !heard.cut.isEmpty {
            // A server that holds back because of too many questions cuts only some of its answers off.
            guard attempt >= Self.attempts else {
                heard.answered.subtract(heard.cut)
                heard.cut = []
                return send()
            }
            return finish(.none("the answer of a name server was cut off, without an address"))
        }
        finish(heard.answered.isEmpty ? .silent("no name server answers") : .none("\(name) has no address"))
    }

    /// One of each kind, and so on: whoever tries but the first few has one that the network can reach, whichever it has. Those of IPv4 begin, unless
    /// the interface has no such address: a way to them is none then (RFC 6724 §5, rule 1).
    private var inTurns: [SocketAddress] {
        let (four, six) = (heard.found[.a] ?? [], heard.found[.aaaa] ?? [])
        let order = surroundings.hasFour ? [four, six] : [six, four]
        return (0..<max(four.count, six.count)).flatMap { index in
            order.compactMap { $0.indices.contains(index) ? $0[index] : nil }
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
