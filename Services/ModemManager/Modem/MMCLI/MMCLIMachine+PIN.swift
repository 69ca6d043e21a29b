internal import Primitives

extension MMCLIMachine {
    mutating func unlock(_ modem: MMCLIModem, at moment: Moment) -> [Effect] {
        report.phase = .unlocking
        report.sim.triesLeft = modem.pinTries
        switch modem.lock {
        case "sim-pin"?: report.sim.state = .pinNeeded
        case "sim-puk"?, "sim-puk2"?:
            report.sim.state = .pukNeeded
            fail(.pukNeeded, again: Self.whilePersonIsNeeded)
            return []
        default:
            report.sim.state = .locked
            fail(.locked(modem.lock ?? "for no known reason"), again: Self.whilePersonIsNeeded)
            return []
        }
        guard let sim = modem.sim else {
            fail(.simMissing, again: Self.whilePersonIsNeeded)
            return []
        }
        guard known?.reading == .locked || known?.reading == .opening else {
            dialogue.plan = [.sim(sim)]
            return []
        }
        return decideOnPIN(of: sim, modem.pinTries, at: moment)
    }

    private mutating func decideOnPIN(of sim: String, _ triesLeft: Int?, at moment: Moment) -> [Effect] {
        let before = pins.memory
        let decision = pins.decide(
            settings.pin,
            on: card,
            triesLeft: triesLeft,
            needsCount: !settings.triesPINWithoutCounter,
            at: moment
        )
        // Whenever it is decided anew, it is so about the card that is there then.
        if decision != .opening { known?.reading = .none }
        let effects: [Effect] = pins.memory == before ? [] : [.store(pins.memory)]
        switch decision {
        case .opening: report.trouble = nil
        case .withhold(let trouble, let again): fail(trouble, again: again ?? Self.whilePersonIsNeeded)
        case .attempt:
            guard let pin = settings.pin else { return effects }
            unlocking = .waits(.unlock(sim: sim, pin: pin))
            // Also where the memory is the same as before, it is not known to be on disk.
            return [.store(pins.memory)]
        }
        return effects
    }

    /// What tells this SIM from others.
    var card: PINGate.Card { PINGate.Card(iccid: report.sim.iccid, imei: report.identity.imei) }

    /// The SIM is open, and it is known which one it is.
    mutating func settlePIN(isUsed: Bool, at moment: Moment) -> [Effect] {
        guard let reading = known?.reading, [.opening, .open].contains(reading) else { return [] }
        if reading == .opening { known?.reading = .none }
        return pins.open(settings.pin, on: card, isUsed: isUsed, at: moment) ? [.store(pins.memory)] : []
    }

    /// An attempt that waits for the disk is not wanted any more.
    mutating func dropPIN() {
        if unlocking != .no { _ = pins.takeBack(settings.pin, on: card) }
        unlocking = .no
    }

    /// Where mmcli or ModemManager itself says so, the PIN never left for the SIM, and that was no attempt. What else was refused counts as
    /// refused by the SIM.
    mutating func takeFailure(ofPIN failure: MMCLIAnswer.Failure, _ command: MMCLICommand, at moment: Moment)
        -> [Effect]
    {
        var isNews = false
        var effects: [Effect] = []
        switch failure {
        case .service(let words), .forbidden(let words):
            isNews = pins.takeBack(settings.pin, on: card)
            if case .service = failure { forget() }
            effects = lack(words)
            // Each time it is tried again, it goes to the disk twice.
            if case .forbidden = failure { dialogue.pause = ModemMachine.personInterval }
        case .objectGone:
            isNews = pins.takeBack(settings.pin, on: card)
            effects = lose(command, at: moment)
        case .silent, .refused:
            if case .refused(let words) = failure, !words.saysNothingOfPIN {
                report.cause = words
                isNews = pins.refuse(settings.pin, on: card)
            }
            if let path = known?.path { dialogue.plan = [.modem(path)] }
        }
        return (isNews ? [.store(pins.memory)] : []) + effects
    }
}

extension String {
    /// Whether a PIN that was answered so may not have been looked at: ModemManager's words for a SIM that is busy or away, and for no answer in time.
    fileprivate var saysNothingOfPIN: Bool {
        ["SimBusy", "SimFailure", "SimNotInserted", "Timeout was reached", "NoReply"].contains {
            position(of: $0) != nil
        }
    }
}
