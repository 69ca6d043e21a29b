import BusSchema
import OCPP
import Primitives

/// The beginning and the course of a connector's transaction. Order everywhere: persist, then act, then send; only cutting energy
/// comes before everything.
extension ConnectorMachine {
    /// A new transaction may stay in Preparing for so long until the EV draws.
    private static let freshFor = Duration.seconds(5)

    // MARK: - Begin

    /// Begins the transaction when every precondition holds: identifier, cable, no fault, a register to begin with.
    mutating func beginIfPossible(_ turn: inout ChargingTurn) {
        guard case .authorized(let authorized) = session, facts.isPlugged, let state = facts.state, !facts.isSilent,
            isOperative, isChargePointOperative, !isFaulted, let reading = beginReading(turn)
        else { return }
        let uuid = turn.newUUID()
        let now = turn.inOrder(turn.now)
        let rendering = MeasurandRendering(
            reading: reading,
            offeredMilliamps: state.offeredMilliamps,
            registerWh: reading.energyWh
        )
        let beginValues = rendering.values(stopSelections(turn), context: .transactionBegin)
        let began = Began(
            sequence: turn.nextSequence,
            messageId: turn.newUUID(),
            transaction: uuid,
            connectorId: id,
            idTag: authorized.idTag,
            parentIdTag: authorized.parentIdTag,
            meterStartWh: reading.energyWh,
            time: now,
            boot: turn.configuration.machineBootId,
            beginValues: beginValues.isEmpty ? nil : beginValues
        )
        turn.persist(.began(began), .synced)
        session = .transaction(
            Transaction(
                uuid: uuid,
                idTag: authorized.idTag,
                parentIdTag: authorized.parentIdTag,
                meterStartWh: reading.energyWh,
                startTime: now,
                anchor: turn.moment.uptime,
                registerWh: reading.energyWh,
                registerTime: now,
                storedAt: turn.moment.uptime
            )
        )
        timers.clear(.connectionTimeOut)
        timers.set(.fresh, at: turn.moment.uptime + Self.freshFor)
        unlock = UnlockProgress()
        schedule = MeteringSchedule(anchor: turn.moment.uptime, turn)
        permit.grant(transaction: uuid, limitMilliamps: limitMilliamps, &turn)
        turn.indicate(.accepted, on: id)
        turn.log(
            .notice,
            "transaction began",
            .init("connector", id),
            .init("transaction", uuid),
            .init("meterStart", reading.energyWh)
        )
    }

    /// With an open contactor the register stands still, so that a reading since then is good at any age.
    private func beginReading(_ turn: ChargingTurn) -> MeterReading? {
        if facts.registerIsFinal { return facts.reading }
        return facts.freshReading(within: turn.configuration.meterStaleAfter, at: turn.moment.uptime)
    }

    var limitMilliamps: Int { min(settings.ratedMilliamps, facts.state?.ratedMilliamps ?? settings.ratedMilliamps) }

    /// The begin record could not be stored: there is no transaction.
    mutating func beginFailed(_ began: Began, _ turn: inout ChargingTurn) {
        guard case .transaction(let transaction) = session, transaction.uuid == began.transaction else { return }
        permit.withdraw(&turn)
        schedule = nil
        timers.clear(.fresh)
        session = facts.isPlugged ? .finishing(owner: nil) : .idle
        turn.indicate(.rejected, on: id)
        updateStatus(&turn)
    }

    // MARK: - After a restart

    /// Takes an unfinished transaction up again (CORE-TX-36).
    mutating func restore(_ open: RestoredTransactions.Open, _ turn: inout ChargingTurn) {
        let sameBoot = open.boot == turn.configuration.machineBootId
        var transaction = Transaction(
            uuid: open.began.transaction,
            idTag: open.began.idTag,
            parentIdTag: open.assigned?.parentIdTag ?? open.began.parentIdTag,
            meterStartWh: open.began.meterStartWh,
            startTime: open.began.time,
            anchor: sameBoot ? .milliseconds(open.began.time.uptime) : turn.moment.uptime,
            transactionId: open.assigned?.transactionId,
            registerWh: open.registerWh,
            registerTime: open.registerTime,
            storedAt: turn.moment.uptime
        )
        facts.assumePlugged()
        if let stopping = open.stopping {
            transaction.phase = .stopping(
                Transaction.Stop(reason: stopping.reason, idTag: stopping.idTag, time: stopping.time)
            )
        } else if !sameBoot, turn.configuration.powerLoss == .stop {
            // It was under way at the newest message, whatever that was about.
            let time = open.registerTime.notBefore(turn.ledger.newestTime, within: .max)
            transaction.phase = .stopping(Transaction.Stop(reason: .powerLoss, idTag: nil, time: time))
        }
        session = .transaction(transaction)
        guard transaction.isRunning else {
            if sameBoot {
                timers.set(.stopSettled, at: turn.moment.uptime + Self.settleLimit)
            } else {
                finishStop(force: true, &turn)
            }
            return
        }
        turn.log(.notice, "transaction goes on", .init("connector", id), .init("transaction", transaction.uuid))
        if !sameBoot {
            let boot = turn.configuration.machineBootId
            turn.persist(.resumed(Resumed(transaction: transaction.uuid, boot: boot, time: turn.now)), .synced)
        }
        schedule = MeteringSchedule(anchor: transaction.anchor, turn)
        // The verdict first: who was refused before must not get energy for a moment now.
        if let assigned = open.assigned { judge(assigned, &turn) }
        guard let still = self.transaction, still.isRunning, still.energyAllowed else { return }
        permit.grant(transaction: still.uuid, limitMilliamps: limitMilliamps, &turn)
    }

    // MARK: - The central system's verdict

    /// StartTransaction was answered.
    mutating func assigned(_ answer: Assigned, _ turn: inout ChargingTurn) {
        guard case .transaction(var transaction) = session, transaction.uuid == answer.transaction else { return }
        transaction.transactionId = answer.transactionId
        transaction.parentIdTag = answer.parentIdTag ?? transaction.parentIdTag
        session = .transaction(transaction)
        judge(answer, &turn)
    }

    /// What a refused identifier means for a running transaction (E §3.17).
    private mutating func judge(_ answer: Assigned, _ turn: inout ChargingTurn) {
        guard !answer.isAccepted, case .transaction(var transaction) = session, transaction.isRunning else { return }
        turn.log(
            .notice,
            "identifier not accepted",
            .init("transaction", transaction.uuid),
            .init("status", answer.status.rawValue)
        )
        if let allowance = turn.keys.maxEnergyOnInvalidIdWh, allowance > 0 {
            transaction.allowanceEndsAtWh = (answer.energyWh ?? transaction.registerWh) + allowance
            session = .transaction(transaction)
            followAllowance(&turn)
        } else {
            invalidate(&turn)
        }
    }

    private mutating func invalidate(_ turn: inout ChargingTurn) {
        guard case .transaction(var transaction) = session, transaction.isRunning, transaction.energyAllowed else {
            return
        }
        if turn.keys.stopTransactionOnInvalidId {
            stop(.deAuthorized, idTag: nil, &turn)
        } else {
            transaction.energyAllowed = false
            transaction.allowanceEndsAtWh = nil
            session = .transaction(transaction)
            permit.withdraw(&turn)
            updateStatus(&turn)
        }
    }

    private mutating func followAllowance(_ turn: inout ChargingTurn) {
        guard let transaction, let end = transaction.allowanceEndsAtWh, transaction.registerWh >= end else { return }
        invalidate(&turn)
    }

    // MARK: - Meter

    /// Keeps the newest register, never decreasing, and on disk at least once a minute.
    mutating func followRegister(_ turn: inout ChargingTurn) {
        guard case .transaction(var transaction) = session, let reading = facts.reading else { return }
        if reading.energyWh < transaction.registerWh {
            if !transaction.registerFell {
                turn.log(
                    .error,
                    "the meter's register fell",
                    .init("connector", id),
                    .init("energyWh", reading.energyWh)
                )
            }
            transaction.registerFell = true
            session = .transaction(transaction)
            return
        }
        let changed = reading.energyWh > transaction.registerWh
        transaction.registerWh = reading.energyWh
        transaction.registerTime = turn.clock.time(uptime: .milliseconds(reading.takenAtUptime), at: turn.moment)
        if changed, transaction.isRunning, turn.moment.uptime - transaction.storedAt >= .seconds(60) {
            transaction.storedAt = turn.moment.uptime
            let read = RegisterRead(
                transaction: transaction.uuid,
                energyWh: transaction.registerWh,
                time: transaction.registerTime
            )
            turn.persist(.registerRead(read), .synced)
        }
        session = .transaction(transaction)
        followAllowance(&turn)
    }

    /// Takes the values that are due; nothing when the meter has none to give (CORE-MV-46).
    mutating func sample(_ due: MeteringSchedule.Due, _ turn: inout ChargingTurn) {
        guard case .transaction(var transaction) = session, transaction.isRunning else { return }
        guard let reading = facts.freshReading(within: turn.configuration.meterStaleAfter, at: turn.moment.uptime)
        else {
            if !isSampleMissing { turn.log(.error, "no meter value to report", .init("connector", id)) }
            isSampleMissing = true
            return
        }
        isSampleMissing = false
        let rendering = MeasurandRendering(
            reading: reading,
            offeredMilliamps: facts.state?.offeredMilliamps ?? 0,
            registerWh: transaction.registerWh
        )
        let time: EventTime
        let values: [SampledValue]
        let stopValues: [SampledValue]
        switch due {
        case .sampled(let at):
            time = turn.clock.time(uptime: at, at: turn.moment)
            values = rendering.values(turn.keys.meterValuesSampledData, context: .samplePeriodic)
            stopValues = rendering.values(turn.keys.stopTxnSampledData, context: .samplePeriodic)
        case .aligned(let utc):
            time = EventTime(utc: utc, boot: nil, uptime: turn.moment.uptime.wholeMilliseconds)
            values = rendering.values(turn.keys.meterValuesAlignedData, context: .sampleClock)
            stopValues = rendering.values(turn.keys.stopTxnAlignedData, context: .sampleClock)
        }
        guard !values.isEmpty || !stopValues.isEmpty else { return }
        let sampled = Sampled(
            sequence: values.isEmpty ? nil : turn.nextSequence,
            messageId: values.isEmpty ? nil : turn.newUUID(),
            transaction: transaction.uuid,
            connectorId: id,
            time: turn.inOrder(time),
            energyWh: max(reading.energyWh, transaction.registerWh),
            values: values,
            stopValues: stopValues.isEmpty ? nil : stopValues
        )
        // Very short intervals must not wear the flash out.
        let isSynced = transaction.sampleSyncedAt.map { turn.moment.uptime - $0 >= .seconds(5) } ?? true
        if isSynced {
            transaction.storedAt = turn.moment.uptime
            transaction.sampleSyncedAt = turn.moment.uptime
        }
        session = .transaction(transaction)
        turn.persist(.sampled(sampled), isSynced ? .synced : .written)
    }
}
