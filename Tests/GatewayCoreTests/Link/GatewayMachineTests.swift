import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct GatewayMachineTests {
    // MARK: - Registration

    // Shows: CORE-BOOT-02, CORE-BOOT-15, CORE-STAT-27
    /// OCPP 1.6 §4.2, §4.2.1, E §3.22.
    @Test func bootNotificationComesFirstAndStatusesAfterItsAcceptance() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        let boot = try #require(bench.calls.first)
        #expect(bench.calls.count == 1)
        #expect(boot.request.action == .bootNotification)
        bench.answerBoot(.accepted)
        var actions: [Action] = []
        while let call = bench.calls.first {
            actions.append(call.request.action)
            bench.answer(.statusNotification(StatusNotification.Confirmation()))
        }
        #expect(actions == [.statusNotification, .statusNotification])
        #expect(bench.machine.status.link.phase == .accepted)
    }

    // Shows: J-CON-09, J-CON-11
    /// J §5.4, OCPP 1.6 §3.7.
    @Test func aReconnectNeedsNoNewBootNotification() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.feed(.link(.closed(dial: 1, reason: "end of stream")))
        #expect(bench.machine.status.link.phase == .backingOff)
        #expect(bench.machine.status.link.flaps == 1)
        bench.advance(.seconds(10))
        bench.connect(dial: 2)
        #expect(!bench.calls.contains { $0.request.action == .bootNotification })
        #expect(bench.machine.status.link.phase == .accepted)
    }

    /// JE §3.4: a central system that closes each connection at once is not asked again and again at the same pace.
    @Test func aReconnectOnWhichNothingIsHeardCountsAsFailed() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.feed(.link(.closed(dial: 1, reason: "end of stream")))
        #expect(bench.machine.status.link.failedAttempts == 0)
        for dial in 2...4 {
            bench.advance(.seconds(60))
            bench.connect(dial: dial)
            bench.feed(.link(.closed(dial: dial, reason: "end of stream")))
            #expect(bench.machine.status.link.failedAttempts == dial - 1)
        }
        bench.advance(.seconds(60))
        bench.connect(dial: 5)
        bench.ask(.getConfiguration(GetConfiguration.Request(key: ["HeartbeatInterval"])))
        #expect(bench.machine.status.link.failedAttempts == 0)
    }

    // Shows: CORE-BOOT-08, CORE-BOOT-09
    /// OCPP 1.6 §4.2.
    @Test func aRejectedChargePointSaysNothing() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        bench.answerBoot(.rejected, interval: 60)
        let asked = bench.ask(.getConfiguration(GetConfiguration.Request()))
        #expect(asked.answers.isEmpty && asked.errors.isEmpty)
        let wrong = CallError(code: .formationViolation)
        let broken = bench.feed(.message(.rejectedCall(id: "x", action: "Reset", wrong)))
        #expect(broken.errors.isEmpty)
        bench.advance(.seconds(59))
        #expect(bench.calls.isEmpty)
        bench.advance(.seconds(1))
        #expect(bench.calls.map(\.request.action) == [.bootNotification])
        #expect(bench.machine.status.link.phase == .rejected)
    }

    // Shows: CORE-BOOT-11, CORE-BOOT-12, CORE-BOOT-13, CORE-HB-07
    /// OCPP 1.6 §4.2.
    @Test func aPendingChargePointAnswersAndAsksNothing() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        bench.answerBoot(.pending, interval: 60)
        bench.hearStore()
        let keys = bench.ask(.getConfiguration(GetConfiguration.Request(key: ["HeartbeatInterval"])))
        #expect(keys.answers.count == 1)
        let start = bench.ask(.remoteStartTransaction(RemoteStartTransaction.Request(idTag: "TAG")))
        #expect(start.answers == [.remoteStartTransaction(.init(status: .rejected))])
        let stop = bench.ask(.remoteStopTransaction(RemoteStopTransaction.Request(transactionId: 1)))
        #expect(stop.answers == [.remoteStopTransaction(.init(status: .rejected))])
        bench.advance(.seconds(30))
        #expect(bench.calls.isEmpty)
    }

    // Shows: CORE-BOOT-04, CORE-HB-01, CORE-HB-03, CORE-HB-04
    /// OCPP 1.6 §4.6, §9.1.10, §4.2: the interval of BootNotification.conf, then the key.
    @Test func heartbeatsFollowTheNewestInterval() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.advance(.seconds(59))
        #expect(bench.calls.isEmpty)
        bench.advance(.seconds(1))
        #expect(bench.calls.map(\.request.action) == [.heartbeat])
        let time = bench.now.utc.advanced(by: .seconds(2))
        bench.answer(.heartbeat(Heartbeat.Confirmation(currentTime: time)))
        #expect(bench.machine.status.link.clockOffsetMilliseconds == 2000)
        let changed = bench.ask(
            .changeConfiguration(ChangeConfiguration.Request(key: "HeartbeatInterval", value: "10"))
        )
        #expect(changed.answers.isEmpty)
        let value = ConfigValue(key: "HeartbeatInterval", owner: .ocppGateway, value: "10", revision: 1)
        let reply = ConfigSet.Reply(value: value, rebootRequired: false)
        let stored = bench.feed(.stored(number: 1, .success(reply)))
        #expect(stored.answers == [.changeConfiguration(.init(status: .accepted))])
        bench.advance(.seconds(10))
        #expect(bench.calls.map(\.request.action) == [.heartbeat])
    }

    /// A program that starts anew, perhaps in a transaction, knows what the one before it was told.
    @Test(arguments: [true, false]) func aWrongTimeAfterARestartNeedsASecondAnswer(clockIsTrusted: Bool) throws {
        var restored = TransactionLedger()
        restored.read(.bootStart(BootStart(boot: "boot", utc: 1_799_999_900_000)))
        var bench = try GatewayBench(clockIsTrusted: clockIsTrusted, restored: restored)
        bench.start()
        bench.connect()
        bench.answerBoot(.accepted, ahead: .seconds(-3500))
        #expect(bench.machine.status.link.clockOffsetMilliseconds == nil)
        bench.settleStatuses()
        bench.advance(.seconds(60))
        bench.answer(.heartbeat(Heartbeat.Confirmation(currentTime: bench.now.utc)))
        #expect(bench.machine.status.link.clockOffsetMilliseconds == 0)
    }

    /// Rejected says that nothing was changed (OCPP 1.6 §7.22); a store whose disk is slow may be storing it.
    @Test(arguments: [true, false]) func aChangeWhoseOutcomeIsUnknownIsNotCalledRejected(isToldByTheBus: Bool) throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.changeConfiguration(ChangeConfiguration.Request(key: "ResetRetries", value: "5")))
        let unknown =
            isToldByTheBus
            ? bench.feed(.stored(number: 1, .failure(BusError(.timedOut, "no answer"))))
            : bench.advance(.milliseconds(4500))
        #expect(unknown.answers.isEmpty && unknown.errors == [.internalError])
    }

    // MARK: - CALLs

    // Shows: J-RPC-01, J-RPC-02, J-RPC-03
    /// J §4.1.1, JE §3.5, E §3.83.
    @Test func whileACallIsOutstandingRequestsAreAnsweredAndNothingElseIsAsked() throws {
        var bench = try GatewayBench(callTimeout: .seconds(12))
        bench.register()
        bench.advance(.seconds(60))
        let heartbeatCall = bench.takeCall()
        let heartbeat = try #require(heartbeatCall)
        bench.hearStore()
        let asked = bench.ask(.getConfiguration(GetConfiguration.Request(key: ["HeartbeatInterval"])))
        #expect(asked.answers.count == 1)
        bench.advance(.milliseconds(11_999))
        #expect(bench.machine.actionOfPendingCall(heartbeat.id) == .heartbeat)
        bench.advance(.milliseconds(1))
        #expect(bench.machine.calls.outstanding?.messageId != heartbeat.id)
    }

    // Shows: J-RPC-03
    @Test func theKeyMessageTimeoutOverrulesTheSite() throws {
        var bench = try GatewayBench(callTimeout: .seconds(30), defaults: ["MessageTimeout": "3"])
        bench.start()
        bench.connect()
        bench.advance(.seconds(3))
        let bootCall = bench.takeCall()
        let boot = try #require(bootCall)
        #expect(bench.machine.calls.outstanding?.messageId != boot.id)
    }

    @Test func aCallThatDiesWithTheConnectionIsAskedAgainOnTheNext() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        let firstCall = bench.takeCall()
        let first = try #require(firstCall)
        bench.feed(.link(.closed(dial: 1, reason: "end of stream")))
        bench.advance(.seconds(2))
        bench.connect(dial: 2)
        let secondCall = bench.takeCall()
        let second = try #require(secondCall)
        #expect(second.request.action == .bootNotification)
        #expect(second.id != first.id)
    }

    // MARK: - Requests of the central system

    // Shows: CORE-CFG-21, CORE-DT-02, J-RPC-14, J-RPC-18
    @Test func whatIsNotBuiltIsAnsweredAsTheSpecificationSays() throws {
        var bench = try GatewayBench()
        bench.register()
        let data = bench.ask(.dataTransfer(DataTransfer.Request(vendorId: "com.example")))
        #expect(data.answers == [.dataTransfer(.init(status: .unknownVendorId))])
        let list = bench.ask(.getLocalListVersion(GetLocalListVersion.Request()))
        #expect(list.answers == [.getLocalListVersion(.init(listVersion: -1))])
        let trigger = bench.ask(.triggerMessage(TriggerMessage.Request(requestedMessage: .heartbeat)))
        #expect(trigger.errors == [.notSupported])
    }

    // Shows: CORE-UNL-05
    @Test func aFixedCableCannotBeUnlocked() throws {
        var bench = try GatewayBench()
        bench.register()
        let unlock = bench.ask(.unlockConnector(UnlockConnector.Request(connectorId: 1)))
        #expect(unlock.answers == [.unlockConnector(.init(status: .notSupported))])
    }

    // Shows: CORE-AVL-05, CORE-STAT-21, J-RPC-33
    /// OCPP 1.6 §5.2: on disk when answered, reported after the answer.
    @Test func availabilityIsSavedBeforeItsAnswerAndReportedAfterIt() throws {
        var bench = try GatewayBench()
        bench.register()
        let asked = bench.ask(.changeAvailability(ChangeAvailability.Request(connectorId: 0, type: .inoperative)))
        #expect(asked.contains(.save(AnyDocument(AvailabilityDocument(inoperative: [0])))))
        #expect(asked.answers.isEmpty)
        let effects = bench.feed(.saved(document: AvailabilityDocument.name))
        let answered = effects.firstIndex { effect in
            if case .sendResult = effect { true } else { false }
        }
        let reported = effects.firstIndex { effect in
            if case .sendCall(_, .statusNotification) = effect { true } else { false }
        }
        #expect(effects.answers == [.changeAvailability(.init(status: .accepted))])
        let order = [try #require(answered), try #require(reported)]
        #expect(order == order.sorted())
    }

    // Shows: CORE-AVL-04
    @Test func anAvailabilityThatCannotBeSavedIsRejected() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.changeAvailability(ChangeAvailability.Request(connectorId: 1, type: .inoperative)))
        let failed = bench.feed(.saveFailed(document: AvailabilityDocument.name, reason: "no space"))
        #expect(failed.answers == [.changeAvailability(.init(status: .rejected))])
        // What is in force is written again, and the trouble told once.
        let again = bench.advance(.seconds(5))
        #expect(again.contains(.save(AnyDocument(AvailabilityDocument()))))
        bench.feed(.saveFailed(document: AvailabilityDocument.name, reason: "no space"))
        bench.advance(.seconds(10))
        bench.feed(.saved(document: AvailabilityDocument.name))
        let told = bench.logged.filter { $0.hasPrefix("a document") }
        #expect(told == ["a document was not saved", "a document is saved again"])
    }

    /// Another document says nothing about availability.
    @Test func theSaveOfAnotherDocumentAnswersNoChangeOfAvailability() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.changeAvailability(ChangeAvailability.Request(connectorId: 1, type: .inoperative)))
        #expect(bench.feed(.saved(document: ConfigSnapshot.name)).answers.isEmpty)
        #expect(bench.feed(.saveFailed(document: ConfigSnapshot.name, reason: "no space")).answers.isEmpty)
    }

    // Shows: J-RPC-22
    /// J §4.2.3.
    @Test func aMessageIdThatIsBeingHandledIsRefused() throws {
        var bench = try GatewayBench()
        bench.register()
        let change = ChangeConfiguration.Request(key: "ResetRetries", value: "4")
        bench.ask(.changeConfiguration(change), id: "same")
        let second = bench.ask(.changeConfiguration(change), id: "same")
        #expect(second.errors == [.genericError])
    }

    @Test func theRefusalOfARepeatedMessageIdLeavesTheFirstOneItsAnswer() throws {
        var bench = try GatewayBench()
        bench.register()
        let change = ChangeConfiguration.Request(key: "ResetRetries", value: "4")
        bench.ask(.changeConfiguration(change), id: "same")
        bench.ask(.changeConfiguration(change), id: "same")
        let value = ConfigValue(key: "ResetRetries", owner: .ocppGateway, value: "4", revision: 1)
        let stored = bench.feed(.stored(number: 1, .success(ConfigSet.Reply(value: value, rebootRequired: false))))
        #expect(stored.answers == [.changeConfiguration(.init(status: .accepted))])
    }

    /// A request that cannot be read is refused once, and only then the id is free again.
    @Test func anUnreadableRequestIsRefused() throws {
        var bench = try GatewayBench()
        bench.register()
        let wrong = CallError(code: .formationViolation)
        for _ in 1...20 {
            let broken = bench.feed(.message(.rejectedCall(id: "x", action: "Reset", wrong)))
            #expect(broken.errors == [.formationViolation])
        }
    }

    /// OCPP 1.6 §4.2: nothing goes out once the registration is rejected, a late answer neither.
    @Test func anAnswerThatComesAfterTheRejectionIsNotSent() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        bench.answerBoot(.pending, interval: 60)
        bench.ask(.changeConfiguration(ChangeConfiguration.Request(key: "ResetRetries", value: "4")))
        bench.advance(.milliseconds(59_999))
        bench.ask(.changeConfiguration(ChangeConfiguration.Request(key: "ResetRetries", value: "5")))
        bench.advance(.milliseconds(1))
        bench.answerBoot(.rejected, interval: 60)
        let value = ConfigValue(key: "ResetRetries", owner: .ocppGateway, value: "5", revision: 1)
        let stored = bench.feed(.stored(number: 2, .success(ConfigSet.Reply(value: value, rebootRequired: false))))
        #expect(stored.answers.isEmpty)
        #expect(bench.machine.keys.resetRetries == 5)
    }

    @Test func anAnswerIsNotSentOnAnotherConnection() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.changeConfiguration(ChangeConfiguration.Request(key: "ResetRetries", value: "4")))
        bench.feed(.link(.closed(dial: 1, reason: "end of stream")))
        bench.advance(.seconds(1))
        bench.connect(dial: 2)
        let value = ConfigValue(key: "ResetRetries", owner: .ocppGateway, value: "4", revision: 1)
        let stored = bench.feed(.stored(number: 1, .success(ConfigSet.Reply(value: value, rebootRequired: false))))
        #expect(stored.answers.isEmpty)
        #expect(bench.machine.keys.resetRetries == 4)
    }

    // MARK: - Others

    @Test func theModemManagerIsToldOnChangeOnly() throws {
        var bench = try GatewayBench()
        bench.start()
        var reports: [UplinkReport] = []
        func collect(_ effects: [GatewayEffect]) {
            for case .report(let report) in effects { reports.append(report) }
        }
        for dial in 1...3 {
            collect(bench.feed(.link(.failed(dial: dial, .httpStatus(404)))))
            bench.advance(.seconds(120))
        }
        #expect(reports.map(\.health) == [.refused])
        collect(bench.feed(.link(.resolved(dial: 4, addresses: 1))))
        collect(bench.feed(.link(.connected(dial: 4))))
        collect(bench.feed(.link(.handshakeFinished(dial: 4))))
        collect(bench.answerBoot(.accepted))
        #expect(reports.map(\.health) == [.refused, .reachable])
    }

    @Test func theLinkIsPublishedWithItsErrorAndItsNextAttempt() throws {
        var bench = try GatewayBench()
        let started = bench.start()
        #expect(started.link?.phase == .resolving)
        let effects = bench.feed(.link(.failed(dial: 1, .httpStatus(404))))
        let failed = try #require(effects.link)
        #expect(failed.phase == .backingOff)
        #expect(failed.failedAttempts == 1)
        #expect(failed.lastError?.contains("HTTP 404") == true)
        #expect(failed.nextAttemptAt ?? 0 > bench.now.utc.millisecondsSinceEpoch)
    }

    @Test func terminationClosesTheLinkAndThenExits() throws {
        var bench = try GatewayBench()
        bench.register()
        let asked = bench.feed(.terminationRequested)
        #expect(asked.contains(.closeLink(dial: 1)))
        #expect(!asked.contains(.exit))
        let closed = bench.feed(.link(.closed(dial: 1, reason: "closed")))
        #expect(closed.last == .exit)
        let late = bench.feed(.link(.closed(dial: 1, reason: "closed")))
        #expect(!late.contains(.exit))
    }

    /// Nothing behind a failed write is performed, a CALL neither: it comes again with the event.
    @Test func aCallBehindAFailedWriteIsSentAllTheSame() throws {
        var bench = try GatewayBench()
        bench.start()
        bench.connect()
        let before = bench
        let accepted = bench.answerBoot(.accepted)
        #expect(accepted.contains { if case .persist = $0 { true } else { false } })
        let lost = accepted.sentCalls
        #expect(lost.count == 1)
        bench = before
        bench.feed(.charging(.persistFailed(reason: "disk full")))
        let again = bench.answerBoot(.accepted)
        #expect(again.sentCalls == lost)
        #expect(!again.contains { if case .persist = $0 { true } else { false } })
    }
}

extension [GatewayEffect] {
    /// Ids of the CALLs among them.
    fileprivate var sentCalls: [String] {
        compactMap { effect in
            guard case .sendCall(let id, _) = effect else { return nil }
            return id
        }
    }
}
