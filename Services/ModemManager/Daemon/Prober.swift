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
        let walk = Walk(to: goal, interface: interface, nameServers: nameServers, loop: loop) {
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

    /// From the SIM to the WebSocket: what is known, then what is tried, then what the gateway found. The last two are not tried from here, since
    /// a second connection under the charger's identity would end the first.
    func test(
        _ request: UplinkTest,
        of machine: UplinkMachine,
        completion: @escaping (Result<UplinkTest.Reply, BusError>) -> Void
    ) {
        let state = machine.state
        let wanted = request.uplink ?? state?.active ?? state?.uplinks.first?.name
        guard let uplink = state?.uplinks.first(where: { $0.name == wanted }) else {
            return completion(.failure(BusError(.invalid, "uplink: there is no uplink \(wanted ?? "")")))
        }
        guard walks.count < Self.mostWalks else {
            return completion(.failure(BusError(.refused, "too many tests are under way")))
        }
        var steps = uplink.knownSteps
        let finish = { (steps: [UplinkTest.Step]) in
            completion(.success(UplinkTest.Reply(uplink: uplink.name, steps: steps)))
        }
        guard steps.allSatisfy({ $0.outcome != .failed }), let interface = uplink.interface else {
            return finish(steps)
        }
        guard let goal else {
            steps.append(.init(name: "dns", outcome: .failed, detail: "there is no central system"))
            return finish(steps)
        }
        walk(to: goal, interface, machine.nameServers(of: uplink.name)) { [unowned self] tried, outcome in
            steps += tried
            if outcome == .answered, tried.last?.outcome == .ok { steps += gatewaySteps }
            finish(steps)
        }
    }

    private var gatewaySteps: [UplinkTest.Step] {
        guard let link else {
            return [.init(name: "webSocket", outcome: .skipped, detail: "the gateway does not say how far it gets")]
        }
        switch link.phase {
        case .booting, .pending, .accepted, .rejected:
            return [
                .init(name: "tls", outcome: .ok, detail: link.url.hasPrefix("wss:") ? "in use" : "not asked for"),
                .init(name: "webSocket", outcome: .ok, detail: "the gateway is connected, and \(link.phase)"),
            ]
        default:
            let detail = link.lastError ?? "the gateway is \(link.phase)"
            return [.init(name: "webSocket", outcome: .failed, detail: detail)]
        }
    }
}

extension UplinkState.Uplink {
    /// What needs no trying.
    fileprivate var knownSteps: [UplinkTest.Step] {
        var steps: [UplinkTest.Step] = []
        // A modem whose call is up has a SIM and a network, also before it was asked for them.
        let notKnown = link == .up ? UplinkTest.Outcome.skipped : .failed
        if let radio {
            let sim = radio.iccid.map { "ICCID \($0)" } ?? "not read"
            steps.append(.init(name: "sim", outcome: radio.iccid == nil ? notKnown : .ok, detail: sim))
            let network = radio.operatorName ?? radio.operatorCode
            let detail = [network, radio.technology].compactMap { $0 }.joined(separator: ", ")
            let isRegistered = network != nil
            steps.append(
                .init(
                    name: "registration",
                    outcome: isRegistered ? .ok : notKnown,
                    detail: isRegistered ? detail : self.detail
                )
            )
        } else {
            steps.append(.init(name: "sim", outcome: .skipped, detail: "there is no modem"))
        }
        let text = address.map { "\(interface ?? "") has \($0)" } ?? detail
        steps.append(.init(name: "address", outcome: link == .down ? .failed : .ok, detail: text))
        if link != .down, interface == nil {
            steps.append(.init(name: "dns", outcome: .skipped, detail: "there is no interface to send through"))
        }
        return steps
    }
}
