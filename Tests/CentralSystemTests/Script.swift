import CentralSystem
import JSON
import OCPP
import OCPPCodec
import Primitives
import Testing

/// A central system with a charge point at its side that says what a test wants.
struct Script {
    var machine: CentralSystemMachine
    var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    var effects: [CentralSystemMachine.Effect] = []
    private var calls = 0
    private let codec = MessageCodec(role: .chargePoint)

    init(_ change: (inout CentralSystemSettings) -> Void = { _ in }) {
        var settings = CentralSystemSettings()
        change(&settings)
        machine = CentralSystemMachine(settings: settings)
        connect()
    }

    mutating func connect() { handle(.connected(chargePoint: "CP1")) }
    mutating func disconnect() { handle(.disconnected(chargePoint: "CP1")) }

    mutating func handle(_ event: CentralSystemMachine.Event) { effects = machine.handle(event, at: now) }

    mutating func command(_ command: Command, number: Int = 1, to chargePoint: String? = nil) {
        handle(.commanded(command, number: number, to: chargePoint))
    }

    mutating func pass(_ duration: Duration) {
        now = now.advanced(by: duration)
        effects = machine.deadlineReached(at: now)
    }

    /// Sends a CALL as the charge point.
    mutating func call(_ request: OCPPRequest, id: String? = nil) {
        calls += 1
        handle(.textReceived(MessageCodec.encodeCall(id: id ?? "m\(calls)", request), from: "CP1"))
    }

    /// Sends a CALL and reads its answer; nil when there is none.
    mutating func answer(to request: OCPPRequest, id: String? = nil) -> IncomingMessage? {
        call(request, id: id)
        return sent.first.map { codec.decode($0) { _ in request.action } }
    }

    static func text(of request: OCPPRequest) -> [UInt8] { MessageCodec.encodeCall(id: "x", request) }

    mutating func text(_ text: String) { handle(.textReceived(Array(text.utf8), from: "CP1")) }

    var sent: [[UInt8]] {
        effects.compactMap { effect in
            if case .send(let text, to: "CP1") = effect { text } else { nil }
        }
    }

    var outcomes: [Outcome] {
        effects.compactMap { effect in
            if case .answer(_, let outcome) = effect { outcome } else { nil }
        }
    }

    var violations: [Violation.Kind] { machine.ledger.violations.map(\.kind) }

    mutating func boot() { call(.bootNotification(.init(chargePointVendor: "V", chargePointModel: "M"))) }

    func start(meter: Int = 1000, connector: Int = 1, after seconds: Int = 0) -> OCPPRequest {
        let time = now.utc.advanced(by: .seconds(seconds))
        return .startTransaction(.init(connectorId: connector, idTag: "04A1", meterStart: meter, timestamp: time))
    }

    func stop(_ transactionId: Int, meter: Int = 2000, after seconds: Int = 0) -> OCPPRequest {
        let time = now.utc.advanced(by: .seconds(seconds))
        return .stopTransaction(.init(idTag: "04A1", meterStop: meter, timestamp: time, transactionId: transactionId))
    }

    func sample(_ transactionId: Int, _ value: String, unit: UnitOfMeasure? = nil, after seconds: Int = 0)
        -> OCPPRequest
    {
        let reading = SampledValue(value: value, unit: unit)
        let values = MeterValue(timestamp: now.utc.advanced(by: .seconds(seconds)), sampledValue: OneOrMore(reading))
        return .meterValues(.init(connectorId: 1, transactionId: transactionId, meterValue: OneOrMore(values)))
    }
}
