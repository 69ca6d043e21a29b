import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// CALLs that are about no transaction, and that the central system refuses or leaves without an answer (OCPP-J 1.6 §4.1.1).
@Suite struct FailedCallTests {
    enum Failure: CaseIterable { case callError, silence }

    private func provoke(_ action: Action, _ bench: inout GatewayBench) {
        switch action {
        case .heartbeat: bench.advance(.seconds(60))
        case .statusNotification: bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .b))))
        case .dataTransfer:
            bench.feed(.asked(number: 1, .sendDataTransfer(SendDataTransfer(vendorId: "v", messageId: nil, data: nil))))
        default:
            bench.read(energyWh: 1000)
            bench.feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: "TAG"))))
            // Somebody who asks to charge makes the connector Preparing, which is said first or after.
            bench.settleStatuses()
        }
    }

    // Shows: J-RPC-28
    @Test(arguments: [Action.authorize, .statusNotification, .heartbeat, .dataTransfer], Failure.allCases)
    func aCallThatFailsIsLoggedAndTheConnectionGoesOn(action: Action, failure: Failure) throws {
        var bench = try GatewayBench()
        bench.register()
        provoke(action, &bench)
        let taken = bench.takeCall()
        let call = try #require(taken)
        #expect(call.request.action == action)
        var effects: [GatewayEffect] = []
        switch failure {
        case .callError:
            effects = bench.feed(.message(.callError(id: call.id, CallError(code: .internalError))))
        case .silence:
            for _ in 0..<30 {
                // The connection itself lives.
                bench.feed(.link(.received))
                effects += bench.advance(.seconds(1))
            }
        }
        #expect(!effects.contains { if case .abortLink = $0 { true } else { false } })
        #expect(!effects.contains(.closeLink(dial: 1)))
        let words = failure == .callError ? "\(action.rawValue) was refused" : "\(action.rawValue) was not answered"
        #expect(bench.logged.contains { $0.hasPrefix(words) })
        // The slot is free for others, and nothing else of this kind follows at once.
        bench.settleStatuses()
        bench.feed(.link(.received))
        #expect(bench.calls.allSatisfy { $0.request.action != action })
        let asked = bench.ask(.clearCache(ClearCache.Request()))
        #expect(asked.answers.count == 1)
    }
}
