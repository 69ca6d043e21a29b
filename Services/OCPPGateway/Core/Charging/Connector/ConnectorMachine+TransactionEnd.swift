import BusSchema
import OCPP
import Primitives

/// The end of a connector's transaction: energy first, then the decision on disk, then the record with the final register.
extension ConnectorMachine {
    /// How long the end waits for an open contactor and a reading taken after it: an EV may take six seconds to end its draw
    /// (IEC 61851-1 table A.6), and its energy is to be billed.
    static let settleLimit = Duration.seconds(10)

    /// Ends the transaction: energy first, then the decision on disk; the end record follows when the register is final.
    mutating func stop(_ reason: Reason, idTag: IdToken?, _ turn: inout ChargingTurn) {
        guard case .transaction(var transaction) = session, transaction.isRunning else { return }
        let stop = Transaction.Stop(reason: reason, idTag: idTag, time: turn.now)
        permit.withdraw(&turn)
        transaction.phase = .stopping(stop)
        session = .transaction(transaction)
        schedule = nil
        timers.clear(.fresh)
        timers.set(.stopSettled, at: turn.moment.uptime + Self.settleLimit)
        turn.persist(
            .stopping(Stopping(transaction: transaction.uuid, reason: reason, idTag: idTag, time: stop.time)),
            .synced
        )
        updateStatus(&turn)
        finishStop(force: false, &turn)
    }

    mutating func finishStop(force: Bool, _ turn: inout ChargingTurn) {
        guard case .transaction(let transaction) = session, case .stopping(let stop) = transaction.phase else { return }
        guard force || facts.isSilent || facts.registerIsFinal || facts.registerIsLost else { return }
        timers.clear(.stopSettled)
        if turn.clock.timestamp(of: stop.time, at: turn.moment)
            < turn.clock.timestamp(of: transaction.startTime, at: turn.moment)
        {
            turn.log(.warning, "the clock went back in a transaction", .init("transaction", transaction.uuid))
        }
        let messageId = turn.newUUID()
        turn.persist(.ended(ended(transaction, stop, messageId: messageId, turn)), .synced)
        turn.log(
            .notice,
            "transaction ended",
            .init("connector", id),
            .init("transaction", transaction.uuid),
            .init("meterStop", transaction.registerWh),
            .init("reason", stop.reason.rawValue)
        )
        session = .finishing(owner: stop.reason == .deAuthorized ? transaction.idTag : nil)
        if unlocks(after: stop.reason, turn) { wantUnlock(&turn) }
        leaveFinishingIfDone(&turn)
        updateStatus(&turn)
    }

    private func ended(
        _ transaction: Transaction,
        _ stop: Transaction.Stop,
        messageId: String,
        _ turn: ChargingTurn
    ) -> Ended {
        let selections = stopSelections(turn)
        var end: StoredMeterValue?
        if let reading = facts.reading, !selections.isEmpty {
            let isFresh = facts.registerIsFinal
            let wanted = isFresh ? selections : selections.filter { $0.measurand == .energyActiveImportRegister }
            let rendering = MeasurandRendering(
                reading: reading,
                offeredMilliamps: 0,
                registerWh: transaction.registerWh
            )
            let values = rendering.values(wanted, context: .transactionEnd)
            if !values.isEmpty { end = StoredMeterValue(time: stop.time, values: values) }
        }
        return Ended(
            sequence: turn.nextSequence,
            messageId: messageId,
            transaction: transaction.uuid,
            connectorId: id,
            meterStopWh: transaction.registerWh,
            time: turn.inOrder(stop.time),
            reason: stop.reason,
            idTag: stop.idTag,
            transactionData: turn.ledger.open[id]?.stopData.transactionData(
                end: end,
                limit: turn.keys.stopTransactionMaxMeterValues
            )
        )
    }

    /// OCPP 1.6 §4.10; after DeAuthorized the cable waits for its owner (E §3.5).
    private func unlocks(after reason: Reason, _ turn: ChargingTurn) -> Bool {
        switch reason {
        case .deAuthorized: false
        case .evDisconnected: turn.keys.unlockConnectorOnEVSideDisconnect
        case .emergencyStop, .hardReset, .local, .other, .powerLoss, .reboot, .remote, .softReset, .unlockCommand: true
        }
    }

    func stopSelections(_ turn: ChargingTurn) -> [MeasurandSelection] {
        var selections = turn.keys.stopTxnSampledData
        for selection in turn.keys.stopTxnAlignedData where !selections.contains(selection) {
            selections.append(selection)
        }
        return selections
    }
}
