internal import JSON
internal import Primitives

extension MMCLIMachine {
    mutating func take(_ answer: MMCLIAnswer, to command: MMCLICommand, at moment: Moment) -> [Effect] {
        let unanswered = dialogue.unanswered
        dialogue.unanswered = nil
        if case .unlock = command, let failure = answer.failure {
            return takeFailure(ofPIN: failure, command, at: moment)
        }
        switch answer.failure {
        case .service(let words)?:
            // It may be started anew just now, and what it has connected need not end with it: users of that are not disturbed.
            dialogue.refusal = nil
            forget()
            return lack(words)
        case .forbidden(let words)?:
            // What is only asked beside may be forbidden alone.
            guard !command.isBeside else { return takeFailure(words, of: command) }
            if command.isOrder { dialogue.refusal = words }
            return lack(words)
        case .objectGone?: return lose(command, at: moment)
        case .silent(let words)?:
            return takeSilence(words ?? "mmcli did not end in \(command.limit.wholeSeconds) s", of: command)
        case .refused(let words)?:
            takeObedience(to: command)
            return takeFailure(words, of: command)
        case nil: takeObedience(to: command)
        }
        // ModemManager may know its modems, and hang as soon as it is asked for one.
        if case .service? = report.trouble, command != .list { report.trouble = nil }
        switch command {
        case .list: return take(modems: answer.document.flatMap(MMCLIAnswers.modems), at: moment)
        case .modem:
            guard let modem = answer.document.flatMap(MMCLIModem.init) else { return misread(command) }
            if let unanswered { return takeFailure(unanswered.words, of: unanswered.command) }
            return consider(modem, at: moment)
        case .sim:
            guard let sim = answer.document.flatMap(MMCLISim.init) else { return misread(command) }
            if let before = report.sim.iccid, before != sim.iccid {
                // Another card: what the network said of that one does not hold.
                mayConnect = true
                report.cause = nil
            }
            (report.sim.iccid, report.sim.imsi) = (sim.iccid, sim.imsi)
            let isLocked = known?.isLocked == true
            known?.reading = isLocked ? .locked : .open
            // What was to be decided needed to know whose SIM it is.
            if let path = known?.path { dialogue.plan = [.modem(path)] }
        case .bearer:
            guard let bearer = answer.document.flatMap(MMCLIBearer.init) else { return misread(command) }
            return take(bearer)
        case .place: if let document = answer.document { report.network.take(placeOf: document) }
        case .signal: if let signal = answer.document.flatMap(SignalReport.init(mmcli:)) { take(signal) }
        case .measureSignal: known?.isMeasuringSignal = true
        case .unlock:
            report.trouble = nil
            // Whether it was the right one is seen when the SIM is open.
            pins.accept(settings.pin, on: card, at: moment)
            known?.reading = .opening
            if let path = known?.path { dialogue.plan = [.modem(path)] }
        case .enable:
            known?.isToBeOn = true
            if let path = known?.path { dialogue.plan = [.modem(path)] }
        case .connect: if let path = known?.path { dialogue.plan = [.modem(path)] }
        case .disable:
            known?.isToBeOn = false
            dialogue.pause = ModemMachine.radioPause
        case .reset:
            forget()
            dialogue.pause = Self.quickly
        case .disconnect, .detach, .attach: break
        }
        return []
    }

    /// Whatever came of the order: we were let give it.
    private mutating func takeObedience(to command: MMCLICommand) {
        if command.isOrder, !command.isBeside { dialogue.refusal = nil }
    }

    private mutating func take(_ signal: SignalReport) {
        let percent = report.signal.measuredPercent
        report.signal = signal
        report.signal.measuredPercent = percent
    }

    // MARK: - What does not work

    mutating func lack(_ words: String) -> [Effect] {
        fail(.service(words), again: Self.whileSearching)
        dialogue.candidates = []
        deadlines.clear(.missing)
        return []
    }

    /// An order waits for the modem or the network, a question for ModemManager alone, which tells what it knows: one decides whose silence it was.
    private mutating func takeSilence(_ words: String, of command: MMCLICommand) -> [Effect] {
        if command.isBeside { return takeFailure(words, of: command) }
        let doubt = "ModemManager does not answer: \(words)"
        guard command.isOrder, let path = known?.path else {
            forget()
            return lack(doubt)
        }
        report.trouble = .service(doubt)
        dialogue.unanswered = .init(command: command, words: words)
        dialogue.plan.insert(.modem(path), at: 0)
        return []
    }

    private mutating func misread(_ command: MMCLICommand) -> [Effect] {
        takeFailure("mmcli says nothing that could be read", of: command)
    }

    /// The path is that of a modem that is gone, or of another life of ModemManager.
    mutating func lose(_ command: MMCLICommand, at moment: Moment) -> [Effect] {
        switch command {
        case .bearer: return nextBearer("the connection is gone")
        case .sim: return takeFailure("ModemManager names it and does not find it", of: command)
        // One of those that it has just named.
        case .modem where known == nil: return tryNext(at: moment)
        default:
            forget()
            dialogue.plan = [.list]
            return []
        }
    }

    private mutating func takeFailure(_ words: String, of command: MMCLICommand) -> [Effect] {
        switch command {
        // Some modems do not have it; nothing depends on it.
        case .place: known?.mayAskPlace = false
        case .signal, .measureSignal: known?.mayMeasureSignal = false
        case .disconnect, .detach, .attach, .unlock: report.cause = words
        case .connect:
            report.cause = words
            fail(.notAttached(cause: words), again: Self.whileSearching)
        case .bearer: return nextBearer(words)
        case .list, .modem, .sim, .enable, .disable, .reset:
            fail(.commandFailed(command: command.words, cause: words), again: Self.whileSearching)
            if case .modem = command { forget() }
        }
        return []
    }

    // MARK: - Which modem

    private mutating func take(modems: [String]?, at moment: Moment) -> [Effect] {
        guard let modems else { return misread(.list) }
        dialogue.candidates = modems
        return tryNext(at: moment)
    }

    private mutating func tryNext(at moment: Moment) -> [Effect] {
        guard !dialogue.candidates.isEmpty else {
            if case .service? = report.trouble { report.trouble = nil }
            if case .portMissing? = report.trouble {
            } else if !deadlines.isSet(.missing) {
                deadlines.set(.missing, at: moment.uptime + Self.missingPatience)
            }
            report.phase = .absent
            dialogue.pause = Self.whileSearching / 2
            return []
        }
        dialogue.plan = [.modem(dialogue.candidates.removeFirst())]
        return []
    }

    private mutating func consider(_ modem: MMCLIModem, at moment: Moment) -> [Effect] {
        guard choice.fits(modem) else {
            forget()
            return tryNext(at: moment)
        }
        dialogue.candidates = []
        deadlines.clear(.missing)
        if case .portMissing? = report.trouble { report.trouble = nil }
        let isOther = known?.path != modem.path || known?.sim != modem.sim
        if isOther {
            mayConnect = true
            pins.noteStart()
        }
        if isOther || modem.state.isOfBeginning && known?.reading != .opening {
            let isToBeOn = !isOther && known?.isToBeOn == true
            known = Known(path: modem.path, sim: modem.sim, isToBeOn: isToBeOn)
            report.sim = SIMReport()
        }
        known?.isLocked = modem.state == .locked
        report.identity = modem.identity
        let place = (report.network.areaCode, report.network.cellId)
        report.network = modem.network
        (report.network.areaCode, report.network.cellId) = place
        // Without a network it is zero, whatever there is to receive.
        report.signal.measuredPercent = modem.state.isRegistered ? modem.signalPercent : nil
        return judge(modem, at: moment)
    }

    // MARK: - What is to be done with it

    private mutating func judge(_ modem: MMCLIModem, at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        if modem.state != .connected { effects = withdraw("the modem is \(modem.state.rawValue)") }
        if modem.state.isOpen { effects += settlePIN(isUsed: modem.state.isRegistered, at: moment) }
        if modem.state != .disabled { known?.isToBeOn = false }
        dialogue.pause = Self.quickly
        switch modem.state {
        case .failed: takeFailed(modem.failure)
        case .unknown, .initializing:
            report.phase = .identifying
        case .locked: effects += unlock(modem, at: moment)
        case .disabled:
            report.sim.state = .ready
            // Being told so after the order to switch it on, it is in no state to be switched on.
            report.phase = .preparing
            let enable = MMCLICommand.enable(modem.path)
            if known?.isToBeOn == true {
                let cause = "the modem says that it is done, and is still off"
                report.trouble = .commandFailed(command: enable.words, cause: cause)
            }
            dialogue.plan = [enable]
        case .disabling, .enabling: report.phase = .preparing
        case .enabled, .searching: takeUnregistered(modem)
        case .registered: effects += connect(modem)
        case .connecting, .disconnecting: report.phase = .attaching
        case .connected:
            dialogue.candidates = []
            report.sim.state = .ready
            dialogue.plan = modem.bearers.map { .bearer($0) } + facts(modem)
            if modem.bearers.isEmpty { effects += withdraw("there is no connection") }
        }
        return effects
    }

    private mutating func takeFailed(_ reason: String?) {
        report.phase = .unlocking
        switch reason {
        case "sim-missing":
            report.sim.state = .missing
            fail(.simMissing, again: Self.whilePersonIsNeeded)
        case "sim-error", "esim-without-profiles":
            report.sim.state = .failed
            fail(.simFailed(cause: reason ?? ""), again: Self.whilePersonIsNeeded)
        default:
            let cause = reason ?? "no reason given"
            fail(.commandFailed(command: "the start of the modem", cause: cause), again: Self.whileSearching)
        }
    }

    private mutating func takeUnregistered(_ modem: MMCLIModem) {
        report.phase = .registering
        report.sim.state = .ready
        mayConnect = true
        dialogue.pause = Self.whileSearching
        dialogue.plan = facts(modem)
        switch modem.network.registration {
        case .denied: report.trouble = .denied(cause: report.cause)
        case .roaming where !settings.allowsRoaming: report.trouble = .roamingForbidden
        default: report.trouble = .searching
        }
    }

    private mutating func connect(_ modem: MMCLIModem) -> [Effect] {
        report.sim.state = .ready
        report.phase = .attaching
        guard known?.reading == .open || modem.sim == nil else {
            dialogue.plan = facts(modem)
            return []
        }
        guard settings.allowsRoaming || modem.network.registration != .roaming else {
            report.trouble = .roamingForbidden
            dialogue.pause = Self.whileSearching
            return []
        }
        // An order that is not taken was none, and the ladder does not order another one for it.
        guard mayConnect || dialogue.refusal != nil else {
            // Why the last one ended is known where it was said.
            if case .notAttached? = report.trouble {} else { report.trouble = .notAttached(cause: report.cause) }
            dialogue.pause = Self.whileSearching
            dialogue.plan = facts(modem)
            return []
        }
        mayConnect = false
        report.trouble = nil
        let roams = settings.allowsRoaming
        guard let words = MMCLIConnection(profile, roaming: roams, operatorCode: settings.operatorCode) else {
            fail(.locked("APN, name or password have both kinds of quotation marks"), again: Self.whilePersonIsNeeded)
            return []
        }
        dialogue.plan = [.connect(modem.path, words)]
        return []
    }

    /// What is asked beside, for people and for the choice of the profile.
    private func facts(_ modem: MMCLIModem) -> [MMCLICommand] {
        guard let known else { return [] }
        if known.reading != .open, let sim = modem.sim { return [.sim(sim)] }
        var plan: [MMCLICommand] = []
        if known.mayMeasureSignal {
            plan.append(known.isMeasuringSignal ? .signal(known.path) : .measureSignal(known.path))
        }
        if known.mayAskPlace { plan.append(.place(known.path)) }
        return plan
    }

    // MARK: - The connection

    private mutating func take(_ new: MMCLIBearer) -> [Effect] {
        guard new.isConnected, new.interface != nil else {
            if let failure = new.failure { report.cause = failure }
            return nextBearer("the connection is gone")
        }
        // One is enough.
        dialogue.plan.removeAll { if case .bearer = $0 { true } else { false } }
        dialogue.pause = Self.whileWell
        report.phase = .ready
        report.trouble = nil
        mayConnect = false
        guard new != bearer else { return [] }
        let effects = bearer.map { $0.path != new.path } == true ? withdraw("there is another connection") : []
        (bearer, mayHaveBearer) = (new, false)
        return effects + [.bearerUp(new)]
    }

    /// That one carries nothing: perhaps another one that is still to be asked about does.
    private mutating func nextBearer(_ reason: String) -> [Effect] {
        let hasMore = dialogue.plan.contains { if case .bearer = $0 { true } else { false } }
        return hasMore ? [] : withdraw(reason)
    }
}
