import CentralSystem
import GatewayCore
import OCPP
import OCPPCodec
import Primitives

/// What lies between the charger and its central system.
public struct Network: Equatable, Sendable {
    /// Whether there is one at all.
    public internal(set) var isUp = true
    /// Until then nothing moves; TCP sends it afterwards.
    public internal(set) var stalledUntil: Duration?
    /// Nobody listens at the central system's port.
    public var refusesConnections = false
    /// The upgrade is answered with this status instead of 101.
    public var httpStatus: Int?
}

/// The gateway's TCP connection.
struct Socket: Equatable, Sendable {
    enum Phase: Equatable, Sendable { case connecting, connected, open, closing }

    let number: Int
    let dial: Int
    var phase = Phase.connecting
    /// Half-open: what either side sends vanishes.
    var isSilent = false
    /// Arrival of what was sent last, for the order.
    var lastToCentral = Duration.zero
    var lastToGateway = Duration.zero
}

extension World {
    // MARK: - What may happen to it

    /// Cuts the uplink or mends it, as the modem manager sees.
    public mutating func setUplink(_ isUp: Bool) {
        guard network.isUp != isUp else { return }
        note("world", isUp ? "the uplink is back" : "the uplink is cut")
        network.isUp = isUp
        // The address is another one afterwards.
        if !isUp { silenceSocket() }
        isUp ? mendSimulatedUplink() : cutSimulatedUplink()
    }

    /// Nothing moves for a while, nobody notices.
    public mutating func stall(for duration: Duration) {
        note("world", "the network stalls for \(duration)")
        network.stalledUntil = max(network.stalledUntil ?? .zero, now + duration)
    }

    /// The connection breaks without either side being told.
    public mutating func silenceSocket() {
        guard socket != nil else { return }
        note("world", "the connection is half-open")
        socket?.isSilent = true
    }

    /// How the central system's door looks.
    public mutating func setCentralDoor(refuses: Bool, httpStatus: Int? = nil) {
        network.refusesConnections = refuses
        network.httpStatus = httpStatus
    }

    // MARK: - The gateway's orders

    private mutating func arrival() -> Duration {
        max(now, network.stalledUntil ?? .zero) + delay(settings.networkDelay, using: &random)
    }

    mutating func resolve(_ dial: Int) {
        queue.add(.resolved(dial: dial, gateway: incarnations[.gateway]), at: arrival())
    }

    mutating func resolved(_ dial: Int, gateway number: Int) {
        guard gateway != nil, incarnations[.gateway] == number else { return }
        if network.isUp {
            tell(.link(.resolved(dial: dial, addresses: 1)))
        } else {
            tell(.link(.failed(dial: dial, .nameNotResolved("no network"))))
        }
    }

    mutating func connect(_ dial: Int) {
        lastSocket += 1
        if let socket { violate("dial \(dial) while the socket of dial \(socket.dial) is there") }
        socket = Socket(number: lastSocket, dial: dial)
        let at = arrival()
        if !network.isUp || network.refusesConnections {
            queue.add(
                .toGateway(socket: lastSocket, .event(.failed(dial: dial, .notConnected("refused")))),
                at: at
            )
        } else {
            queue.add(.toGateway(socket: lastSocket, .event(.connected(dial: dial))), at: at)
        }
    }

    mutating func startHandshake(_ dial: Int) {
        guard socket?.dial == dial else { return violate("a handshake without a socket, dial \(dial)") }
        sendToCentral(.handshake(dial: dial))
    }

    mutating func sendToCentral(_ news: CentralNews) {
        guard var socket, socket.phase != .closing else { return }
        socket.lastToCentral = max(socket.lastToCentral, arrival())
        self.socket = socket
        guard !socket.isSilent else { return queue.add(.gaveUp(socket: socket.number), at: now + Self.tcpPatience) }
        queue.add(.toCentral(socket: socket.number, news), at: socket.lastToCentral)
    }

    /// The kernel repeats what is not acknowledged for about a quarter of an hour.
    private static let tcpPatience = Duration.seconds(924)

    mutating func giveUp(_ number: Int) {
        guard gateway != nil, let socket, socket.number == number else { return }
        self.socket = nil
        auditor.connectionEnded()
        tell(.link(.closed(dial: socket.dial, reason: "connection timed out")))
    }

    mutating func closeSocket(_ dial: Int) {
        guard socket?.dial == dial else { return }
        sendToCentral(.closing(dial: dial))
        socket?.phase = .closing
    }

    mutating func abortSocket(_ dial: Int) {
        guard let socket, socket.dial == dial else { return }
        dropSocket()
        queue.add(.toGateway(socket: -socket.number, .event(.closed(dial: dial, reason: "dropped"))), at: now)
    }

    /// The gateway's end is gone; the other end hears of it, unless nothing gets through.
    mutating func dropSocket() {
        guard let socket else { return }
        self.socket = nil
        guard !socket.isSilent, network.isUp else { return }
        queue.add(.toCentral(socket: socket.number, .gone), at: max(socket.lastToCentral, arrival()))
    }

    // MARK: - Arrivals

    mutating func reachGateway(_ number: Int, _ news: SocketNews) {
        guard gateway != nil else { return }
        // A negative number: the report about a socket that is gone already.
        guard number < 0 || (socket?.number == number && socket?.isSilent == false) else { return }
        switch news {
        case .text(let text):
            guard socket?.phase == .open, let machine = gateway else { return }
            let codec = MessageCodec(role: .chargePoint)
            let message = codec.decode(text) { machine.actionOfPendingCall($0) }
            for problem in auditor.heard(message, at: now) { violate(problem) }
            tell(.message(message))
        case .event(let event):
            switch event {
            case .connected: socket?.phase = .connected
            case .handshakeFinished: socket?.phase = .open
            case .closed, .failed(_, .notConnected):
                if number > 0 { socket = nil }
                auditor.connectionEnded()
            default: break
            }
            tell(.link(event))
        }
    }

    mutating func reachCentral(_ number: Int, _ news: CentralNews) {
        // What was on its way when the line broke is lost; what was sent before the gateway's end went away is not.
        let isLost = socket?.number == number && socket?.isSilent == true
        let name = WorldSettings.identity
        switch news {
        case .handshake(let dial):
            guard !isLost else { return }
            if let status = network.httpStatus {
                return sendToGateway(number, .event(.failed(dial: dial, .httpStatus(status))))
            }
            centralSocket = number
            perform(central.handle(.connected(chargePoint: name), at: centralMoment))
            sendToGateway(number, .event(.handshakeFinished(dial: dial)))
        case .text(let text):
            guard centralSocket == number, !isLost else { return }
            perform(central.handle(.textReceived(text, from: name), at: centralMoment))
        case .ping:
            guard !isLost else { return }
            sendToGateway(number, .event(.received))
        case .closing(let dial):
            guard !isLost else { return }
            leaveCentral(number)
            sendToGateway(number, .event(.closed(dial: dial, reason: "closed")))
        case .gone: leaveCentral(number)
        }
    }

    private mutating func leaveCentral(_ number: Int) {
        guard centralSocket == number else { return }
        centralSocket = nil
        perform(central.handle(.disconnected(chargePoint: WorldSettings.identity), at: centralMoment))
    }

    mutating func sendToGateway(_ number: Int, _ news: SocketNews) {
        guard var socket, socket.number == number else { return }
        socket.lastToGateway = max(socket.lastToGateway, arrival())
        self.socket = socket
        guard !socket.isSilent else { return }
        queue.add(.toGateway(socket: number, news), at: socket.lastToGateway)
    }

    // MARK: - The central system

    mutating func perform(_ effects: [CentralSystemMachine.Effect]) {
        touched.insert(.central)
        for effect in effects {
            switch effect {
            case .send(let text, _):
                guard let centralSocket else { continue }
                sendToGateway(centralSocket, .text(text))
            case .close:
                guard let number = centralSocket else { continue }
                let dial = socket?.dial ?? 0
                sendToGateway(number, .event(.closed(dial: dial, reason: "closed by the central system")))
                queue.add(.toCentral(socket: number, .gone), at: now)
            case .answer(let number, let outcome):
                note("central is told", outcome)
                outcomes[number] = outcome
            case .tell(let exchange): note("exchange", ExchangeLine(exchange))
            }
        }
    }
}

/// An exchange as people read it.
struct ExchangeLine: CustomStringConvertible, Sendable {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    var description: String {
        let answer =
            switch exchange.answer {
            case .text(let text): String(decoding: text, as: UTF8.self)
            case .none(let reason): "no answer: \(reason)"
            }
        return "\(String(decoding: exchange.call, as: UTF8.self)) -> \(answer)"
    }
}
