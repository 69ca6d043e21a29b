import OCPP
import OCPPCodec
import OCPPSamples
import Testing

/// All 28 requests and 28 confirmations, there and back.
@Suite struct RoundTripTests {
    @Test func thereIsASampleOfEveryMessage() {
        let actions = Action.allCases.map(\.rawValue).sorted()
        for samples in [OCPPSamples.fullRequests, OCPPSamples.minimalRequests] {
            #expect(samples.map(\.action.rawValue).sorted() == actions)
        }
        for samples in [OCPPSamples.fullConfirmations, OCPPSamples.minimalConfirmations] {
            #expect(samples.map(\.action.rawValue).sorted() == actions)
        }
    }

    // Shows: MSG-01
    @Test(arguments: OCPPSamples.fullRequests + OCPPSamples.minimalRequests)
    func aRequestSurvivesTheWireInItsDirectionAndIsRefusedInTheOther(_ request: OCPPRequest) {
        let bytes = MessageCodec.encodeCall(id: "id", request)
        for role in Role.allCases {
            let message = MessageCodec(role: role).decode(bytes) { _ in nil }
            if request.action.mayBeSent(by: role.peer) {
                #expect(message == .call(id: "id", request))
            } else {
                guard case .rejectedCall("id", request.action.rawValue, let error) = message else {
                    Issue.record("\(message)")
                    continue
                }
                #expect(error.code == .notSupported)
            }
        }
    }

    @Test(arguments: OCPPSamples.fullConfirmations + OCPPSamples.minimalConfirmations)
    func aConfirmationSurvivesTheWire(_ confirmation: OCPPConfirmation) {
        let bytes = MessageCodec.encodeResult(id: "id", confirmation)
        let message = Frames.chargePoint.decode(bytes) { $0 == "id" ? confirmation.action : nil }
        #expect(message == .callResult(id: "id", confirmation))
    }

    @Test(arguments: CallErrorCode.allCases) func anErrorSurvivesTheWire(_ code: CallErrorCode) {
        let error = CallError(code: code, errorDescription: "why", details: #"{"a":null}"#)
        let message = Frames.chargePoint.decode(MessageCodec.encodeError(id: "id", error)) { _ in .heartbeat }
        #expect(message == .callError(id: "id", error))
    }

    @Test func tenOfTheActionsAreForTheChargePointAndNineteenForTheCentralSystem() {
        #expect(Action.allCases.count == 28)
        #expect(Action.allCases.count { $0.mayBeSent(by: .chargePoint) } == 10)
        #expect(Action.allCases.count { $0.mayBeSent(by: .centralSystem) } == 19)
    }

    // Shows: J-RPC-32
    @Test func decimalsAreWrittenWithOneDigitAtMostAndIntegersWithNone() {
        let text = Frames.text(MessageCodec.encodeCall(id: "id", OCPPSamples.setChargingProfile))
        #expect(text.contains(#""limit":8.1,"#))
        #expect(text.contains(#""limit":16}"#))
        #expect(text.contains(#""minChargingRate":0.3}"#))
        #expect(text.contains(#""duration":86400,"#))
    }

    // Shows: CORE-MV-31
    @Test func celsiusIsWrittenMisspelt() {
        let text = Frames.text(MessageCodec.encodeCall(id: "id", OCPPSamples.meterValues))
        #expect(text.contains(#""unit":"Celcius""#))
    }

    // Shows: J-RPC-34
    @Test func absentMembersAreNotWritten() {
        let request = OCPPRequest.stopTransaction(
            .init(meterStop: 1, timestamp: OCPPSamples.moment, transactionId: 2)
        )
        #expect(
            Frames.text(MessageCodec.encodeCall(id: "id", request))
                == #"[2,"id","StopTransaction",{"meterStop":1,"timestamp":"2026-11-25T17:00:00.123Z","transactionId":2}]"#
        )
    }
}
