import BusSchema
import OCPP
import Primitives

/// DataTransfer in both directions (OCPP 1.6 §4.3, §5.6), for programs of vendors beside this one. The message is Core; what it carries is theirs.
struct DataTransferProfile: FeatureProfile {
    private var desk = VendorDesk()
    private var outgoing = OutgoingTransfers()

    init(_: Documents, at _: Moment) {}

    var nextDeadline: Deadline? { earliest(desk.nextDeadline, outgoing.nextDeadline) }

    var wantsToCall: Bool { outgoing.wantsToCall }

    mutating func respond(
        to request: OCPPRequest,
        id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool {
        guard case .dataTransfer(let request) = request else { return false }
        switch desk.received(request, callId: id, at: turn.uptime) {
        case .answer(let confirmation): turn.answer(id, .dataTransfer(confirmation))
        case .show(let event): turn.add(.publish(AnyBusMessage(event)))
        }
        return true
    }

    mutating func asked(
        _ number: Int,
        _ request: GatewayRequest,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool {
        do throws(BusError) {
            switch request {
            case .registerVendor(let request):
                try desk.register(request, at: turn.uptime)
                turn.add(.replied(number: number, .success(.done)))
            case .answerDataTransfer(let request):
                let (callId, confirmation) = try desk.answered(request)
                turn.answer(callId, .dataTransfer(confirmation))
                turn.add(.replied(number: number, .success(.done)))
            case .sendDataTransfer(let request):
                try outgoing.add(number, request, isOnline: machine.told.isOnline, at: turn.uptime)
            case .resend, .records: return false
            }
        } catch {
            turn.add(.replied(number: number, .failure(error)))
        }
        return true
    }

    mutating func deadlineReached(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn) {
        for callId in desk.popOverdue(at: turn.uptime) {
            turn.log(.warning, "a vendor's program did not answer a DataTransfer")
            turn.answer(callId, .dataTransfer(DataTransfer.Confirmation(status: .rejected)))
        }
        reply(outgoing.popOverdue(at: turn.uptime), &turn)
    }

    mutating func wentOffline(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn) {
        reply(outgoing.wentOffline(), &turn)
    }

    // MARK: - CALLs

    mutating func nextCall() -> OutgoingCall? { outgoing.next() }

    mutating func callFinished(_ key: CallKey, _ outcome: CallOutcome, _ turn: inout GatewayTurn) {
        if let reply = outgoing.finished(key, outcome) { self.reply([reply], &turn) }
    }

    private func reply(_ replies: [OutgoingTransfers.Reply], _ turn: inout GatewayTurn) {
        for reply in replies {
            turn.add(.replied(number: reply.number, reply.result.map { .sendDataTransfer($0) }))
        }
    }
}
