import CentralSystem
import EventLoop
import Glibc
import JSON
import OCPP
import Primitives

/// Takes requests from the control socket and from standard input, one line each, and answers each with one line of JSON.
///
/// `{"ok":true,"result":…}`, `{"ok":true,"text":"…"}` for people, or `{"ok":false,"error":"…"}`.
final class Control {
    private let server: Server
    private let loop: EventLoop
    private var listener: TCPListener?
    private let path: String?
    private var nextNumber = 1
    private var asking: [Int: Reply] = [:]
    private var waiting: [Waiting] = []
    private var bench: Bench?
    private var standardInput = LineReader()

    typealias Reply = (JSONValue) -> Void

    private struct Waiting {
        var deadline: Duration
        var isThere: () -> Bool
        /// Asked once it is there.
        var answer: () -> JSONValue
        var reply: Reply
    }

    /// - Throws: `ControlError` in words when the socket cannot be made.
    init(server: Server, loop: EventLoop, options: Options) throws {
        self.server = server
        self.loop = loop
        path = options.control
        server.onProgress = { [unowned self] in checkWaiting() }
        server.onOutcome = { [unowned self] in finish($0, $1) }
        loop.addDeadlineSource(next: { [unowned self] in
            Deadline(at: waiting.lazy.map(\.deadline).min(), for: "a wait is over")
        }) {
            [unowned self] moment in
            expireWaiting(at: moment.uptime)
        }
        if let path = options.control { try listen(at: path) }
        if options.readsStandardInput { readStandardInput() }
    }

    private func listen(at path: String) throws {
        guard let address = SocketAddress(path: path) else {
            throw ControlError("--control: '\(path)' is too long; at most \(SocketAddress.longestPath) bytes")
        }
        // Left behind by one that was killed. One that lives keeps its own end and is only hidden.
        _ = unlink(path)
        do {
            listener = try TCPListener(on: address, loop: loop) { [unowned self] _ in
                var reader = LineReader()
                return { [unowned self] connection, event in
                    switch event {
                    case .received(let bytes):
                        for line in reader.receive(bytes) {
                            take(line) { _ = connection.write(JSON.write($0) + [0x0A]) }
                        }
                    case .endReached: connection.closeAfterWriting()
                    case .connected, .drained, .closed: return
                    }
                }
            }
        } catch {
            throw ControlError("--control: \(error)")
        }
    }

    private func readStandardInput() {
        var watch: Watch?
        watch = loop.watch(descriptor: STDIN_FILENO) { [unowned self] _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            guard count > 0 else {
                if let watch { loop.unwatch(watch) }
                return
            }
            for line in standardInput.receive(Array(buffer.prefix(count))) {
                take(line) { Output.standard.write(bytes: JSON.write($0) + [0x0A]) }
            }
        }
    }

    /// Removes the socket.
    func close() {
        listener?.close()
        if let path { _ = unlink(path) }
    }

    // MARK: - Requests

    private func take(_ line: String, reply: @escaping Reply) {
        guard line.contains(where: { $0 != " " }) else { return }
        if line == "help" || line == "[\"help\"]" { return reply(Answer.text(ControlRequest.help)) }
        do {
            try carryOut(try ControlRequest(line: line), reply)
        } catch {
            reply(Answer.failure("\(error)"))
        }
    }

    private func carryOut(_ request: ControlRequest, _ reply: @escaping Reply) throws {
        switch request {
        case .command(let command, let chargePoint): ask(command, of: chargePoint, reply)
        case .bench(let calls, let count, let chargePoint): try start(calls, count, chargePoint, reply)
        case .ledger(forPeople: true): reply(Answer.text(server.machine.ledger.text))
        case .ledger(forPeople: false): reply(Answer.result(server.machine.ledger.json))
        case .status: reply(Answer.result(status))
        case .arrival(let action):
            guard let arrival = server.arrivals[action] else { throw ControlError("no \(action) was received") }
            reply(Answer.result(.number(JSONNumber(arrival.utcMicroseconds))))
        case .timeStart(let command, let chargePoint): try timeStart(command, chargePoint, reply)
        case .waitRegistered(let seconds, let chargePoint):
            wait(seconds, reply) { [unowned self] in
                server.machine.connectedChargePoints.contains {
                    (chargePoint ?? $0) == $0 && server.machine.registration(of: $0) == .accepted
                }
            }
        case .waitReceived(let action, let count, let seconds):
            wait(seconds, reply) { [unowned self] in server.machine.ledger.received[action, default: 0] >= count }
        case .refuseConnections(let status):
            try server.refuseConnections(true, status: status)
            reply(Answer.done)
        case .allowConnections:
            try server.refuseConnections(false, status: nil)
            reply(Answer.done)
        case .silence(let isSilent):
            server.silence(isSilent)
            reply(Answer.done)
        case .cut(let chargePoint):
            guard let link = server.link(of: chargePoint) else { throw ControlError("no charge point is connected") }
            link.connection.close()
            reply(Answer.done)
        case .quit:
            reply(Answer.done)
            server.stop()
        }
    }

    private var status: JSONValue {
        .array(
            server.machine.connectedChargePoints.map { chargePoint in
                let registration = server.machine.registration(of: chargePoint)?.rawValue
                return [
                    "chargePoint": .string(chargePoint), "registration": registration.map(JSONValue.string) ?? .null,
                    "openTransactions": .array(
                        server.machine.ledger.openTransactions(of: chargePoint).map {
                            .number(JSONNumber($0.transactionId))
                        }
                    ),
                ]
            }
        )
    }

    // MARK: - Commands

    private func ask(_ command: Command, of chargePoint: String?, _ reply: @escaping Reply) {
        let number = nextNumber
        nextNumber += 1
        asking[number] = reply
        server.handle(.commanded(command, number: number, to: chargePoint))
    }

    private func finish(_ number: Int, _ outcome: Outcome) {
        if let bench, bench.number == number {
            bench.take(outcome)
            return
        }
        guard let reply = asking.removeValue(forKey: number) else { return }
        reply(Self.answer(for: outcome))
    }

    private static func answer(for outcome: Outcome) -> JSONValue {
        switch outcome {
        case .done: Answer.done
        case .result(let payload): Answer.result(payload)
        case .error(let code, let description):
            Answer.failure("CALLERROR \(code)" + (description.isEmpty ? "" : ": \(description)"))
        case .timedOut: Answer.failure("the charge point did not answer in time")
        case .disconnected: Answer.failure("the charge point disconnected before it answered")
        case .refused(let reason): Answer.failure(reason)
        }
    }

    private func start(_ calls: [Command], _ count: Int, _ chargePoint: String?, _ reply: @escaping Reply) throws {
        guard bench == nil else { throw ControlError("a benchmark is running already") }
        guard let link = server.link(of: chargePoint), let chargePoint = link.chargePoint else {
            throw ControlError("no charge point is connected")
        }
        let new = Bench(number: 0, calls: calls, count: count, link: link) { [unowned self] call in
            // Not from within the handler of the answer before: the machine is in the middle of it.
            loop.enqueue { [unowned self] in server.handle(.commanded(call, number: 0, to: chargePoint)) }
        } finish: { [unowned self] figures in
            bench = nil
            // The newest exchange is still to be told.
            loop.enqueue { [unowned self] in server.isMeasuring = false }
            reply(Answer.result(.object(figures)))
        }
        bench = new
        server.isMeasuring = true
        new.start()
    }

    private func timeStart(_ command: Command, _ chargePoint: String?, _ reply: @escaping Reply) throws {
        guard let link = server.link(of: chargePoint) else { throw ControlError("no charge point is connected") }
        let startedAt = EventLoop.uptime()
        var answeredAt: Duration?
        var outcome: JSONValue = .null
        ask(command, of: link.chargePoint) { answer in
            answeredAt = link.readAt
            outcome = answer["result"]?["status"] ?? answer["error"] ?? .null
        }
        let writtenAt = link.writtenAt
        func started() -> Duration? {
            server.arrivals["StartTransaction"].map(\.uptime).flatMap { $0 > startedAt ? $0 : nil }
        }
        wait(30, reply) {
            let confirmation = answeredAt.map { JSONNumber(($0 - writtenAt).wholeMicroseconds) }
            let start = started().map { JSONNumber(($0 - writtenAt).wholeMicroseconds) }
            return Answer.result([
                "status": outcome, "confirmationMicroseconds": confirmation.map(JSONValue.number) ?? .null,
                "startTransactionMicroseconds": start.map(JSONValue.number) ?? .null,
            ])
        } _: {
            answeredAt != nil && (outcome != "Accepted" || started() != nil)
        }
    }

    // MARK: - Waiting

    private func wait(
        _ seconds: Int,
        _ reply: @escaping Reply,
        answer: @escaping () -> JSONValue = { Answer.done },
        _ isThere: @escaping () -> Bool
    ) {
        if isThere() { return reply(answer()) }
        let deadline = EventLoop.uptime() + .seconds(seconds)
        waiting.append(Waiting(deadline: deadline, isThere: isThere, answer: answer, reply: reply))
    }

    private func checkWaiting() {
        guard !waiting.isEmpty else { return }
        let there = waiting.filter { $0.isThere() }
        guard !there.isEmpty else { return }
        waiting.removeAll { $0.isThere() }
        for one in there { one.reply(one.answer()) }
    }

    private func expireWaiting(at uptime: Duration) {
        let expired = waiting.filter { $0.deadline <= uptime }
        waiting.removeAll { $0.deadline <= uptime }
        for one in expired { one.reply(Answer.failure("it did not happen in time")) }
    }
}

/// What is answered, as one line of JSON.
private enum Answer {
    static let done: JSONValue = ["ok": true]

    static func result(_ value: JSONValue) -> JSONValue { ["ok": true, "result": value] }

    static func text(_ text: String) -> JSONValue { ["ok": true, "text": .string(text)] }

    static func failure(_ error: String) -> JSONValue { ["ok": false, "error": .string(error)] }
}
