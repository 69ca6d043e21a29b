import OCPP
import Primitives

/// Messages of the central system: answers to ours, and the requests that it may send (OCPP 1.6 chapter 5).
extension GatewayMachine {
    mutating func receive(_ message: IncomingMessage, at moment: Moment, _ effects: inout [GatewayEffect]) {
        guard connection.isOpen else { return }
        perform(connection.handle(.received, at: moment), at: moment, &effects)
        if isOnline { perform(connection.handle(.accepted, at: moment), at: moment, &effects) }
        heartbeat.exchanged(at: moment)
        switch message {
        case .call(let id, let request):
            respond(to: request, id: id, at: moment, &effects)
        case .callResult(let id, let confirmation):
            guard let call = calls.answered(id) else { return }
            finish(call, .confirmed(confirmation), at: moment, &effects)
        case .callError(let id, let error):
            guard let call = calls.answered(id) else { return }
            finish(call, .refused(error), at: moment, &effects)
        case .undecodableResult(let id, let unreadable):
            guard let call = calls.answered(id) else { return }
            let reason = unreadable.problem
            effects.append(
                .log(LogRecord(.warning, "unusable answer to \(call.action.rawValue)", .init("reason", reason)))
            )
            let error = CallError(code: .formationViolation, errorDescription: reason)
            finish(call, .refused(error), at: moment, &effects)
        case .rejectedCall(let id, let action, let error):
            effects.append(
                .log(
                    LogRecord(
                        .warning,
                        "a request of the central system is refused",
                        .init("action", action ?? "none"),
                        .init("code", error.code.rawValue),
                        .init("reason", error.errorDescription)
                    )
                )
            )
            refuse(id, error, at: moment, &effects)
        case .ignored(let reason):
            effects.append(.log(LogRecord(.warning, "a message is dropped", .init("reason", reason))))
        }
    }

    private mutating func respond(
        to request: OCPPRequest,
        id: String,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        // A rejected charge point answers nothing (OCPP 1.6 §4.2).
        guard registration.gate != .silent else { return }
        if let problem = incoming.begin(id) {
            effects.append(.sendError(id: id, CallError(code: .genericError, errorDescription: problem)))
            return
        }
        switch request {
        case .getConfiguration(let request):
            do {
                answer(id, .getConfiguration(try keyring.get(request)), at: moment, &effects)
            } catch {
                fail(id, error, at: moment, &effects)
            }
        case .changeConfiguration(let request):
            perform(keyring.change(request, callId: id, at: moment), at: moment, &effects)
        case .remoteStartTransaction(let request):
            remoteStart(request, id: id, at: moment, &effects)
        case .remoteStopTransaction(let request):
            remoteStop(request, id: id, at: moment, &effects)
        case .unlockConnector(let request):
            let (confirmation, orders) = charging.unlockConnector(request, id: id, at: moment)
            if let confirmation { answer(id, .unlockConnector(confirmation), at: moment, &effects) }
            perform(orders, &effects)
        case .changeAvailability(let request):
            let (confirmation, orders) = charging.changeAvailability(request, at: moment)
            perform(orders, answering: id, .changeAvailability(confirmation), at: moment, &effects)
        case .clearCache:
            // Without a cache there is nothing to clear, and the message is still Core (E §3.23).
            answer(id, .clearCache(ClearCache.Confirmation(status: .rejected)), at: moment, &effects)
        case .dataTransfer:
            // No vendor extension is built in (OCPP 1.6 §4.3).
            answer(id, .dataTransfer(DataTransfer.Confirmation(status: .unknownVendorId)), at: moment, &effects)
        case .getLocalListVersion:
            // -1: local lists are not supported (OCPP 1.6 §5.10).
            let none = GetLocalListVersion.Confirmation(listVersion: -1)
            answer(id, .getLocalListVersion(none), at: moment, &effects)
        case .reset(let request):
            reset(request, id: id, at: moment, &effects)
        case .cancelReservation, .clearChargingProfile, .getCompositeSchedule, .getDiagnostics, .reserveNow,
            .sendLocalList, .setChargingProfile, .triggerMessage, .updateFirmware:
            let text = "\(request.action.rawValue) is not supported by this charge point"
            fail(id, CallError(code: .notSupported, errorDescription: text), at: moment, &effects)
        case .authorize, .bootNotification, .diagnosticsStatusNotification, .firmwareStatusNotification, .heartbeat,
            .meterValues, .startTransaction, .statusNotification, .stopTransaction:
            let text = "\(request.action.rawValue) is not for a charge point"
            fail(id, CallError(code: .notSupported, errorDescription: text), at: moment, &effects)
        }
    }

    /// Until accepted, the central system must not start or stop anything; if it tries, nothing happens (OCPP 1.6 §4.2).
    private mutating func remoteStart(
        _ request: RemoteStartTransaction.Request,
        id: String,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        guard registration.gate == .open, !resetting.isUnderWay else {
            let rejected = RemoteStartTransaction.Confirmation(status: .rejected)
            return answer(id, .remoteStartTransaction(rejected), at: moment, &effects)
        }
        let (confirmation, orders) = charging.remoteStart(request, at: moment)
        answer(id, .remoteStartTransaction(confirmation), at: moment, &effects)
        perform(orders, &effects)
    }

    private mutating func remoteStop(
        _ request: RemoteStopTransaction.Request,
        id: String,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        guard registration.gate == .open else {
            let rejected = RemoteStopTransaction.Confirmation(status: .rejected)
            return answer(id, .remoteStopTransaction(rejected), at: moment, &effects)
        }
        let (confirmation, orders) = charging.remoteStop(request, at: moment)
        answer(id, .remoteStopTransaction(confirmation), at: moment, &effects)
        perform(orders, &effects)
    }

    /// The answer says that it will be tried; the transactions end after it (OCPP 1.6 §5.14).
    private mutating func reset(
        _ request: Reset.Request,
        id: String,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        answer(id, .reset(Reset.Confirmation(status: .accepted)), at: moment, &effects)
        guard resetting.begin(request.type, at: moment) else { return }
        effects.append(.log(LogRecord(.notice, "reset", .init("type", request.type.rawValue))))
        let reason: Reason = request.type == .soft ? .softReset : .hardReset
        perform(charging.stopAll(reason: reason, at: moment), &effects)
    }

    /// Persists first, then answers, then does the rest: the answer promises that it survives a power cut.
    private mutating func perform(
        _ orders: [ChargingEffect],
        answering id: String,
        _ confirmation: OCPPConfirmation,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        let last = orders.lastIndex { order in
            if case .persist = order { true } else { false }
        }
        let durable = last.map { $0 + 1 } ?? 0
        perform(Array(orders[..<durable]), &effects)
        answer(id, confirmation, at: moment, &effects)
        perform(Array(orders[durable...]), &effects)
    }

    // MARK: - Answers

    /// Sends the confirmation, unless the CALL was answered already or came on another connection.
    mutating func answer(
        _ id: String,
        _ confirmation: OCPPConfirmation,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        guard incoming.finish(id) else { return }
        heartbeat.exchanged(at: moment)
        effects.append(.sendResult(id: id, confirmation))
    }

    private mutating func fail(
        _ id: String,
        _ error: CallError,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        guard incoming.finish(id) else { return }
        refuse(id, error, at: moment, &effects)
    }

    private mutating func refuse(
        _ id: String,
        _ error: CallError,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        guard registration.gate != .silent else { return }
        heartbeat.exchanged(at: moment)
        effects.append(.sendError(id: id, error))
    }
}
