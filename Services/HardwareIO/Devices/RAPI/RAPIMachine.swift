public import Primitives

/// What the site says of a controller that speaks RAPI.
public struct RAPISettings: Equatable, Sendable {
    /// The controller falls back to `fallbackAmps` when no heartbeat came for so long, 2…300 s.
    public var heartbeatSeconds: Int
    /// 0 opens. OpenEVSE's own firmware offers no less than 6 A: there a silent host leaves 6 A on.
    public var fallbackAmps: Int

    public init(heartbeatSeconds: Int = 10, fallbackAmps: Int = 0) {
        self.heartbeatSeconds = heartbeatSeconds
        self.fallbackAmps = fallbackAmps
    }
}

/// A controller that owns pilot, contactor and residual current and speaks OpenEVSE RAPI (115200 8N1; rapi_proc.h, protocol 3 or newer).
///
/// The first line after every opening forbids energy, and so does the loss of an answer: what was permitted before has to be ordered again.
/// The heartbeat is sent only when somebody said `hostLives` since the one before, so that a core that hangs looks dead to the controller.
public struct RAPIMachine: Machine {
    public enum Event: Equatable, Sendable {
        case line(LineEvent)
        case ordered(RAPIOrder)
        /// The core has had a turn since the last report.
        case hostLives
    }

    public enum Effect: Equatable, Sendable {
        case line(LineOrder)
        case report(RAPIReport)
        case log(LogRecord)
    }

    private enum Due: String, DeadlineName {
        case answer = "controller must have answered"
        case poll = "controller is asked for its state"
        case setUp = "controller is set up again"
        case pardon = "controller that did not obey is tried again"
    }

    private enum Standing: Equatable { case unknown, answering, lost }

    /// Longest wait for an answer (RAPIS_TIMEOUT_MS).
    static let answerLimit = Duration.milliseconds(500)
    /// Between two questions for its state while an EV is there or energy allowed.
    static let busyInterval = Duration.seconds(1)
    /// Else: changes come by themselves.
    static let idleInterval = Duration.seconds(3)

    private let settings: RAPISettings
    private var isOpen = false
    private var standing = Standing.unknown
    private var wish = RAPIOrder.forbid
    private var status: RAPIStatus?
    private var decoder = RAPIDecoder()
    private var exchange = RAPIExchange()
    private var deadlines = Deadlines<Due>()
    private var heartbeatAt: Duration?
    private var obedience = RAPIObedience()
    private var pace = RAPIPace()
    public private(set) var counters = ConversationCounters()

    public init(settings: RAPISettings = RAPISettings()) { self.settings = settings }

    public var nextDeadline: Deadline? { deadlines.next }

    /// What is wrong with a controller that answers, for people; nil when nothing is.
    public var trouble: String? { obedience.trouble }

    public mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .line(.opened):
            isOpen = true
            return [.line(.discardInput)] + setUp(at: moment)
        case .line(.closed(let reason)):
            isOpen = false
            stopAsking()
            return lose(reason)
        case .line(.received(let bytes)):
            guard isOpen else { return [] }
            var effects: [Effect] = []
            for frame in decoder.receive(bytes) { effects += take(frame, at: moment) }
            counters.framingErrors = decoder.damaged
            return effects + ask(at: moment)
        case .ordered(let order):
            guard order != wish else { return [] }
            wish = order
            guard standing == .answering else { return [] }
            apply(at: moment)
            return ask(at: moment)
        case .hostLives:
            let interval = Duration(outsideSeconds: settings.heartbeatSeconds) / 3
            guard standing == .answering, heartbeatAt.map({ moment.uptime - $0 >= interval }) ?? true else { return [] }
            heartbeatAt = moment.uptime
            exchange.add(.heartbeat)
            return ask(at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        while let due = deadlines.popDue(at: moment.uptime) {
            switch due {
            case .answer: effects += overdue(at: moment)
            case .poll: effects += poll(at: moment)
            case .setUp: effects += setUp(at: moment)
            case .pardon: effects += pardon(at: moment)
            }
        }
        return effects
    }

    /// What the process leaves behind when it ends: no energy.
    public mutating func end() -> [Effect] {
        deadlines.clearAll()
        defer { isOpen = false }
        guard isOpen, wish != .unavailable else { return [] }
        return [.line(.send(RAPIFrame(words: RAPICommand.sleep.words).bytes))]
    }
}

// MARK: - What is asked when

extension RAPIMachine {
    /// Forbids energy, says whom it has to hear of, and asks how it is. Nothing is permitted before all of it was answered.
    private mutating func setUp(at moment: Moment) -> [Effect] {
        exchange.reset()
        decoder.reset()
        stopAsking()
        obedience.beginAnew()
        if standing == .answering { standing = .unknown }
        wish = .forbid
        status = nil
        heartbeatAt = moment.uptime
        pace.forbids(at: moment.uptime)
        exchange.add(.sleep)
        exchange.add(.version)
        exchange.add(
            .supervise(
                seconds: settings.heartbeatSeconds.clamped(to: 2...300),
                amps: settings.fallbackAmps.clamped(to: 0...80)
            )
        )
        exchange.add(.state)
        return ask(at: moment)
    }

    private mutating func ask(at moment: Moment) -> [Effect] {
        guard isOpen, let bytes = exchange.next() else { return [] }
        deadlines.set(.answer, at: moment.uptime + Self.answerLimit)
        return [.line(.send(bytes))]
    }

    private mutating func poll(at moment: Moment) -> [Effect] {
        let isSlowRound = pace.isSlowRound()
        exchange.add(.state)
        if permittedAmps != nil, obedience.limitIs != .refused { exchange.add(.settings) }
        if status?.isClosed == true {
            exchange.add(.current)
            if isSlowRound {
                exchange.add(.energy)
                exchange.add(.temperatures)
            }
        }
        return ask(at: moment)
    }

    /// Brings the controller to what is wished. What takes energy away goes before everything else, and nothing that gives it stays behind.
    private mutating func apply(at moment: Moment) {
        obedience.told(at: moment.uptime)
        let order: RAPICommand =
            if let amps = permittedAmps { .limit(amps: amps) } else { wish == .unavailable ? .disable : .sleep }
        exchange.addFirst(order, dropping: Self.givesEnergy)
    }

    private static func givesEnergy(_ command: RAPICommand) -> Bool {
        switch command {
        case .enable, .limit, .clearBootLock, .clearAuthLock: true
        default: false
        }
    }

    /// Nil while nothing is permitted, because nobody wishes it or it does not obey. Below 6 A there is no code.
    private var permittedAmps: Int? {
        guard case .permit(let amps) = wish, amps >= 6, obedience.offence == nil else { return nil }
        return min(amps, 80)
    }

    private mutating func overdue(at moment: Moment) -> [Effect] {
        counters.timeouts += 1
        if let bytes = exchange.again() {
            deadlines.set(.answer, at: moment.uptime + Self.answerLimit)
            return [.line(.send(bytes))]
        }
        let asked = exchange.asked?.words.joined(separator: " ") ?? ""
        return fail("no answer to \(asked)", at: moment)
    }

    private mutating func fail(_ reason: String, at moment: Moment) -> [Effect] {
        let effects = lose(reason)
        exchange.reset()
        stopAsking()
        switch pace.fails() {
        case .reopen: return effects + [.line(.reopen(reason: reason))]
        case .setUp(let rest): deadlines.set(.setUp, at: moment.uptime + rest)
        }
        return effects
    }

    /// A pause that it got for not obeying goes on, whatever becomes of its line.
    private mutating func stopAsking() {
        for due in [Due.answer, .poll, .setUp] { deadlines.clear(due) }
    }

    private mutating func lose(_ reason: String) -> [Effect] {
        wish = .forbid
        status = nil
        pace.isLost()
        guard standing != .lost else { return [] }
        standing = .lost
        return [.report(.lost(reason: reason))]
    }
}

// MARK: - What is answered

extension RAPIMachine {
    private mutating func take(_ frame: RAPIFrame, at moment: Moment) -> [Effect] {
        switch frame.words[0] {
        case "AT":
            guard standing == .answering, let (status, amps) = RAPIAnswer.change(frame.words.dropFirst()) else {
                return []
            }
            return [.report(.limit(amps: amps))] + learn(status, at: moment) + judge(offered: amps, at: moment)
        case "AB": return startedAnew(code: frame.words.dropFirst().first ?? "", at: moment)
        default:
            guard let answer = exchange.answer(in: frame) else { return [] }
            deadlines.clear(.answer)
            counters.exchanges += 1
            guard answer.isAccepted else { return refused(answer, at: moment) }
            return accepted(answer, at: moment)
        }
    }

    /// It has forgotten what it was told, and may let energy flow. One that starts anew because of what it is told must not do so without end.
    private mutating func startedAnew(code: String, at moment: Moment) -> [Effect] {
        // Between two questions of a set-up none is open, and others wait.
        let isLeftAlone = standing == .lost && !exchange.waits { _ in true }
        var effects: [Effect] = []
        if !isLeftAlone {
            effects.append(.log(LogRecord(.warning, "controller started anew", .init("code", code))))
            if pace.startsAnew() { return effects + setUp(at: moment) }
        }
        if pace.mustForbid(at: moment.uptime) {
            pace.forbids(at: moment.uptime)
            effects.append(.line(.send(RAPIFrame(words: RAPICommand.sleep.words).bytes)))
        }
        return isLeftAlone ? effects : effects + fail("it starts anew again and again", at: moment)
    }

    private mutating func accepted(_ answer: RAPIExchange.Answer, at moment: Moment) -> [Effect] {
        switch answer.command {
        case .version:
            guard standing != .answering else { return [] }
            return [.log(LogRecord(.notice, "controller answers", .init("firmware", answer.words.first ?? "")))]
        case .state:
            guard let status = RAPIAnswer.status(answer.words) else { return fail("unreadable state", at: moment) }
            return learn(status, at: moment)
        case .limit(let amps): return limited(to: answer.words.first.flatMap { Int($0) }, asked: amps, at: moment)
        case .settings:
            guard let amps = RAPIAnswer.amps(answer.words) else { return untold(.unreadable) }
            obedience.tells()
            return judge(offered: amps, at: moment)
        case .current: return RAPIAnswer.current(answer.words).map { [.report($0)] } ?? []
        case .energy: return RAPIAnswer.energy(answer.words).map { [.report($0)] } ?? []
        case .temperatures: return RAPIAnswer.temperature(answer.words).map { [.report($0)] } ?? []
        case .acknowledgeMiss:
            // It goes back to its own limit by that.
            apply(at: moment)
            return []
        case .sleep, .disable, .enable:
            exchange.add(.state)
            return []
        case .clearBootLock, .clearAuthLock, .supervise, .heartbeat: return []
        }
    }

    private mutating func refused(_ answer: RAPIExchange.Answer, at moment: Moment) -> [Effect] {
        counters.refusals += 1
        switch answer.command {
        case .limit(let amps): return limited(to: answer.words.first.flatMap { Int($0) }, asked: amps, at: moment)
        case .enable: return permittedAmps == nil ? [] : offend(.refusesEnergy, at: moment)
        case .settings: return untold(.refused)
        case .heartbeat:
            exchange.add(.acknowledgeMiss)
            return [.log(LogRecord(.warning, "controller has missed the heartbeat, and fell back"))]
        case let command where command.isOptional: return []
        default: return fail("refuses \(answer.command.words.joined(separator: " "))", at: moment)
        }
    }

    /// What it offers from now on. It takes less where it has to, and never less than its own lowest: that must not be more than permitted.
    private mutating func limited(to taken: Int?, asked amps: Int, at moment: Moment) -> [Effect] {
        guard permittedAmps == amps else { return [] }
        guard let taken else { return offend(.refusesLimit(amps: amps), at: moment) }
        guard taken <= amps else { return offend(.takesMore(amps: taken, permitted: amps), at: moment) }
        obedience.agrees()
        if status?.isForbidding != false {
            exchange.add(.clearBootLock)
            exchange.add(.clearAuthLock)
            exchange.add(.enable)
        }
        // What it agrees to and what it does are two things.
        if obedience.limitIs != .refused { exchange.add(.settings) }
        return [.report(.limit(amps: taken))]
    }

    /// Somebody may have raised it at the controller itself, or it only said that it would obey.
    private mutating func judge(offered amps: Int, at moment: Moment) -> [Effect] {
        let permitted = permittedAmps
        switch obedience.offers(amps, permitted: permitted, at: moment.uptime) {
        case .fits: return []
        case .orderAgain:
            apply(at: moment)
            let message = "controller offers more than is permitted, and is told again"
            return [.log(LogRecord(.warning, message, .init("amps", amps), .init("permitted", permitted ?? 0)))]
        case .offends(let offence): return offend(offence, at: moment)
        }
    }

    /// What it offers is not known: it is believed what it agrees to, and whoever looks is told.
    private mutating func untold(_ reason: RAPIObedience.Telling) -> [Effect] {
        guard obedience.doesNotTell(reason), let trouble = obedience.trouble else { return [] }
        return [.log(LogRecord(.warning, trouble))]
    }

    /// It does not obey: no energy, and its state says why, until it is tried again.
    private mutating func offend(_ offence: RAPIObedience.Offence, at moment: Moment) -> [Effect] {
        deadlines.set(.pardon, at: obedience.offends(offence, at: moment.uptime))
        apply(at: moment)
        return []
    }

    private mutating func pardon(at moment: Moment) -> [Effect] {
        obedience.pardon()
        guard standing == .answering else { return [] }
        if permittedAmps != nil { apply(at: moment) }
        exchange.add(.state)
        return ask(at: moment)
    }

    private mutating func learn(_ status: RAPIStatus, at moment: Moment) -> [Effect] {
        self.status = status
        let isBusy = status.vehicleIsConnected || status.isClosed || permittedAmps != nil
        deadlines.set(.poll, at: moment.uptime + (isBusy ? Self.busyInterval : Self.idleInterval))
        var effects: [Effect] = []
        pace.answers(at: moment.uptime)
        if standing != .answering {
            standing = .answering
            effects.append(.report(.answering))
        }
        effects.append(.report(.status(withOffence(status))))
        // Somebody pressed a button, or it did not do what it agreed to.
        let isAsWished = permittedAmps == nil ? status.isForbidding && !status.isClosed : !status.isForbidding
        obedience.isSeen(obeying: permittedAmps != nil && isAsWished, at: moment.uptime)
        if !isAsWished, obedience.hadItsTime(at: moment.uptime), !exchange.waits(for: Self.givesEnergy) {
            apply(at: moment)
        }
        return effects
    }

    /// What its own supervision finds comes first.
    private func withOffence(_ status: RAPIStatus) -> RAPIStatus {
        guard let offence = obedience.offence, status.fault == nil else { return status }
        var status = status
        (status.fault, status.faultDetail) = (offence.code, offence.words)
        return status
    }
}
