public import Primitives

/// Asks the devices of one line, one question at a time, and never takes a late answer for that to another question.
///
/// On a serial line an answer does not say what it answers. So a unit that did not answer is asked nothing else until as long again has passed
/// as anybody waits for an answer, and longer the more often it failed. Only the same question is repeated meanwhile: whichever of its answers
/// comes is one to it. Others on the line are asked in between.
public struct ModbusMaster: Machine, Sendable {
    /// What carries the frames.
    public enum Framing: Equatable, Sendable {
        /// RTU on a serial line, whose speed says how long frames take, bits per second.
        case serial(baud: Int)
        /// Modbus TCP.
        case network
    }

    public enum Event: Equatable, Sendable {
        case line(LineEvent)
        case asked(ModbusQuestion)
    }

    public enum Effect: Equatable, Sendable {
        case line(LineOrder)
        /// Exactly one for each question. `askedAt` is the uptime at which the device was asked first: its registers are no older.
        case answered(ModbusQuestion, Result<[UInt16], ModbusFailure>, askedAt: Duration)
    }

    private enum Due: String, DeadlineName {
        case question = "the line has been silent for long enough to ask"
        case answer = "the device must have answered"
        case silence = "the answer must have gone on"
    }

    /// Longest gap within a frame; drivers of USB adapters hand bytes over in portions.
    static let longestGap = Duration.milliseconds(100)
    /// After a late answer another one may come for so long: as far as repetitions are apart.
    static let lateAnswersApart = Duration.seconds(1)
    /// So many of them may be on their way.
    static let mostRepetitions = 3
    /// A line that is not silent for so long is given up for the question that waits.
    static let patienceForSilence = Duration.seconds(2)
    /// A device that failed so often in a row is asked once only: the others on its line should not wait for it.
    static let failuresThatTry = 3
    static let leastTimeBetweenReopenings = Duration.seconds(30)

    private var wire: ModbusWire
    private var state = State.closed("not open yet")
    private var deadlines = Deadlines<Due>()
    private var queue = ModbusQueue()
    /// Failures in a row of each device.
    private var failures: [Int: Int] = [:]
    /// Of all devices together, without any sign of life.
    private var timeoutsInARow = 0
    private var reopenedAt: Duration?
    public private(set) var counters = ModbusCounters()

    private enum State: Equatable {
        case closed(String)
        /// Nobody is asked. The exchange is one that is going to be repeated.
        case silent(repeating: ModbusExchange?)
        case waiting(ModbusExchange)
    }

    public init(_ framing: Framing) { wire = ModbusWire(framing) }

    public var nextDeadline: Deadline? { deadlines.next }

    public mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        let now = moment.uptime
        switch event {
        case .line(.opened):
            let lost = giveUp(.closed("opened anew"), at: now)
            wire.opened(at: now)
            state = .silent(repeating: nil)
            return lost + askNext(at: now)
        case .line(.closed(let reason)):
            let lost = giveUp(.closed(reason), at: now)
            state = .closed(reason)
            return lost
        case .line(.received(let bytes)): return received(bytes, at: now)
        case .asked(let question):
            if case .closed(let reason) = state {
                return [.answered(question, .failure(.closed(reason)), askedAt: now)]
            }
            guard queue.append(question) else {
                return [.answered(question, .failure(.tooManyQuestions), askedAt: now)]
            }
            return askNext(at: now)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        while let due = deadlines.popDue(at: moment.uptime) {
            switch due {
            case .question: effects += askNext(at: moment.uptime)
            case .silence: effects += silenceFell(at: moment.uptime)
            case .answer: effects += answerIsLate(at: moment.uptime)
            }
        }
        return effects
    }

    // MARK: - Asking

    /// Asks when the line has been silent for long enough, or says when that will be.
    private mutating func askNext(at now: Duration) -> [Effect] {
        guard case .silent(let repeated) = state else { return [] }
        guard let question = repeated?.question ?? queue.candidates.first(where: { isSettled($0, at: now) }) else {
            let settled = queue.candidates.map { wire.settledAt($0.request.unit) }.min()
            if let settled { deadlines.set(.question, at: settled) }
            return []
        }
        let silentAt = wire.silentAt(question.timing)
        let patience = wire.patienceEnds(at: now)
        guard silentAt <= now || patience <= now else {
            deadlines.set(.question, at: min(silentAt, patience))
            return []
        }
        wire.stopWaiting()
        if repeated == nil { queue.removeNext(of: question.device) }
        let exchange = repeated ?? ModbusExchange(question: question, firstAskedAt: now, lastAskedAt: now)
        return silentAt <= now ? ask(exchange, at: now) : finish(exchange, .failure(.neverSilent), at: now)
    }

    private func isSettled(_ question: ModbusQuestion, at now: Duration) -> Bool {
        wire.settledAt(question.request.unit) <= now
    }

    private mutating func ask(_ exchange: ModbusExchange, at now: Duration) -> [Effect] {
        var exchange = exchange
        exchange.attempts += 1
        exchange.lastAskedAt = now
        counters.requests += 1
        let request = exchange.question.request
        let frame = wire.ask(request)
        state = .waiting(exchange)
        deadlines.clearAll()
        deadlines.set(.answer, at: now + exchange.question.timing.answer + wire.travelTime(of: request))
        // Over TCP a late answer says what it answers, and half of one must not be lost.
        return wire.isNetwork ? [.line(.send(frame))] : [.line(.discardInput), .line(.send(frame))]
    }

    // MARK: - Listening

    private mutating func received(_ bytes: [UInt8], at now: Duration) -> [Effect] {
        guard !bytes.isEmpty else { return [] }
        switch state {
        case .closed: return []
        case .silent: return strayed(bytes, at: now)
        case .waiting(let exchange):
            switch wire.received(bytes, to: exchange.question.request, at: now) {
            case .reply(let reply): return answered(exchange, reply, at: now)
            case .nonsense: return reopenAfterNonsense(exchange, at: now)
            case .begun:
                deadlines.set(.silence, at: now + Self.longestGap)
                return []
            case .nothing:
                deadlines.clear(.silence)
                return []
            }
        }
    }

    /// Bytes came that nobody waits for.
    private mutating func strayed(_ bytes: [UInt8], at now: Duration) -> [Effect] {
        counters.strayBytes += bytes.count
        guard !wire.strayed(bytes, at: now) else { return [] }
        counters.framingErrors += 1
        return reopen("what comes is no Modbus", at: now)
    }

    /// What seemed to be the answer does not go on.
    private mutating func silenceFell(at now: Duration) -> [Effect] {
        guard case .waiting(let exchange) = state else { return [] }
        if let reply = wire.silenceFell(exchange.question.request) { return answered(exchange, reply, at: now) }
        // It may also have been noise, with the answer still to come.
        guard wire.heardWrongChecksum else {
            counters.framingErrors += 1
            return failed(exchange, .truncated, isLatePossible: true, at: now)
        }
        counters.checksumErrors += 1
        return failed(exchange, .checksum, isLatePossible: true, at: now)
    }

    private mutating func answerIsLate(at now: Duration) -> [Effect] {
        guard case .waiting(var exchange) = state else { return [] }
        // One that is just arriving is waited for, but not for ever.
        if deadlines.isSet(.silence), !exchange.isExtended {
            exchange.isExtended = true
            state = .waiting(exchange)
            deadlines.set(.answer, at: now + Self.longestGap + wire.travelTime(of: exchange.question.request))
            return []
        }
        if let reply = wire.silenceFell(exchange.question.request) { return answered(exchange, reply, at: now) }
        guard !wire.heardWrongChecksum else {
            counters.checksumErrors += 1
            return failed(exchange, .checksum, isLatePossible: true, at: now)
        }
        counters.timeouts += 1
        timeoutsInARow += 1
        return failed(exchange, .timeout, isLatePossible: true, at: now)
    }

    // MARK: - Ends

    private mutating func answered(_ exchange: ModbusExchange, _ reply: ModbusReply, at now: Duration) -> [Effect] {
        timeoutsInARow = 0
        switch reply {
        case .registers(let values):
            counters.replies += 1
            return finish(exchange, .success(values), at: now)
        case .exception(let code):
            counters.exceptions += 1
            return failed(exchange, .exception(code), isLatePossible: false, at: now)
        }
    }

    private mutating func failed(
        _ exchange: ModbusExchange,
        _ failure: ModbusFailure,
        isLatePossible: Bool,
        at now: Duration
    ) -> [Effect] {
        var exchange = exchange
        exchange.isLatePossible = exchange.isLatePossible || isLatePossible
        exchange.isExtended = false
        let (device, timing) = (exchange.question.device, exchange.question.timing)
        let isTrying = failures[device, default: 0] >= Self.failuresThatTry
        guard failure.isPassing, exchange.attempts < timing.attempts, !isTrying else {
            return finish(exchange, .failure(failure), at: now)
        }
        deadlines.clearAll()
        state = .silent(repeating: exchange)
        wire.heardAt = now
        return askNext(at: now)
    }

    private mutating func finish(
        _ exchange: ModbusExchange,
        _ result: Result<[UInt16], ModbusFailure>,
        at now: Duration
    ) -> [Effect] {
        let question = exchange.question
        deadlines.clearAll()
        state = .silent(repeating: nil)
        wire.ended(at: now)
        if case .success = result {
            failures[question.device] = nil
        } else {
            failures[question.device, default: 0] += 1
        }
        if exchange.isLatePossible {
            // The answers to repetitions come as far apart as those were asked.
            let patience = question.timing.answer * (1 << min(failures[question.device] ?? 0, 3))
            let spread = exchange.lastAskedAt - exchange.firstAskedAt
            let until = now + patience + spread + wire.travelTime(of: question.request)
            wire.expectsLateAnswers(of: question.request.unit, until: until)
        }
        var effects: [Effect] = [.answered(question, result, askedAt: exchange.firstAskedAt)]
        if timeoutsInARow >= wire.timeoutsThatReopen, mayReopen(at: now) {
            effects += reopen("nobody answers", at: now)
        }
        return effects + askNext(at: now)
    }

    private mutating func reopenAfterNonsense(_ exchange: ModbusExchange, at now: Duration) -> [Effect] {
        counters.framingErrors += 1
        let orders = reopen("what comes is no Modbus", at: now)
        return orders + finish(exchange, .failure(.truncated), at: now)
    }

    private func mayReopen(at now: Duration) -> Bool {
        guard let reopenedAt else { return true }
        return now - reopenedAt >= Self.leastTimeBetweenReopenings
    }

    private mutating func reopen(_ reason: String, at now: Duration) -> [Effect] {
        timeoutsInARow = 0
        reopenedAt = now
        wire.opened(at: now)
        return [.line(.reopen(reason: reason))]
    }

    private mutating func giveUp(_ failure: ModbusFailure, at now: Duration) -> [Effect] {
        deadlines.clearAll()
        var effects: [Effect] = []
        switch state {
        case .waiting(let exchange), .silent(repeating: let exchange?):
            effects.append(.answered(exchange.question, .failure(failure), askedAt: exchange.firstAskedAt))
        case .closed, .silent(repeating: nil): break
        }
        return effects + queue.removeAll().map { .answered($0, .failure(failure), askedAt: now) }
    }
}

/// A question that is being asked.
struct ModbusExchange: Equatable, Sendable {
    var question: ModbusQuestion
    var firstAskedAt: Duration
    var lastAskedAt: Duration
    var attempts = 0
    /// An answer to one of the attempts before may still come.
    var isLatePossible = false
    /// The answer was just arriving when it was due.
    var isExtended = false
}
