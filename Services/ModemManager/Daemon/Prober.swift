internal import BusSchema
internal import EventLoop
internal import Primitives
internal import UplinkCore
internal import WebSocket

/// Sends probes and walks tests: knows where the central system is, and keeps the walks that are under way.
final class Prober {
    /// Tests of people at one time, and probes with them.
    private static let mostWalks = 16

    private let loop: EventLoop
    private var goal: Walk.Goal?
    private var link: LinkState?
    private var walks: [ObjectIdentifier: Walk] = [:]

    /// `url` is that of the central system by the site's file; nil when it has none.
    init(loop: EventLoop, url: String?) {
        self.loop = loop
        if let url { learn(url: url) }
    }

    /// The gateway may have been told another one since.
    func learn(_ link: LinkState) {
        self.link = link
        if !link.url.isEmpty { learn(url: link.url) }
    }

    private func learn(url: String) {
        guard let url = try? WebSocketURL(url) else { return }
        let host = url.host.hasPrefix("[") ? String(url.host.dropFirst().dropLast()) : url.host
        goal = Walk.Goal(host: host, port: url.port)
    }

    func probe(interface: String, nameServers: [String], completion: @escaping (ProbeOutcome) -> Void) {
        guard let goal else {
            // Nobody is to be reached: nothing speaks against the uplink.
            return loop.enqueue { completion(.nameUnknown("there is no central system")) }
        }
        walk(to: goal, interface, nameServers) { completion($1) }
    }

    private func walk(
        to goal: Walk.Goal,
        _ interface: String,
        _ nameServers: [String],
        completion: @escaping ([UplinkTest.Step], ProbeOutcome) -> Void
    ) {
        let place = Place()
        let servers = nameServers.compactMap { SocketAddress(numeric: $0, port: 53) }
        let walk = Walk(to: goal, interface: interface, nameServers: servers, loop: loop) {
            [unowned self] steps, outcome in
            if let id = place.id { walks[id] = nil }
            completion(steps, outcome)
        }
        place.id = ObjectIdentifier(walk)
        // One that could not even begin has ended already.
        if !walk.isDone { walks[ObjectIdentifier(walk)] = walk }
    }

    /// Where a walk is kept, for its own completion to forget it.
    private final class Place {
        var id: ObjectIdentifier?
    }

    // MARK: - Tests

    /// From the SIM to BootNotification: what is known, then what is tried, then what the gateway found. The last ones are not tried from here, since a
    /// second connection under the charger's identity would end the first.
    func test(
        _ request: UplinkTest,
        of machine: UplinkMachine,
        completion: @escaping (Result<UplinkTest.Reply, BusError>) -> Void
    ) {
        let state = machine.state
        let wanted = request.uplink ?? state?.active ?? state?.uplinks.first?.name
        guard let uplink = state?.uplinks.first(where: { $0.name == wanted }),
            let condition = machine.condition(of: uplink.name)
        else {
            return completion(.failure(BusError(.invalid, "uplink: there is no uplink \(wanted ?? "")")))
        }
        guard walks.count < Self.mostWalks else {
            return completion(.failure(BusError(.refused, "too many tests are under way")))
        }
        var story = TestStory(uplink: uplink, condition: condition)
        let finish = { (story: TestStory) in
            completion(.success(UplinkTest.Reply(uplink: uplink.name, steps: story.complete)))
        }
        guard !story.hasFailed else { return finish(story) }
        guard let interface = uplink.interface else {
            story.stop("there is no interface to send through")
            return finish(story)
        }
        guard let goal else {
            story.steps.append(.init(name: "dns", outcome: .failed, detail: "there is no central system"))
            return finish(story)
        }
        let isActive = uplink.name == state?.active
        walk(to: goal, interface, condition.nameServers) { [unowned self] tried, _ in
            story.steps += tried
            if !story.hasFailed { story.tell(isActive ? link : nil, active: isActive ? nil : state?.active) }
            finish(story)
        }
    }
}
