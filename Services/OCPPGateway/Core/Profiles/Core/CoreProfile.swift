import OCPP
import Primitives

/// The requests of the Core profile (OCPP 1.6 chapter 5).
struct CoreProfile: FeatureProfile {
    static var keys: OCPPKeyTable.Profile? { CoreKeys.profile }

    static var documents: [any Document.Type] {
        [
            AvailabilityDocument.self, AuthorizationCacheDocument.self, ResetDocument.self, RegistrationDocument.self,
            MeasurandsDocument.self,
        ]
    }

    private var measurands = MeasurandCheck()
    /// That of the newest document of measurands that was ordered.
    private var measurandsVersion = 0

    var nextDeadline: Deadline? { measurands.nextDeadline }

    init(_: Documents, at _: Moment) {}

    mutating func meterWasRead(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn) {
        if machine.charging.measurandsVersion != measurandsVersion {
            measurandsVersion = machine.charging.measurandsVersion
            turn.add(.save(AnyDocument(machine.charging.measurands)))
        }
        takeUpHeld(&machine, &turn)
    }

    mutating func deadlineReached(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn) {
        takeUpHeld(&machine, &turn)
    }

    mutating func wentOffline(_: inout GatewayMachine, _: inout GatewayTurn) { measurands.drop() }

    func saved(
        _ document: String,
        _ outcome: SaveOutcome,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) {
        let isDone = outcome == .done
        let event: ChargingEvent
        switch document {
        case AvailabilityDocument.name: event = isDone ? .availabilitySaved : .availabilitySaveFailed
        case AuthorizationCacheDocument.name:
            event = isDone ? .authorizationCacheSaved : .authorizationCacheSaveFailed
        case ResetDocument.name: return machine.resetDocumentSaved(isDone, &turn)
        case RegistrationDocument.name:
            return machine.registration.acceptance.saved(outcome, at: turn.uptime)
        default: return
        }
        machine.perform(machine.charging.handle(event, at: turn.moment), &turn)
    }

    mutating func respond(
        to request: OCPPRequest,
        id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool {
        switch request {
        case .getConfiguration(let request):
            let orders = machine.configuration.read(request, callId: id, at: turn.moment)
            machine.obey(configuration: orders, &turn)
        case .changeConfiguration(let request):
            let verdict = MeasurandCheck.verdict(on: request, machine)
            if verdict == .undecided, measurands.hold(request, callId: id, at: turn.uptime) { return true }
            change(request, id, verdict, &machine, &turn)
        case .remoteStartTransaction(let request): remoteStart(request, id, &machine, &turn)
        case .remoteStopTransaction(let request): remoteStop(request, id, &machine, &turn)
        case .unlockConnector(let request):
            let (confirmation, orders) = machine.charging.unlockConnector(request, id: id, at: turn.moment)
            if let confirmation { turn.answer(id, .unlockConnector(confirmation)) }
            machine.perform(orders, &turn)
        case .changeAvailability(let request):
            machine.perform(machine.charging.changeAvailability(request, id: id, at: turn.moment), &turn)
        case .clearCache: machine.perform(machine.charging.clearCache(id: id, at: turn.moment), &turn)
        case .reset(let request):
            turn.answer(id, .reset(Reset.Confirmation(status: .accepted)))
            machine.reset(request.type, &turn)
        default: return false
        }
        return true
    }

    /// What waited for the readings of a meter, as far as it can be judged by now.
    private mutating func takeUpHeld(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn) {
        while let (id, request) = measurands.popJudged(machine, at: turn.uptime) {
            change(request, id, MeasurandCheck.verdict(on: request, machine), &machine, &turn)
        }
    }

    private func change(
        _ request: ChangeConfiguration.Request,
        _ id: String,
        _ verdict: MeasurandCheck.Verdict,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) {
        let rejection = OCPPConfirmation.changeConfiguration(ChangeConfiguration.Confirmation(status: .rejected))
        switch verdict {
        case .fits: break
        case .lacks(let selection):
            // OCPP 1.6 §3.16.4.
            let reason = "ChangeConfiguration rejected: no meter here gives what it lists"
            turn.log(.notice, reason, .init("item", selection.text))
            return turn.answer(id, rejection)
        case .undecided:
            turn.log(.notice, "ChangeConfiguration rejected: no meter was read yet that gives what it lists")
            return turn.answer(id, rejection)
        }
        if switchesCacheOnTooEarly(request, machine) {
            turn.log(.warning, "ChangeConfiguration rejected: the disk did not forget the authorization cache yet")
            return turn.answer(id, rejection)
        }
        machine.obey(configuration: machine.configuration.change(request, callId: id, at: turn.moment), &turn)
    }

    /// Until accepted, the central system must not start anything; if it tries, nothing happens (OCPP 1.6 §4.2).
    private func remoteStart(
        _ request: RemoteStartTransaction.Request,
        _ id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) {
        guard machine.registration.gate == .open else {
            return turn.answer(id, .remoteStartTransaction(RemoteStartTransaction.Confirmation(status: .rejected)))
        }
        let (confirmation, orders) = machine.charging.remoteStart(request, at: turn.moment)
        turn.answer(id, .remoteStartTransaction(confirmation))
        machine.perform(orders, &turn)
    }

    /// Until accepted, the central system must not stop anything; if it tries, nothing happens (OCPP 1.6 §4.2).
    private func remoteStop(
        _ request: RemoteStopTransaction.Request,
        _ id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) {
        guard machine.registration.gate == .open else {
            return turn.answer(id, .remoteStopTransaction(RemoteStopTransaction.Confirmation(status: .rejected)))
        }
        let (confirmation, orders) = machine.charging.remoteStop(request, at: turn.moment)
        turn.answer(id, .remoteStopTransaction(confirmation))
        machine.perform(orders, &turn)
    }
}
