import OCPP
import Primitives

/// A transaction of which the disk lost the begin, as its later records tell it. Whose it was and what it began with nobody knows any more, so
/// that it cannot go on; the central system knows both, and has it open until somebody says that it is over.
struct Headless: Equatable, Sendable {
    let transaction: String
    let connectorId: Int
    /// The newest number of a message when it was first heard of: its begin had no higher one, and whatever began later has one.
    let lastSequence: Int64
    /// The newest register, and when it was read.
    private var registerWh: Int64?
    private var registerTime: EventTime?
    private var stopping: Stopping?
    private var saidFarewell: Bool?
    /// The boot in which it last went on, if a record says so.
    private var boot: String?
    private var stopData = StopData(begin: nil)

    init(_ transaction: String, connectorId: Int, lastSequence: Int64) {
        self.transaction = transaction
        self.connectorId = connectorId
        self.lastSequence = lastSequence
    }

    /// Every time that it may yet be told by.
    var times: [EventTime] { [registerTime, stopping?.time].compactMap(\.self) + stopData.times }

    /// A register of it is known, so that its end can be told.
    var isBillable: Bool { registerWh != nil }

    mutating func read(_ sampled: Sampled) {
        read(sampled.energyWh, at: sampled.time)
        saidFarewell = nil
        let value = StoredMeterValue(time: sampled.time, values: sampled.stopValues ?? [], period: sampled.stopPeriod)
        if value.elements > 0 { stopData.add(value) }
    }

    mutating func read(_ read: RegisterRead) {
        self.read(read.energyWh, at: read.time)
        saidFarewell = read.isFarewell
    }

    mutating func read(_ stopping: Stopping) { self.stopping = stopping }

    mutating func read(_ resumed: Resumed) {
        boot = resumed.boot
        saidFarewell = nil
    }

    private mutating func read(_ energyWh: Int64, at time: EventTime) {
        registerWh = max(energyWh, registerWh ?? .min)
        registerTime = time
    }

    /// Writes the end record.
    func end(_ turn: inout ChargingTurn) {
        guard let registerWh, let registerTime else { return }
        let ended = Ended(
            sequence: turn.nextSequence,
            startSequence: lastSequence,
            messageId: turn.newUUID(),
            transaction: transaction,
            connectorId: connectorId,
            meterStopWh: registerWh,
            time: turn.clock.inOrder(stopping?.time ?? registerTime, after: registerTime),
            reason: reason(registerTime, turn),
            idTag: stopping?.idTag,
            transactionData: stopData.transactionData(end: nil, limit: turn.keys.core.stopTransactionMaxMeterValues)
        )
        turn.persist(.ended(ended), .synced)
        turn.log(
            .error,
            "the disk lost the begin of a transaction: it ends with the last register that is left of it",
            .init("connector", connectorId),
            .init("transaction", transaction),
            .init("meterStop", registerWh),
            .init("reason", ended.reason.rawValue)
        )
    }

    /// As that of an orphan which may run.
    private func reason(_ time: EventTime, _ turn: ChargingTurn) -> Reason {
        if let stopping { return stopping.reason }
        let isOfThisBoot = boot.map { $0 == turn.clock.bootId } ?? turn.clock.isOfThisBoot(time, at: turn.moment)
        guard !isOfThisBoot else { return .other }
        return saidFarewell == true || turn.configuration.bootedByWatchdog ? .reboot : .powerLoss
    }
}
