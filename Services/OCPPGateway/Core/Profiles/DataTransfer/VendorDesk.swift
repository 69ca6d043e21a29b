import BusSchema
import OCPP
import Primitives

/// The programs of vendors that take DataTransfer of the central system (OCPP 1.6 §5.6), and the CALLs that wait for their answer.
struct VendorDesk: Equatable, Sendable {
    /// A program that registered.
    private struct Vendor: Equatable {
        /// Nil: it judges every messageId itself.
        var messageIds: Set<CiString50>?
        var until: Duration
    }

    /// A DataTransfer that a program was shown.
    private struct Waiting: Equatable {
        let callId: String
        let due: Duration
    }

    /// What becomes of a DataTransfer.
    enum Verdict: Equatable {
        case answer(DataTransfer.Confirmation)
        case show(DataTransferReceived)
    }

    /// More vendors than a charger has parts of.
    private static let mostVendors = 16
    /// The central system waits for five seconds at most.
    private static let answerLimit = Duration.seconds(4)
    /// Escaped for the bus it is six times as long at most, and has to fit `BusLimits.payloadBytes`.
    private static let mostDataBytes = 40_000

    private var vendors: [CiString255: Vendor] = [:]
    private var waiting: [Int: Waiting] = [:]
    private var lastNumber = 0

    /// When an answer is overdue.
    var nextDeadline: Deadline? {
        Deadline(at: waiting.values.lazy.map(\.due).min(), for: "a DataTransfer must be answered")
    }

    /// - Throws: `BusError` with what is wrong with the request.
    mutating func register(_ request: RegisterVendor, at uptime: Duration) throws(BusError) {
        guard let vendorId = CiString255(request.vendorId), !vendorId.text.isEmpty else {
            throw BusError(.invalid, "vendorId: expected 1…255 characters of printable ASCII")
        }
        guard (0...3600).contains(request.leaseSeconds) else {
            throw BusError(.invalid, "leaseSeconds: expected 0…3600, found \(request.leaseSeconds)")
        }
        let messageIds = request.messageIds.map { $0.compactMap { CiString50($0) } }
        guard messageIds?.count == request.messageIds?.count else {
            throw BusError(.invalid, "messageIds: expected at most 50 characters of printable ASCII each")
        }
        vendors = vendors.filter { $0.value.until > uptime }
        guard request.leaseSeconds > 0 else {
            vendors[vendorId] = nil
            return
        }
        guard vendors[vendorId] != nil || vendors.count < Self.mostVendors else {
            throw BusError(.busy, "there are \(Self.mostVendors) vendors already")
        }
        let until = uptime + Duration(outsideSeconds: request.leaseSeconds)
        vendors[vendorId] = Vendor(messageIds: messageIds.map(Set.init), until: until)
    }

    /// What becomes of a DataTransfer of the central system.
    mutating func received(_ request: DataTransfer.Request, callId: String, at uptime: Duration) -> Verdict {
        guard let vendor = vendors[request.vendorId], vendor.until > uptime else {
            return .answer(DataTransfer.Confirmation(status: .unknownVendorId))
        }
        if let known = vendor.messageIds, request.messageId.map(known.contains) != true {
            return .answer(DataTransfer.Confirmation(status: .unknownMessageId))
        }
        guard request.data?.utf8.count ?? 0 <= Self.mostDataBytes else {
            return .answer(DataTransfer.Confirmation(status: .rejected))
        }
        lastNumber += 1
        waiting[lastNumber] = Waiting(callId: callId, due: uptime + Self.answerLimit)
        return .show(
            DataTransferReceived(
                number: lastNumber,
                vendorId: request.vendorId.text,
                messageId: request.messageId?.text,
                data: request.data
            )
        )
    }

    /// The answer of a program.
    /// - Returns: The id of the CALL that it answers.
    /// - Throws: `BusError` when nobody waits for it, or it is no answer.
    mutating func answered(
        _ request: AnswerDataTransfer
    ) throws(BusError) -> (callId: String, DataTransfer.Confirmation) {
        guard waiting[request.number] != nil else {
            throw BusError(.refused, "no DataTransfer of that number waits for an answer")
        }
        guard let status = DataTransferStatus(rawValue: request.status.rawValue), status != .unknownVendorId else {
            throw BusError(.invalid, "status: expected Accepted, Rejected or UnknownMessageId, found \(request.status)")
        }
        guard let call = waiting.removeValue(forKey: request.number) else {
            throw BusError(.refused, "it is answered")
        }
        // Without the vendor's agreement there is no data (OCPP 1.6 §4.3).
        return (call.callId, DataTransfer.Confirmation(status: status, data: request.data))
    }

    /// The CALLs that nobody answered in time, oldest first.
    mutating func popOverdue(at uptime: Duration) -> [String] {
        let overdue = waiting.filter { $0.value.due <= uptime }.sorted { $0.key < $1.key }
        for (number, _) in overdue { waiting[number] = nil }
        return overdue.map(\.value.callId)
    }
}
