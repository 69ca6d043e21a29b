import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// Who may charge while the central system has a question about the registration (OCPP 1.6 §3.5, §4.2; JE §3.10).
@Suite struct QuestionedRegistrationTests {
    private static let card = CardPresented(readerId: 1, connectorIds: [1], idTag: "STRANGER")

    /// An EV waits for a card, and the registration is old enough to be questioned.
    private func bench() throws -> GatewayBench {
        var bench = try GatewayBench(callTimeout: .seconds(120))
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .c))))
        bench.read(energyWh: 1000)
        bench.settleStatuses()
        pass(40, &bench)
        #expect(bench.calls.isEmpty)
        return bench
    }

    /// Time goes by with a connection and a meter that live. Returns what came of it.
    @discardableResult
    private func pass(_ seconds: Int, _ bench: inout GatewayBench) -> [GatewayEffect] {
        var effects: [GatewayEffect] = []
        for _ in 1...seconds {
            effects += bench.advance(.seconds(1))
            effects += bench.feed(.link(.received))
            bench.read(energyWh: 1000)
        }
        return effects
    }

    /// Authorize is answered by SecurityError. Returns what came of it.
    private func question(_ bench: inout GatewayBench) throws -> [GatewayEffect] {
        bench.feed(.charging(.cardPresented(Self.card)))
        pass(25, &bench)
        let call = bench.takeCall()
        let authorize = try #require(call)
        #expect(authorize.request.action == .authorize)
        return bench.feed(.message(.callError(id: authorize.id, CallError(code: .securityError))))
    }

    private func begins(_ effects: [GatewayEffect]) -> Bool {
        effects.persisted.contains { if case .began = $0 { true } else { false } }
    }

    // Shows: CORE-AUTH-15
    /// OCPP 1.6 §3.5: the rules for a charger that is offline are not meant for one that is being talked to.
    @Test func aCardThatWaitsIsAskedAboutAgainAfterTheRegistrationIsRenewed() throws {
        var bench = try bench()
        let questioned = try question(&bench)
        #expect(!begins(questioned))
        #expect(bench.calls.map(\.request.action) == [.bootNotification])
        #expect(!begins(bench.answerBoot(.accepted)))
        bench.settleStatuses()
        #expect(bench.calls.map(\.request) == [.authorize(Authorize.Request(idTag: "STRANGER"))])
        let refusal = bench.answer(.authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .blocked))))
        #expect(!begins(refusal))
        #expect(refusal.contains(.indicate(Indicate(connectorId: 1, signal: .rejected))))
    }

    @Test func aCardThatComesWhileTheRegistrationIsRenewedIsAskedAboutAfterwards() throws {
        var bench = try bench()
        pass(25, &bench)
        let idle = bench.takeCall()
        let heartbeat = try #require(idle)
        bench.feed(.message(.callError(id: heartbeat.id, CallError(code: .securityError))))
        #expect(bench.calls.map(\.request.action) == [.bootNotification])
        #expect(!begins(bench.feed(.charging(.cardPresented(Self.card)))))
        #expect(!begins(bench.answerBoot(.accepted)))
        bench.settleStatuses()
        #expect(bench.calls.map(\.request) == [.authorize(Authorize.Request(idTag: "STRANGER"))])
    }

    /// Nobody stands there for ever, and silence is no permission.
    @Test func aCardIsRefusedWhenTheRegistrationTakesTooLong() throws {
        var bench = try bench()
        _ = try question(&bench)
        let effects = pass(40, &bench)
        #expect(!begins(effects))
        #expect(effects.contains(.indicate(Indicate(connectorId: 1, signal: .rejected))))
    }

    /// No answer to Authorize but Accepted lets anybody charge, and what becomes of the registration or the connection is none. Whoever comes
    /// then finds nobody to ask (OCPP 1.6 §4.2.1).
    @Test(arguments: [nil, RegistrationStatus.pending, .rejected])
    func aCardThatGotACALLERRORIsRefusedAndTheNextOneDecidedByTheRulesForOffline(status: RegistrationStatus?) throws {
        var bench = try bench()
        _ = try question(&bench)
        let effects =
            if let status { bench.answerBoot(status) } else { bench.feed(.link(.closed(dial: 1, reason: "gone"))) }
        #expect(!begins(effects))
        #expect(effects.contains(.indicate(Indicate(connectorId: 1, signal: .rejected))))
        #expect(begins(bench.feed(.charging(.cardPresented(Self.card)))))
    }
}
