internal import Primitives

extension ModemMachine {
    /// What an answer adds to what is known. The plan goes on afterwards.
    mutating func take(_ question: Question, _ answer: ATAnswer, at moment: Moment) -> [ModemEffect] {
        let first = answer.lines.first
        switch question {
        case .manufacturer: report.identity.manufacturer = first
        case .model: report.identity.model = first
        case .revision: report.identity.revision = first
        case .imei: report.identity.imei = answer.lines.lazy.compactMap { $0.digits(14...16) }.first
        // With everything off, the SIM has no supply either.
        case .radioState: if first == "0" { dialogue.plan.append(.radioOff) }
        case .sim: return takeSIM(answer, at: moment)
        case .iccid: report.sim.iccid = report.sim.iccid ?? answer.lines.lazy.compactMap(\.iccid).first
        case .pinTries(let index): takeTries(answer, family.counter(index))
        case .pin: return takePIN(answer, at: moment)
        case .imsi: report.sim.imsi = answer.lines.lazy.compactMap { $0.digits(6...15) }.first
        case .context, .authentication: noteFailure(answer)
        case .registration(let domain):
            if let first { watch.take(first, of: domain, isAnswer: true, at: moment.uptime) }
        case .extendedSignal: takeExtendedSignal(first)
        case .signal: takeSignal(first)
        case .operatorCode, .operatorName: takeOperator(first)
        case .attachment, .attach: takeAttachment(question, answer)
        case .interfaceUp:
            progress.hasBearer = answer.isGood
            noteFailure(answer)
        case .address: return takeAddress(answer, at: moment)
        case .cause: takeCause(answer)
        case .radioOn: return takeRadioOn(answer, at: moment)
        case .radioOff:
            if report.phase == .preparing { deadlines.set(.radio, at: moment.uptime + Self.radioPause) }
        case .everythingOff:
            guard settings.switchesSIMByLine, let slot = pins.memory.slot else { return [] }
            // Without an answer of the owner the SIM that is there is used.
            deadlines.set(.step, at: moment.uptime + .seconds(60))
            return [.selectSIM(slot: slot)]
        case .restart: return restart(at: moment)
        case .echoOff, .wordsOn, .errorNumbersOn, .setup, .news, .operatorChoice, .codeFormat, .nameFormat, .detach,
            .interfaceDown, .slot, .searchAgain, .powerOff:
            break
        }
        return []
    }

    private mutating func noteFailure(_ answer: ATAnswer) {
        if let failure = answer.result.failure { report.cause = failure }
    }

    private mutating func restart(at moment: Moment) -> [ModemEffect] {
        dialogue = Dialogue()
        (report.phase, report.trouble) = (.absent, nil)
        progress.hasSelectedSlot = false
        deadlines.set(.port, at: moment.uptime + Self.portPatience)
        // The port goes away by itself some seconds later, or stays: either way it is called anew.
        return [.line(.reopen(reason: "the modem starts anew"))]
    }

    // MARK: - SIM

    private mutating func takeSIM(_ answer: ATAnswer, at moment: Moment) -> [ModemEffect] {
        progress.needsPIN = false
        if case .equipmentError(let error) = answer.result { return takeSIMError(error, at: moment) }
        guard let state = answer.lines.first, !state.isEmpty, answer.isGood else {
            return waitForSIM("no answer", at: moment)
        }
        switch state.uppercased() {
        // A second PIN is for services that nobody uses here (27.007 §8.3).
        case "READY", "SIM PIN2", "SIM PUK2":
            progress.busy = 0
            report.sim.state = .ready
            report.sim.iccid = nil
            dialogue.plan += family.iccid.indices.map(Question.iccid) + [.imsi]
        case "SIM PIN": askForPIN()
        case "SIM PUK": return needPUK(at: moment)
        default:
            report.sim.state = .locked
            return fail(.locked(state), again: Self.personInterval, at: moment)
        }
        return []
    }

    private mutating func takeSIMError(_ error: EquipmentError, at moment: Moment) -> [ModemEffect] {
        switch error.code {
        case EquipmentError.simMissing:
            report.sim = SIMReport(state: .missing, slot: report.sim.slot)
            return fail(.simMissing, again: .seconds(30), at: moment)
        case EquipmentError.pinNeeded: askForPIN()
        case EquipmentError.pukNeeded: return needPUK(at: moment)
        case EquipmentError.simFailure:
            report.sim.state = .failed
            return fail(.simFailed(cause: error.description), again: .seconds(30), at: moment)
        default: return waitForSIM(error.description, at: moment)
        }
        return []
    }

    /// It is starting, most likely.
    private mutating func waitForSIM(_ cause: String, at moment: Moment) -> [ModemEffect] {
        progress.busy += 1
        guard progress.busy > Self.busyLimit else {
            dialogue.plan = []
            deadlines.set(.step, at: moment.uptime + .seconds(1))
            return []
        }
        progress.busy = 0
        return fail(.simFailed(cause: cause), again: .seconds(30), at: moment)
    }

    private mutating func needPUK(at moment: Moment) -> [ModemEffect] {
        report.sim.state = .pukNeeded
        return fail(.pukNeeded, again: Self.personInterval, at: moment)
    }

    private mutating func askForPIN() {
        progress.needsPIN = true
        report.sim.state = .pinNeeded
        (report.sim.iccid, report.sim.imsi, report.sim.triesLeft) = (nil, nil, nil)
        dialogue.plan += family.iccid.indices.map(Question.iccid)
        dialogue.plan += (0...family.pinCounters.count).map(Question.pinTries)
    }

    private mutating func takeTries(_ answer: ATAnswer, _ counter: ModemFamily.PINCounter?) {
        guard let counter else { return }
        for line in answer.lines {
            let fields = ATFields(line)
            guard counter.line == nil || fields.text(0) == counter.line, let tries = fields.number(counter.index) else {
                continue
            }
            report.sim.triesLeft = tries.clamped(to: 0...99)
            return
        }
    }

    /// What tells this SIM from others, also before it has told its number.
    var card: PINGate.Card { PINGate.Card(iccid: report.sim.iccid, imei: report.identity.imei) }

    mutating func decideOnPIN(at moment: Moment) -> [ModemEffect] {
        progress.needsPIN = false
        let before = pins.memory
        let decision = pins.decide(
            pin,
            on: card,
            triesLeft: report.sim.triesLeft,
            needsCount: !settings.triesPINWithoutCounter,
            at: moment
        )
        var effects = pins.memory == before ? [] : [store()]
        switch decision {
        case .opening: deadlines.set(.step, at: moment.uptime + .seconds(2))
        case .withhold(let trouble, let again):
            effects += fail(trouble, again: again ?? Self.personInterval, at: moment)
        case .attempt:
            // Also where the memory is the same as before, it is not known to be on disk.
            if effects.isEmpty { effects = [store()] }
            storing.holdsPIN = true
        }
        return effects
    }

    mutating func goOnStored(at moment: Moment) -> [ModemEffect] {
        storing.unanswered = max(0, storing.unanswered - 1)
        guard storing.holdsPIN, storing.unanswered == 0, report.phase == .unlocking else { return [] }
        storing.holdsPIN = false
        pins.send(at: moment)
        return askOn([.pin], at: moment)
    }

    private mutating func takePIN(_ answer: ATAnswer, at moment: Moment) -> [ModemEffect] {
        guard !answer.isGood else {
            // The SIM takes some seconds to become ready.
            pins.accept(pin, on: card, at: moment)
            deadlines.set(.step, at: moment.uptime + .seconds(1))
            return []
        }
        noteFailure(answer)
        // Whether it arrived is told by the tries that are left then.
        guard answer.result != .timedOut else {
            return fail(.simFailed(cause: "no answer to the PIN"), again: .seconds(60), at: moment)
        }
        if case .equipmentError(let error) = answer.result, error.saysNothingOfPIN {
            return fail(.simFailed(cause: error.description), again: .seconds(60), at: moment)
        }
        let left = report.sim.triesLeft.map { max(0, $0 - 1) }
        report.sim.triesLeft = left
        let effects = pins.refuse(pin, on: card) ? [store()] : []
        return effects + fail(.pinRefused(triesLeft: left), again: Self.personInterval, at: moment)
    }

    /// Something else came between the PIN and its answer, as where the modem said of itself that the SIM is open. Only a refusal counts.
    mutating func takeLatePIN(_ answer: ATAnswer) -> [ModemEffect] {
        switch answer.result {
        case .equipmentError(let error) where error.saysNothingOfPIN: []
        case .error, .equipmentError: pins.refuseLast() ? [store()] : []
        default: []
        }
    }

    /// The SIM is open. One that is not tells no IMSI, whatever the modem says of it.
    mutating func settleAttempts(isUsed: Bool = false, at moment: Moment) -> [ModemEffect] {
        guard isUsed || report.sim.imsi != nil else { return [] }
        return pins.open(pin, on: card, isUsed: isUsed, at: moment) ? [store()] : []
    }

    // MARK: - Radio and network

    private mutating func takeRadioOn(_ answer: ATAnswer, at moment: Moment) -> [ModemEffect] {
        guard let failure = answer.result.failure else { return [] }
        report.cause = failure
        return fail(.commandFailed(command: "AT+CFUN=1", cause: failure), again: .seconds(30), at: moment)
    }

    /// 27.007 §8.5.
    private mutating func takeSignal(_ text: String?) {
        let index = text.flatMap { ATFields($0).number(0) }
        report.signal.rssiDbm = index.flatMap { (0...31).contains($0) ? -113 + 2 * $0 : nil }
    }

    /// 27.007 §8.69: rxlev, ber, rscp, ecno, rsrq, rsrp.
    private mutating func takeExtendedSignal(_ text: String?) {
        let fields = text.map { ATFields($0) }
        report.signal.rsrqTenthsDb = fields?.number(4).flatMap { (0...34).contains($0) ? $0 * 5 - 200 : nil }
        report.signal.rsrpDbm = fields?.number(5).flatMap { (0...97).contains($0) ? $0 - 141 : nil }
    }

    /// 27.007 §7.3: mode, format, operator, technology.
    private mutating func takeOperator(_ text: String?) {
        guard let fields = text.map({ ATFields($0) }), let name = fields.text(2) else { return }
        if fields.number(1) == 2 {
            report.network.operatorCode = name.digits(5...6)
        } else {
            report.network.operatorName = name
        }
        if let technology = fields.number(3).flatMap(RadioTechnology.init(accessTechnology:)) {
            report.network.technology = technology
        }
    }

    private mutating func takeAttachment(_ question: Question, _ answer: ATAnswer) {
        let isAttached = question == .attach ? answer.isGood : answer.lines.first == "1"
        progress.isAttached = isAttached
        if isAttached {
            dialogue.plan +=
                settings.connection == .networkInterface && report.phase == .attaching
                ? [.interfaceUp, .address] : []
        } else if question == .attachment {
            dialogue.plan.append(.attach)
        } else {
            noteFailure(answer)
            dialogue.plan.append(.cause)
        }
    }

    /// 27.007 §10.1.23: context, address. Modems without the command are believed when they take the bearer for up.
    private mutating func takeAddress(_ answer: ATAnswer, at moment: Moment) -> [ModemEffect] {
        guard answer.isGood, let fields = answer.lines.first.map({ ATFields($0) }) else { return [] }
        let address = fields.text(1)
        progress.hasBearer = address != nil && address != "0.0.0.0"
        guard !progress.hasBearer, report.phase == .ready else { return [] }
        let effects = withdraw("the network has taken the address back")
        dialogue = Dialogue()
        report.phase = .attaching
        deadlines.clear(.step)
        return effects + askOn([.cause, .attachment], at: moment)
    }

    private mutating func takeCause(_ answer: ATAnswer) {
        guard answer.isGood, let text = answer.lines.first, !text.isEmpty else { return }
        report.cause = text
        if case .denied? = report.trouble { report.trouble = .denied(cause: report.cause) }
    }

    /// What the modem says by itself.
    mutating func hear(_ line: String, at moment: Moment) -> [ModemEffect] {
        guard isWanted else { return [] }
        for domain in RegistrationWatch.Domain.allCases {
            guard let text = line.behind(domain.rawValue + ":") else { continue }
            watch.take(text, of: domain, isAnswer: false, at: moment.uptime)
            return judgeRegistration(at: moment)
        }
        switch report.phase {
        // The SIM was taken out, or put in: everything about it is asked anew.
        case .unlocking where line == "+CPIN: READY", .preparing where line == "+CPIN: NOT READY",
            .registering where line == "+CPIN: NOT READY", .attaching where line == "+CPIN: NOT READY",
            .ready where line == "+CPIN: NOT READY":
            let effects = withdraw("the SIM is gone")
            silenceDialogue()
            dropPIN()
            return effects + enter(.unlocking, at: moment)
        default: return []
        }
    }
}

extension String {
    /// The text where it is of digits, and of so many.
    fileprivate func digits(_ count: ClosedRange<Int>) -> String? {
        count.contains(utf8.count) && utf8.allSatisfy { (0x30...0x39).contains($0) } ? self : nil
    }

    /// ITU-T E.118: 89 and up to 18 more digits; modems add quotation marks and the filler F.
    fileprivate var iccid: String? {
        let text = filter { $0 != "\"" && $0 != " " && $0 != "F" && $0 != "f" }
        guard text.hasPrefix("89") else { return nil }
        return text.digits(18...20)
    }
}
