internal import Primitives

/// Speaks AT commands with a modem: one at a time, each with an end, whatever the modem says or does not say.
///
/// After opening, and after a command without an answer, it finds its way back to a modem that listens before it sends anything else
/// (`ATSynchronization`), so that a late answer never becomes that of the next command.
struct ATEngine: Equatable, Sendable {
    enum Event: Equatable, Sendable {
        case line(LineEvent)
        case ask(ATCommand)
        /// What has not been sent yet is not wanted any more.
        case forget
    }

    enum Effect: Equatable, Sendable {
        case line(LineOrder)
        /// The modem listens: first after opening, and again after it did not.
        case attentive
        case answered(ATCommand, ATAnswer)
        /// A line that the modem said of itself.
        case unsolicited(String)
        /// So many of those were thrown away, because they came too fast.
        case missed(Int)
        /// It does not listen, whatever was tried; the line is opened anew.
        case silent
        case log(LogRecord)
    }

    /// Commands that wait.
    static let queueLimit = 32
    /// Lines of one answer; more are thrown away.
    static let answerLimit = 64
    /// Between an answer and the next command: some modems lose a command that comes sooner.
    static let pause = Duration.milliseconds(20)
    /// After the last line of an answer without OK.
    static let silence = Duration.milliseconds(200)

    private struct Outstanding: Equatable, Sendable {
        let command: ATCommand
        var lines: [String] = []
    }

    private enum State: Equatable, Sendable {
        /// No line, or one that is being opened anew.
        case closed
        case synchronizing(ATSynchronization)
        /// Nothing is outstanding; until `pause` is due nothing is sent.
        case idle
        case awaiting(Outstanding)
        /// A call of our own carries data on this line, up to NO CARRIER.
        case data
    }

    private enum Timer: String, DeadlineName {
        case pause = "the next command may be sent"
        case answer = "an answer is overdue"
        case silence = "an answer without OK has ended"
        case synchronization = "the modem is called again"
        case flood = "a modem may say something again"
    }

    private var state = State.closed
    private var reader = ATLineReader()
    private var queue: [ATCommand] = []
    private var flood = FloodGate()
    private var deadlines = Deadlines<Timer>()

    init() {}

    /// Whether nothing is outstanding and nothing waits.
    var isIdle: Bool { state == .idle && queue.isEmpty }
    /// Whether the modem has been found to listen, and nothing has cast doubt on it since.
    var isAttentive: Bool {
        switch state {
        case .idle, .awaiting: true
        case .closed, .synchronizing, .data: false
        }
    }
}

extension ATEngine: Machine {
    var nextDeadline: Deadline? { deadlines.next }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .line(.opened):
            let effects = abandon()
            return effects + begin(ATSynchronization(.opening), at: moment)
        case .line(.closed): return abandon()
        case .line(.received(let bytes)): return receive(bytes, at: moment)
        case .ask(let command):
            guard state != .closed, queue.count < Self.queueLimit else { return [Self.unanswered(command)] }
            queue.append(command)
            return sendNext(at: moment)
        case .forget:
            queue.removeAll()
            return []
        }
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        while let timer = deadlines.popDue(at: moment.uptime) {
            switch timer {
            case .pause: effects += sendNext(at: moment)
            case .answer: effects += giveUp(at: moment)
            case .silence: effects += finish(.ok, at: moment)
            case .synchronization: effects += goOnSynchronizing(at: moment)
            case .flood: effects += flood.close().map { [.missed($0)] } ?? []
            }
        }
        return effects
    }

    // MARK: - Commands

    private mutating func sendNext(at moment: Moment) -> [Effect] {
        guard state == .idle, !deadlines.isSet(.pause), !queue.isEmpty else { return [] }
        let command = queue.removeFirst()
        state = .awaiting(Outstanding(command: command))
        deadlines.set(.answer, at: moment.uptime + command.timeout)
        return [Self.trace("to the modem", command.shown), .line(.send(Array(command.wire.utf8) + [0x0D]))]
    }

    private mutating func finish(_ result: ATResult, at moment: Moment) -> [Effect] {
        guard case .awaiting(let outstanding) = state else { return [] }
        deadlines.clear(.answer)
        deadlines.clear(.silence)
        if case .connect = result {
            state = .data
        } else {
            state = .idle
            deadlines.set(.pause, at: moment.uptime + Self.pause)
        }
        return [.answered(outstanding.command, ATAnswer(lines: outstanding.lines, result: result))]
    }

    private mutating func giveUp(at moment: Moment) -> [Effect] {
        guard case .awaiting(let outstanding) = state else { return [] }
        deadlines.clear(.silence)
        let answer = ATAnswer(lines: outstanding.lines, result: .timedOut)
        // What waits may depend on the answer that did not come: whoever asked decides anew.
        let effects = [.answered(outstanding.command, answer)] + queue.map(Self.unanswered)
        queue.removeAll()
        return effects + begin(ATSynchronization(.silence), at: moment)
    }

    /// Everything that was asked ends here.
    private mutating func abandon() -> [Effect] {
        var effects: [Effect] = []
        if case .awaiting(let outstanding) = state { effects.append(Self.unanswered(outstanding.command)) }
        effects += queue.map(Self.unanswered)
        effects += flood.close().map { [.missed($0)] } ?? []
        queue.removeAll()
        reader.clear()
        deadlines.clearAll()
        state = .closed
        return effects
    }

    private static func unanswered(_ command: ATCommand) -> Effect {
        .answered(command, ATAnswer(lines: [], result: .abandoned))
    }

    // MARK: - Synchronization

    private mutating func begin(_ synchronization: ATSynchronization, at moment: Moment) -> [Effect] {
        reader.clear()
        state = .synchronizing(synchronization)
        return goOnSynchronizing(at: moment)
    }

    private mutating func goOnSynchronizing(at moment: Moment) -> [Effect] {
        guard case .synchronizing(var synchronization) = state else { return [] }
        switch synchronization.next() {
        case .send(let text, let wait):
            state = .synchronizing(synchronization)
            deadlines.set(.synchronization, at: moment.uptime + wait)
            guard !text.isEmpty else { return [] }
            return [Self.trace("to the modem", text), .line(.send(Array(text.utf8)))]
        case .done:
            state = .idle
            return [.attentive] + sendNext(at: moment)
        case .failed:
            return abandon() + [.silent, .line(.reopen(reason: "the modem does not answer"))]
        }
    }

    // MARK: - What arrives

    private mutating func receive(_ bytes: [UInt8], at moment: Moment) -> [Effect] {
        guard state != .closed else { return [] }
        var effects: [Effect] = []
        for item in reader.take(bytes) {
            switch item {
            case .line(let line): effects += take(line, at: moment)
            // No command of ours asks for a text. ESC leaves (3GPP TS 27.005 §3.5.1).
            case .prompt: effects.append(.line(.send([0x1B])))
            case .overlong: effects += unsolicited("", at: moment)
            }
        }
        return effects
    }

    private mutating func take(_ line: String, at moment: Moment) -> [Effect] {
        switch state {
        case .closed: return []
        case .data:
            guard line == "NO CARRIER" else { return [] }
            state = .idle
            return unsolicited(line, at: moment) + sendNext(at: moment)
        case .idle:
            // An answer that nobody waits for.
            guard ATFinal(line, isDial: false, isNumeric: false) == nil else { return [] }
            return unsolicited(line, at: moment)
        case .synchronizing(var synchronization):
            guard synchronization.take(line) else { return unsolicited(line, at: moment) }
            state = .synchronizing(synchronization)
            deadlines.set(.synchronization, at: moment.uptime + ATSynchronization.settling)
            return []
        case .awaiting(let outstanding): return take(line, for: outstanding, at: moment)
        }
    }

    private mutating func take(_ line: String, for outstanding: Outstanding, at moment: Moment) -> [Effect] {
        let command = outstanding.command
        // The echo, also a broken one where it may hold a secret.
        if line == command.wire || command.hidden != nil && line.hasPrefix("AT") { return [] }
        if let final = ATFinal(line, isDial: command.isDial, isNumeric: command.mayBeNumeric) {
            return [Self.trace("from the modem", line)] + finish(final.result, at: moment)
        }
        guard let content = command.content(of: line, isFirst: outstanding.lines.isEmpty) else {
            // The rest of a broken echo looks like nothing that a modem says.
            return command.hidden != nil && !line.looksUnsolicited ? [] : unsolicited(line, at: moment)
        }
        if command.silenceEndsIt { deadlines.set(.silence, at: moment.uptime + Self.silence) }
        guard outstanding.lines.count < Self.answerLimit else { return [] }
        var longer = outstanding
        longer.lines.append(content)
        state = .awaiting(longer)
        return [Self.trace("from the modem", line)]
    }

    private mutating func unsolicited(_ line: String, at moment: Moment) -> [Effect] {
        // Late echoes.
        if line.hasPrefix("AT") { return [] }
        guard flood.lets(at: moment.uptime) else {
            deadlines.set(.flood, at: flood.reopens)
            return []
        }
        return line.isEmpty ? [] : [Self.trace("from the modem", line), .unsolicited(line)]
    }

    private static func trace(_ direction: String, _ text: String) -> Effect {
        .log(LogRecord(.debug, direction, .init("text", text.filter { $0 != "\r" && $0 != "\r\n" })))
    }
}
