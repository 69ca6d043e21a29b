internal import Primitives

extension ModemMachine {
    // MARK: - The line

    mutating func take(_ line: LineEvent, at moment: Moment) -> [ModemEffect] {
        var effects: [ModemEffect] = []
        switch line {
        case .opened:
            deadlines.clear(.port)
            progress.isReopening = false
            if isWanted, report.phase != .ready { report.phase = .waking }
        case .closed(let reason):
            guard !progress.isLent else { break }
            guard !progress.isReopening else {
                if !deadlines.isSet(.port) { deadlines.set(.port, at: moment.uptime + Self.portPatience) }
                break
            }
            effects += withdraw("the port is gone: \(reason)")
            if isWanted {
                let isNew = report.phase != .absent
                forgetNetwork()
                report.phase = .absent
                if isNew { deadlines.set(.port, at: moment.uptime + Self.portPatience) }
            }
        case .received: break
        }
        return effects + absorb(engine.handle(.line(line), at: moment), at: moment)
    }

    private mutating func forgetNetwork() {
        watch.forget()
        (report.network, report.signal) = (NetworkReport(), SignalReport())
        for timer in [Timer.step, .stable, .loss, .radio, .refusal] { deadlines.clear(timer) }
    }

    mutating func missPort(at moment: Moment) -> [ModemEffect] {
        guard isWanted, report.phase == .absent || progress.isReopening else { return [] }
        let effects = withdraw("the port is gone")
        if progress.isReopening { forgetNetwork() }
        progress.isReopening = false
        report.phase = .absent
        report.trouble = .portMissing(reason: "no port for \(Self.portPatience.wholeSeconds) s")
        return effects + pressPowerKey()
    }

    private mutating func pressPowerKey() -> [ModemEffect] {
        guard let key = settings.powerKey, !progress.hasPressedKey else { return [] }
        progress.hasPressedKey = true
        return [.pressPowerKey(key.pulse)]
    }

    // MARK: - The engine

    mutating func absorb(_ effects: [ATEngine.Effect], at moment: Moment) -> [ModemEffect] {
        effects.flatMap { effect -> [ModemEffect] in
            switch effect {
            case .line(let order): [.line(order)]
            case .log(let record): [.log(record.hiding(told.secrets))]
            case .attentive: listen(at: moment)
            case .answered(_, let answer): hear(answer, at: moment)
            case .unsolicited(let line): hear(line, at: moment)
            case .missed: askSoon(at: moment)
            case .silent: fallSilent()
            }
        }
    }

    private mutating func listen(at moment: Moment) -> [ModemEffect] {
        guard isWanted else { return askNext(at: moment) }
        switch report.phase {
        case .idle: return []
        case .absent, .waking:
            progress.isSetUp = false
            report.trouble = nil
            pins.noteStart()
            return enter(.identifying, at: moment)
        case .ready:
            progress.isLent = false
            if report.trouble == .silent { report.trouble = nil }
            return resume(at: moment)
        case .identifying, .unlocking, .preparing, .registering, .attaching:
            guard progress.silences < Self.silenceLimit else {
                progress.silences = 0
                let trouble = ModemTrouble.commandFailed(
                    command: report.phase.rawValue,
                    cause: "no answer, several times"
                )
                return fail(trouble, again: .seconds(60), at: moment)
            }
            return deadlines.isSet(.step) || deadlines.isSet(.radio) ? [] : resume(at: moment)
        }
    }

    private mutating func fallSilent() -> [ModemEffect] {
        guard isWanted else { return [] }
        report.trouble = .silent
        // A connection over another port may well live on: whoever verifies it decides.
        if report.phase == .ready {
            progress.isReopening = true
        } else {
            report.phase = .waking
            for timer in [Timer.step, .stable, .loss, .radio, .refusal] { deadlines.clear(timer) }
        }
        return settings.powerKey?.portMeansOn == false ? pressPowerKey() : []
    }

    private mutating func hear(_ answer: ATAnswer, at moment: Moment) -> [ModemEffect] {
        guard dialogue.stale.isEmpty else {
            let effects = dialogue.stale.removeFirst() == .pin ? takeLatePIN(answer) : []
            return effects + askNext(at: moment)
        }
        guard let question = dialogue.outstanding else { return [] }
        dialogue.outstanding = nil
        switch answer.result {
        case .abandoned where question != .restart:
            dialogue = Dialogue()
            return []
        case .timedOut where question != .restart:
            progress.silences += 1
            dialogue = Dialogue()
            return question == .pin ? take(question, answer, at: moment) : []
        default:
            progress.silences = 0
            return take(question, answer, at: moment) + askNext(at: moment)
        }
    }

    /// The next question of the plan; what follows the plan when there is none.
    mutating func askNext(at moment: Moment) -> [ModemEffect] {
        guard dialogue.outstanding == nil, dialogue.stale.isEmpty else { return [] }
        while !dialogue.plan.isEmpty {
            let question = dialogue.plan.removeFirst()
            let context = QuestionContext(
                family: family,
                settings: settings,
                profile: profile,
                pin: pin,
                sim: report.sim
            )
            guard let command = question.command(context) else { continue }
            dialogue.outstanding = question
            return absorb(engine.handle(.ask(command), at: moment), at: moment)
        }
        guard isWanted, !progress.isLent else { return [] }
        if let phase = dialogue.then {
            dialogue.then = nil
            return enter(phase, at: moment)
        }
        return conclude(at: moment)
    }

    /// Asks these after what is being asked.
    mutating func askOn(_ questions: [Question], then phase: ModemPhase? = nil, at moment: Moment) -> [ModemEffect] {
        dialogue.plan += questions
        dialogue.then = phase ?? dialogue.then
        return askNext(at: moment)
    }

    private mutating func askSoon(at moment: Moment) -> [ModemEffect] {
        if [.registering, .ready].contains(report.phase) { deadlines.set(.step, at: moment.uptime + .seconds(1)) }
        return []
    }

    /// The phase cannot go on; it begins anew after a while.
    mutating func fail(_ trouble: ModemTrouble, again pause: Duration, at moment: Moment) -> [ModemEffect] {
        report.trouble = trouble
        dialogue.plan = []
        dialogue.then = nil
        deadlines.set(.step, at: moment.uptime + pause)
        return []
    }

    // MARK: - Phases

    mutating func enter(_ phase: ModemPhase, at moment: Moment) -> [ModemEffect] {
        report.phase = phase
        for timer in [Timer.step, .stable, .loss, .radio] { deadlines.clear(timer) }
        return resume(at: moment)
    }

    /// Begins the phase that it is in.
    mutating func resume(at moment: Moment) -> [ModemEffect] {
        guard isWanted, !progress.isLent, dialogue.plan.isEmpty, dialogue.outstanding == nil else { return [] }
        switch report.phase {
        case .idle, .absent, .waking: return []
        case .identifying:
            let plan: [Question] = [
                .echoOff, .wordsOn, .errorNumbersOn, .manufacturer, .model, .revision, .imei, .radioState,
            ]
            return askOn(plan, at: moment)
        case .unlocking:
            if let slot = pins.memory.slot, !progress.hasSelectedSlot { return select(slot, at: moment) }
            return askOn([.sim], at: moment)
        case .preparing where isSelecting: return askOn([.radioOn], then: .unlocking, at: moment)
        case .preparing:
            let news = RegistrationWatch.Domain.allCases.map(Question.news)
            return askOn([.context, .authentication] + news + [.radioOn, .operatorChoice], at: moment)
        case .registering, .ready:
            let place: [Question] = RegistrationWatch.Domain.allCases.map(Question.registration)
            let address: [Question] =
                report.phase == .ready && settings.connection == .networkInterface ? [.address] : []
            return askOn(place + [.extendedSignal, .signal] + address, at: moment)
        case .attaching:
            progress.isAttached = false
            progress.hasBearer = false
            return askOn([.codeFormat, .operatorCode, .nameFormat, .operatorName, .attachment], at: moment)
        }
    }

    /// All that was to be asked is answered.
    private mutating func conclude(at moment: Moment) -> [ModemEffect] {
        guard !deadlines.isSet(.step), !storing.holdsPIN else { return [] }
        switch report.phase {
        case .idle, .absent, .waking: return []
        case .identifying:
            if !progress.isSetUp {
                progress.isSetUp = true
                if settings.family == nil { family = .recognized(by: report.identity.manufacturer) }
                if !family.setup.isEmpty { return askOn(family.setup.indices.map(Question.setup), at: moment) }
            }
            return enter(.unlocking, at: moment)
        case .unlocking:
            if progress.needsPIN { return decideOnPIN(at: moment) }
            guard report.sim.state == .ready else { return [] }
            report.trouble = nil
            return settleAttempts(at: moment) + enter(.preparing, at: moment)
        case .preparing: return deadlines.isSet(.radio) || isSelecting ? [] : enter(.registering, at: moment)
        case .registering:
            deadlines.set(.step, at: moment.uptime + Self.searchInterval)
            return judgeRegistration(at: moment)
        case .attaching:
            let hasAll = progress.isAttached && (settings.connection == .ppp || progress.hasBearer)
            guard hasAll else { return fail(.notAttached(cause: report.cause), again: .seconds(60), at: moment) }
            report.trouble = nil
            report.phase = .ready
            deadlines.set(.step, at: moment.uptime + Self.watchInterval)
            return [.dataReady(dataContext)]
        case .ready:
            deadlines.set(.step, at: moment.uptime + Self.watchInterval)
            return judgeRegistration(at: moment)
        }
    }

    /// Whether the SIM is being changed, so that it must be unlocked before anything is prepared.
    var isSelecting: Bool { report.phase == .preparing && report.sim.state == .unknown }

    // MARK: - Registration

    private var isUsable: Bool {
        watch.registration == .home || watch.registration == .roaming && settings.allowsRoaming
    }

    mutating func judgeRegistration(at moment: Moment) -> [ModemEffect] {
        watch.describe(into: &report.network)
        guard [.registering, .ready].contains(report.phase) else { return [] }
        guard isUsable else { return settleAttempts(at: moment) + bearAbsence(at: moment) }
        if report.trouble != .silent { report.trouble = nil }
        progress.refusals = 0
        deadlines.clear(.loss)
        deadlines.clear(.refusal)
        if report.phase == .registering, !deadlines.isSet(.stable) {
            deadlines.set(.stable, at: max(moment.uptime, (watch.since ?? moment.uptime) + Self.stability))
        }
        return []
    }

    private mutating func bearAbsence(at moment: Moment) -> [ModemEffect] {
        deadlines.clear(.stable)
        var effects: [ModemEffect] = []
        switch watch.registration {
        case .roaming:
            report.trouble = .roamingForbidden
            effects += withdraw("roaming is not allowed")
            if report.phase == .ready { effects += enter(.registering, at: moment) }
            return effects
        case .denied:
            if case .denied? = report.trouble {} else { dialogue.plan.append(.cause) }
            report.trouble = .denied(cause: report.cause)
            if !deadlines.isSet(.refusal) {
                let pause = Self.refusalPauses[min(progress.refusals, Self.refusalPauses.count - 1)]
                deadlines.set(.refusal, at: moment.uptime + pause)
            }
        default: report.trouble = .searching
        }
        if report.phase == .ready, !deadlines.isSet(.loss) {
            deadlines.set(.loss, at: moment.uptime + Self.lossPatience)
        }
        return askNext(at: moment, unlessDone: true)
    }

    /// Asks what the plan still has, without concluding once more.
    private mutating func askNext(at moment: Moment, unlessDone: Bool) -> [ModemEffect] {
        dialogue.plan.isEmpty ? [] : askNext(at: moment)
    }

    mutating func believe(at moment: Moment) -> [ModemEffect] {
        guard report.phase == .registering, isUsable else { return [] }
        silenceDialogue()
        return settleAttempts(isUsed: true, at: moment) + enter(.attaching, at: moment)
    }
}
