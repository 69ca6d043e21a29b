import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// Answers that come late, cannot be read, or question the registration.
@Suite struct AnswerTests {
    /// A plugged EV with an accepted card, up to the CALL that starts the transaction. Returns its id.
    private func startTransaction(_ bench: inout GatewayBench) throws -> String {
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .c))))
        bench.read(energyWh: 1000)
        bench.settleStatuses()
        let card = CardPresented(readerId: 1, connectorIds: [1], idTag: "CARD")
        bench.feed(.charging(.cardPresented(card)))
        let authorize = bench.calls.removeFirst()
        bench.feed(
            .message(
                .callResult(
                    id: authorize.id,
                    .authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .accepted)))
                )
            )
        )
        bench.settleStatuses()
        let start = try #require(bench.calls.first)
        #expect(start.request.action == .startTransaction)
        bench.calls.removeFirst()
        return start.id
    }

    private func accepted(_ transactionId: Int) -> OCPPConfirmation {
        .startTransaction(
            StartTransaction.Confirmation(idTagInfo: IdTagInfo(status: .accepted), transactionId: transactionId)
        )
    }

    /// A central system that always takes longer than the time-out is still answered to.
    @Test func anAnswerBetweenTimeOutAndRetryIsTheAnswer() throws {
        var bench = try GatewayBench()
        let id = try startTransaction(&bench)
        bench.advance(.seconds(31))
        #expect(bench.machine.actionOfPendingCall(id) == .startTransaction)
        bench.feed(.message(.callResult(id: id, accepted(7))))
        #expect(bench.machine.charging.publishedStatuses.last?.transaction?.transactionId == 7)
        bench.advance(.seconds(120))
        #expect(!bench.calls.contains { $0.request.action == .startTransaction })
    }

    // Shows: CORE-TX-32
    /// Silence on a connection that turns out to be dead is no failure of the message; whatever is received next tells.
    @Test func aMessageWithoutAnAnswerHasFailedOnceSomethingElseIsReceived() throws {
        var bench = try GatewayBench()
        _ = try startTransaction(&bench)
        bench.advance(.seconds(31))
        #expect(bench.machine.charging.queue?.attempts == 0)
        bench.ask(.clearCache(ClearCache.Request()))
        #expect(bench.machine.charging.queue?.attempts == 1)
    }

    /// The answer to the last attempt, after its time-out, is what proves the connection alive, and the answer all the same.
    @Test func anAnswerAfterTheLastAttemptIsTheAnswer() throws {
        var bench = try GatewayBench(defaults: ["TransactionMessageAttempts": "1"])
        let id = try startTransaction(&bench)
        bench.advance(.seconds(31))
        let effects = bench.feed(.message(.callResult(id: id, accepted(7))))
        #expect(!effects.persisted.contains { if case .deadLettered = $0 { true } else { false } })
        #expect(bench.machine.charging.publishedStatuses.last?.transaction?.transactionId == 7)
        #expect(bench.machine.charging.queue?.deadLetters == 0)
    }

    /// Something else was received before: the start was given up, and is answered after all.
    @Test func anAnswerToAMessageThatWasGivenUpIsTheAnswer() throws {
        var bench = try GatewayBench(defaults: ["TransactionMessageAttempts": "1"])
        let id = try startTransaction(&bench)
        bench.advance(.seconds(31))
        bench.ask(.clearCache(ClearCache.Request()))
        #expect(bench.machine.charging.queue?.deadLetters == 1)
        bench.feed(.message(.callResult(id: id, accepted(7))))
        #expect(bench.machine.charging.publishedStatuses.last?.transaction?.transactionId == 7)
        #expect(bench.machine.charging.queue?.deadLetters == 0)
    }

    // Shows: CORE-TX-29, CORE-TX-32
    /// OCPP 1.6 §9.1.31: as many attempts as the key says, while it is not known yet whether the connection works; a pong tells.
    @Test func noAttemptIsMadeTooMuchWhileTheLastIsInDoubt() throws {
        var bench = try GatewayBench(
            defaults: ["TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "1"]
        )
        _ = try startTransaction(&bench)
        bench.advance(.seconds(31))
        bench.feed(.link(.received))
        #expect(bench.machine.charging.queue?.attempts == 1)
        bench.advance(.seconds(1))
        #expect(bench.calls.map(\.request.action) == [.startTransaction])
        bench.feed(.link(.received))
        bench.advance(.seconds(31))
        bench.advance(.seconds(10))
        #expect(bench.calls.filter { $0.request.action == .startTransaction }.count == 1)
        #expect(bench.machine.charging.queue?.deadLetters == 0)
        bench.feed(.link(.received))
        #expect(bench.machine.charging.queue?.deadLetters == 1)
    }

    // Shows: CORE-TX-39
    /// JE §3.3: a CALLRESULT says that the message was processed.
    @Test func anUnreadableAnswerToAStartIsNoReasonToStartAgain() throws {
        var bench = try GatewayBench()
        let id = try startTransaction(&bench)
        let result = UnreadableResult(
            problem: "idTagInfo.expiryDate",
            salvaged: .transaction(id: 9, identifier: SalvagedIdTagInfo(status: .accepted))
        )
        bench.feed(.message(.undecodableResult(id: id, result)))
        #expect(bench.machine.charging.publishedStatuses.last?.transaction?.transactionId == 9)
        bench.advance(.seconds(300))
        #expect(!bench.calls.contains { $0.request.action == .startTransaction })
    }

    /// Whoever runs the central system has to be told what it does wrong, whichever message it answers.
    @Test func anUnreadableAnswerIsLoggedWithItsActionAndWithWhatIsWrong() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        let boot = bench.calls.removeFirst()
        bench.feed(.message(.undecodableResult(id: boot.id, UnreadableResult(problem: "currentTime: no date"))))
        let line = try #require(bench.logs.first { $0.message == "unusable answer to BootNotification" })
        #expect(line.level == .warning)
        #expect(line.fields.first { $0.key == "reason" }?.value == "currentTime: no date")
    }

    // Shows: CORE-BOOT-22
    /// JE §3.10: the registration is asked for, and the message comes again under its id without a failure.
    @Test func aSecurityErrorIsAQuestionAboutTheRegistration() throws {
        var bench = try GatewayBench(callTimeout: .seconds(120))
        let id = try startTransaction(&bench)
        bench.advance(.seconds(70))
        bench.feed(.message(.callError(id: id, CallError(code: .securityError))))
        #expect(bench.machine.charging.queue?.attempts == 0)
        #expect(bench.calls.map(\.request.action) == [.bootNotification])
        bench.answerBoot(.accepted)
        bench.settleStatuses()
        #expect(bench.calls.first?.id == id)
    }

    // MARK: - To CALLs of the central system

    /// J §4.1.4 has message ids differ on one connection only, which JE §3.1 takes back: some central systems count from one on each.
    @Test func anAnswerThatIsLateForItsConnectionGoesToNoCallOfTheNext() throws {
        var bench = try GatewayBench(defaults: ["AuthorizationCacheEnabled": "true"])
        try bench.beginTransaction()
        // What the disk does not hold it need not forget.
        let kept = bench.advance(.seconds(600))
        #expect(kept.saved(AuthorizationCacheDocument.self) != nil)
        bench.feed(.saved(document: AuthorizationCacheDocument.name))
        let cleared = bench.ask(.clearCache(ClearCache.Request()), id: "1")
        #expect(cleared.answers.isEmpty)
        #expect(cleared.saved(AuthorizationCacheDocument.self) != nil)
        bench.feed(.link(.closed(dial: 1, reason: "end of stream")))
        bench.advance(.seconds(10))
        bench.connect(dial: 2)
        bench.hearStore()
        let request = ChangeConfiguration.Request(key: "ResetRetries", value: "4")
        let stores = bench.ask(.changeConfiguration(request), id: "1")
            .compactMap { if case .store(let number, _) = $0 { number } else { nil } }
        let store = try #require(stores.first)
        #expect(bench.feed(.saved(document: AuthorizationCacheDocument.name)).answers.isEmpty)
        let refused = bench.feed(.stored(number: store, .failure(BusError(.refused, "no"))))
        #expect(refused.contains(.sendResult(id: "1", .changeConfiguration(.init(status: .rejected)))))
    }
}
