import BusSchema
import CentralSystem
import GatewayCore
import HardwareCore
import OCPP
import Primitives

/// Watches everything from outside and knows what must always hold. It believes nobody: its facts are the disk, the contactors, the pilot, the
/// meter's true register, the permits that arrive and the texts on the wire. Each of its parts knows one kind of rule.
final class Auditor {
    let calm = Calm()

    /// What it looks at.
    private struct Witnesses {
        let settings: WorldSettings
        let timeline: Timeline
        let clock: MachineClock
        let notebook: Notebook
        let devices: Devices
        let disks: Disks
    }

    /// What the gateway went through and cannot all know.
    private struct Circumstances {
        /// Transactions for which a permit was asked.
        var permitted: Set<String> = []
        /// A Reset was accepted: nothing new begins until the next process.
        var isResetting = false
        /// Nothing comes through on the gateway's connection any more, and it cannot know yet.
        var isSilent = false
        /// The power was gone, and the gateway has not started since.
        var hadNoPower = false
    }

    private let world: Witnesses
    private var gateway = Circumstances()
    private var contactors: ContactorAudit
    private var lives: LifeAudit
    private var queue: QueueAudit
    private var calls = CallAudit()
    private var authorization: AuthorizationAudit
    private var statuses = StatusAudit()
    private var progress: ProgressAudit
    private var uplink = UplinkAudit()
    private var vehicles = VehicleAudit()

    init(
        _ settings: WorldSettings,
        _ timeline: Timeline,
        _ clock: MachineClock,
        _ notebook: Notebook,
        _ devices: Devices,
        _ disks: Disks
    ) {
        world = Witnesses(
            settings: settings,
            timeline: timeline,
            clock: clock,
            notebook: notebook,
            devices: devices,
            disks: disks
        )
        contactors = ContactorAudit(settings.onPermitLost)
        authorization = AuthorizationAudit(settings)
        lives = LifeAudit(settings, calm)
        queue = QueueAudit(settings)
        progress = ProgressAudit(settings)
        devices.contactorMoved = { [unowned self] in contactorMoved($0, isClosed: $1) }
    }

    private var now: Duration { world.timeline.now }
    private var ids: ClosedRange<Int> { 1...world.settings.connectors }

    private func violate(_ problems: [String]) { world.notebook.violate(all: problems) }

    func disturbed() { calm.disturbed(at: now) }

    func writeFailed() { calm.writeFailed(at: now) }

    // MARK: - hardware-io

    func hardwareStarted() {
        contactors.hardwareStarted(at: now)
        vehicles.hardwareStarted(vehicle: world.devices.vehicle)
    }

    func hardwareDied() { contactors.hardwareDied(at: now) }

    func permitDelivered(_ permit: Permit) { contactors.delivered(permit, at: now) }

    func sensed(_ event: DriverEvent) {
        switch event {
        case .pilotRead(let id, let high, _): contactors.pilotRead(id, highMillivolts: high, at: now)
        case .deviceLost(.pilot(let id), _): contactors.pilotLost(id)
        default: break
        }
    }

    func ordered(_ command: DriverCommand) {
        if case .closeContactor(let id) = command { violate(contactors.orderedToClose(id)) }
        guard world.settings.switchesPhases else { return }
        violate(contactors.phases.ordered(command, world.devices.switches(command.connectorId), at: now))
    }

    private func contactorMoved(_ id: Int, isClosed: Bool) {
        let isStuck = world.devices.isContactorStuck(id)
        let uptime = world.clock.uptime
        violate(contactors.moved(id, isClosed: isClosed, at: now, uptime: uptime, isStuck: isStuck))
        // A pilot that was broken shows nobody that an EV left, and a bus that loses orders may lose the one that withdraws the permit.
        guard isClosed, !calm.suspects.contains(id), world.settings.bus.loss == 0,
            let transaction = contactors.transaction(permittedOn: id, uptime: uptime)
        else { return }
        violate(vehicles.closed(id, for: transaction, vehicle: world.devices.vehicle(id)))
    }

    // MARK: - The modem manager

    /// The modem manager has the whole machine started anew.
    func machineBoots() {
        for id in ids where lives.open(on: id)?.goesOn == true {
            violate(["the machine is started anew by the ladder, although connector \(id) charges"])
        }
    }

    func modemStarted() { uplink.modemStarted() }

    func told(_ state: UplinkState) { violate(uplink.told(state, at: world.clock.moment.utc, now)) }

    // MARK: - The gateway

    func powerLost() {
        gateway.hadNoPower = true
        for id in ids { if let life = lives.open(on: id) { vehicles.powerLost(life.began.transaction, on: id) } }
    }

    func gatewayStarted(_ documents: Documents) {
        gateway.isResetting = false
        let cache = documents[AuthorizationCacheDocument.self] ?? AuthorizationCacheDocument()
        violate(authorization.found(cache, wasRefused: world.disks.gateway.wasCacheRefused, at: now))
        if gateway.hadNoPower, world.settings.powerLoss == .stop { lives.cutOff(at: now) }
        gateway.hadNoPower = false
        calls.gatewayStarted()
        connectionEnded()
    }

    /// The gateway asks hardware-io for something.
    func asked(_ permit: Permit) {
        violate(lives.granted(permit))
        guard permit.granted, gateway.permitted.insert(permit.transaction).inserted,
            !world.disks.gateway.isOnPlatter
        else { return }
        violate(["the first permit for \(permit.transaction) goes out before it is on the platter"])
    }

    /// The gateway writes records.
    func stored(_ records: [JournalRecord]) {
        for record in records {
            if case .began(let began) = record {
                // OCPP 1.6 §4.2.1.
                if !calls.wasEverRegistered { violate(["\(began.transaction) begins before any registration"]) }
                if gateway.isResetting { violate(["\(began.transaction) begins during a Reset"]) }
                let id = began.connectorId
                if world.settings.hasLock, !world.devices.isLocked(id), calm.lasts(for: .seconds(10), at: now) {
                    violate(["\(began.transaction) begins with a plug that is not locked"])
                }
                // Whoever was accepted while nobody could be asked has the ConnectionTimeOut, 90 s at most, to plug in.
                let isOnline = isOnline(for: .seconds(150))
                let tolerance = calm.clockTolerance
                violate(authorization.began(began.idTag, isOnline: isOnline, clockTolerance: tolerance, at: now))
            }
            if case .began(let began) = record {
                vehicles.began(began.transaction, vehicle: world.devices.vehicle(began.connectorId))
            }
            violate(lives.stored(record, registerWh: world.devices.registerWh, at: now))
            violate(queue.stored(record))
        }
    }

    /// A process of the gateway begins with what it found on disk.
    func found(_ ledger: TransactionLedger) { violate(queue.found(ledger)) }

    /// A power cut took records along.
    func lost(_ records: [JournalRecord]) {
        for record in records {
            violate(lives.lost(record))
            violate(queue.lost(record))
        }
    }

    // MARK: - The wire

    /// The gateway's process is gone, and its connection with it.
    func gatewayDied() {
        authorization.processEnded(at: now)
        connectionEnded()
    }

    /// The gateway's connection is gone, whoever knows of it.
    func connectionEnded() {
        gateway.isSilent = false
        calls.connectionEnded()
        authorization.connectionEnded()
        statuses.connectionEnded()
    }

    /// The gateway's connection is half-open from here on: whom the central system accepted or refused is forgotten with the link.
    func connectionFellSilent() {
        gateway.isSilent = true
        authorization.connectionEnded()
    }

    /// The gateway sends a CALL.
    func called(_ id: String, _ request: OCPPRequest) {
        let transaction = queue.transaction(of: id)
        violate(calls.called(id, request, at: now))
        violate(queue.called(id, request))
        violate(statuses.called(request))
        // A Reset that is given up after its retries is told, and over.
        if case .statusNotification(let status) = request,
            status.errorCode == .resetFailure || status.info?.text.hasSuffix("ResetFailure") == true
        {
            gateway.isResetting = false
        }
        authorization.called(id, request, transaction: transaction)
        if world.settings.hasBatteryClock { violate(lives.sent(request, about: transaction, at: now)) }
    }

    /// A message reaches the gateway.
    func heard(_ message: IncomingMessage) {
        violate(calls.heard(message, at: now))
        queue.heard(message)
        authorization.heard(message, at: now)
    }

    /// The gateway answers a CALL; what the answer promises is on disk when it goes out.
    func answered(_ id: String, _ confirmation: OCPPConfirmation) {
        guard let request = calls.answered(id, at: now) else {
            return violate(["an answer to \(id), which nobody asked on this connection"])
        }
        switch (request, confirmation) {
        case (.changeAvailability(let request), .changeAvailability(let answer)) where answer.status != .rejected:
            let isOperative = !world.disks.gateway.outOfService.contains(request.connectorId)
            if isOperative != (request.type == .operative) { violate(["ChangeAvailability was answered, not stored"]) }
        case (.changeConfiguration(let request), .changeConfiguration(let answer)) where answer.status == .accepted:
            guard let stored = world.disks.config.stored(request.key.text), stored != request.value.text else { return }
            violate(["ChangeConfiguration of \(request.key.text) was answered, on disk is \(stored)"])
        case (.clearCache, .clearCache(let answer)) where answer.status == .accepted:
            authorization.cleared(at: now)
            let left = world.disks.gateway.cache.saved.entries
            if !left.isEmpty { violate(["ClearCache was answered, on disk is \(left)"]) }
        case (.reset, .reset(let answer)): gateway.isResetting = answer.status == .accepted
        default: break
        }
    }

    /// The gateway refuses a CALL.
    func refused(_ id: String) { _ = calls.answered(id, at: now) }

    /// Registered, and nothing went wrong, for so long.
    private func isOnline(for duration: Duration) -> Bool {
        !gateway.isSilent && calls.registeredSince.map { $0 + duration < now } ?? false
            && calm.lasts(for: duration, at: now)
    }

    // MARK: - At every step, and every second

    func checkStep() {
        violate(contactors.problems(at: now, uptime: world.clock.uptime, isStuck: world.devices.isContactorStuck))
        guard world.settings.switchesPhases else { return }
        for id in ids { violate(contactors.phases.problems(id, world.devices.switches(id), at: now)) }
    }

    /// `reported` is the newest status that the central system has, `told` what hardware-io says of a connector.
    func checkSecond(
        areBothAlive: Bool,
        reported: (Int) -> StatusNotification.Request?,
        told: (Int) -> ConnectorState?
    ) {
        violate(calls.problems(calm, at: now))
        let isSettled = areBothAlive && isOnline(for: .seconds(180)) && queue.isEmpty
        violate(uplink.problems(reported: reported(0)?.errorCode, isOnline: isSettled, at: now))
        progress.configured(world.disks.config.stored, at: now)
        for id in ids {
            let life = lives.open(on: id)
            if let life { vehicles.goesOn(life.began.transaction, stopsOnDisconnect: progress.endsWithoutVehicle) }
            let isClosed = contactors.isClosed(id)
            let facts = StatusAudit.Facts(
                hasPlug: world.devices.hasPlug(id),
                isClosed: isClosed,
                isCharged: life?.goesOn ?? false,
                isOpen: life != nil,
                isSuspect: calm.suspects.contains(id)
            )
            violate(
                statuses.problems(
                    id,
                    facts,
                    reported: reported(id)?.status,
                    isOnline: isSettled,
                    at: now
                )
            )
            guard areBothAlive else { continue }
            violate(contactors.phases.problems(id, told: told(id)?.faults ?? [], at: now))
            violate(progress.problems(id, progressFacts(id, life), calm, at: now))
            if let life, life.goesOn, let problem = authorization.problem(of: life.began.transaction, calm, at: now) {
                violate([problem])
            }
        }
    }

    private func progressFacts(_ id: Int, _ life: LifeAudit.Life?) -> ProgressAudit.Facts {
        ProgressAudit.Facts(
            isPlugged: world.devices.isPlugged(id),
            wantsEnergy: world.devices.wantsEnergy(id),
            missedAt: contactors.missedVehicle(id),
            isClosed: contactors.isClosed(id),
            isStuck: world.devices.isContactorStuck(id),
            maySwitch: world.settings.switchesPhases && contactors.phases.mayPause(id, at: now),
            isExhausted: contactors.isExhausted(id, at: now),
            isLocked: world.devices.isLocked(id),
            permitted: contactors.transaction(permittedOn: id, uptime: world.clock.uptime),
            life: life,
            isRefused: life.map { authorization.refusedAt[$0.began.transaction] != nil } ?? false,
            isSuspect: calm.suspects.contains(id)
        )
    }

    // MARK: - The end

    /// Energy that nobody pays.
    func unbilled(_ id: Int) -> [String] { lives.unbilled(id, world.devices.registerWh(id), at: now) }

    /// Every transaction on disk is at the central system, once, as it was.
    func transactionProblems(_ ledger: Ledger) -> [String] {
        var problems: [String] = []
        var unseen = ledger.transactions
        for uuid in lives.order {
            guard let life = lives.lives[uuid] else { continue }
            guard let ended = life.ended else {
                problems.append("\(uuid) never ended")
                continue
            }
            let match = unseen.firstIndex {
                $0.start.connectorId == life.began.connectorId && $0.start.idTag == life.began.idTag
                    && $0.start.meterStart == Int(life.began.meterStartWh)
                    && $0.stop?.meterStop == Int(ended.meterStopWh)
                    && $0.stop?.reason ?? .local == ended.reason && $0.stop?.idTag == ended.idTag
            }
            guard let match else {
                problems.append("\(uuid) is not in the ledger as it is on disk: \(life.began) … \(ended)")
                continue
            }
            let seen = unseen.remove(at: match)
            // Of an unknown time several may look like one.
            if seen.samples + seen.sampleRetransmissions < life.samples {
                problems.append("\(uuid) has \(life.samples) samples on disk, \(seen.samples) in the ledger")
            }
        }
        return problems + unseen.map { "only the ledger has transaction \($0.transactionId): \($0)" }
    }
}
