import BusSchema
import OCPP
import Primitives

/// A transaction that is not over: whose it is, what the central system said about it, how far the register is, and what it still has to
/// report. Order everywhere: persist, then act, then send; only cutting energy comes before everything.
struct Transaction: Equatable, Sendable {
    /// Its end was decided; energy is being cut and the register settles.
    struct Stop: Equatable, Sendable {
        var reason: Reason
        var idTag: IdToken?
        var time: EventTime
        /// Nothing was heard of it when it ended: it is billed with the first reading after the power came back.
        var afterPowerLoss = false
    }

    enum Phase: Equatable, Sendable {
        case running(Energy)
        case stopping(Stop)
    }

    /// What a running transaction may draw.
    enum Energy: Equatable, Sendable {
        case allowed
        /// The identifier was refused; energy flows until the register gets here (OCPP 1.6 §9.1.14).
        case allowedUntil(registerWh: Int64)
        /// The identifier was refused, and the transaction goes on without energy (E §3.17).
        case refused
    }

    /// What an answer or a reading means for it.
    enum Verdict: Equatable, Sendable {
        /// Nothing changes, or not yet.
        case goOn
        case stop(Reason)
        case withholdEnergy
    }

    let uuid: String
    let connectorId: Int
    let idTag: IdToken
    private(set) var parentIdTag: IdToken?
    let meterStartWh: Int64
    private let registerEpoch: Int64?
    let startTime: EventTime
    /// When its EV was known to be there, on uptime of this boot of the machine, ms; nil until it was seen in this boot.
    private(set) var vehicleSeenAt: Int64?
    /// The central system's id; nil until it is known.
    private(set) var transactionId: Int?
    private(set) var phase: Phase
    private(set) var register: Register
    /// Nil once there is nothing more to store of it: its end was decided, or the program is about to end.
    private var schedule: MeteringSchedule?

    /// A transaction that begins now, or that goes on after a restart of the program or of the machine.
    init(_ open: TransactionLedger.Open, anchor: Duration, phase: Phase, _ turn: ChargingTurn) {
        uuid = open.began.transaction
        connectorId = open.began.connectorId
        idTag = open.began.idTag
        parentIdTag = (open.assigned?.parentIdTag).group ?? open.began.parentIdTag.group
        meterStartWh = open.began.meterStartWh
        registerEpoch = open.began.registerEpoch
        startTime = open.began.time
        vehicleSeenAt = open.vehicleSeenAt(inBoot: turn.configuration.machineBootId)
        transactionId = open.assigned?.id
        self.phase = phase
        register = Register(energyWh: open.registerWh, readAt: open.registerTime, storedAt: turn.uptime)
        if case .running = phase { schedule = MeteringSchedule(anchor: anchor, turn) }
    }

    /// An EV that may have been there before counts as its own from now on, for the next process of the gateway, too.
    mutating func takeVehicle(_ turn: inout ChargingTurn) {
        let boot = turn.configuration.machineBootId
        vehicleSeenAt = turn.now.uptime
        turn.persist(.resumed(Resumed(transaction: uuid, boot: boot, time: turn.now, sawVehicle: true)), .synced)
    }

    var isRunning: Bool {
        if case .running = phase { true } else { false }
    }

    /// Energy may flow as far as the central system is concerned.
    var mayDraw: Bool {
        switch phase {
        case .running(.allowed), .running(.allowedUntil): true
        case .running(.refused), .stopping: false
        }
    }

    var stop: Stop? {
        guard case .stopping(let stop) = phase else { return nil }
        return stop
    }

    var nextDeadline: Deadline? { schedule?.nextDeadline }

    /// Its register is stored now and then.
    var isRecorded: Bool { schedule != nil }

    mutating func keysChanged(_ turn: ChargingTurn) { schedule?.keysChanged(turn) }

    mutating func clockChanged(_ turn: ChargingTurn) { schedule?.clockChanged(turn) }

    // MARK: - The central system's verdict

    /// StartTransaction was answered. Returns what a refused identifier means (E §3.17).
    mutating func assigned(_ answer: Assigned, _ turn: inout ChargingTurn) -> Verdict {
        transactionId = answer.id ?? transactionId
        parentIdTag = answer.parentIdTag.group ?? parentIdTag
        guard !answer.isAccepted, case .running(.allowed) = phase else { return .goOn }
        turn.log(
            .notice,
            "identifier not accepted",
            .init("transaction", uuid),
            .init("status", answer.status.rawValue)
        )
        guard let allowance = turn.keys.core.maxEnergyOnInvalidIdWh, allowance > 0 else { return invalidated(turn) }
        let end = (answer.energyWh ?? register.energyWh).addingClamped(Int64(allowance))
        phase = .running(.allowedUntil(registerWh: end))
        return allowanceVerdict(turn)
    }

    private mutating func allowanceVerdict(_ turn: ChargingTurn) -> Verdict {
        guard case .running(.allowedUntil(let end)) = phase, register.energyWh >= end else { return .goOn }
        return invalidated(turn)
    }

    private mutating func invalidated(_ turn: ChargingTurn) -> Verdict {
        if turn.keys.core.stopTransactionOnInvalidId { return .stop(.deAuthorized) }
        phase = .running(.refused)
        return .withholdEnergy
    }

    // MARK: - Meter

    /// A valid reading came. Returns what it means that an energy allowance is used up, or that the register began anew or fell over a
    /// restart of the machine: what flowed cannot be told from that, so that the transaction ends with the register of before
    /// (OCPP 1.6 §7.36 has no reason for it but Other).
    mutating func follow(
        _ reading: MeterReading,
        _ offer: MeterReading.Offer,
        _ turn: inout ChargingTurn
    ) -> Verdict {
        guard reading.registerEpoch == registerEpoch, !register.isLeft(by: reading) else {
            if isRunning {
                turn.log(
                    .error,
                    "the meter counts from somewhere else: the transaction ends with the last register of before",
                    .init("transaction", uuid),
                    .init("energyWh", register.energyWh),
                    .init("readingWh", reading.energyWh)
                )
            }
            return .stop(.other)
        }
        register.follow(reading, offer, of: self, &turn)
        return allowanceVerdict(turn)
    }

    /// Stores the values that are due; nothing when the meter has none to give.
    mutating func sampleIfDue(_ facts: ConnectorFacts, _ turn: inout ChargingTurn) {
        while let due = schedule?.popDue(turn) {
            guard isRunning else { continue }
            register.sample(due, facts, of: self, &turn)
        }
    }

    // MARK: - Restart of the program

    /// The program is asked to end. If the machine is off next, that was a shutdown. It is the last word: what is stored behind it says that
    /// the program went on.
    mutating func sayFarewell(_ turn: inout ChargingTurn) {
        guard isRunning else { return }
        schedule = nil
        var read = RegisterRead(transaction: uuid, energyWh: register.energyWh, time: turn.now, isFarewell: true)
        read.connectorId = connectorId
        turn.persist(.registerRead(read), .written)
    }

    /// Only the program was away: if the machine is off next, that will be a power cut unless somebody says otherwise.
    func takeFarewellBack(_ open: TransactionLedger.Open, _ turn: inout ChargingTurn) {
        guard open.saidFarewell == true else { return }
        var read = RegisterRead(transaction: uuid, energyWh: open.registerWh, time: open.registerTime)
        read.connectorId = connectorId
        turn.persist(.registerRead(read), .synced)
    }

    // MARK: - End

    /// Decides the end. The end record follows when the register is final.
    mutating func beginStop(_ reason: Reason, idTag: IdToken?, _ turn: inout ChargingTurn) {
        let stop = Stop(reason: reason, idTag: idTag, time: turn.now)
        phase = .stopping(stop)
        schedule = nil
        let stopping = Stopping(
            transaction: uuid,
            reason: reason,
            idTag: idTag,
            time: stop.time,
            connectorId: connectorId
        )
        turn.persist(.stopping(stopping), .synced)
    }

    /// Writes the end record.
    func end(_ stop: Stop, _ facts: ConnectorFacts, _ turn: inout ChargingTurn) {
        if turn.clock.timestamp(of: stop.time, at: turn.moment) < turn.clock.timestamp(of: startTime, at: turn.moment) {
            turn.log(.warning, "the clock went back in a transaction", .init("transaction", uuid))
        }
        if !facts.registerIsFinal {
            turn.log(
                .error,
                stop.afterPowerLoss
                    ? "the meter could not be read after a power cut: the transaction ends with the last register stored"
                    : "the meter could not be read after the end: the transaction ends with the last register known",
                .init("transaction", uuid),
                .init("energyWh", register.energyWh)
            )
        }
        let messageId = turn.newUUID()
        let time = turn.inOrder(stop.time, on: connectorId)
        let ended = Ended(
            sequence: turn.nextSequence,
            startSequence: turn.ledger.open[connectorId]?.began.sequence,
            messageId: messageId,
            transaction: uuid,
            connectorId: connectorId,
            meterStopWh: register.energyWh,
            time: time,
            reason: stop.reason,
            idTag: stop.idTag,
            transactionData: transactionData(endedAt: time, facts, turn)
        )
        turn.persist(.ended(ended), .synced)
        turn.log(
            .notice,
            "transaction ended",
            .init("connector", connectorId),
            .init("transaction", uuid),
            .init("meterStop", register.energyWh),
            .init("reason", stop.reason.rawValue)
        )
    }

    private func transactionData(
        endedAt time: EventTime,
        _ facts: ConnectorFacts,
        _ turn: ChargingTurn
    ) -> [StoredMeterValue]? {
        var end: StoredMeterValue?
        if let reading = facts.reading {
            let isFresh = facts.registerIsFinal && reading.registerEpoch == registerEpoch
            let values = register.endValues(reading, isFresh: isFresh, turn)
            if !values.isEmpty { end = StoredMeterValue(time: time, values: values) }
        }
        return turn.ledger.open[connectorId]?.stopData.transactionData(
            end: end,
            limit: turn.keys.core.stopTransactionMaxMeterValues
        )
    }
}

extension CoreKeys {
    /// What StopTransaction reports, sampled and aligned lists together.
    var stopSelections: [MeasurandSelection] {
        var selections = stopTxnSampledData
        for selection in stopTxnAlignedData where !selections.contains(selection) { selections.append(selection) }
        return selections
    }
}
