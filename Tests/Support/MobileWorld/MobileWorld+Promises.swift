import BusSchema
import ModemSimulation
import Primitives
import UplinkCore

/// What must hold, whatever goes wrong.
extension MobileWorld {
    /// No PIN is tried twice on a SIM that has refused it, and never with the last tries.
    func checkPINs() {
        for attempt in modem.pinAttempts.dropFirst(trouble.pinsSeen) {
            if attempt.triesBefore < 2 { breach("a PIN is tried with \(attempt.triesBefore) tries left") }
            guard !attempt.wasRight else { continue }
            let earlier = modem.pinAttempts.prefix(trouble.pinsSeen)
            if earlier.contains(where: { $0.iccid == attempt.iccid && $0.pin == attempt.pin && !$0.wasRight }) {
                breach("a PIN that was refused is tried again")
            }
        }
        trouble.pinsSeen = modem.pinAttempts.count
    }

    /// No step before its spacing, whatever processes died and whichever boots lay between, and none that is too hard for what ails it.
    func check(step reason: String) {
        guard let step = RecoveryStep.allCases.first(where: { reason.hasPrefix($0.words) }) else {
            return breach("a step without a name: \(reason)")
        }
        books.steps[step, default: 0] += 1
        if step != .redial, let before = trouble.last[step], elapsed - before < step.leastSpacing {
            breach("\(step.name) after \(elapsed - before), its spacing is \(step.leastSpacing)")
        }
        trouble.last[step] = elapsed
        guard let fault = trouble.fault else {
            // Right after its start a process does not know yet that all is well.
            guard trouble.isUp, !outside.areNamesDead, step > .redial else { return }
            breach("\(step.name) although nothing ails it: \(reason)")
            return
        }
        guard !trouble.isCured, trouble.cameAlone, step > fault.hardestStep else { return }
        breach("\(step.name) during \(fault): \(reason)")
    }

    func checkReboot() {
        if !settings.mayReboot { breach("the machine is started anew without leave") }
        if host.hasTransaction { breach("the machine is started anew while a transaction runs") }
        if disk.fails { breach("the machine is started anew although nobody would remember it") }
    }

    func take(_ state: UplinkState) {
        guard let uplink = state.uplinks.first else { return }
        trouble.isUp = uplink.link == .up && uplink.endToEnd != .unreachable
        defer { trouble.wellSince = isWell ? trouble.wellSince ?? elapsed : nil }
        guard trouble.isUp, let fault = trouble.fault, line.call?.hasAddress == true, trouble.isCured else { return }
        guard fault != .silentCarrier || uplink.endToEnd == .reachable else { return }
        books.recoveries[fault, default: []].append(elapsed - trouble.since)
        trouble.fault = nil
    }
}
