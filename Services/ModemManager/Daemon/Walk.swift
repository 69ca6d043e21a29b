internal import BusSchema
internal import EventLoop
internal import Glibc
internal import NameServers
internal import Primitives
internal import UplinkCore

/// The way to the central system through one interface, step by step: its name, then its port at one address of it after the other, until one
/// answers. Ends by itself within a minute.
final class Walk {
    struct Goal {
        var host: String
        var port: UInt16
    }

    /// Addresses that are tried.
    private static let mostAddresses = 4

    private let goal: Goal
    private let interface: String
    private let loop: EventLoop
    /// How long one address may take; all of them together have twice as long.
    private let patience: Duration
    private let completion: ([UplinkTest.Step], ProbeOutcome) -> Void
    private var steps: [UplinkTest.Step] = []
    private var begun = EventLoop.uptime()
    private var lookup: NameLookup?
    private var dial = Dial()
    private var due: Duration?
    private var deadlines: DeadlineSource?
    private(set) var isDone = false

    /// The addresses of the central system.
    private struct Dial {
        var connection: TCPConnection?
        var address: SocketAddress?
        /// Those that were not tried yet.
        var rest: ArraySlice<SocketAddress> = []
        var patience = Duration.zero
        /// What speaks most for the uplink of what was found.
        var outcome: ProbeOutcome?
        var details: [String] = []
    }

    /// Without name servers the system's resolver is asked. `completion` is called once, from the loop; whoever began the walk keeps it until then.
    init(
        to goal: Goal,
        interface: String,
        nameServers: [SocketAddress],
        loop: EventLoop,
        patience: Duration = .seconds(20),
        completion: @escaping ([UplinkTest.Step], ProbeOutcome) -> Void
    ) {
        self.goal = goal
        self.interface = interface
        self.loop = loop
        self.patience = patience
        self.completion = completion
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "the port of the central system is waited for") },
            fire: { [unowned self] _ in
                giveUp()
            }
        )
        find(nameServers)
    }

    private func find(_ servers: [SocketAddress]) {
        if let address = SocketAddress(numeric: goal.host, port: goal.port) {
            add("dns", .skipped, "\(goal.host) is an address")
            return loop.enqueue { [self] in connect([address]) }
        }
        guard servers.isEmpty else {
            lookup = NameLookup(goal.host, port: goal.port, servers: servers, interface: interface, loop: loop) {
                [weak self] outcome in self?.found(outcome)
            }
            return
        }
        loop.resolve(host: goal.host, port: goal.port) { [weak self] result in
            switch result {
            case .success(let addresses): self?.found(.of(addresses))
            // The system's resolver does not tell silence from a refusal in a way that could be relied on.
            case .failure(let error): self?.found(.silent("\(error)"))
            }
        }
    }

    private func found(_ outcome: NameLookup.Outcome) {
        lookup = nil
        switch outcome {
        case .addresses(let addresses):
            add("dns", .ok, addresses.map { "\($0)" }.joined(separator: ", "))
            connect(addresses)
        case .none(let detail): fail("dns", .nameUnknown(detail))
        case .silent(let detail): fail("dns", .silent(detail))
        case .unreachable(let detail): fail("dns", .unreachable(detail))
        }
    }

    private func connect(_ addresses: [SocketAddress]) {
        begun = EventLoop.uptime()
        guard !addresses.isEmpty else { return fail("tcp", .nameUnknown("no address")) }
        dial.rest = addresses.prefix(Self.mostAddresses)
        dial.patience = min(patience, patience * 2 / dial.rest.count)
        connectNext()
    }

    private func connectNext() {
        dial.connection?.close()
        (dial.connection, dial.address, due) = (nil, dial.rest.popFirst(), nil)
        guard let address = dial.address else {
            add("tcp", .failed, dial.details.joined(separator: "; "))
            return finish(dial.outcome ?? .unreachable("no address"))
        }
        due = EventLoop.uptime() + dial.patience
        var options = TCPConnection.Options()
        options.interface = interface
        do throws(SystemError) {
            dial.connection = try TCPConnection.connect(to: address, loop: loop, options: options) {
                [weak self] _, event in self?.take(event, from: address)
            }
        } catch {
            goOn(after: .unreachable("\(error)"), at: address)
        }
    }

    private func take(_ event: TCPConnection.Event, from address: SocketAddress) {
        guard address == dial.address, !isDone else { return }
        switch event {
        case .connected, .received, .endReached, .drained:
            add("tcp", .ok, "\(address) answers")
            finish(.answered)
        case .closed(let error):
            guard let error else { return }
            switch error.code {
            // It came through the network: the way is fine, whatever keeps the central system away.
            case ECONNREFUSED, ECONNRESET: goOn(after: .answered, at: address)
            case ETIMEDOUT: goOn(after: .silent("\(error)"), at: address)
            default: goOn(after: .unreachable("\(error)"), at: address)
            }
        }
    }

    private func giveUp() {
        guard let address = dial.address else { return }
        goOn(after: .silent("\(address): no answer in \(dial.patience.wholeSeconds) s"), at: address)
    }

    /// That address did not let us in: the next one may. One that answers in any way proves the uplink, and silence speaks against it where the
    /// machine itself knows no way to the others.
    private func goOn(after outcome: ProbeOutcome, at address: SocketAddress) {
        dial.details.append(outcome.detail ?? "\(address) refuses")
        switch (outcome, dial.outcome) {
        case (_, .answered?), (.unreachable, .silent?): break
        default: dial.outcome = outcome
        }
        connectNext()
    }

    private func add(_ name: String, _ outcome: UplinkTest.Outcome, _ detail: String) {
        let now = EventLoop.uptime()
        let milliseconds = outcome == .skipped ? nil : (now - begun).wholeMilliseconds
        steps.append(.init(name: name, outcome: outcome, detail: detail, milliseconds: milliseconds))
        begun = now
    }

    private func fail(_ name: String, _ outcome: ProbeOutcome) {
        add(name, .failed, outcome.detail ?? "")
        finish(outcome)
    }

    private func finish(_ outcome: ProbeOutcome) {
        guard !isDone else { return }
        isDone = true
        due = nil
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        dial.connection?.close()
        dial = Dial()
        completion(steps, outcome)
    }
}

extension NameLookup.Outcome {
    /// What the system's resolver found: what answers at 0.0.0.0 is this machine, and proves nothing of a network.
    fileprivate static func of(_ addresses: [SocketAddress]) -> Self {
        let usable = addresses.filter { !$0.isNoDestination }
        guard usable.isEmpty, let first = addresses.first else { return .addresses(usable) }
        return .none("the system's resolver answers with \(first), which leads to no other machine")
    }
}
