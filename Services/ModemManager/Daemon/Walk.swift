internal import BusSchema
internal import EventLoop
internal import Glibc
internal import NameServers
internal import Primitives
internal import UplinkCore

/// The way to the central system through one interface, step by step: its name, then its port. Ends by itself within a minute.
final class Walk {
    struct Goal {
        var host: String
        var port: UInt16
    }

    private static let connectPatience = Duration.seconds(20)

    private let goal: Goal
    private let interface: String
    private let loop: EventLoop
    private let completion: ([UplinkTest.Step], ProbeOutcome) -> Void
    private var steps: [UplinkTest.Step] = []
    private var begun = EventLoop.uptime()
    private var lookup: NameLookup?
    private var connection: TCPConnection?
    private var due: Duration?
    private var deadlines: DeadlineSource?
    private(set) var isDone = false

    /// Without name servers the system's resolver is asked. `completion` is called once, from the loop; whoever began the walk keeps it until then.
    init(
        to goal: Goal,
        interface: String,
        nameServers: [SocketAddress],
        loop: EventLoop,
        completion: @escaping ([UplinkTest.Step], ProbeOutcome) -> Void
    ) {
        self.goal = goal
        self.interface = interface
        self.loop = loop
        self.completion = completion
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "the port of the central system is waited for") },
            fire: { [unowned self] _ in
                due = nil
                fail("tcp", .silent("no answer in \(Self.connectPatience.wholeSeconds) s"))
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
            case .success(let addresses): self?.found(.addresses(addresses))
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
        guard let address = addresses.first else { return fail("tcp", .nameUnknown("no address")) }
        due = begun + Self.connectPatience
        var options = TCPConnection.Options()
        options.interface = interface
        do throws(SystemError) {
            connection = try TCPConnection.connect(to: address, loop: loop, options: options) {
                [weak self] _, event in self?.take(event, from: address)
            }
        } catch {
            fail("tcp", .unreachable("\(error)"))
        }
    }

    private func take(_ event: TCPConnection.Event, from address: SocketAddress) {
        switch event {
        case .connected, .received, .endReached, .drained:
            add("tcp", .ok, "\(address) answers")
            finish(.answered)
        case .closed(let error):
            guard let error else { return }
            switch error.code {
            case ECONNREFUSED, ECONNRESET:
                // It came through the network: the way is fine, whatever keeps the central system away.
                add("tcp", .failed, "\(address) refuses")
                finish(.answered)
            case ETIMEDOUT: fail("tcp", .silent("\(error)"))
            default: fail("tcp", .unreachable("\(error)"))
            }
        }
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
        connection?.close()
        connection = nil
        completion(steps, outcome)
    }
}
