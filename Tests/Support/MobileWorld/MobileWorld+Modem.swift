import ModemProtocol
import ModemSimulation
import Primitives
import UplinkCore

/// The modem, its calls and what goes wrong with them.
extension MobileWorld {
    /// `lasting` is for how long, where only time helps.
    public func begin(_ fault: MobileFault, lasting: Duration = .seconds(7200)) {
        trouble.fault = fault
        trouble.since = now.uptime
        trouble.isCured = false
        switch fault {
        case .callEnded:
            trouble.isCured = true
            endCall(.code(16))
        case .callsRefused, .firmwareHung:
            modem.network.dialResult = "NO CARRIER"
            endCall(.code(16))
        case .notLetIn:
            modem.network.refusesData = true
            modem.leavePacketNetwork()
            endCall(.code(16))
        case .silentCarrier: break
        case .mute, .latchedUp:
            modem.faults.isMute = true
            endCall(.code(15))
        case .portGone:
            trouble.isCured = true
            deliver(modem.powerCycle(for: lasting, at: now.uptime))
        case .networkGone:
            change { $0.network.isGone = true }
            endCall(.code(15))
        case .denied:
            change { $0.network.refuses = true }
            endCall(.code(16))
        case .cardLoose:
            change { $0.sims[1]?.isBroken = true }
            deliver(modem.say("+CPIN: NOT READY"))
            endCall(.code(16))
        }
        if fault.cure == nil, fault != .portGone { plan(.mended(fault), in: lasting) }
    }

    var isCured: Bool { trouble.isCured }

    /// The modem did this, by a command or a pin: whatever it mends is mended.
    func did(_ step: RecoveryStep) {
        guard let fault = trouble.fault, let cure = fault.cure, step >= cure else { return }
        trouble.isCured = true
        modem.network.dialResult = "CONNECT 150000000"
        modem.network.refusesData = false
        modem.faults.isMute = false
    }

    func happen(_ happening: Happening) {
        switch happening {
        case .event(let event): feed(event)
        case .dialled(let number):
            guard line.call?.number == number else { return }
            let answer = modem.isPlugged ? modem.receive(Array("ATD*99***1#\r".utf8), on: 1, at: now.uptime) : []
            deliver(answer)
            guard modem.isInCall else { return endCall(.code(8)) }
            plan(.connected(number: number), in: .seconds(2))
        case .connected(let number):
            guard line.call?.number == number, modem.isInCall else { return }
            line.call?.hasAddress = true
            feed(.addressesChanged)
        case .mended(let fault):
            guard trouble.fault == fault else { return }
            (trouble.isCured, trouble.since) = (true, now.uptime)
            change {
                $0.network.isGone = false
                $0.network.refuses = false
                $0.sims[1]?.isBroken = false
            }
        }
    }

    func change(_ change: (inout SimulatedModem) -> Void) {
        change(&modem)
        deliver(modem.touched(at: now.uptime))
    }

    func endCall(_ exit: ChildExit, after wait: Duration = .zero) {
        guard line.call != nil else { return }
        line.call = nil
        deliver(modem.dropCall())
        let told = UplinkEvent.carrier(uplink: "cell", .childEnded(ModemCarrier.Name.pppd, exit))
        if wait > .zero {
            plan(.event(told), in: wait)
            plan(.event(.addressesChanged), in: wait)
        } else {
            feed(told)
            feed(.addressesChanged)
        }
    }

    func send(_ bytes: [UInt8]) {
        guard line.isOpen else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        deliver(modem.receive(bytes, at: now.uptime))
        checkPINs()
        guard !modem.faults.isMute else { return }
        if text.hasPrefix("AT+CGATT=0") { did(.detach) }
        if text.hasPrefix("AT+CFUN=4") { did(.radio) }
        if text.hasPrefix("AT+CFUN=1,1") { did(.modemReset) }
    }

    func deliver(_ effects: [SimulatedModem.Effect]) {
        for effect in effects {
            switch effect {
            case .send(let bytes, port: 0):
                if line.isOpen { tell(.line(ModemCarrier.Name.line, .received(bytes))) }
            case .send, .carry: continue
            case .unplug:
                endCall(.code(16))
                if line.isOpen { tell(.line(ModemCarrier.Name.line, .closed(reason: "unplugged"))) }
            case .plug: if line.isOpen { tell(.line(ModemCarrier.Name.line, .opened)) }
            }
        }
    }

    func pulse(_ pin: String, _ duration: Duration) {
        let isLatched = trouble.fault == .latchedUp && pin != ModemCarrier.Name.supply
        let away = duration + random.duration(in: .seconds(5)...(.seconds(40)))
        deliver(modem.powerCycle(for: away, at: now.uptime))
        modem.faults.isMute = isLatched
        did(pin == ModemCarrier.Name.supply ? .supply : .powerKey)
        plan(.event(.carrier(uplink: "cell", .pulsed(pin: pin, true))), in: duration)
    }

    // MARK: - What is promised

    /// No PIN is tried twice on a SIM that has refused it.
    func checkPINs() {
        for attempt in modem.pinAttempts.dropFirst(trouble.pinsSeen) where !attempt.wasRight {
            let earlier = modem.pinAttempts.prefix(trouble.pinsSeen)
            if earlier.contains(where: { $0.iccid == attempt.iccid && $0.pin == attempt.pin && !$0.wasRight }) {
                breach("a PIN that was refused is tried again")
            }
        }
        trouble.pinsSeen = modem.pinAttempts.count
    }

    func check(step reason: String) {
        guard let step = RecoveryStep.allCases.first(where: { reason.hasPrefix($0.words) }) else {
            return breach("a step without a name: \(reason)")
        }
        steps[step, default: 0] += 1
        if step != .redial, let before = trouble.last[step], now.uptime - before < step.leastSpacing {
            breach("\(step.name) after \(now.uptime - before)")
        }
        trouble.last[step] = now.uptime
        let mayWait = trouble.fault == .networkGone || trouble.fault == .denied
        guard mayWait, !trouble.isCured, step > .radio else { return }
        breach("\(step.name) while the network is waited for: \(reason)")
    }
}
