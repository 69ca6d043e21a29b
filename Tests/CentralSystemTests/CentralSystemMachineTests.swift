import CentralSystem
import JSON
import OCPP
import OCPPCodec
import Primitives
import Testing

@Suite struct CentralSystemMachineTests {
    private let boot = OCPPRequest.bootNotification(.init(chargePointVendor: "V", chargePointModel: "M"))

    @Test func registrationFollowsItsPlan() {
        var script = Script {
            $0.registration = .pending(times: 2)
            $0.heartbeatIntervalSeconds = 60
            $0.retryIntervalSeconds = 5
        }
        let statuses = (0..<3).map { _ -> [String] in
            guard case .callResult(_, .bootNotification(let conf))? = script.answer(to: boot) else { return [] }
            return [conf.status.rawValue, "\(conf.interval)", conf.currentTime.description]
        }
        let time = script.now.utc.description
        #expect(statuses == [["Pending", "5", time], ["Pending", "5", time], ["Accepted", "60", time]])
        #expect(script.machine.registration(of: "CP1") == .accepted)
        #expect(script.violations == [])
    }

    @Test func aNewPlanCountsFromItsCommand() {
        var script = Script()
        script.boot()
        script.command(.setRegistration(.rejected(times: 1)))
        script.boot()
        #expect(script.machine.registration(of: "CP1") == .rejected)
        script.pass(.seconds(1))
        script.boot()
        #expect(script.machine.registration(of: "CP1") == .accepted)
        #expect(script.violations == [])
    }

    @Test func nothingMayComeBeforeTheRegistration() {
        var script = Script { $0.registration = .pending(times: 1) }
        script.call(.heartbeat(.init()))
        script.boot()
        script.call(.heartbeat(.init()))
        script.boot()
        script.call(.heartbeat(.init()))
        #expect(script.violations == [.notRegistered, .notRegistered])
        #expect(script.sent.count == 1)
    }

    @Test func aRegistrationSurvivesAReconnect() {
        var script = Script()
        script.boot()
        script.disconnect()
        script.connect()
        script.call(.heartbeat(.init()))
        #expect(script.violations == [])
    }

    @Test func aRestartedCentralSystemMayKnowEveryone() {
        var script = Script { $0.knowsEveryone = true }
        script.call(.heartbeat(.init()))
        #expect(script.violations == [])
    }

    @Test func aRejectedChargePointIsSilentForTheInterval() {
        var script = Script {
            $0.registration = .rejected(times: 2)
            $0.retryIntervalSeconds = 10
        }
        script.boot()
        script.pass(.seconds(9))
        script.boot()
        #expect(script.violations == [.notRegistered])
        script.pass(.seconds(10))
        script.boot()
        #expect(script.violations == [.notRegistered])
    }

    @Test func whatIsTriggeredMayComeWhilePending() {
        var script = Script { $0.registration = .pending(times: 1) }
        script.boot()
        script.command(.call(.triggerMessage(.init(requestedMessage: .heartbeat))))
        script.call(.heartbeat(.init()))
        #expect(script.violations == [])
        script.call(.heartbeat(.init()))
        #expect(script.violations == [.notRegistered])
    }

    @Test func idTagsHaveStatusGroupAndExpiry() {
        var script = Script {
            $0.tags["blocked"] = IdTagInfo(status: .blocked)
            $0.tags["member"] = IdTagInfo(parentIdTag: "group", status: .accepted)
        }
        script.boot()
        script.command(.setTag("old", IdTagInfo(expiryDate: script.now.utc, status: .accepted)))
        let statuses = ["BLOCKED", "member", "old", "unknown"].map { idTag -> String in
            let request = OCPPRequest.authorize(.init(idTag: IdToken(fitting: idTag)))
            guard case .callResult(_, .authorize(let conf))? = script.answer(to: request) else { return "" }
            return conf.idTagInfo.status.rawValue + (conf.idTagInfo.parentIdTag.map { " " + $0.text } ?? "")
        }
        #expect(statuses == ["Blocked", "Accepted group", "Expired", "Accepted"])
    }

    @Test func otherCallsAreAnswered() {
        var script = Script()
        script.boot()
        let heartbeat = script.answer(to: .heartbeat(.init()))
        let transfer = script.answer(to: .dataTransfer(.init(vendorId: "v")))
        let status = script.answer(
            to: .statusNotification(.init(connectorId: 1, errorCode: .noError, status: .charging))
        )
        #expect(heartbeat == .callResult(id: "m2", .heartbeat(.init(currentTime: script.now.utc))))
        #expect(transfer == .callResult(id: "m3", .dataTransfer(.init(status: .unknownVendorId))))
        #expect(status == .callResult(id: "m4", .statusNotification(.init())))
        #expect(script.machine.ledger.statuses["CP1"]?[1]?.status == .charging)
    }

    @Test func wrongCallsAreRefusedAndNoted() {
        var script = Script()
        script.boot()
        script.text("[2,\"x\",\"StartTransaction\",{}]")
        #expect(script.sent.count == 1)
        script.text("[2,\"y\",\"GetConfiguration\",{}]")
        #expect(script.sent.count == 1)
        script.text("rubbish")
        #expect(script.sent.isEmpty)
        #expect(script.violations == [.malformed, .malformed, .malformed])
        #expect(script.machine.ledger.refused == ["ProtocolError": 1, "NotSupported": 1])
    }

    @Test func aMessageIdMayReturnOnlyWithTheSameMessage() {
        var script = Script()
        script.boot()
        script.call(.heartbeat(.init()), id: "same")
        script.call(.heartbeat(.init()), id: "same")
        #expect(script.violations == [])
        script.call(.authorize(.init(idTag: "A")), id: "same")
        #expect(script.violations == [.messageId])
    }

    @Test func messagesOfAClosedConnectionAreIgnored() {
        var script = Script()
        script.disconnect()
        script.call(.heartbeat(.init()))
        #expect(script.effects == [])
        script.disconnect()
        #expect(script.effects == [])
    }
}

@Suite struct CommandTests {
    private let ask = OCPPRequest.getConfiguration(.init(key: ["HeartbeatInterval"]))

    @Test func aCallIsSentAndItsAnswerReturned() throws {
        var script = Script()
        script.command(.call(ask), number: 7)
        let call = try JSON.parse(try #require(script.sent.first))
        #expect(call.asArray?[2] == "GetConfiguration")
        let id = try #require(call.asArray?[1].asString)
        script.now = script.now.advanced(by: .milliseconds(3))
        script.text("[3,\"\(id)\",{\"configurationKey\":[]}]")
        #expect(script.effects.first == .answer(number: 7, .result(["configurationKey": []])))
        guard case .tell(let exchange)? = script.effects.last else {
            Issue.record("nothing was told")
            return
        }
        #expect(exchange.duration == .milliseconds(3))
        #expect(exchange.action == "GetConfiguration" && exchange.sender == .centralSystem)
        #expect(script.machine.ledger.sent == ["GetConfiguration": 1])
    }

    @Test func oneCallIsOutstandingAtATime() throws {
        var script = Script()
        script.command(.call(ask), number: 1)
        #expect(script.sent.count == 1)
        script.command(.call(.clearCache(.init())), number: 2)
        #expect(script.effects == [])
        script.text("[4,\"cs-1-1\",\"GenericError\",\"no\",{}]")
        #expect(script.outcomes == [.error(code: "GenericError", description: "no")])
        #expect(script.sent.count == 1)
        script.text("[3,\"cs-1-2\",{\"status\":\"Accepted\"}]")
        #expect(script.outcomes == [.result(["status": "Accepted"])])
        #expect(script.machine.ledger.errors == ["GenericError": 1])
    }

    @Test func anAnswerThatNeverComesEndsTheCallAndTheNextOneGoes() {
        var script = Script { $0.answerTimeout = .seconds(30) }
        script.command(.call(ask), number: 1)
        script.command(.call(ask), number: 2)
        #expect(script.machine.nextDeadline?.at == script.now.uptime + .seconds(30))
        script.pass(.seconds(30))
        #expect(script.outcomes == [.timedOut])
        #expect(script.sent.count == 1)
        // A late answer is late, once; the second of them answers nothing.
        script.text("[3,\"cs-1-1\",{}]")
        #expect(script.violations == [])
        script.text("[3,\"cs-1-1\",{}]")
        #expect(script.violations == [.malformed])
    }

    @Test func aLateAnswerOfAnEarlierConnectionAnswersNothing() {
        var script = Script { $0.answerTimeout = .seconds(30) }
        script.command(.call(ask), number: 1)
        script.pass(.seconds(30))
        script.disconnect()
        script.connect()
        script.text("[3,\"cs-1-1\",{}]")
        #expect(script.violations == [.malformed])
    }

    @Test func whatExpiresAtOnceExpiresInTheOrderOfNames() {
        var script = Script()
        let names = (10..<30).map { "CP\($0)" }
        for (number, name) in names.enumerated().reversed() {
            script.handle(.connected(chargePoint: name))
            script.command(.call(ask), number: number, to: name)
        }
        script.pass(.seconds(30))
        let numbers = script.effects.compactMap { effect -> Int? in
            if case .answer(let number, .timedOut) = effect { number } else { nil }
        }
        #expect(numbers == Array(0..<20))
    }

    @Test func aLostConnectionEndsAllCalls() {
        var script = Script()
        script.command(.call(ask), number: 1)
        script.command(.call(ask), number: 2)
        script.disconnect()
        #expect(script.outcomes == [.disconnected, .disconnected])
        script.command(.call(ask), number: 3)
        #expect(script.outcomes == [.refused(reason: "no charge point is connected")])
        #expect(script.machine.nextDeadline == nil)
    }

    @Test func anyActionAndPayloadCanBeSent() throws {
        var script = Script()
        script.command(.callText(action: "Frobnicate", payload: ["a": [1, "ü"]]))
        #expect(
            script.sent.first.map { String(decoding: $0, as: UTF8.self) }
                == "[2,\"cs-1-1\",\"Frobnicate\",{\"a\":[1,\"ü\"]}]"
        )
        script.text("[3,\"cs-1-1\",{\"anything\":true}]")
        #expect(script.outcomes == [.result(["anything": true])])
        #expect(script.violations == [])
        script.command(.sendText(Array("[2,".utf8)))
        #expect(script.sent == [Array("[2,".utf8)])
    }

    @Test func anUnreadableConfirmationIsReturnedAndNoted() {
        var script = Script()
        script.command(.call(.clearCache(.init())))
        script.text("[3,\"cs-1-1\",{\"status\":\"Perhaps\"}]")
        #expect(script.outcomes == [.result(["status": "Perhaps"])])
        #expect(script.violations == [.malformed])
    }

    @Test func theNewestTransactionCanBeStopped() {
        var script = Script()
        script.command(.stopNewestTransaction)
        #expect(script.outcomes == [.refused(reason: "no transaction is open")])
        script.boot()
        script.call(script.start())
        script.command(.stopNewestTransaction)
        let sent = script.sent.first.map { String(decoding: $0, as: UTF8.self) }
        #expect(sent == "[2,\"cs-1-1\",\"RemoteStopTransaction\",{\"transactionId\":1}]")
    }

    @Test func aChargePointCanBeThrownOut() {
        var script = Script()
        script.command(.disconnect)
        #expect(script.effects == [.close(chargePoint: "CP1"), .answer(number: 1, .done)])
    }
}

@Suite struct FaultTests {
    @Test func aDroppedAnswerIsProcessed() {
        var script = Script()
        script.boot()
        script.command(.inject(Fault(.drop, action: .startTransaction)))
        let start = script.start()
        script.call(start)
        #expect(script.sent.isEmpty)
        let answer = script.answer(to: start)
        #expect(
            answer
                == .callResult(
                    id: "m3",
                    .startTransaction(.init(idTagInfo: .init(status: .accepted), transactionId: 1))
                )
        )
        #expect(script.machine.ledger.transactions.map(\.startRetransmissions) == [1])
        #expect(script.violations == [])
    }

    @Test func aDelayedAnswerComesLateOnTheSameConnectionOnly() {
        for reconnects in [false, true] {
            var script = Script()
            script.command(.inject(Fault(.delay(.seconds(5)), action: nil)))
            script.boot()
            #expect(script.sent.isEmpty)
            #expect(script.machine.nextDeadline?.at == script.now.uptime + .seconds(5))
            if reconnects {
                script.disconnect()
                script.connect()
            }
            script.pass(.seconds(5))
            #expect(script.sent.count == (reconnects ? 0 : 1))
        }
    }

    @Test func anErrorIsAnsweredAndNothingProcessed() {
        var script = Script()
        script.boot()
        script.command(.inject(Fault(.error(.internalError), action: .startTransaction, count: 2)))
        let answers = (0..<3).map { _ in script.answer(to: script.start()) }
        let error = CallError(code: .internalError, errorDescription: "injected")
        #expect(answers[0] == .callError(id: "m2", error))
        #expect(answers[1] == .callError(id: "m3", error))
        #expect(script.machine.ledger.transactions.map(\.transactionId) == [1])
        #expect(script.violations == [])
    }

    @Test func theConnectionCanBreakBeforeOrAfterTheAnswer() {
        var script = Script()
        script.boot()
        script.command(.inject(Fault(.closeInstead, action: .heartbeat)))
        script.command(.inject(Fault(.closeAfter, action: .heartbeat)))
        script.call(.heartbeat(.init()))
        #expect(script.sent.isEmpty)
        #expect(script.effects.first == .close(chargePoint: "CP1"))
        script.call(.heartbeat(.init()))
        #expect(script.sent.count == 1)
        #expect(script.effects.contains(.close(chargePoint: "CP1")))
    }

    @Test func faultsStrikeTheirActionAndCanBeForgotten() {
        var script = Script()
        script.command(.inject(Fault(.drop, action: .heartbeat, count: 5)))
        script.boot()
        #expect(script.sent.count == 1)
        script.command(.clearFaults)
        script.call(.heartbeat(.init()))
        #expect(script.sent.count == 1)
    }

    @Test func theNextCallWaitsForTheTimeout() {
        var script = Script { $0.shortestCallTimeout = .seconds(10) }
        script.command(.inject(Fault(.drop, action: .heartbeat, count: 2)))
        script.boot()
        script.call(.heartbeat(.init()))
        script.pass(.seconds(10))
        script.call(.heartbeat(.init()))
        #expect(script.violations == [])
        script.pass(.seconds(9))
        script.call(.heartbeat(.init()))
        #expect(script.violations == [.synchronicity])
    }
}
