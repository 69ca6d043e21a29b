public import OCPP

/// A transaction has begun. Renders StartTransaction (OCPP 1.6 §4.8). On disk before any energy flows.
public struct Began: Codable, Equatable, Sendable {
    /// Place in the one order of transaction-related messages.
    public var sequence: Int64
    /// Id of the CALL, kept over retries, reconnects and restarts (JE §3.1).
    public var messageId: String
    /// Our own name of the transaction, a uuid.
    public var transaction: String
    public var connectorId: Int
    public var idTag: IdToken
    /// As Authorize.conf gave it.
    public var parentIdTag: IdToken?
    public var meterStartWh: Int64
    /// The `registerEpoch` of the reading that it began with: a register of another one does not count in it.
    public var registerEpoch: Int64?
    public var time: EventTime
    /// Kernel boot id: another one at the next start means that power was lost.
    public var boot: String
    public var reservationId: Int?
    /// Begin values for `transactionData`; absent when none were configured.
    public var beginValues: [SampledValue]?
}

/// Meter values were taken in a transaction. Renders MeterValues (OCPP 1.6 §4.7) when it has a sequence.
public struct Sampled: Codable, Equatable, Sendable {
    /// Nil when nothing is to be sent now, because the values are for StopTransaction only.
    public var sequence: Int64?
    public var messageId: String?
    public var transaction: String
    public var connectorId: Int
    public var time: EventTime
    /// The register at that time, whatever is reported: a power cut ends the transaction with it.
    public var energyWh: Int64
    /// For MeterValues.
    public var values: [SampledValue]
    /// For `transactionData` of StopTransaction.
    public var stopValues: [SampledValue]?
    /// For MeterValues: what was counted or averaged until `time`.
    public var period: StoredPeriod?
    /// The same for `transactionData`.
    public var stopPeriod: StoredPeriod?
}

/// Values over an interval. They bear the time at which it began (OCPP 1.6 §9.1.5).
public struct StoredPeriod: Codable, Equatable, Sendable {
    public var since: EventTime
    public var values: [SampledValue]

    /// Nil without values.
    init?(since: EventTime, values: [SampledValue]) {
        guard !values.isEmpty else { return nil }
        self.since = since
        self.values = values
    }
}

/// The register of a running transaction, stored when no sample did it for a while.
public struct RegisterRead: Codable, Equatable, Sendable {
    public var transaction: String
    public var energyWh: Int64
    public var time: EventTime
    /// True when it was stored because the program was asked to end. Nil in files of a version that did not know of it.
    public var isFarewell: Bool?
    /// Nil in files of a version that did not keep it.
    public var connectorId: Int?
}

/// The end of a transaction was decided; energy is being cut.
public struct Stopping: Codable, Equatable, Sendable {
    public var transaction: String
    public var reason: Reason
    /// Who asked for it, if somebody did.
    public var idTag: IdToken?
    public var time: EventTime
    /// Nil in files of a version that did not keep it.
    public var connectorId: Int?
}

/// Meter values inside StopTransaction: of one instant, and over the interval that ended then.
public struct StoredMeterValue: Codable, Equatable, Sendable {
    public var time: EventTime
    public var values: [SampledValue]
    public var period: StoredPeriod?

    /// Elements of `transactionData` that it takes.
    var elements: Int { (values.isEmpty ? 0 : 1) + (period == nil ? 0 : 1) }
}

/// A transaction has ended. Renders StopTransaction (OCPP 1.6 §4.10).
public struct Ended: Codable, Equatable, Sendable {
    public var sequence: Int64
    /// That of the begin; nil in files of a version that did not keep it.
    public var startSequence: Int64?
    public var messageId: String
    public var transaction: String
    public var connectorId: Int
    public var meterStopWh: Int64
    public var time: EventTime
    public var reason: Reason
    public var idTag: IdToken?
    /// Absent when both Stop lists are empty (OCPP 1.6 §3.16.5).
    public var transactionData: [StoredMeterValue]?
}

/// The transaction goes on in another boot of the machine, or with an EV that may be the one of before.
public struct Resumed: Codable, Equatable, Sendable {
    public var transaction: String
    public var boot: String
    public var time: EventTime
    /// True when an EV was there then, which counts as its own. Nil in files of a version that did not know of it.
    public var sawVehicle: Bool?
}

/// The central system's answer to StartTransaction (OCPP 1.6 §6.46).
public struct Assigned: Codable, Equatable, Sendable {
    public var transaction: String
    /// -1 where the answer had none that can be read, which is what messages say then (E §3.18).
    public var transactionId: Int
    /// True where the answer had no transactionId that can be read: what it says of the identifier counts all the same.
    public var lacksId: Bool?
    public var status: AuthorizationStatus
    public var parentIdTag: IdToken?
    /// The register at that time: an energy allowance counts from it (OCPP 1.6 §9.1.14).
    public var energyWh: Int64?
    /// ConcurrentTx was the answer to a repetition of a StartTransaction that the central system had already seen: no refusal.
    public var repeated: Bool?

    /// The central system's id of the transaction; nil where the answer had none that can be read.
    var id: Int? { lacksId == true ? nil : transactionId }

    /// The transaction may go on with energy.
    var isAccepted: Bool { status == .accepted || (status == .concurrentTx && repeated == true) }
}
