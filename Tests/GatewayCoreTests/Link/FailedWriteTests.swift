import BusSchema
import OCPP
import OCPPSamples
import Primitives
import Testing

@testable import GatewayCore

/// What goes out although the disk takes nothing: nothing that waits behind a failed write may be lost with it.
@Suite struct FailedWriteTests {
    /// Others see the link as it is, not as it was before the write that failed.
    @Test func theStateOfTheLinkIsPublishedBehindAFailedWrite() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        let boot = bench.calls.removeFirst()
        let accepted = BootNotification.Confirmation(status: .accepted, currentTime: bench.now.utc, interval: 60)
        let (isRefused, effects) = bench.feedOnFullDisk(
            .message(.callResult(id: boot.id, .bootNotification(accepted)))
        )
        #expect(isRefused)
        #expect(effects.link?.phase == .accepted)
        #expect(bench.machine.status.link.phase == .accepted)
    }

    /// A start that became a dead letter in the life before this one.
    private var deadLetter: TransactionLedger {
        var ledger = TransactionLedger()
        ledger.read(
            .began(
                Began(
                    sequence: 1,
                    messageId: "m1",
                    transaction: "t1",
                    connectorId: 1,
                    idTag: "CARD",
                    meterStartWh: 0,
                    time: EventTime(utc: 1_799_999_000_000, boot: nil, uptime: 0),
                    boot: "boot"
                )
            )
        )
        ledger.read(.deadLettered(DeadLettered(sequence: 1, transaction: "t1", isStop: false)))
        return ledger
    }

    /// Whoever asked for it is told, and the order is written as soon as there is room.
    @Test func aResendIsAnsweredBehindAFailedWriteAndDoneOnceThereIsRoom() throws {
        var bench = try GatewayBench(restored: deadLetter)
        bench.register()
        let (isRefused, effects) = bench.feedOnFullDisk(.asked(number: 7, .resend(ResendDeadLetters())))
        #expect(isRefused)
        #expect(effects.contains(.replied(number: 7, .success(.resend(ResendDeadLetters.Reply(requeued: 1))))))
        let later = bench.advance(.seconds(5))
        let written = later.flatMap { effect -> [JournalRecord] in
            if case .persist(let records, _) = effect { records } else { [] }
        }
        #expect(written.contains(.requeued(Requeued())))
    }

    // MARK: - Requests of the central system

    /// Registered, with a transaction of the central system's id 1 and a cable that is locked.
    private func charging() throws -> GatewayBench {
        var bench = try GatewayBench(hasLock: true)
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .c, lock: .locked))))
        bench.read(energyWh: 1000)
        bench.settleStatuses()
        bench.feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: "CARD"))))
        bench.answer(.authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .accepted))))
        bench.feed(.charging(.lockAnswered(connectorId: 1, .answered)))
        bench.settleStatuses()
        let begun = StartTransaction.Confirmation(idTagInfo: IdTagInfo(status: .accepted), transactionId: 1)
        bench.answer(.startTransaction(begun))
        bench.settleStatuses()
        #expect(bench.machine.charging.publishedStatuses.last?.transaction?.transactionId == 1)
        return bench
    }

    // Shows: CORE-UNL-01
    @Test func anUnlockWhoseStopCannotBeStoredIsAnsweredWithWhatTheLockDid() throws {
        var bench = try charging()
        let unlock = OCPPRequest.unlockConnector(UnlockConnector.Request(connectorId: 1))
        let (isRefused, effects) = bench.feedOnFullDisk(.message(.call(id: "unlock", unlock)))
        #expect(isRefused)
        #expect(effects.contains(.requestUnlock(Unlock(connectorId: 1))))
        let answered = bench.feedOnFullDisk(
            .charging(.unlockAnswered(connectorId: 1, .answered(.unlocked)))
        )
        #expect(answered.effects.answers == [.unlockConnector(UnlockConnector.Confirmation(status: .unlocked))])
    }

    /// What a central system may ask (OCPP 1.6 §5), fitting the transaction above where there is something to fit.
    private static var requests: [OCPPRequest] {
        OCPPSamples.fullRequests.compactMap { request in
            switch request {
            case .authorize, .bootNotification, .diagnosticsStatusNotification, .firmwareStatusNotification, .heartbeat,
                .meterValues, .startTransaction, .statusNotification, .stopTransaction:
                nil  // The charge point's own.
            case .changeAvailability: .changeAvailability(.init(connectorId: 0, type: .inoperative))
            case .changeConfiguration: .changeConfiguration(.init(key: "ResetRetries", value: "4"))
            case .remoteStopTransaction: .remoteStopTransaction(.init(transactionId: 1))
            case .unlockConnector: .unlockConnector(.init(connectorId: 1))
            default: request
            }
        }
    }

    @Test func everyRequestOfACentralSystemIsPlayed() {
        #expect(Self.requests.count == 19)
        #expect(Set(Self.requests.map(\.action.rawValue)).count == 19)
    }

    /// J §4.1.1: every CALL has one answer, whatever the disk does; nobody else's answer is needed for it.
    @Test(arguments: requests) func everyCallIsAnsweredOnceOnAFullDisk(request: OCPPRequest) throws {
        var bench = try charging()
        var answers = 0
        func count(_ effects: [GatewayEffect]) {
            for effect in effects {
                switch effect {
                case .sendResult(let id, _) where id == "asked": answers += 1
                case .sendError(let id, _) where id == "asked": answers += 1
                default: break
                }
            }
        }
        func perform(_ event: GatewayEvent) {
            let effects = bench.feedOnFullDisk(event).effects
            count(effects)
            for case .save(let document) in effects {
                perform(.saveFailed(document: type(of: document.value).name, reason: "disk full"))
            }
        }
        perform(.message(.call(id: "asked", request)))
        // hardware-io and the config store say nothing.
        for _ in 0..<20 {
            bench.now = bench.now.advanced(by: .milliseconds(500))
            let before = bench.machine
            let effects = bench.machine.deadlineReached(at: bench.now)
            if effects.contains(where: { if case .persist = $0 { true } else { false } }) {
                bench.machine = before
                perform(.charging(.persistFailed(reason: "disk full")))
                count(bench.machine.deadlineReached(at: bench.now))
            } else {
                count(effects)
            }
        }
        #expect(answers == 1)
    }
}
