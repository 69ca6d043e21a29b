import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// DataTransfer between the central system and the programs of vendors (OCPP 1.6 §4.3, §5.6).
@Suite struct DataTransferTests {
    private let vendor = RegisterVendor(vendorId: "com.example", messageIds: ["Tariff"], leaseSeconds: 60)

    private func transfer(_ vendorId: CiString255, _ messageId: CiString50?, _ data: String? = nil) -> OCPPRequest {
        .dataTransfer(DataTransfer.Request(vendorId: vendorId, messageId: messageId, data: data))
    }

    private func shown(_ effects: [GatewayEffect]) -> [DataTransferReceived] {
        effects.compactMap { effect in
            guard case .publish(let message) = effect else { return nil }
            return message.value as? DataTransferReceived
        }
    }

    private func replies(_ effects: [GatewayEffect], to number: Int) -> [Result<GatewayReply, BusError>] {
        effects.compactMap { effect in
            guard case .replied(number, let result) = effect else { return nil }
            return result
        }
    }

    private func code(_ result: Result<GatewayReply, BusError>?) -> BusError.Code? {
        if case .failure(let error) = result { error.code } else { nil }
    }

    private func registered() throws -> GatewayBench {
        var bench = try GatewayBench()
        bench.register()
        #expect(replies(bench.feed(.asked(number: 1, .registerVendor(vendor))), to: 1) == [.success(.done)])
        return bench
    }

    // MARK: - From the central system

    // Shows: CORE-DT-02, CORE-DT-03
    /// OCPP 1.6 §4.3: nobody knows the vendor; the vendor does not know the message.
    @Test func whatNobodyKnowsIsSaidToBeUnknown() throws {
        var bench = try registered()
        #expect(
            bench.ask(transfer("org.other", "Tariff")).answers == [.dataTransfer(.init(status: .unknownVendorId))]
        )
        for messageId in ["Other", nil] as [CiString50?] {
            let effects = bench.ask(transfer("com.example", messageId))
            #expect(effects.answers == [.dataTransfer(.init(status: .unknownMessageId))])
            #expect(shown(effects).isEmpty)
        }
    }

    // Shows: CORE-DT-01, CORE-DT-04
    /// OCPP 1.6 §4.3: the program's answer is the answer.
    @Test func theProgramOfTheVendorAnswers() throws {
        var bench = try registered()
        let effects = bench.ask(transfer("COM.example", "Tariff", "{\"price\":1}"), id: "call")
        #expect(effects.answers.isEmpty)
        let event = try #require(shown(effects).first)
        #expect(event.vendorId == "COM.example")
        #expect(event.messageId == "Tariff")
        #expect(event.data == "{\"price\":1}")
        let wrong = AnswerDataTransfer(number: event.number, status: TransferStatus(rawValue: "Perhaps"))
        #expect(code(replies(bench.feed(.asked(number: 2, .answerDataTransfer(wrong))), to: 2).first) == .invalid)
        let answer = AnswerDataTransfer(number: event.number, status: .accepted, data: "ok")
        let answered = bench.feed(.asked(number: 3, .answerDataTransfer(answer)))
        #expect(answered.contains(.sendResult(id: "call", .dataTransfer(.init(status: .accepted, data: "ok")))))
        #expect(replies(answered, to: 3) == [.success(.done)])
        let again = bench.feed(.asked(number: 4, .answerDataTransfer(answer)))
        #expect(again.answers.isEmpty)
        #expect(code(replies(again, to: 4).first) == .refused)
    }

    /// The central system has its answer within five seconds.
    @Test func aProgramThatIsSilentRejects() throws {
        var bench = try registered()
        let event = try #require(shown(bench.ask(transfer("com.example", "Tariff"))).first)
        #expect(bench.advance(.milliseconds(3900)).answers.isEmpty)
        #expect(bench.advance(.milliseconds(100)).answers == [.dataTransfer(.init(status: .rejected))])
        let late = AnswerDataTransfer(number: event.number, status: .accepted)
        #expect(code(replies(bench.feed(.asked(number: 2, .answerDataTransfer(late))), to: 2).first) == .refused)
    }

    @Test func aRegistrationEndsWithItsLease() throws {
        var bench = try registered()
        bench.advance(.seconds(59))
        #expect(bench.ask(transfer("com.example", "Tariff")).answers.isEmpty)
        bench.advance(.seconds(1))
        let expected = OCPPConfirmation.dataTransfer(.init(status: .unknownVendorId))
        #expect(bench.ask(transfer("com.example", "Tariff")).answers == [expected])
        bench.feed(.asked(number: 2, .registerVendor(vendor)))
        bench.feed(.asked(number: 3, .registerVendor(RegisterVendor(vendorId: "com.example", leaseSeconds: 0))))
        #expect(bench.ask(transfer("com.example", "Tariff")).answers == [expected])
    }

    @Test func whatDoesNotFitTheBusIsRejected() throws {
        var bench = try registered()
        let data = String(repeating: "x", count: 40_001)
        let effects = bench.ask(transfer("com.example", "Tariff", data))
        #expect(effects.answers == [.dataTransfer(.init(status: .rejected))])
        #expect(shown(effects).isEmpty)
    }

    @Test func aRegistrationThatDoesNotFitIsRefused() throws {
        var bench = try GatewayBench()
        bench.register()
        let long = String(repeating: "x", count: 256)
        for request in [
            RegisterVendor(vendorId: "", leaseSeconds: 60), RegisterVendor(vendorId: long, leaseSeconds: 60),
            RegisterVendor(vendorId: "v", leaseSeconds: -1), RegisterVendor(vendorId: "v", leaseSeconds: 3601),
            RegisterVendor(vendorId: "v", messageIds: [long], leaseSeconds: 60),
        ] {
            #expect(code(replies(bench.feed(.asked(number: 1, .registerVendor(request))), to: 1).first) == .invalid)
        }
        for number in 0..<17 {
            let request = RegisterVendor(vendorId: "v\(number)", leaseSeconds: 60)
            let reply = replies(bench.feed(.asked(number: 1, .registerVendor(request))), to: 1).first
            #expect(code(reply) == (number < 16 ? nil : .busy))
        }
    }

    // MARK: - To the central system

    private let hello = SendDataTransfer(vendorId: "com.example", messageId: "Hello", data: "there")

    // Shows: CORE-DT-01
    /// OCPP 1.6 §4.3: in both directions.
    @Test func aProgramSendsAndLearnsTheAnswer() throws {
        var bench = try GatewayBench()
        bench.register()
        let sent = bench.feed(.asked(number: 5, .sendDataTransfer(hello)))
        #expect(replies(sent, to: 5).isEmpty)
        #expect(bench.calls.map(\.request) == [transfer("com.example", "Hello", "there")])
        let answered = bench.answer(.dataTransfer(.init(status: .unknownMessageId, data: "what?")))
        let reply = SendDataTransfer.Reply(status: .unknownMessageId, data: "what?")
        #expect(replies(answered, to: 5) == [.success(.sendDataTransfer(reply))])
    }

    @Test func oneGoesAfterTheOtherAndTooManyAreRefused() throws {
        var bench = try GatewayBench()
        bench.register()
        for number in 0..<17 { bench.feed(.asked(number: number, .sendDataTransfer(hello))) }
        #expect(bench.calls.count == 1)
        #expect(code(replies(bench.feed(.asked(number: 17, .sendDataTransfer(hello))), to: 17).first) == .busy)
        #expect(replies(bench.answer(.dataTransfer(.init(status: .accepted))), to: 0).count == 1)
        #expect(bench.calls.count == 1)
    }

    @Test func whoIsOfflineIsToldSo() throws {
        var bench = try GatewayBench()
        bench.start()
        #expect(code(replies(bench.feed(.asked(number: 1, .sendDataTransfer(hello))), to: 1).first) == .refused)
        var online = try GatewayBench()
        online.register()
        online.feed(.asked(number: 1, .sendDataTransfer(hello)))
        online.feed(.asked(number: 2, .sendDataTransfer(hello)))
        let lost = online.feed(.link(.closed(dial: 1, reason: "lost")))
        // Of the first nobody knows whether it arrived; the second was not sent.
        #expect(code(replies(lost, to: 1).first) == .failed)
        #expect(code(replies(lost, to: 2).first) == .refused)
    }

    @Test func aRefusalAndASilenceAreTold() throws {
        var bench = try GatewayBench(callTimeout: .seconds(5))
        bench.register()
        bench.feed(.asked(number: 1, .sendDataTransfer(hello)))
        let id = bench.takeCall()?.id ?? ""
        let refused = bench.feed(.message(.callError(id: id, CallError(code: .notSupported))))
        #expect(code(replies(refused, to: 1).first) == .failed)
        bench.feed(.asked(number: 2, .sendDataTransfer(hello)))
        var silent: [GatewayEffect] = []
        for _ in 0..<6 { silent += bench.advance(.seconds(1)) }
        #expect(code(replies(silent, to: 2).first) == .timedOut)
    }

    @Test func aRequestThatDoesNotFitIsRefused() throws {
        var bench = try GatewayBench()
        bench.register()
        for request in [
            SendDataTransfer(vendorId: ""), SendDataTransfer(vendorId: "ümlaut"),
            SendDataTransfer(vendorId: "v", messageId: String(repeating: "x", count: 51)),
        ] {
            #expect(code(replies(bench.feed(.asked(number: 1, .sendDataTransfer(request))), to: 1).first) == .invalid)
        }
        #expect(bench.calls.isEmpty)
    }
}
