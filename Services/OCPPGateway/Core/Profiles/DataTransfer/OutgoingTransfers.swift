import BusSchema
import OCPP
import Primitives

/// DataTransfers that programs want sent to the central system (OCPP 1.6 §4.3). Nothing of them is kept over a restart or sent twice: their
/// sender is told what became of each, and knows what that means.
struct OutgoingTransfers: Equatable, Sendable {
    private struct Entry: Equatable {
        /// The request of the bus to reply to.
        let number: Int
        let request: DataTransfer.Request
        /// Not sent any more from then on: whoever asked has given up.
        let due: Duration
    }

    /// A reply to a request of the bus.
    struct Reply: Equatable {
        var number: Int
        var result: Result<SendDataTransfer.Reply, BusError>
    }

    private static let most = 16
    private static let patience = Duration.seconds(30)

    private var waiting: [Entry] = []
    private var inFlight: Entry?

    var nextDeadline: Deadline? {
        Deadline(at: waiting.first?.due, for: "a DataTransfer waits too long to be sent")
    }

    /// - Throws: `BusError` when it cannot be sent.
    mutating func add(_ number: Int, _ request: SendDataTransfer, isOnline: Bool, at uptime: Duration) throws(BusError)
    {
        guard let vendorId = CiString255(request.vendorId), !vendorId.text.isEmpty else {
            throw BusError(.invalid, "vendorId: expected 1…255 characters of printable ASCII")
        }
        let messageId = request.messageId.flatMap { CiString50($0) }
        guard (messageId == nil) == (request.messageId == nil) else {
            throw BusError(.invalid, "messageId: expected at most 50 characters of printable ASCII")
        }
        guard isOnline else { throw BusError(.refused, "no central system has accepted this charger now") }
        guard waiting.count < Self.most else { throw BusError(.busy, "\(Self.most) DataTransfers wait already") }
        let transfer = DataTransfer.Request(vendorId: vendorId, messageId: messageId, data: request.data)
        waiting.append(Entry(number: number, request: transfer, due: uptime + Self.patience))
    }

    /// Whether `next` has one.
    var wantsToCall: Bool { inFlight == nil && !waiting.isEmpty }

    /// The one to send now.
    mutating func next() -> OutgoingCall? {
        guard wantsToCall else { return nil }
        let entry = waiting.removeFirst()
        inFlight = entry
        return OutgoingCall(key: .dataTransfer(entry.number), request: .dataTransfer(entry.request))
    }

    /// How the CALL ended.
    mutating func finished(_ key: CallKey, _ outcome: CallOutcome) -> Reply? {
        guard let entry = inFlight, key == .dataTransfer(entry.number) else { return nil }
        inFlight = nil
        return Reply(number: entry.number, result: Self.result(outcome))
    }

    private static func result(_ outcome: CallOutcome) -> Result<SendDataTransfer.Reply, BusError> {
        switch outcome {
        case .confirmed(.dataTransfer(let confirmation)):
            let status = TransferStatus(rawValue: confirmation.status.rawValue)
            return .success(SendDataTransfer.Reply(status: status, data: confirmation.data))
        case .refused(let error):
            return .failure(BusError(.failed, "the central system refused it: \(error.code.rawValue)"))
        case .timedOut: return .failure(BusError(.timedOut, "the central system did not answer"))
        case .connectionLost: return .failure(BusError(.failed, "the connection ended before the answer"))
        case .confirmed, .unreadable: return .failure(BusError(.failed, "the answer could not be read"))
        case .unsettled: return .failure(BusError(.refused, "the central system questions the registration"))
        }
    }

    /// The central system is gone: nothing waits for the next connection.
    mutating func wentOffline() -> [Reply] {
        defer { waiting = [] }
        return waiting.map {
            Reply(number: $0.number, result: .failure(BusError(.refused, "the connection ended before it was sent")))
        }
    }

    mutating func popOverdue(at uptime: Duration) -> [Reply] {
        let overdue = waiting.prefix { $0.due <= uptime }
        waiting.removeFirst(overdue.count)
        return overdue.map {
            Reply(number: $0.number, result: .failure(BusError(.timedOut, "other messages went first")))
        }
    }
}
