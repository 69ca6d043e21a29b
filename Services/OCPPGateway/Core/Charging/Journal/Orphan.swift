import OCPP
import Primitives

/// A transaction whose end the disk lost, as far as it can be told: it is over, or nobody knows whether it still runs.
public struct Orphan: Equatable, Sendable {
    /// So many messages at least are missing where a whole transaction was lost as well: the end of this one, and the begin and the end of
    /// that one.
    private static let messagesOfAnother: Int64 = 3

    let open: TransactionLedger.Open
    /// Where its energy ends: never above what another transaction began with, so that nothing is billed twice.
    let meterStopWh: Int64
    /// When it ended at the latest, or when it was last heard of.
    let time: EventTime
    /// Nothing says that it was over.
    let mayRun: Bool

    /// Nothing tells more of its end than its own records: what flowed behind them may be somebody else's.
    init(_ open: TransactionLedger.Open, mayRun: Bool) {
        self.open = open
        meterStopWh = open.registerWh
        time = open.stopping?.time ?? open.registerTime
        self.mayRun = mayRun
    }

    /// Another one began on its connector, with the register that it left; unless `missing` messages before that begin leave room for a
    /// third transaction, whose energy is not its own.
    init(_ open: TransactionLedger.Open, before next: Began, missing: Int64) {
        self.open = open
        let isSuccessor =
            missing < Self.messagesOfAnother && next.registerEpoch == open.began.registerEpoch
            && next.meterStartWh >= open.registerWh
        meterStopWh = isSuccessor ? next.meterStartWh : open.registerWh
        time = open.stopping?.time ?? next.time
        mayRun = false
    }

    /// Writes the end record. The stop is delivered after the start of the one that followed, and is right all the same: the central system
    /// tells transactions apart by their ids, and chronological order is a SHOULD (OCPP 1.6 §3.7).
    func end(_ turn: inout ChargingTurn) {
        let began = open.began
        let ended = Ended(
            sequence: turn.nextSequence,
            startSequence: began.sequence,
            messageId: turn.newUUID(),
            transaction: began.transaction,
            connectorId: began.connectorId,
            meterStopWh: meterStopWh,
            time: turn.clock.inOrder(time, after: open.newestTime ?? open.registerTime),
            reason: reason(turn.configuration),
            idTag: open.stopping?.idTag,
            transactionData: open.stopData.transactionData(
                end: nil,
                limit: turn.keys.core.stopTransactionMaxMeterValues
            )
        )
        turn.persist(.ended(ended), .synced)
        turn.log(
            .error,
            "the disk lost the end of a transaction: it ends with what is left of it",
            .init("connector", began.connectorId),
            .init("transaction", began.transaction),
            .init("meterStop", meterStopWh),
            .init("reason", ended.reason.rawValue)
        )
    }

    /// OCPP 1.6 §7.36 has none for a damaged disk but Other.
    private func reason(_ configuration: ChargingConfiguration) -> Reason {
        if let stopping = open.stopping { return stopping.reason }
        guard mayRun, open.boot != configuration.machineBootId else { return .other }
        return open.reasonOfOutage(configuration)
    }
}

extension TransactionLedger.Open {
    /// Why it ends when the machine was off in it.
    func reasonOfOutage(_ configuration: ChargingConfiguration) -> Reason {
        saidFarewell == true || configuration.bootedByWatchdog ? .reboot : .powerLoss
    }
}
