import CentralSystem
import GatewayCore
import OCPP
import Primitives

/// What lies between the charger and its central system: at most one TCP connection, and everything that may happen to it.
final class NetworkModel {
    /// The gateway's socket.
    private struct Socket {
        enum Phase { case connecting, connected, open, closing }

        let number: Int
        let dial: Int
        var phase = Phase.connecting
        /// Half-open: what either side sends vanishes.
        var isSilent = false
        /// Arrival of what was sent last, for the order.
        var lastToCentral = Duration.zero
        var lastToGateway = Duration.zero
    }

    /// What reaches the central system about a socket.
    private enum News {
        case handshake(dial: Int)
        case text([UInt8])
        case ping
        case closing(dial: Int)
        /// The socket is gone, without a farewell.
        case gone
    }

    /// Where the ends of the connection are told what comes.
    struct Ends {
        /// The gateway's socket reports.
        var gatewayLink: (ConnectionMachine.Event) -> Void = { _ in }
        /// The gateway reads a text message.
        var gatewayText: ([UInt8]) -> Void = { _ in }
        /// The central system reads, or sees a connection come or go.
        var central: (CentralSystemMachine.Event) -> Void = { _ in }
        /// The gateway's connection ended, whoever knows of it.
        var ended: () -> Void = {}
        /// The gateway's connection is half-open, and neither side knows.
        var fellSilent: () -> Void = {}
        /// Whether the network's name servers answer; connections that there are go on without.
        var namesAnswer: () -> Bool = { true }
        /// The modem sees whether there is a network.
        var uplinkMoved: (Bool) -> Void = { _ in }
    }

    var ends = Ends()
    /// Whether there is a network at all.
    private(set) var isUp = true

    private let timeline: Timeline
    private let notebook: Notebook
    private let latency: ClosedRange<Duration>
    private let latencyBack: ClosedRange<Duration>
    /// Until then nothing moves; TCP sends it afterwards.
    private var stalledUntil = Duration.zero
    private var door = Door.open
    private var socket: Socket?
    private var lastSocket = 0
    /// Counts the gateway's processes.
    private var gateway = 0
    /// The connection that the central system believes in.
    private var centralSocket: Int?

    init(_ timeline: Timeline, _ notebook: Notebook, _ settings: WorldSettings) {
        self.timeline = timeline
        self.notebook = notebook
        latency = settings.networkDelay
        latencyBack = settings.answerLegDelay ?? settings.networkDelay
    }

    // MARK: - What may happen to it

    /// Cuts the uplink or mends it, as the modem manager sees.
    func setUplink(_ isUp: Bool) {
        guard self.isUp != isUp else { return }
        notebook.note("world", isUp ? "the uplink is back" : "the uplink is cut")
        self.isUp = isUp
        // The address is another one afterwards.
        if !isUp { silence() }
        ends.uplinkMoved(isUp)
    }

    /// Nothing moves for a while, nobody notices.
    func stall(for duration: Duration) {
        notebook.note("world", "the network stalls for \(duration)")
        stalledUntil = max(stalledUntil, timeline.now + duration)
    }

    /// The connection breaks without either side being told.
    func silence() {
        guard socket != nil else { return }
        notebook.note("world", "the connection is half-open")
        socket?.isSilent = true
        ends.fellSilent()
    }

    /// How the central system receives those who knock.
    func setDoor(_ door: Door) { self.door = door }

    // MARK: - The gateway's orders

    private func arrival() -> Duration { max(timeline.now, stalledUntil) + timeline.delay(latency) }

    private func arrivalBack() -> Duration { max(timeline.now, stalledUntil) + timeline.delay(latencyBack) }

    func resolve(_ dial: Int) {
        let asker = gateway
        timeline.at(arrival()) { [unowned self] in
            guard asker == gateway else { return }
            ends.gatewayLink(
                isUp && ends.namesAnswer()
                    ? .resolved(dial: dial, addresses: 1)
                    : .failed(dial: dial, .nameNotResolved("no network"))
            )
        }
    }

    func connect(_ dial: Int) {
        lastSocket += 1
        if let socket { notebook.violate("dial \(dial) while the socket of dial \(socket.dial) is there") }
        socket = Socket(number: lastSocket, dial: dial)
        let isRefused = !isUp || door == .locked
        tellGateway(
            lastSocket,
            isRefused ? .failed(dial: dial, .notConnected("refused")) : .connected(dial: dial),
            at: arrival()
        )
    }

    func startHandshake(_ dial: Int) {
        guard socket?.dial == dial else { return notebook.violate("a handshake without a socket, dial \(dial)") }
        sendToCentral(.handshake(dial: dial))
    }

    func send(_ text: [UInt8]) { sendToCentral(.text(text)) }

    func ping() { sendToCentral(.ping) }

    func close(_ dial: Int) {
        guard socket?.dial == dial else { return }
        sendToCentral(.closing(dial: dial))
        socket?.phase = .closing
    }

    func abort(_ dial: Int) {
        guard let socket, socket.dial == dial else { return }
        drop()
        let asker = gateway
        timeline.at(timeline.now) { [unowned self] in
            guard asker == gateway else { return }
            ends.ended()
            ends.gatewayLink(.closed(dial: dial, reason: "dropped"))
        }
    }

    /// The gateway's process is gone. The kernel says goodbye for it if it still has power.
    func gatewayDied(hasPower: Bool) {
        gateway += 1
        drop(isHeard: hasPower)
    }

    /// The gateway's end is gone; the other end hears of it, unless nothing gets through.
    private func drop(isHeard: Bool = true) {
        guard let socket else { return }
        self.socket = nil
        guard isHeard, !socket.isSilent, isUp else { return }
        reach(socket.number, .gone, at: max(socket.lastToCentral, arrival()))
    }

    private func sendToCentral(_ news: News) {
        guard let socket, socket.phase != .closing else { return }
        let number = socket.number
        guard !socket.isSilent else {
            return timeline.at(timeline.now + Self.tcpPatience) { [unowned self] in giveUp(number) }
        }
        let at = max(socket.lastToCentral, arrival())
        self.socket?.lastToCentral = at
        reach(number, news, at: at)
    }

    /// The kernel repeats what is not acknowledged for about a quarter of an hour.
    private static let tcpPatience = Duration.seconds(924)

    private func giveUp(_ number: Int) {
        guard let socket, socket.number == number else { return }
        self.socket = nil
        ends.ended()
        ends.gatewayLink(.closed(dial: socket.dial, reason: "connection timed out"))
    }

    // MARK: - Arrivals at the gateway

    private func tellGateway(_ number: Int, _ event: ConnectionMachine.Event, at time: Duration) {
        timeline.at(time) { [unowned self] in
            guard let socket, socket.number == number, !socket.isSilent else { return }
            switch event {
            case .connected: self.socket?.phase = .connected
            case .handshakeFinished: self.socket?.phase = .open
            case .closed, .failed(_, .notConnected):
                self.socket = nil
                ends.ended()
            default: break
            }
            ends.gatewayLink(event)
        }
    }

    private func tellGateway(_ number: Int, _ text: [UInt8], at time: Duration) {
        timeline.at(time) { [unowned self] in
            guard let socket, socket.number == number, !socket.isSilent, socket.phase == .open else { return }
            ends.gatewayText(text)
        }
    }

    /// When something sent now arrives at the gateway; nil when it never does.
    private func nextArrival(at number: Int) -> Duration? {
        guard let socket, socket.number == number else { return nil }
        let at = max(socket.lastToGateway, arrivalBack())
        self.socket?.lastToGateway = at
        return socket.isSilent ? nil : at
    }

    // MARK: - Arrivals at the central system

    private func reach(_ number: Int, _ news: News, at time: Duration) {
        timeline.at(time) { [unowned self] in reachCentral(number, news) }
    }

    private func reachCentral(_ number: Int, _ news: News) {
        // What was on its way when the line broke is lost; what was sent before the gateway's end went away is not.
        let isLost = socket?.number == number && socket?.isSilent == true
        let name = WorldSettings.identity
        switch news {
        case .handshake(let dial):
            guard !isLost, let at = nextArrival(at: number) else { return }
            if case .answering(let status) = door {
                return tellGateway(number, .failed(dial: dial, .httpStatus(status)), at: at)
            }
            centralSocket = number
            ends.central(.connected(chargePoint: name))
            tellGateway(number, .handshakeFinished(dial: dial), at: at)
        case .text(let text):
            guard centralSocket == number, !isLost else { return }
            ends.central(.textReceived(text, from: name))
        case .ping:
            guard !isLost, let at = nextArrival(at: number) else { return }
            tellGateway(number, .received, at: at)
        case .closing(let dial):
            guard !isLost else { return }
            leaveCentral(number)
            guard let at = nextArrival(at: number) else { return }
            tellGateway(number, .closed(dial: dial, reason: "closed"), at: at)
        case .gone: leaveCentral(number)
        }
    }

    private func leaveCentral(_ number: Int) {
        guard centralSocket == number else { return }
        centralSocket = nil
        ends.central(.disconnected(chargePoint: WorldSettings.identity))
    }

    // MARK: - The central system's orders

    func centralSends(_ text: [UInt8]) {
        guard let number = centralSocket, let at = nextArrival(at: number) else { return }
        tellGateway(number, text, at: at)
    }

    func centralCloses() {
        guard let number = centralSocket else { return }
        if let at = nextArrival(at: number), let dial = socket?.dial {
            tellGateway(number, .closed(dial: dial, reason: "closed by the central system"), at: at)
        }
        reach(number, .gone, at: timeline.now)
    }
}

/// How the central system receives those who knock at its port.
public enum Door: Equatable, Sendable {
    case open
    /// Nobody listens.
    case locked
    /// The upgrade is answered with this status instead of 101.
    case answering(httpStatus: Int)
}
