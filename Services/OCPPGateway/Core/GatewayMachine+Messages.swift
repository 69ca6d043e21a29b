import OCPP
import Primitives

/// Messages of the central system, and the CALLs to it.
extension GatewayMachine {
    // MARK: - Incoming

    mutating func receive(_ message: IncomingMessage, _ turn: inout GatewayTurn) {
        guard connection.isOpen else { return }
        obey(link: connection.handle(.received, at: turn.moment), &turn)
        if told.isOnline { obey(link: connection.handle(.accepted, at: turn.moment), &turn) }
        heartbeat.exchanged(at: turn.moment)
        take(message, &turn)
        // Only now: the message may be the answer that was waited for.
        proveAlive(&turn)
    }

    /// Something was received, a pong perhaps: silence on a message was the central system's.
    mutating func proveAlive(_ turn: inout GatewayTurn) {
        if charging.isDeliveryInDoubt { perform(charging.handle(.linkProvedAlive, at: turn.moment), &turn) }
    }

    private mutating func take(_ message: IncomingMessage, _ turn: inout GatewayTurn) {
        switch message {
        case .call(let id, let request): respond(to: request, id: id, &turn)
        case .callResult(let id, let confirmation): answered(id, .confirmed(confirmation), &turn)
        case .callError(let id, let error): answered(id, .refused(error), &turn)
        case .undecodableResult(let id, let result):
            guard let call = calls.answered(id) else { return }
            turn.log(.warning, "unusable answer to \(call.action.rawValue)", .init("reason", result.problem))
            finish(call, .unreadable(result), &turn)
        case .rejectedCall(let id, let action, let error):
            turn.log(
                .warning,
                "a request of the central system is refused",
                .init("action", action ?? "none"),
                .init("code", error.code.rawValue),
                .init("reason", error.errorDescription)
            )
            // Noted, so that the refusal may go out, whatever else is open under that id.
            guard registration.gate != .silent else { return }
            turn.refuse(incoming.begin(id).ticket, error)
        case .ignored(let reason): turn.log(.warning, "a message is dropped", .init("reason", reason))
        }
    }

    private mutating func respond(to request: OCPPRequest, id: String, _ turn: inout GatewayTurn) {
        // A rejected charge point answers nothing (OCPP 1.6 §4.2).
        guard registration.gate != .silent else { return }
        let (ticket, problem) = incoming.begin(id)
        if let problem {
            return turn.refuse(ticket, CallError(code: .genericError, errorDescription: problem))
        }
        let isAnswered = FeatureProfiles.first(of: &self) { profile, machine in
            profile.respond(to: request, id: ticket, &machine, &turn)
        }
        if !isAnswered { turn.refuse(ticket, FeatureProfiles.notSupported(request)) }
    }

    // MARK: - CALLs of ours

    /// Fills the slot when it is free. BootNotification is allowed before acceptance, nothing else is (OCPP 1.6 §4.2).
    mutating func callIfFree(_ turn: inout GatewayTurn) {
        guard connection.isOpen, calls.isFree else { return }
        refreshCharging()
        for source in CallSource.all where told.isOnline || !source.needsRegistration {
            guard let call = source.nextCall(&self, &turn) else { continue }
            let id = calls.begin(call, timeout: keys.messageTimeout ?? settings.callTimeout, at: turn.moment)
            heartbeat.exchanged(at: turn.moment)
            turn.add(.sendCall(id: id, call.request))
            return
        }
    }

    private mutating func answered(_ id: String, _ outcome: CallOutcome, _ turn: inout GatewayTurn) {
        guard let call = calls.answered(id) else { return }
        finish(call, questionsRegistration(call, outcome, &turn) ? .unsettled : outcome, &turn)
    }

    /// SecurityError to anything but BootNotification is how a central system says that it does not know this charger as registered; the
    /// CALL was no attempt then (JE §3.10).
    private mutating func questionsRegistration(
        _ call: CallMachine.Outstanding,
        _ outcome: CallOutcome,
        _ turn: inout GatewayTurn
    ) -> Bool {
        guard case .refused(let error) = outcome, error.code == .securityError, call.key != .bootNotification,
            let orders = registration.questioned(at: turn.moment)
        else { return false }
        obey(registration: orders, &turn)
        return true
    }

    /// Tells the source of the CALL how it ended.
    mutating func finish(_ call: CallMachine.Outstanding, _ outcome: CallOutcome, _ turn: inout GatewayTurn) {
        observeTime(outcome, sentAt: call.sentAt, &turn)
        logFailure(of: call, outcome, &turn)
        CallSource.of(call.key).callFinished(&self, call.key, outcome, &turn)
    }

    /// A CALL that is about no transaction and no registration has no rule of its own for a failure (OCPP-J 1.6 §4.1.1): it is logged, and
    /// everything goes on.
    private func logFailure(of call: CallMachine.Outstanding, _ outcome: CallOutcome, _ turn: inout GatewayTurn) {
        switch call.key.source {
        case .registration, .delivery: return
        case .authorization, .status, .dataTransfer, .heartbeat, .mainMeter: break
        }
        switch outcome {
        case .refused(let error):
            turn.log(.warning, "\(call.action.rawValue) was refused", .init("code", error.code.rawValue))
        case .timedOut: turn.log(.warning, "\(call.action.rawValue) was not answered in time")
        case .confirmed, .connectionLost, .unreadable, .unsettled: return
        }
    }

    private mutating func observeTime(_ outcome: CallOutcome, sentAt: Moment, _ turn: inout GatewayTurn) {
        let time: Timestamp
        switch outcome {
        case .confirmed(.bootNotification(let confirmation)): time = confirmation.currentTime
        case .confirmed(.heartbeat(let confirmation)): time = confirmation.currentTime
        case .unreadable(let result):
            guard case .registration(.some, let told?, _) = result.salvaged else { return }
            time = told
        case .confirmed, .refused, .timedOut, .connectionLost, .unsettled: return
        }
        let certificates = connection.certificates
        switch clock.observe(time, sentUptime: sentAt.uptime, under: certificates, at: turn.moment) {
        case .synchronised(let offset):
            let event = ChargingMachine.Event.clockSynchronised(
                offset: offset,
                error: clock.error(at: turn.uptime),
                isProven: clock.isProven
            )
            perform(charging.handle(event, at: turn.moment), &turn)
        case .ignored(let reason):
            // With every heartbeat, as long as somebody's clock is wrong.
            guard told.wrongTimes.isNews(reason, at: turn.uptime) else { return }
            turn.log(.warning, "the central system's time is not used: \(reason)", .init("time", time))
        }
    }
}
