import Bus
import BusSchema
import GatewayCore

/// The requests of people and programs that the core decides: each waits here for what the core says of its number.
final class BusDesk {
    /// Takes a request to the core.
    var deliver: (GatewayEvent) -> Void = { _ in }

    /// By number. Who gave up in the meantime is answered all the same, and does not listen.
    private var open: [Int: (Result<GatewayReply, BusError>) -> Void] = [:]
    private var lastNumber = 0

    func serve(on bus: BusEndpoint) {
        serve(bus, GatewayRequest.resend) { if case .resend(let reply) = $0 { reply } else { nil } }
        serve(bus, GatewayRequest.records) { if case .records(let reply) = $0 { reply } else { nil } }
        serve(bus, GatewayRequest.sendDataTransfer) { if case .sendDataTransfer(let reply) = $0 { reply } else { nil } }
        serve(bus, GatewayRequest.registerVendor) { $0 == .done ? Done() : nil }
        serve(bus, GatewayRequest.answerDataTransfer) { $0 == .done ? Done() : nil }
    }

    /// What the core said.
    func reply(_ number: Int, _ result: Result<GatewayReply, BusError>) { open.removeValue(forKey: number)?(result) }

    private func serve<Request: BusRequest>(
        _ bus: BusEndpoint,
        _ wrap: @escaping (Request) -> GatewayRequest,
        _ unwrap: @escaping (GatewayReply) -> Request.Reply?
    ) {
        bus.serve(Request.self) { [unowned self] _, request, responder in
            lastNumber += 1
            open[lastNumber] = { result in
                responder.answer(
                    result.map { reply in
                        guard let reply = unwrap(reply) else {
                            preconditionFailure("The core answers \(Request.type) with a reply of its kind.")
                        }
                        return reply
                    }
                )
            }
            deliver(.asked(number: lastNumber, wrap(request)))
        }
    }
}
