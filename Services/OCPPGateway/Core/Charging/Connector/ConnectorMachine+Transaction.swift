import BusSchema
import OCPP
import Primitives

/// The beginning and the end of a connector's transaction, and what it means for permit, cable and status.
extension ConnectorMachine {
    /// A new transaction may stay in Preparing for so long until the EV draws.
    static let freshFor = Duration.seconds(5)
    /// How long the end waits for an open contactor and a reading taken after it: an EV may take six seconds to end its draw
    /// (IEC 61851-1 table A.6), and its energy is to be billed.
    private static let settleLimit = Duration.seconds(10)
    /// The same where hardware-io has to start first, after a power cut or because it is being restarted. No current flows meanwhile, and
    /// StopTransaction carries the time of the end however late it is sent.
    private static let returnLimit = Duration.seconds(60)
    private static let lookAgainAfter = Duration.seconds(5)

    private var plan: LimitPlan {
        LimitPlan(
            constantMilliamps: min(settings.ratedMilliamps, facts.state?.ratedMilliamps ?? settings.ratedMilliamps)
        )
    }

    /// Runs the transaction, if there is one.
    @discardableResult
    mutating func withTransaction<Result>(_ body: (inout Transaction) -> Result) -> Result? {
        guard case .transaction(var transaction) = session else { return nil }
        let result = body(&transaction)
        session = .transaction(transaction)
        return result
    }

    // MARK: - Begin

    /// Begins the transaction when every precondition holds: identifier, cable, no fault, a register to begin with, a disk to write it
    /// on, a cable that is held.
    mutating func beginIfPossible(_ turn: inout ChargingTurn) {
        guard case .authorized(let authorized) = session, facts.isPlugged, facts.state != nil, !facts.isSilent,
            isOperative, !isFaulted, let reading = beginReading(turn)
        else { return }
        guard turn.book.takesRecords else { return refuseBegin(&turn) }
        guard holdsCable(&turn) else { return }
        let beginValues = Register.beginValues(reading, facts.offer, turn)
        let began = Began(
            sequence: turn.nextSequence,
            messageId: turn.newUUID(),
            transaction: turn.newUUID(),
            connectorId: id,
            idTag: authorized.idTag,
            parentIdTag: authorized.parentIdTag,
            meterStartWh: reading.energyWh,
            registerEpoch: reading.registerEpoch,
            time: turn.now,
            boot: turn.configuration.machineBootId,
            beginValues: beginValues.isEmpty ? nil : beginValues
        )
        turn.persist(.began(began), .synced)
        guard let open = turn.ledger.open[id] else { preconditionFailure("The ledger has what it was just given.") }
        session = .transaction(Transaction(open, anchor: turn.uptime, phase: .running(.allowed), turn))
        refusal = nil
        // Its first interval begins with all registers of this reading.
        let offer = facts.offer
        withTransaction { _ = $0.follow(reading, offer, &turn) }
        timers.clear(.connectionTimeOut)
        timers.set(.fresh, at: turn.uptime + Self.freshFor)
        hold.end()
        cable.end()
        permit.grant(transaction: began.transaction, plan, &turn)
        turn.indicate(.accepted, on: id)
        turn.log(
            .notice,
            "transaction began",
            .init("connector", id),
            .init("transaction", began.transaction),
            .init("meterStart", reading.energyWh)
        )
    }

    /// With an open contactor the register stands still, so that a reading since then is good at any age.
    private func beginReading(_ turn: ChargingTurn) -> MeterReading? {
        if facts.registerIsFinal { return facts.reading }
        return facts.freshReading(within: turn.configuration.meterStaleAfter, at: turn.uptime)
    }

    /// Without its record on disk no transaction begins.
    private mutating func refuseBegin(_ turn: inout ChargingTurn) {
        timers.clear(.connectionTimeOut)
        session = facts.isPlugged ? .finishing(kept: nil) : .idle
        lastEnd = nil
        refusal = Refusal(reason: "nothing can be stored", time: turn.now)
        letGo(&turn)
        turn.indicate(.rejected, on: id)
    }

    // MARK: - The cable before it and after it

    /// Whether the lock holds the cable, so that the transaction may begin; has it locked otherwise. A lock that fails then is a fault
    /// before the transaction, not one in it. The permit that follows locks too, whoever forgot meanwhile.
    private mutating func holdsCable(_ turn: inout ChargingTurn) -> Bool {
        guard settings.hasLock, let lock = facts.state?.lock, !hold.isSecured(by: lock) else { return true }
        // Whoever was to have the cable before has had his time.
        if !hold.isUnderWay { cable.end() }
        hold.begin(&turn)
        return false
    }

    mutating func lockAnswered(_ outcome: LockOutcome, _ turn: inout ChargingTurn) {
        hold.answered(outcome, &turn)
        if outcome == .answered { heard(&turn) }
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    /// The usage ended before its transaction began: the cable that was held for it is let go.
    mutating func letGo(_ turn: inout ChargingTurn) {
        if hold.end() { releaseCable(&turn) }
    }

    /// A locked plug that nobody remembers: whoever waits for it may have it, and the connector is not Available meanwhile. With an EV
    /// on it somebody was authorized who is forgotten now: our process is new, or the order to let it go was lost. A bolt that was jammed
    /// may arrive when that usage is over already, and a cable that was live when it was to be let go may not be so any more.
    mutating func freeForgottenPlug(before: ConnectorFacts, _ turn: inout ChargingTurn) {
        let isLocked = facts.state?.lock == .locked
        let isSafeNow = before.state?.openSinceUptime == nil && facts.state?.openSinceUptime != nil
        switch session {
        case .plugged where isLocked && !cable.isUnderWay: releaseCable(&turn)
        case .finishing(nil) where isLocked && !cable.isUnderWay && (before.state?.lock != .locked || isSafeNow):
            releaseCable(&turn)
        case .idle, .plugged, .authorized, .transaction, .finishing: break
        }
        guard session == .idle, !facts.isPlugged, facts.needsUserAction else { return }
        session = .finishing(kept: nil)
        releaseCable(&turn)
    }

    /// Whether the cable stays locked after such an end, until its owner comes: OCPP 1.6 §4.10, E §3.5.
    func keeps(_ kept: KeptCable, _ turn: ChargingTurn) -> Bool {
        switch kept.reason {
        case .deAuthorized: true
        case .evDisconnected: !turn.keys.core.unlockConnectorOnEVSideDisconnect
        case .emergencyStop, .hardReset, .local, .other, .powerLoss, .reboot, .remote, .softReset, .unlockCommand: false
        }
    }

    // MARK: - After a restart

    /// Takes an unfinished transaction up again.
    mutating func resume(_ open: TransactionLedger.Open, _ turn: inout ChargingTurn) {
        let isSameBoot = open.boot == turn.configuration.machineBootId
        let anchor = open.sampleAnchor(in: turn.configuration.machineBootId, at: turn.uptime)
        facts.assumePlugged()
        guard let stop = interrupted(open, isSameBoot, turn) else {
            let transaction = Transaction(open, anchor: anchor, phase: .running(.allowed), turn)
            session = .transaction(transaction)
            turn.log(.notice, "transaction goes on", .init("connector", id), .init("transaction", transaction.uuid))
            if isSameBoot {
                transaction.takeFarewellBack(open, &turn)
            } else {
                let boot = turn.configuration.machineBootId
                turn.persist(.resumed(Resumed(transaction: transaction.uuid, boot: boot, time: turn.now)), .synced)
            }
            // The verdict first: who was refused before must not get energy for a moment now.
            if let answer = open.assigned { assigned(answer, &turn) }
            if let still = self.transaction, still.mayDraw { permit.grant(transaction: still.uuid, plan, &turn) }
            return
        }
        session = .transaction(Transaction(open, anchor: anchor, phase: .stopping(stop), turn))
        awaitRegister(afterPowerLoss: !isSameBoot, at: turn.uptime)
    }

    /// The end of a transaction that does not go on: decided before, or by a power cut.
    private func interrupted(
        _ open: TransactionLedger.Open,
        _ isSameBoot: Bool,
        _ turn: ChargingTurn
    ) -> Transaction.Stop? {
        if let stopping = open.stopping {
            return Transaction.Stop(
                reason: stopping.reason,
                idTag: stopping.idTag,
                time: stopping.time,
                afterPowerLoss: !isSameBoot
            )
        }
        guard !isSameBoot, !mayResume(open, turn) else { return nil }
        // It was under way at the newest message, whatever that was about.
        let time = turn.clock.inOrder(open.registerTime, after: turn.ledger.newestTime ?? open.registerTime)
        return Transaction.Stop(
            reason: open.reasonOfOutage(turn.configuration),
            idTag: nil,
            time: time,
            afterPowerLoss: true
        )
    }

    /// Whether a transaction goes on that the machine was off in.
    private func mayResume(_ open: TransactionLedger.Open, _ turn: ChargingTurn) -> Bool {
        guard turn.configuration.powerLoss == .resume else { return false }
        guard let limit = turn.configuration.maximumOutage else { return true }
        // The newest register, not the newest message: with the samples switched off, messages are hours apart.
        guard let outage = turn.clock.elapsed(since: open.registerTime, at: turn.moment) else { return false }
        return outage <= limit
    }

    /// The program is asked to end, and perhaps the machine with it: what follows is no power cut.
    mutating func sayFarewell(_ turn: inout ChargingTurn) { withTransaction { $0.sayFarewell(&turn) } }

    // MARK: - Its EV

    /// Whether the EV of this usage left while nobody here could hear it: another one, or the same again, is connected. That it is the same is
    /// to be proven: by hardware-io, which saw it stay since before the transaction knew it, or by what was heard of hardware-io here. After
    /// a power cut nobody can know, and the site's policy to go on means the EV that is found then; one that hardware-io saw coming is
    /// another one.
    mutating func hasLostVehicle(_ state: ConnectorState, before: ConnectorFacts, _ turn: inout ChargingTurn) -> Bool {
        guard state.pilot?.isPlugged == true else { return false }
        let pluggedAt = state.vehicleSinceUptime
        let mayHaveStayed = state.pluggedSinceUptime == nil
        switch session {
        case .authorized:
            guard before.isPlugged, let known = before.state?.vehicleSinceUptime, let pluggedAt else { return false }
            return pluggedAt > known && !(mayHaveStayed && before.sawVehicleStay(until: state, at: turn.uptime))
        case .transaction(let transaction):
            guard transaction.isRunning, turn.keys.core.stopTransactionOnEVSideDisconnect else { return false }
            if let pluggedAt, let seenAt = transaction.vehicleSeenAt, pluggedAt <= seenAt { return false }
            // A hardware-io of before, which says nothing of one that it found.
            if pluggedAt == nil, let known = before.state, known.bootId == state.bootId { return false }
            let isFirstOfBoot = transaction.vehicleSeenAt == nil
            guard mayHaveStayed, isFirstOfBoot || before.sawVehicleStay(until: state, at: turn.uptime) else {
                return true
            }
            withTransaction { $0.takeVehicle(&turn) }
            return false
        case .idle, .plugged, .finishing: return false
        }
    }

    // MARK: - The central system's verdict

    /// StartTransaction was answered.
    mutating func assigned(_ answer: Assigned, _ turn: inout ChargingTurn) {
        if case .finishing(.some(var kept)) = session {
            kept.learn(answer)
            session = .finishing(kept: kept)
        }
        guard transaction?.uuid == answer.transaction else { return }
        apply(withTransaction { $0.assigned(answer, &turn) } ?? .goOn, &turn)
    }

    mutating func apply(_ verdict: Transaction.Verdict, _ turn: inout ChargingTurn) {
        switch verdict {
        case .goOn: break
        case .stop(let reason): stop(reason, idTag: nil, &turn)
        case .withholdEnergy:
            permit.withdraw(&turn)
            updateStatus(&turn)
        }
    }

    // MARK: - End

    /// Ends the transaction: energy first, then the decision on disk; the end record follows when the register is final.
    mutating func stop(_ reason: Reason, idTag: IdToken?, _ turn: inout ChargingTurn) {
        guard transaction?.isRunning == true else { return }
        permit.withdraw(&turn)
        withTransaction { $0.beginStop(reason, idTag: idTag, &turn) }
        timers.clear(.fresh)
        awaitRegister(afterPowerLoss: false, at: turn.uptime)
        updateStatus(&turn)
        finishStop(force: false, &turn)
    }

    private mutating func awaitRegister(afterPowerLoss: Bool, at uptime: Duration) {
        if !afterPowerLoss { timers.set(.settled, at: uptime + Self.settleLimit) }
        timers.set(.returned, at: uptime + Self.returnLimit)
    }

    /// The register should have settled by now. Without hardware-io it is looked at again.
    mutating func giveUpRegister(_ turn: inout ChargingTurn) {
        guard facts.isAway(at: turn.uptime) else { return finishStop(force: true, &turn) }
        timers.set(.settled, at: turn.uptime + Self.lookAgainAfter)
    }

    mutating func finishStop(force: Bool, _ turn: inout ChargingTurn) {
        guard case .transaction(let transaction) = session, let stop = transaction.stop else { return }
        // A meter or a hardware-io that is away may be back in a moment, and knows then what flowed until the contactor opened.
        guard force || facts.registerIsFinal else { return }
        timers.clear(.settled)
        timers.clear(.returned)
        lastEnd = stop.reason
        transaction.end(stop, facts, &turn)
        let kept = KeptCable(
            transaction: transaction.uuid,
            reason: stop.reason,
            idTag: transaction.idTag,
            parentIdTag: transaction.parentIdTag
        )
        if keeps(kept, turn) {
            session = .finishing(kept: kept)
        } else {
            session = .finishing(kept: nil)
            releaseCable(&turn)
        }
        leaveFinishingIfDone(&turn)
        updateStatus(&turn)
    }
}
