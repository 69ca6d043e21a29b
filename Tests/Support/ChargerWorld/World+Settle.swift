import BusSchema
public import CentralSystem
import GatewayCore
import OCPP
import Primitives

/// The end of a run: everything works again, and what must be so then is so.
extension World {
    /// Ends all mishaps, lets the last user leave, waits until nothing moves any more, and checks what must be so then. `allowing` are kinds of
    /// violations that the central system may have noted. `briefly` is for sessions that are over already: no proof that the next one works.
    public func settle(allowing: Set<Violation.Kind> = [], briefly: Bool = false, booksMayDiffer: Bool = false) {
        endMishaps()
        // A dead connection without pings is found by the second Heartbeat that is not answered.
        run(briefly ? .seconds(10) : .seconds(240))
        let isBack = processes.mobile.map { mobile in run(until: { _ in mobile.isConnected }, within: .seconds(14_400))
        }
        if isBack == false, violations.isEmpty {
            around.notebook.violate("the uplink is not back, hours after all that ailed it is mended")
        }
        // What is repaired while the power is away is as broken when it is back.
        _ = run(until: { world in Service.allCases.allSatisfy(world.processes.isAlive) }, within: .seconds(600))
        for id in 1...settings.connectors { people.repair(id) }
        // What is behind a contactor holds its voltage for a moment: whoever repairs one looks again.
        run(.seconds(5))
        for id in 1...settings.connectors { people.repair(id) }
        if booksMayDiffer { people.carryOut(.resend) }
        run(.seconds(30))
        for id in 1...settings.connectors { people.carryOut(.unplug(id)) }
        run(.seconds(60))
        // What goes on without its EV, as StopTransactionOnEVSideDisconnect may have it.
        for _ in 0..<20 where !isQuiet {
            stopAll()
            run(.seconds(60))
        }
        // Whoever left without a locked cable comes back for it.
        for idTag in Dice.idTags where settings.hasLock && !isQuiet {
            people.carryOut(.swipe(idTag))
            run(.seconds(30))
        }
        let isQuiet = run(until: { $0.isQuiet }, within: .seconds(3600))
        guard violations.isEmpty else { return }
        if !isQuiet { around.notebook.violate("an hour later: \(String(describing: status))") }
        if !briefly { proveItWorks() }
        guard violations.isEmpty else { return }
        var allowed = booksMayDiffer ? Set(Violation.Kind.allCases) : allowing
        // Where somebody set the charger's clock, what happened later may bear an earlier time.
        if around.auditor.calm.clockTolerance == nil { allowed.insert(.order) }
        around.notebook.violate(all: endProblems(allowed))
        if !booksMayDiffer { around.notebook.violate(all: around.auditor.transactionProblems(ledger)) }
    }

    /// Whatever happened: a charger that is repaired and in service charges.
    private func proveItWorks() {
        guard violations.isEmpty else { return }
        centralSite.command(.call(.changeAvailability(.init(connectorId: 0, type: .operative))))
        run(.seconds(10))
        for id in 1...settings.connectors where violations.isEmpty {
            let before = (around.devices.registerWh(id), ledger.transactions.count)
            people.carryOut(.plug(id))
            run(.seconds(10))
            people.carryOut(.swipe("04A1B2C3"))
            run(.seconds(45))
            people.carryOut(.swipe("04A1B2C3"))
            run(.seconds(15))
            people.carryOut(.unplug(id))
            let isDone = run(until: { $0.isQuiet }, within: .seconds(60))
            guard violations.isEmpty else { return }
            let isDelivered = ledger.transactions.count == before.1 + 1
            guard isDone, isDelivered, around.devices.registerWh(id) > before.0 + 10 else {
                return around.notebook.violate(
                    "connector \(id) does not charge any more: \(String(describing: status))"
                )
            }
        }
    }

    private func stopAll() {
        for id in 1...settings.connectors {
            guard let transactionId = connectorStatus(id)?.transaction?.transactionId else { continue }
            centralSite.command(.call(.remoteStopTransaction(.init(transactionId: transactionId))))
        }
    }

    /// From here on everything works.
    func endMishaps() {
        people.begin(nil)
        for id in 1...settings.connectors { people.carryOut(.wishPhases(id, nil)) }
        around.bus.quality = WorldSettings.Bus()
        around.disks.endFaults()
        around.network.setDoor(.open)
        centralSite.endMishaps()
        if let mobile = processes.mobile { mobile.mend() } else { around.network.setUplink(true) }
        around.auditor.disturbed()
    }

    /// All live, nothing is under way, nobody is there.
    var isQuiet: Bool {
        guard Service.allCases.allSatisfy(processes.isAlive), let status else { return false }
        let connectors = (1...settings.connectors).compactMap { connectorStatus($0) }
        return status.link.phase == .accepted && status.queue.undelivered == 0 && status.queue.inFlight == nil
            && connectors.count == settings.connectors
            && connectors.allSatisfy { ["Available", "Unavailable"].contains($0.status) && $0.transaction == nil }
            && connectors.allSatisfy { $0.status == reportedStatus($0.connectorId)?.rawValue }
    }

    private func endProblems(_ allowed: Set<Violation.Kind>) -> [String] {
        var problems: [String] = []
        let ledger = ledger
        for violation in ledger.violations where !allowed.contains(violation.kind) {
            problems.append("ledger: \(violation.kind) at \(violation.at): \(violation.explanation)")
        }
        guard let status else { return problems + ["the gateway is dead"] }
        if status.queue.deadLetters > 0 { problems.append("\(status.queue.deadLetters) dead letters") }
        if let fault = status.queue.storageFault { problems.append("storage: \(fault)") }
        let disk = around.disks.gateway
        for id in 0...settings.connectors {
            let isOperative = !disk.isOutOfService(id) && !disk.isOutOfService(0)
            let truth: ChargePointStatus = isOperative ? .available : .unavailable
            if reportedStatus(id) != truth {
                problems.append("connector \(id) is \(truth), reported is \(String(describing: reportedStatus(id)))")
            }
        }
        for id in 1...settings.connectors {
            problems += around.auditor.unbilled(id)
            guard let connector = connector(id) else {
                problems.append("hardware-io says nothing of connector \(id)")
                continue
            }
            if connector.contactor != .open { problems.append("contactor \(id) is \(connector.contactor)") }
            if connector.permit != nil { problems.append("connector \(id) still has a permit") }
        }
        return problems + settingProblems
    }

    /// The gateway goes by what the store has.
    private var settingProblems: [String] {
        let owner = ServiceName.ocppGateway.rawValue
        guard let values: ConfigValues = around.bus.published(by: .config, owner) else {
            return ["the config store says nothing"]
        }
        return values.values.compactMap { value in
            // The interval of BootNotification.conf is in force until somebody sets the key.
            guard value.secretPresent == nil, value.key != "HeartbeatInterval",
                processes.gateway.text(of: OCPPKeyName(rawValue: value.key)) != value.value
            else { return nil }
            let used = String(describing: processes.gateway.text(of: OCPPKeyName(rawValue: value.key)))
            return "\(value.key) is \(String(describing: value.value)), the gateway uses \(used)"
        }
    }
}
