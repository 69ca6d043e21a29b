import BusSchema
import Primitives

/// The bus. Only the gateway listens and asks; the order of one publisher's messages holds, that of requests beside them does not.
///
/// States are retained and repeated, events can be lost, publications and requests can come twice, requests have a limit, and those for a
/// dead server wait for its next process.
final class BusModel {
    /// Who is told what.
    struct Receivers {
        /// A publication reaches the gateway.
        var publication: (AnyBusMessage) -> Void = { _ in }
        /// The gateway publishes something, or says it again.
        var gatewayTold: (any BusMessage) -> Void = { _ in }
        /// A request reaches a living server, which answers under this number.
        var request: (Service, RequestID, BusCall.Order) -> Void = { _, _, _ in }
        /// The gateway learns what became of a request.
        var answer: (BusCall.Order, BusAnswer) -> Void = { _, _ in }
        /// Something was lost.
        var disturbance: () -> Void = {}
    }

    /// How well it works; may change in a run.
    var quality: WorldSettings.Bus
    var receivers = Receivers()

    private let timeline: Timeline
    private let notebook: Notebook
    /// The living process of each service by number.
    private var processes = PerService<Int?>(nil)
    private var retained = PerService<[AnyBusMessage]>([])
    /// Whether the gateway's subscription stands.
    private var subscribed = PerService(false)
    private var newestArrival = PerService(Duration.zero)
    private var calls: [UInt64: BusCall] = [:]
    private var lastNumber: UInt64 = 0
    /// Requests that a server is working on: what it knows them by, and the call.
    private var serving: [UInt64: UInt64] = [:]
    /// Requests for a server that is dead.
    private var waiting = PerService<[BusCall]>([])

    init(_ timeline: Timeline, _ notebook: Notebook, _ quality: WorldSettings.Bus) {
        self.timeline = timeline
        self.notebook = notebook
        self.quality = quality
    }

    // MARK: - Processes

    /// A process opens its sockets: nobody has found them yet.
    func opened(by service: Service, process: Int) { processes[service] = process }

    /// Its peers begin to look for a process: subscriptions reach it, or it subscribes, and waiting requests arrive.
    func search(for service: Service) {
        let publishers = service == .gateway ? Service.allCases : [service]
        for publisher in publishers where publisher != .gateway {
            let pair = (processes[publisher], processes[.gateway])
            timeline.at(timeline.now + timeline.delay(quality.discovery)) { [unowned self] in
                guard pair.0 != nil, pair.1 != nil, pair == (processes[publisher], processes[.gateway]) else { return }
                subscribed[publisher] = true
                for message in retained[publisher] { send(message, from: publisher) }
            }
        }
        let calls = waiting[service]
        waiting[service] = []
        for call in calls where call.asker == processes[.gateway] {
            carry(call, within: quality.discovery)
        }
        repeatStates(of: service, process: processes[service])
    }

    /// A process is gone, with its sockets.
    func closed(by service: Service) {
        processes[service] = nil
        retained[service] = []
        subscribed[service] = false
        guard service == .gateway else { return }
        for other in Service.allCases { subscribed[other] = false }
        calls = [:]
    }

    private func repeatStates(of service: Service, process: Int?) {
        timeline.at(timeline.now + quality.repetition) { [unowned self] in
            guard process != nil, processes[service] == process else { return }
            for message in retained[service] { send(message, from: service) }
            repeatStates(of: service, process: process)
        }
    }

    // MARK: - Publications

    /// The newest state that a service published under a topic.
    func published<S: BusState>(_: S.Type = S.self, by service: Service, _ instance: String? = nil) -> S? {
        for message in retained[service] {
            if let state = message.value as? S, instance == nil || state.instance == instance { return state }
        }
        return nil
    }

    func publish(_ message: AnyBusMessage, from service: Service) {
        if !(message.value is MeterReading) { notebook.note("published", message.value) }
        if message.value is any BusState {
            let topic = message.value.topic
            if let index = retained[service].firstIndex(where: { $0.value.topic == topic }) {
                retained[service][index] = message
            } else {
                retained[service].append(message)
            }
        }
        send(message, from: service)
    }

    private func send(_ message: AnyBusMessage, from service: Service) {
        if service == .gateway { receivers.gatewayTold(message.value) }
        guard service != .gateway, subscribed[service] else { return }
        guard !isLost(quality.loss, "the publication is lost") else { return }
        let subscriber = processes[.gateway]
        for _ in 0..<(timeline.happens(quality.duplication) ? 2 : 1) {
            newestArrival[service] = max(newestArrival[service], timeline.now + timeline.delay(quality.delay))
            timeline.at(newestArrival[service]) { [unowned self] in
                guard subscriber != nil, processes[.gateway] == subscriber else { return }
                receivers.publication(message)
            }
        }
    }

    // MARK: - Requests

    /// Asks on behalf of the gateway.
    func request(_ order: BusCall.Order, within limit: Duration, expiringAfter expiry: Duration? = nil) {
        guard let asker = processes[.gateway] else { return }
        lastNumber += 1
        let call = BusCall(id: lastNumber, asker: asker, order: order, expiresAt: timeline.now + (expiry ?? limit))
        notebook.note("gateway asks", order)
        calls[call.id] = call
        timeline.at(timeline.now + limit) { [unowned self] in
            finish(call.id, .error(BusError(.timedOut, "\(call.server) did not answer in time")))
        }
        guard !isLost(quality.requestLoss, "the request is lost") else { return }
        for _ in 0..<(timeline.happens(quality.duplication) ? 2 : 1) { carry(call, within: quality.delay) }
    }

    /// Asks on behalf of a person, who does not wait for the answer.
    func order() -> RequestID {
        lastNumber += 1
        return RequestID(lastNumber)
    }

    private func carry(_ call: BusCall, within range: ClosedRange<Duration>) {
        timeline.at(timeline.now + timeline.delay(range)) { [unowned self] in arrive(call) }
    }

    private func arrive(_ call: BusCall) {
        let server = call.server
        guard processes[server] != nil else {
            // It waits in the asker's socket, and is gone with it.
            if waiting[server].count < BusLimits.requestQueue { waiting[server].append(call) }
            return
        }
        let number = order()
        serving[number.value] = call.id
        guard timeline.now <= call.expiresAt else {
            return answer(number, .error(BusError(.expired, "read too late")))
        }
        receivers.request(server, number, call.order)
    }

    /// A server answers a request that it was given.
    func answer(_ number: RequestID, _ answer: BusAnswer) {
        guard let callId = serving.removeValue(forKey: number.value), calls[callId] != nil else { return }
        guard !isLost(quality.requestLoss, "the answer is lost") else { return }
        timeline.at(timeline.now + timeline.delay(quality.delay)) { [unowned self] in finish(callId, answer) }
    }

    private func finish(_ callId: UInt64, _ answer: BusAnswer) {
        guard let call = calls.removeValue(forKey: callId), call.asker == processes[.gateway] else { return }
        receivers.answer(call.order, answer)
    }

    private func isLost(_ probability: Double, _ what: String) -> Bool {
        guard timeline.happens(probability) else { return false }
        notebook.note("world", what)
        receivers.disturbance()
        return true
    }
}
