import ModemProtocol
import ModemSimulation
import Primitives
import UplinkCore

/// The modem, its calls and what goes wrong with them.
extension MobileWorld {
    /// `lasting` is for how long, where only time helps.
    public func begin(_ fault: MobileFault, lasting: Duration = .seconds(7200)) {
        trouble.cameAlone = isWell
        trouble.fault = fault
        trouble.since = elapsed
        trouble.isCured = false
        trouble.wellSince = nil
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
            deliver(modem.powerCycle(for: lasting, at: elapsed))
        case .networkGone:
            change { $0.network.isGone = true }
            endCall(.code(15))
        case .denied:
            change { $0.network.refuses = true }
            endCall(.code(16))
        case .cardLoose:
            change { $0.sims[1]?.isBroken = true }
            loseCard()
        case .wrongCard:
            change { ($0.sims[1], $0.sims[Self.drawer]) = ($0.sims[Self.drawer], $0.sims[1]) }
            loseCard()
        case .hostStuck:
            line.isStuck = true
            endCall(.code(16))
            if line.isOpen { tell(.line(ModemCarrier.Name.line, .closed(reason: "unplugged"))) }
        }
        if fault.cure == nil, fault != .portGone { plan(.mended(fault), in: lasting) }
    }

    /// Where the other card lies meanwhile: a slot that the modem does not have.
    static let drawer = 9

    private func loseCard() {
        deliver(modem.say("+CPIN: NOT READY"))
        endCall(.code(16))
    }

    /// The modem did this, by a command or a pin: whatever it mends is mended.
    func did(_ step: RecoveryStep) {
        guard let fault = trouble.fault, let cure = fault.cure, step >= cure else { return }
        trouble.isCured = true
        modem.network.dialResult = "CONNECT 150000000"
        modem.network.refusesData = false
        modem.faults.isMute = false
        line.isStuck = false
    }

    func happen(_ happening: Happening) {
        switch happening {
        case .event(let event): feed(event)
        case .dialled(let number):
            guard line.call?.number == number else { return }
            if modem.isPlugged, !line.isStuck {
                deliver(modem.receive(Array("ATD*99***1#\r".utf8), on: 1, at: elapsed))
            }
            guard modem.isInCall else { return endCall(.code(8)) }
            plan(.connected(number: number), in: .seconds(2))
        case .connected(let number):
            guard line.call?.number == number, modem.isInCall else { return }
            line.call?.hasAddress = true
            feed(.addressesChanged)
        case .mended(let fault): if trouble.fault == fault, !trouble.isCured { mend(fault) }
        }
    }

    /// Time, or a person, ends what no step does.
    func mend(_ fault: MobileFault) {
        (trouble.isCured, trouble.since) = (true, elapsed)
        change {
            $0.network.isGone = false
            $0.network.refuses = false
            $0.sims[1]?.isBroken = false
            if fault == .wrongCard { ($0.sims[1], $0.sims[Self.drawer]) = ($0.sims[Self.drawer], $0.sims[1]) }
        }
        if fault == .wrongCard { deliver(modem.say("+CPIN: NOT READY")) }
    }

    func change(_ change: (inout SimulatedModem) -> Void) {
        change(&modem)
        deliver(modem.touched(at: elapsed))
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
        guard line.isOpen, !line.isStuck else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        deliver(modem.receive(bytes, at: elapsed))
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
                if line.isOpen, !line.isStuck { tell(.line(ModemCarrier.Name.line, .received(bytes))) }
            case .send, .carry: continue
            case .unplug:
                endCall(.code(16))
                if line.isOpen, !line.isStuck { tell(.line(ModemCarrier.Name.line, .closed(reason: "unplugged"))) }
            case .plug: if line.isOpen, !line.isStuck { tell(.line(ModemCarrier.Name.line, .opened)) }
            }
        }
    }

    func pulse(_ pin: String, _ duration: Duration) {
        let isLatched = trouble.fault == .latchedUp && pin != ModemCarrier.Name.supply
        let away = duration + random.duration(in: .seconds(5)...(.seconds(40)))
        deliver(modem.powerCycle(for: away, at: elapsed))
        modem.faults.isMute = isLatched
        did(pin == ModemCarrier.Name.supply ? .supply : .powerKey)
        plan(.event(.carrier(uplink: "cell", .pulsed(pin: pin, true))), in: duration)
    }

    func carry(out effect: CarrierEffect) {
        switch effect {
        case .line(_, .send(let bytes)): send(bytes)
        case .line(_, .reopen):
            guard line.isOpen, modem.isPlugged, !line.isStuck else { return }
            tell(.line(ModemCarrier.Name.line, .closed(reason: "reopened")))
            tell(.line(ModemCarrier.Name.line, .opened))
        case .openLine:
            line.isOpen = true
            if modem.isPlugged, !line.isStuck { tell(.line(ModemCarrier.Name.line, .opened)) }
        case .closeLine: line.isOpen = false
        case .spawn:
            guard line.call == nil else { return }
            trouble.calls += 1
            line.call = .init(number: trouble.calls)
            plan(.dialled(number: trouble.calls), in: .seconds(2))
        case .endChild: endCall(.code(5), after: .seconds(1))
        case .pulse(let pin, let duration): pulse(pin, duration)
        case .store(let bytes):
            guard !disk.fails else { return tell(.storeFailed(reason: "the disk is full")) }
            disk.modem = bytes
            tell(.stored)
        case .drive(let pin, let isActive):
            change { $0.slot = isActive ? 2 : 1 }
            plan(.event(.carrier(uplink: "cell", .pulsed(pin: pin, true))), in: .milliseconds(10))
        case .log(let record): outside.logged(record)
        case .line, .addDefaultRoute, .configure, .clearAddresses, .run, .renew: break
        }
    }
}
