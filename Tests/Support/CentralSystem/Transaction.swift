public import OCPP
public import Primitives

/// One transaction as a central system knows it.
public struct Transaction: Equatable, Sendable {
    public let transactionId: Int
    public let chargePoint: String
    public let start: StartTransaction.Request
    public internal(set) var stop: StopTransaction.Request?
    /// How often MeterValues came for it.
    public internal(set) var samples = 0
    /// The highest energy register among them, Wh.
    public internal(set) var newestRegisterWh: Double?
    public internal(set) var startRetransmissions = 0
    public internal(set) var sampleRetransmissions = 0
    public internal(set) var stopRetransmissions = 0

    var newestSampleAt: Timestamp?
    /// The connection on which the answer went out, counted per charge point.
    var startAnsweredOn: Int?
    var stopAnsweredOn: Int?

    init(transactionId: Int, chargePoint: String, start: StartTransaction.Request) {
        self.transactionId = transactionId
        self.chargePoint = chargePoint
        self.start = start
    }

    /// Energy in Wh; nil while it is open.
    public var energyWh: Int? { stop.map { $0.meterStop - start.meterStart } }
}

/// Something a charge point must not do.
public struct Violation: Equatable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// A transaction message again after its answer on the same connection, or a second different stop.
        case duplicate
        /// Transaction messages out of chronological order (OCPP 1.6 §3.7).
        case order
        /// An energy register that runs backwards.
        case register
        /// A transaction on a connector that has one open already.
        case overlap
        /// A transactionId that was never given out.
        case unknownTransaction
        /// A message before the registration (OCPP 1.6 §4.2).
        case notRegistered
        /// A CALL that was refused, an answer that cannot be read, a text that is no message.
        case malformed
        /// A message id used before for something else (OCPP-J 1.6 §4.1.4).
        case messageId
        /// A CALL while an earlier one waits for its answer (OCPP-J 1.6 §4.1.1).
        case synchronicity
    }

    public var kind: Kind
    public var chargePoint: String
    public var explanation: String
    public var at: Timestamp
}
