import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// Every answer of a hostile central system to every CALL, through the whole gateway in the middle of its work: a transaction runs, its
/// StartTransaction and samples wait in the queue, and the program has just started again.
@Suite struct HostileConfirmationTests {
    /// What the gateway asks a central system; the others it does not send yet.
    static let asked: [Action] = [
        .authorize, .bootNotification, .heartbeat, .meterValues, .startTransaction, .statusNotification,
        .stopTransaction,
    ]

    @Test func everyActionOfTheChargePointIsPlayedOrNotSent() {
        let notSent: Set<Action> = [.dataTransfer, .diagnosticsStatusNotification, .firmwareStatusNotification]
        #expect(Set(Self.asked).union(notSent) == Set(Action.allCases.filter { $0.mayBeSent(by: .chargePoint) }))
    }

    @Test(arguments: asked)
    func afterAHostileAnswerAndAGoodOneEverythingWorksAgain(_ action: Action) throws {
        let prepared = try Self.inTheMiddle()
        for hostile in try HostileConfirmation.all(to: action) {
            var gateway = prepared
            gateway.hostile = hostile
            do {
                // The hostile answer comes somewhere on the way.
                try gateway.restart()
                try gateway.recover()
                // It is sent when nothing else was for a quarter of an hour.
                if action == .heartbeat { try gateway.run(.seconds(1900), until: \.hasPlayed) }
                try gateway.chargeAnotherCar()
                #expect(gateway.hasPlayed, "\(hostile.testDescription): never asked")
            } catch {
                Issue.record("\(hostile.testDescription): \(error)")
            }
        }
    }

    /// Charging by a card, with the StartTransaction and an hour of samples undelivered.
    private static func inTheMiddle() throws -> GatewayUnderAttack {
        var gateway = try GatewayUnderAttack.charging { $0.unanswered = .startTransaction }
        try gateway.loseNetwork()
        gateway.unanswered = nil
        try gateway.run(.seconds(3600))
        try #require(!gateway.hasDelivered)
        gateway.isNetworkUp = true
        return gateway
    }
}
