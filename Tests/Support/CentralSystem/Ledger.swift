public import OCPP
import Primitives

/// What a central system was told, and what was wrong with it.
public struct Ledger: Equatable, Sendable {
    /// In the order in which they were started.
    public private(set) var transactions: [Transaction] = []
    /// At most `violationLimit`; further ones are only counted.
    public private(set) var violations: [Violation] = []
    public private(set) var violationCount = 0
    /// CALLs received, by action as spelled by the charge point.
    public internal(set) var received: [String: Int] = [:]
    /// CALLs sent, by action.
    public internal(set) var sent: [String: Int] = [:]
    /// CALLERRORs that charge points sent, by code.
    public internal(set) var errors: [String: Int] = [:]
    /// Charge points' CALLs that were answered with a CALLERROR because they were wrong, by code.
    public internal(set) var refused: [String: Int] = [:]
    /// The newest StatusNotification by charge point and connector.
    public internal(set) var statuses: [String: [Int: StatusNotification.Request]] = [:]

    private var nextTransactionId: Int
    /// By transactionId: where the transaction is in `transactions`.
    private var positions: [Int: Int] = [:]
    /// By what a StartTransaction says: its transactionId, to know it again.
    private var starts: [StartKey: Int] = [:]
    /// By charge point: transactionIds without stop.
    private var open: [String: [Int]] = [:]
    /// By charge point and connector: time of the newest transaction message, for their order.
    private var newestMessage: [String: [Int: Timestamp]] = [:]

    public static let violationLimit = 1000
    /// Older finished transactions are forgotten beyond it.
    public static let transactionLimit = 200_000

    init(firstTransactionId: Int) { nextTransactionId = firstTransactionId }

    public func transaction(_ transactionId: Int) -> Transaction? { positions[transactionId].map { transactions[$0] } }

    /// The transactions of a charge point that were started and not stopped.
    public func openTransactions(of chargePoint: String) -> [Transaction] {
        (open[chargePoint] ?? []).compactMap { transaction($0) }
    }

    private struct StartKey: Hashable {
        var chargePoint: String
        var connectorId: Int
        var idTag: IdToken
        var meterStart: Int
        var timestamp: Timestamp
    }

    mutating func violate(_ kind: Violation.Kind, by chargePoint: String, _ explanation: String, at moment: Moment) {
        violationCount += 1
        guard violations.count < Self.violationLimit else { return }
        violations.append(Violation(kind: kind, chargePoint: chargePoint, explanation: explanation, at: moment.utc))
    }
}

// MARK: - Transaction messages

extension Ledger {
    /// Where a message came from: a connection of a charge point, counted, so that a repetition can be judged.
    struct Origin {
        var chargePoint: String
        var connection: Int
        /// Whether the answer goes out; otherwise a repetition is what the charge point should do.
        var isAnswered: Bool
        /// The same CALL came before, letter for letter.
        var isRepetition: Bool
    }

    /// Notes a StartTransaction. The same one again keeps its id.
    mutating func start(_ request: StartTransaction.Request, from origin: Origin, at moment: Moment) -> Int {
        let key = StartKey(
            chargePoint: origin.chargePoint,
            connectorId: request.connectorId,
            idTag: request.idTag,
            meterStart: request.meterStart,
            timestamp: request.timestamp
        )
        if let transactionId = starts[key], let known = positions[transactionId] {
            if transactions[known].startAnsweredOn == origin.connection {
                let text = "StartTransaction of transaction \(transactionId) again after its answer"
                violate(.duplicate, by: origin.chargePoint, text, at: moment)
            }
            transactions[known].startRetransmissions += 1
            if origin.isAnswered { transactions[known].startAnsweredOn = origin.connection }
            return transactionId
        }
        checkOrder("StartTransaction", request.timestamp, on: request.connectorId, origin, at: moment)
        for open in openTransactions(of: origin.chargePoint) where open.start.connectorId == request.connectorId {
            let text =
                "StartTransaction on connector \(request.connectorId) while transaction \(open.transactionId) is open"
            violate(.overlap, by: origin.chargePoint, text, at: moment)
        }
        forgetOldest()
        let transactionId = nextTransactionId
        nextTransactionId += 1
        var transaction = Transaction(transactionId: transactionId, chargePoint: origin.chargePoint, start: request)
        transaction.startAnsweredOn = origin.isAnswered ? origin.connection : nil
        positions[transactionId] = transactions.count
        starts[key] = transactionId
        open[origin.chargePoint, default: []].append(transactionId)
        transactions.append(transaction)
        return transactionId
    }

    /// Notes MeterValues.
    mutating func sample(_ request: MeterValues.Request, from origin: Origin, at moment: Moment) {
        guard let transactionId = request.transactionId else { return }
        guard let position = position(of: transactionId, "MeterValues", origin, at: moment) else { return }
        let newest = request.meterValue.last?.timestamp ?? request.meterValue.first.timestamp
        if origin.isRepetition || transactions[position].newestSampleAt == newest {
            transactions[position].sampleRetransmissions += 1
            return
        }
        let connectorId = transactions[position].start.connectorId
        checkOrder("MeterValues of transaction \(transactionId)", newest, on: connectorId, origin, at: moment)
        if let stop = transactions[position].stop, stop.timestamp <= newest {
            let text = "MeterValues of transaction \(transactionId) after its StopTransaction"
            violate(.order, by: origin.chargePoint, text, at: moment)
        }
        transactions[position].newestSampleAt = newest
        transactions[position].samples += 1
        for value in request.meterValue { checkRegister(value, position, at: moment) }
    }

    /// Notes a StopTransaction.
    mutating func stop(_ request: StopTransaction.Request, from origin: Origin, at moment: Moment) {
        let transactionId = request.transactionId
        guard let position = position(of: transactionId, "StopTransaction", origin, at: moment) else { return }
        if let stop = transactions[position].stop {
            if stop != request {
                let text = "a second, different StopTransaction of transaction \(transactionId)"
                violate(.duplicate, by: origin.chargePoint, text, at: moment)
            } else if transactions[position].stopAnsweredOn == origin.connection {
                let text = "StopTransaction of transaction \(transactionId) again after its answer"
                violate(.duplicate, by: origin.chargePoint, text, at: moment)
            }
            transactions[position].stopRetransmissions += 1
        } else {
            let what = "StopTransaction of transaction \(transactionId)"
            checkOrder(what, request.timestamp, on: transactions[position].start.connectorId, origin, at: moment)
            checkRegister(request, position, at: moment)
            transactions[position].stop = request
            open[origin.chargePoint]?.removeAll { $0 == transactionId }
        }
        if origin.isAnswered { transactions[position].stopAnsweredOn = origin.connection }
    }

    /// - Returns: The place of a transaction of that charge point; an id that was never given to it is a violation.
    private mutating func position(of transactionId: Int, _ what: String, _ origin: Origin, at moment: Moment) -> Int? {
        if let position = positions[transactionId], transactions[position].chargePoint == origin.chargePoint {
            return position
        }
        let text = "\(what) with transactionId \(transactionId), which was never given out"
        violate(.unknownTransaction, by: origin.chargePoint, text, at: moment)
        return nil
    }

    /// The messages about one connector come in chronological order (OCPP 1.6 §3.7). Between connectors the charge point delivers in the order
    /// in which it wrote, and a stop is written seconds after its time, when the register has settled.
    private mutating func checkOrder(
        _ what: String,
        _ time: Timestamp,
        on connectorId: Int,
        _ origin: Origin,
        at moment: Moment
    ) {
        let newest = newestMessage[origin.chargePoint]?[connectorId]
        if let newest, time < newest {
            violate(.order, by: origin.chargePoint, "\(what) of \(time) after a message of \(newest)", at: moment)
        }
        newestMessage[origin.chargePoint, default: [:]][connectorId] = max(time, newest ?? time)
    }

    private mutating func checkRegister(_ value: MeterValue, _ position: Int, at moment: Moment) {
        guard let register = value.energyRegisterWh else { return }
        let transaction = transactions[position]
        let last = transaction.newestRegisterWh ?? Double(transaction.start.meterStart)
        if register < last {
            let text = "transaction \(transaction.transactionId): register \(register) Wh after \(last) Wh"
            violate(.register, by: transaction.chargePoint, text, at: moment)
        }
        transactions[position].newestRegisterWh = max(register, last)
    }

    private mutating func checkRegister(_ request: StopTransaction.Request, _ position: Int, at moment: Moment) {
        let transaction = transactions[position]
        let start = transaction.start.meterStart
        // meterStop is in whole Wh, a register may be finer.
        let last = max(Double(start), (transaction.newestRegisterWh ?? 0).rounded(.down))
        if Double(request.meterStop) < last {
            let text = "transaction \(transaction.transactionId): meterStop \(request.meterStop) Wh after \(last) Wh"
            violate(.register, by: transaction.chargePoint, text, at: moment)
        }
        if request.timestamp < transaction.start.timestamp {
            let text = "transaction \(transaction.transactionId) stopped before it was started"
            violate(.order, by: transaction.chargePoint, text, at: moment)
        }
    }

    private mutating func forgetOldest() {
        guard transactions.count >= Self.transactionLimit else { return }
        transactions.removeFirst(Self.transactionLimit / 2)
        positions = [:]
        starts = starts.filter { $0.value >= transactions[0].transactionId }
        for (position, transaction) in transactions.enumerated() { positions[transaction.transactionId] = position }
    }
}

extension MeterValue {
    /// The total import register in Wh; nil when it is not among the readings.
    var energyRegisterWh: Double? {
        let reading = sampledValue.first {
            ($0.measurand ?? .energyActiveImportRegister) == .energyActiveImportRegister && $0.phase == nil
                && ($0.format ?? .raw) == .raw
        }
        guard let reading, let value = Double(reading.value) else { return nil }
        return reading.unit == .kWh ? value * 1000 : value
    }
}
