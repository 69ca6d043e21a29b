import HardwareCore
public import Primitives

/// A card reader with a PN532 on a serial line (HSU, 115200 8N1; NXP UM0701-02).
///
/// While no card is there one scan stays open in the chip, which answers when a card comes: the field is watched without a byte on the
/// line, and nobody wakes up. Every 10 s the scan is aborted and the chip asked whether it is still there. While a card lies there, short
/// scans find out when it leaves; between them the field is off, so that each begins anew with whatever is there.
///
/// A chip that does not answer is woken and set up again, then its line is opened anew, then it is lost, and tried for ever.
public struct PN532Machine: CardReaderMachine {
    private enum Due: String, DeadlineName {
        case exchange = "PN532 must have answered"
        case next = "PN532 is asked again"
        case line = "line of the PN532 must be open again"
        case frame = "a frame of the PN532 must have ended"
    }

    private enum State: Equatable {
        /// The line is closed.
        case closed
        /// Our order to open the line anew is on its way.
        case reopening
        /// The chip is to be set up when `next` is due.
        case resting
        /// Up, no card to look for until `next` is due.
        case pausing
        /// A command is on the line.
        case exchanging(Exchange)
    }

    /// A command that waits for its acknowledgement, then for its answer.
    private struct Exchange: Equatable {
        let command: PN532Command
        var isAcknowledged = false
        /// Sendings of the command, and requests to repeat the answer.
        var tries = 1
    }

    private enum Standing: Equatable { case unknown, answering, lost }

    /// Longest wait for the acknowledgement. The chip sends it within 15 ms; adapters from USB hold bytes back for 16 ms.
    static let acknowledgementLimit = Duration.milliseconds(100)
    /// Longest wait for an answer that needs no card.
    static let answerLimit = Duration.milliseconds(500)
    /// Longest wait for a scan with few retries.
    static let scanLimit = Duration.seconds(1)
    /// Longest time from the first byte of a frame to its last: its 275 bytes take 24 ms, and adapters from USB hold some of them back.
    static let frameLimit = Duration.milliseconds(200)
    /// How often the chip is asked whether it is there while a scan is open.
    static let healthInterval = Duration.seconds(10)
    /// Between two scans while a card lies there.
    static let presenceInterval = Duration.milliseconds(250)
    /// Between the abort of a scan whose answer was unreadable and the next scan.
    static let disturbanceRest = Duration.milliseconds(100)
    /// Sendings of a command in one exchange.
    static let mostTries = 3
    /// Longest wait for the line that is opened anew.
    static let reopenLimit = Duration.seconds(5)
    private static let shortestRest = Duration.milliseconds(500)
    private static let longestRest = Duration.seconds(30)

    private let readerId: Int
    private var state = State.closed
    private var standing = Standing.unknown
    private var decoder = PN532Decoder()
    private var presence = CardPresence()
    private var deadlines = Deadlines<Due>()
    /// What the chip does when a scan finds nothing; nil when that is not known.
    private var hasEndlessRetries: Bool?
    /// Failed exchanges without a scan between them.
    private var failures = 0
    public private(set) var counters = ConversationCounters()

    public init(readerId: Int) { self.readerId = readerId }

    public var nextDeadline: Deadline? { deadlines.next }

    public mutating func handle(_ event: LineEvent, at moment: Moment) -> [ReaderEffect] {
        switch event {
        case .opened:
            deadlines.clearAll()
            // Whoever keeps the line took the chip for lost when it was closed.
            if standing == .answering { standing = .unknown }
            return setUp(at: moment)
        case .closed(let reason):
            // Between our order and the opening it is closed as ordered.
            guard state != .reopening else { return [] }
            state = .closed
            deadlines.clearAll()
            return lose(reason)
        case .received(let bytes):
            guard case .exchanging = state else {
                decoder.reset()
                return []
            }
            return take(decoder.receive(bytes), at: moment)
        }
    }

    /// What the process leaves behind when it ends: a chip at rest, its field off.
    public mutating func end() -> [ReaderEffect] {
        deadlines.clearAll()
        guard state != .closed, state != .reopening else { return [] }
        state = .closed
        return [.line(.send(PN532Frame.acknowledgement)), .line(.send(PN532Command.fieldOff.bytes))]
    }

    public mutating func deadlineReached(at moment: Moment) -> [ReaderEffect] {
        var effects: [ReaderEffect] = []
        while let due = deadlines.popDue(at: moment.uptime) {
            switch (due, state) {
            case (.exchange, .exchanging(let exchange)): effects += overdue(exchange, at: moment)
            case (.frame, .exchanging): effects += take(decoder.giveUp(), at: moment)
            case (.next, .resting): effects += setUp(at: moment)
            case (.next, .pausing): effects += scan(at: moment)
            case (.line, .reopening):
                state = .closed
                effects += lose("its line does not open again")
            default: break
            }
        }
        return effects
    }
}

// MARK: - The order of things

extension PN532Machine {
    private mutating func setUp(at moment: Moment) -> [ReaderEffect] {
        hasEndlessRetries = nil
        decoder.reset()
        return [.line(.discardInput)] + begin(.wake, at: moment)
    }

    private mutating func scan(at moment: Moment) -> [ReaderEffect] {
        let isEndless = presence.held == nil
        return begin(hasEndlessRetries == isEndless ? .scan : .retries(endless: isEndless), at: moment)
    }

    /// The answer to a command is there.
    private mutating func proceed(from command: PN532Command, body: ArraySlice<UInt8>, at moment: Moment)
        -> [ReaderEffect]
    {
        counters.exchanges += 1
        switch command {
        case .wake: return begin(.firmware, at: moment)
        case .firmware:
            // Asked in between, whether it is there.
            guard hasEndlessRetries == nil else { return scan(at: moment) }
            guard body.count >= 4, body.first == 0x32 else { return fail("the chip is no PN532", at: moment) }
            return begin(.echo, at: moment) + describe(body)
        case .echo:
            guard Array(body) == [0x00] + PN532Command.echoed else {
                return fail("its self-test of the line failed", at: moment)
            }
            return scan(at: moment)
        case .retries(let endless):
            hasEndlessRetries = endless
            return begin(.scan, at: moment)
        case .scan: return scanned(PN532Target(body), at: moment)
        case .fieldOff:
            state = .pausing
            deadlines.set(.next, at: moment.uptime + Self.presenceInterval)
            return []
        }
    }

    private mutating func scanned(_ target: PN532Target, at moment: Moment) -> [ReaderEffect] {
        failures = 0
        var effects = answers()
        switch target {
        case .card(let uid):
            if presence.found(.uid(uid)) { effects.append(.report(.cardRead(readerId: readerId, .uid(uid)))) }
        case .none:
            if presence.missed() { effects.append(.report(.cardGone(readerId: readerId))) }
        case .malformed:
            // Two cards at once, or one on its way in or out: seen, and not understood.
            counters.framingErrors += 1
        }
        return effects + begin(.fieldOff, at: moment)
    }

    private func describe(_ body: ArraySlice<UInt8>) -> [ReaderEffect] {
        guard standing != .answering else { return [] }
        let version = body.dropFirst().prefix(2).map(String.init).joined(separator: ".")
        return [
            .log(
                LogRecord(.notice, "card reader is a PN532", .init("readerId", readerId), .init("firmware", version))
            )
        ]
    }

    private mutating func answers() -> [ReaderEffect] {
        guard standing != .answering else { return [] }
        standing = .answering
        return [.report(.deviceRecovered(.reader(readerId: readerId)))]
    }

    private mutating func lose(_ reason: String) -> [ReaderEffect] {
        presence.forget()
        guard standing != .lost else { return [] }
        standing = .lost
        return [.report(.deviceLost(.reader(readerId: readerId), reason: reason))]
    }
}

// MARK: - One exchange

extension PN532Machine {
    private mutating func begin(_ command: PN532Command, at moment: Moment) -> [ReaderEffect] {
        state = .exchanging(Exchange(command: command))
        deadlines.clear(.next)
        deadlines.set(.exchange, at: moment.uptime + Self.acknowledgementLimit)
        return [.line(.send(command.bytes))]
    }

    private mutating func take(_ frames: [PN532Frame.Received], at moment: Moment) -> [ReaderEffect] {
        // Whatever the line says later is lost in a frame that never ends, unless that is given up.
        let effects = frames.flatMap { take($0, at: moment) }
        if !decoder.isWaiting {
            deadlines.clear(.frame)
        } else if !deadlines.isSet(.frame) {
            deadlines.set(.frame, at: moment.uptime + Self.frameLimit)
        }
        return effects
    }

    private mutating func take(_ frame: PN532Frame.Received, at moment: Moment) -> [ReaderEffect] {
        guard case .exchanging(var exchange) = state else { return [] }
        switch frame {
        case .acknowledged:
            guard !exchange.isAcknowledged else { return [] }
            exchange.isAcknowledged = true
            state = .exchanging(exchange)
            deadlines.set(.exchange, at: moment.uptime + answerLimit(exchange.command))
            guard exchange.command == .scan else { return [] }
            // It took the scan: it is there, and watches its field.
            failures = 0
            return answers()
        case .answer(let data):
            // A late answer to what was asked before it was aborted.
            guard exchange.isAcknowledged, data.first == exchange.command.answerCode else { return [] }
            return proceed(from: exchange.command, body: data.dropFirst(), at: moment)
        case .notAcknowledged: return again(exchange, at: moment)
        case .syntaxError:
            counters.refusals += 1
            return again(exchange, at: moment)
        case .corrupt:
            counters.checksumErrors += 1
            return disturbed(exchange, at: moment)
        }
    }

    /// Something unreadable came. An acknowledgement comes again with the next sending; an answer can be asked for again.
    private mutating func disturbed(_ exchange: Exchange, at moment: Moment) -> [ReaderEffect] {
        guard exchange.isAcknowledged else { return [] }
        if isOpenScan(exchange.command) {
            // It may have been an answer, or noise while there is none. The card, if there is one, is found by the next scan.
            let soon = moment.uptime + Self.disturbanceRest
            deadlines.set(.exchange, at: min(deadlines[.exchange] ?? soon, soon))
            return []
        }
        guard exchange.tries < Self.mostTries else { return [] }
        var exchange = exchange
        exchange.tries += 1
        state = .exchanging(exchange)
        return [.line(.send(PN532Frame.repeatRequest))]
    }

    private mutating func again(_ exchange: Exchange, at moment: Moment) -> [ReaderEffect] {
        guard exchange.tries < Self.mostTries else {
            return fail("\(exchange.command.name) was sent \(exchange.tries) times without success", at: moment)
        }
        decoder.reset()
        let effects = begin(exchange.command, at: moment)
        state = .exchanging(Exchange(command: exchange.command, tries: exchange.tries + 1))
        return effects
    }

    private mutating func overdue(_ exchange: Exchange, at moment: Moment) -> [ReaderEffect] {
        let abort = ReaderEffect.line(.send(PN532Frame.acknowledgement))
        if exchange.isAcknowledged, isOpenScan(exchange.command) {
            decoder.reset()
            return [abort] + begin(.firmware, at: moment)
        }
        counters.timeouts += 1
        return (exchange.isAcknowledged ? [abort] : []) + again(exchange, at: moment)
    }

    /// Exchanges fail: the chip is set up again, then its line opened anew, then it is lost. Each further attempt comes later.
    private mutating func fail(_ reason: String, at moment: Moment) -> [ReaderEffect] {
        failures = min(failures + 1, 1000)
        switch failures {
        case 1:
            state = .resting
            deadlines.set(.next, at: moment.uptime + Self.shortestRest)
            return []
        case 2:
            return reopen(reason, at: moment)
        default:
            let effects = lose(reason)
            guard failures.isMultiple(of: 2) else {
                state = .resting
                let rest = Self.shortestRest * (1 << min(failures - 2, 6))
                deadlines.set(.next, at: moment.uptime + min(rest, Self.longestRest))
                return effects
            }
            return effects + reopen(reason, at: moment)
        }
    }

    private mutating func reopen(_ reason: String, at moment: Moment) -> [ReaderEffect] {
        state = .reopening
        deadlines.clearAll()
        deadlines.set(.line, at: moment.uptime + Self.reopenLimit)
        return [.line(.reopen(reason: reason))]
    }

    private func isOpenScan(_ command: PN532Command) -> Bool { command == .scan && hasEndlessRetries == true }

    private func answerLimit(_ command: PN532Command) -> Duration {
        guard command == .scan else { return Self.answerLimit }
        return hasEndlessRetries == true ? Self.healthInterval : Self.scanLimit
    }
}
