import BusSchema
import Primitives
import Testing

@testable import GatewayCore

/// The order of effects is what makes a failed write a thing that did not happen, and a full disk no reason to let a current flow.
@Suite struct GatewayTurnTests {
    private static let withdrawal = Permit(
        connectorId: 1,
        granted: false,
        limitMilliamps: 0,
        validUntilUptime: 0,
        transaction: "t"
    )
    private static var grant: Permit {
        Permit(connectorId: 1, granted: true, limitMilliamps: 16_000, validUntilUptime: 1_000, transaction: "t")
    }

    private func kinds(_ turn: GatewayTurn) -> [String] {
        turn.ordered.map { effect in
            switch effect {
            case .requestPermit(let permit): permit.granted ? "grant" : "cut"
            case .persist(let records, let durability): "write \(records.count) \(durability)"
            case .log: "log"
            default: "other"
            }
        }
    }

    @Test func energyIsCutBeforeTheDiskIsAskedAndTheRestFollows() {
        var turn = GatewayTurn(at: GatewayBench.beginning)
        turn.log(.info, "first")
        turn.persist([.requeued(Requeued())], .written)
        turn.cutEnergy(Self.withdrawal)
        turn.persist([.requeued(Requeued())], .synced)
        turn.log(.info, "last")
        #expect(kinds(turn) == ["cut", "write 2 synced", "log", "log"])
    }

    @Test func whatWasGrantedBeforeACutOfTheSameTurnIsNotGranted() {
        var turn = GatewayTurn(at: GatewayBench.beginning)
        turn.add(.requestPermit(Self.grant))
        turn.cutEnergy(Self.withdrawal)
        #expect(kinds(turn) == ["cut"])
    }
}
