import GatewayCore
import OCPP
import Primitives

/// The central system's side of a script: answers, and remembers what it was told. Survives restarts of the charger.
final class FakeCentralSystem {
    struct Told: Equatable {
        var messageId: String?
        var request: OCPPRequest
    }

    /// Every CALL as received, repetitions included, as short lines.
    private(set) var lines: [String] = []
    /// Transaction messages by message id: what is left after repetitions are recognised.
    private(set) var starts: [(messageId: String, request: StartTransaction.Request)] = []
    private(set) var stops: [(messageId: String, request: StopTransaction.Request)] = []
    private(set) var meterValues: [(messageId: String, request: MeterValues.Request)] = []
    private(set) var requests: [OCPPRequest] = []

    var authorizeInfo: (IdToken) -> IdTagInfo = { _ in IdTagInfo(status: .accepted) }
    var startInfo: (IdToken) -> IdTagInfo = { _ in IdTagInfo(status: .accepted) }
    /// Overrides the answer; nil lets the normal one through.
    var interfere: (OCPPRequest) -> CallOutcome? = { _ in nil }
    private var nextTransactionId = 1

    func answer(_ call: OutgoingCall) -> CallOutcome {
        lines.append(Self.line(call.request))
        requests.append(call.request)
        if let outcome = interfere(call.request) { return outcome }
        remember(call)
        switch call.request {
        case .authorize(let request):
            return .confirmed(.authorize(Authorize.Confirmation(idTagInfo: authorizeInfo(request.idTag))))
        case .statusNotification: return .confirmed(.statusNotification(StatusNotification.Confirmation()))
        case .startTransaction(let request):
            let position = starts.firstIndex { $0.messageId == call.messageId } ?? 0
            let id = position + 1
            return .confirmed(
                .startTransaction(
                    StartTransaction.Confirmation(idTagInfo: startInfo(request.idTag), transactionId: id)
                )
            )
        case .meterValues: return .confirmed(.meterValues(MeterValues.Confirmation()))
        case .stopTransaction: return .confirmed(.stopTransaction(StopTransaction.Confirmation()))
        default: return .refused(CallError(code: .notSupported))
        }
    }

    /// Takes note of a CALL whose answer will be lost.
    func remember(_ call: OutgoingCall) {
        // What is sent once gets an id of its own from the link.
        let messageId = call.messageId ?? "\(call.key)"
        switch call.request {
        case .startTransaction(let request) where !starts.contains { $0.messageId == messageId }:
            starts.append((messageId, request))
        case .stopTransaction(let request) where !stops.contains { $0.messageId == messageId }:
            stops.append((messageId, request))
        case .meterValues(let request) where !meterValues.contains { $0.messageId == messageId }:
            meterValues.append((messageId, request))
        default: break
        }
    }

    func forgetLines() {
        lines = []
        requests = []
    }

    static func line(_ request: OCPPRequest) -> String {
        switch request {
        case .authorize(let request): return "Authorize \(request.idTag)"
        case .statusNotification(let request):
            let error = request.errorCode == .noError ? "" : " \(request.errorCode.rawValue)"
            let info = request.info.map { " (\($0))" } ?? ""
            return "Status \(request.connectorId) \(request.status.rawValue)\(error)\(info)"
        case .startTransaction(let request):
            return "Start \(request.connectorId) \(request.idTag) \(request.meterStart)"
        case .meterValues(let request):
            let values = request.meterValue.first.sampledValue.map(\.value).joined(separator: ",")
            return "Meter \(request.connectorId) #\(request.transactionId ?? 0) \(values)"
        case .stopTransaction(let request):
            let idTag = request.idTag.map { " \($0)" } ?? ""
            return "Stop #\(request.transactionId) \(request.reason?.rawValue ?? "Local")\(idTag) \(request.meterStop)"
        default: return request.action.rawValue
        }
    }
}
