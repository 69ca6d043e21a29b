import CentralSystem
import EventLoop
import Glibc
import JSON
import OCPP
import Primitives
import TLS
import WebSocket

/// The shell around the machine: sockets, clocks, files.
final class Server {
    let loop: EventLoop
    let options: Options
    var machine: CentralSystemMachine
    private var listener: TCPListener?
    private var links: [ObjectIdentifier: Link] = [:]
    /// The connection of each charge point.
    private(set) var current: [String: Link] = [:]
    private var port: UInt16 = 0
    /// Nil where connections are plain.
    private let tls: TLSContext?
    private var refusal: Int?
    private var isSilent = false
    private var random = SystemRandomNumberGenerator()
    private let log: Output?
    private var writer: ConversationWriter
    /// The newest CALL of each action: uptime and microseconds since 1970.
    private(set) var arrivals: [String: (uptime: Duration, utcMicroseconds: Int64)] = [:]
    private var effects: [CentralSystemMachine.Effect] = []
    private var isPerforming = false
    /// Called after every event; whoever waits for something looks whether it is there.
    var onProgress: (() -> Void)?
    /// Called with what became of a command.
    var onOutcome: ((Int, Outcome) -> Void)?
    /// While a benchmark runs nothing is written.
    var isMeasuring = false

    /// - Throws: `ControlError` in words when the port or a file cannot be had.
    init(options: Options, loop: EventLoop) throws {
        self.options = options
        self.loop = loop
        machine = CentralSystemMachine(settings: options.settings)
        writer = ConversationWriter(colours: Output.standard.wantsColours)
        log = try options.logFile.map { path in
            guard let output = Output(appendingTo: path) else {
                throw ControlError("the log \(path) cannot be written: \(String(cString: strerror(errno)))")
            }
            return output
        }
        port = options.port
        tls = try options.tls.map { try TLSContext.server(certificates: $0.certificates, key: $0.key) }
        try listen()
        loop.addDeadlineSource(next: { [unowned self] in machine.nextDeadline }) { [unowned self] moment in
            perform(machine.deadlineReached(at: moment))
        }
        Output.standard.write(line: "Listening on \(tls == nil ? "ws" : "wss")://127.0.0.1:\(port)")
        if let path = options.portFile, !Output.place("\(port)", at: path) {
            throw ControlError("the port file \(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func listen() throws {
        do throws(SystemError) {
            let new = try TCPListener(on: .loopback(port: port), loop: loop) { [unowned self] in accept($0) }
            listener = new
            port = new.address.port
        } catch {
            guard error.code == EADDRINUSE else { throw error }
            throw ControlError("port \(port) is used by another program; name another one, or 0 to have one chosen")
        }
    }

    // MARK: - Connections

    private func accept(_ connection: TCPConnection) -> (TCPConnection, TCPConnection.Event) -> Void {
        let link: Link
        do throws(TLSFailure) {
            link = Link(
                connection,
                tls: try tls.map { context throws(TLSFailure) in try TLSConnection.server(context) }
            )
        } catch {
            tell("refused: \(error)", "?")
            connection.close()
            return { _, _ in }
        }
        links[ObjectIdentifier(link)] = link
        if isSilent { connection.isReading = false }
        return { [unowned self] _, event in handle(event, of: link) }
    }

    private func handle(_ event: TCPConnection.Event, of link: Link) {
        switch event {
        case .connected, .drained: return
        case .received(let bytes):
            link.noteRead()
            guard let (plain, isEnd) = link.decrypt(bytes) else {
                tell("refused: no TLS as it should be", link.chargePoint ?? "?")
                return link.connection.closeAfterWriting()
            }
            perform(link.webSocket.receive(plain, using: &random), of: link)
            if isEnd { perform(link.webSocket.receiveEndOfStream(), of: link) }
        case .endReached:
            perform(link.webSocket.receiveEndOfStream(), of: link)
        case .closed:
            links[ObjectIdentifier(link)] = nil
            guard let chargePoint = link.chargePoint, current[chargePoint] === link else { return }
            current[chargePoint] = nil
            note("disconnected", chargePoint)
            handle(.disconnected(chargePoint: chargePoint))
        }
    }

    private func perform(_ events: [WebSocketEvent], of link: Link) {
        for event in events {
            switch event {
            case .send(let bytes): link.write(bytes)
            case .upgradeRequested(let request): decide(request, link)
            case .textReceived(let text):
                guard let chargePoint = link.chargePoint, current[chargePoint] === link else { continue }
                write(text, "received", chargePoint)
                handle(.textReceived(text, from: chargePoint))
            case .binaryReceived:
                link.end(.unsupportedData, reason: "OCPP is text")
            case .opened, .pingReceived, .pongReceived: continue
            case .upgradeFailed(let failure):
                if failure.cause != .endOfStream { tell("refused: \(failure)", "?") }
                link.connection.closeAfterWriting()
            case .closed(let closure):
                if closure.code != .normal, let chargePoint = link.chargePoint {
                    tell("closed with \(closure.code) \(closure.reason)", chargePoint)
                }
                link.connection.closeAfterWriting()
            }
        }
    }

    private func decide(_ request: UpgradeRequest, _ link: Link) {
        func refuse(_ status: Int, _ why: String) {
            tell("refused with \(status): \(why)", request.identity ?? request.target)
            link.write(link.webSocket.refuse(status: status))
            link.connection.closeAfterWriting()
        }
        if let refusal { return refuse(refusal, "as asked for") }
        guard let identity = request.identity, options.identities.isEmpty || options.identities.contains(identity)
        else { return refuse(404, "unknown charge point") }
        if let password = options.password {
            let expected = BasicCredentials(user: identity, password: password)
            guard request.credentials == expected else { return refuse(401, "wrong credentials") }
        }
        // A charge point that does not offer our version is let in and closed at once (OCPP-J 1.6 §3.2).
        guard request.subprotocols.contains("ocpp1.6") else {
            perform(link.webSocket.accept(subprotocol: nil, using: &random), of: link)
            return link.end(.protocolError, reason: "no common subprotocol")
        }
        let before = current[identity]
        link.chargePoint = identity
        current[identity] = link
        before?.connection.close()
        note("connected", identity)
        handle(.connected(chargePoint: identity))
        perform(link.webSocket.accept(subprotocol: "ocpp1.6", using: &random), of: link)
    }

    // MARK: - The machine

    func handle(_ event: CentralSystemMachine.Event) {
        perform(machine.handle(event, at: EventLoop.now()))
        onProgress?()
    }

    /// Effects that arise while others are performed come after them.
    private func perform(_ new: [CentralSystemMachine.Effect]) {
        effects += new
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        while !effects.isEmpty {
            let batch = effects
            effects.removeAll(keepingCapacity: true)
            for effect in batch { perform(effect) }
        }
    }

    private func perform(_ effect: CentralSystemMachine.Effect) {
        switch effect {
        case .send(let text, let chargePoint):
            guard let link = current[chargePoint], link.webSocket.isOpen else { return }
            link.write(link.webSocket.send(text: text, using: &random))
            write(text, "sent", chargePoint)
        case .close(let chargePoint):
            current[chargePoint]?.end(.normal, reason: "as asked for")
        case .answer(let number, let outcome):
            onOutcome?(number, outcome)
        case .tell(let exchange):
            if exchange.sender == .chargePoint, let link = current[exchange.chargePoint] {
                arrivals[exchange.action] = (link.readAt, link.readAtUTCMicroseconds)
            }
            guard !options.isQuiet, !isMeasuring else { return }
            Output.standard.write(line: writer.line(for: exchange, at: EventLoop.now().utc))
        }
    }

    // MARK: - What people and tests want

    /// - Throws: `ControlError` when the port was taken meanwhile.
    func refuseConnections(_ isRefusing: Bool, status: Int?) throws {
        refusal = isRefusing ? status : nil
        if isRefusing, status == nil {
            listener?.close()
            listener = nil
        } else if listener == nil {
            try listen()
        }
    }

    func silence(_ isSilent: Bool) {
        self.isSilent = isSilent
        for link in links.values { link.connection.isReading = !isSilent }
    }

    /// The link of a charge point, or of the one that connected last.
    func link(of chargePoint: String?) -> Link? {
        (chargePoint ?? machine.newestChargePoint).flatMap { current[$0] }
    }

    func stop() {
        for link in links.values { link.end(.goingAway, reason: "the central system ends") }
        listener?.close()
        loop.enqueue { [loop] in loop.stop() }
    }

    // MARK: - Writing

    private func note(_ event: String, _ chargePoint: String) {
        tell(event, chargePoint)
        var object = logObject(chargePoint)
        object["event"] = .string(event)
        log?.write(bytes: JSON.write(.object(object)) + [0x0A])
    }

    private func tell(_ text: String, _ chargePoint: String) {
        guard !options.isQuiet else { return }
        Output.standard.write(line: writer.line(text, of: chargePoint, at: EventLoop.now().utc))
    }

    private func write(_ text: [UInt8], _ direction: String, _ chargePoint: String) {
        guard let log else { return }
        var object = logObject(chargePoint)
        object["direction"] = .string(direction)
        do {
            object["frame"] = try JSON.parse(text)
        } catch {
            object["text"] = .string(String(decoding: text, as: UTF8.self))
        }
        log.write(bytes: JSON.write(.object(object)) + [0x0A])
    }

    private func logObject(_ chargePoint: String) -> JSONObject {
        let now = EventLoop.now()
        var object = JSONObject()
        object["at"] = .string(now.utc.description)
        object["uptimeMicroseconds"] = .number(JSONNumber(now.uptime.wholeMicroseconds))
        object["chargePoint"] = .string(chargePoint)
        return object
    }
}
