import JSON
import OCPP
import OCPPCodec
import Primitives
import Testing

/// What is kept of an answer that does not fit (JE §3.3).
@Suite struct SalvageTests {
    private func salvaged(_ action: Action, _ payload: String) -> SalvagedResult? {
        guard case .undecodableResult("id", let unreadable) = Frames.decode(#"[3,"id",\#(payload)]"#, pending: action)
        else { return nil }
        return unreadable.salvaged
    }

    @Test(
        arguments: [
            (#"{"transactionId":7,"idTagInfo":{"status":"Accepted","expiryDate":"never"}}"#, 7, .accepted),
            (#"{"transactionId":7,"idTagInfo":{"status":"Perhaps"}}"#, 7, .invalid),
            (#"{"transactionId":7,"idTagInfo":{"status":"accepted"}}"#, 7, .invalid),
            (#"{"transactionId":7,"idTagInfo":{"status":"NoCredit"}}"#, 7, .invalid),
            (#"{"transactionId":7,"idTagInfo":{"status":17}}"#, 7, .invalid),
            (#"{"transactionId":7,"idTagInfo":{"status":null}}"#, 7, nil),
            (#"{"transactionId":7,"idTagInfo":{}}"#, 7, nil),
            (#"{"transactionId":7}"#, 7, nil),
            (#"{"transactionId":7,"idTagInfo":null}"#, 7, nil),
            (#"{"transactionId":0,"idTagInfo":[]}"#, 0, .invalid),
            (#"{"transactionId":-1,"idTagInfo":"Accepted"}"#, -1, .invalid),
            (#"{"transactionId":"12","idTagInfo":{"status":"Blocked"}}"#, 12, .blocked),
            (#"{"transactionId":9223372036854775807}"#, Int.max, nil),
            (#"{"transactionId":9223372036854775808,"idTagInfo":{"status":"Blocked"}}"#, nil, .blocked),
            (#"{"transactionId":1.5,"idTagInfo":{"status":"Blocked"}}"#, nil, .blocked),
            (#"{"transactionId":"x","idTagInfo":{"status":"Blocked"}}"#, nil, .blocked),
            (#"{"idTagInfo":{"status":"Invalid"}}"#, nil, .invalid),
            ("{}", nil, nil),
        ] as [(String, Int?, AuthorizationStatus?)]
    )
    func ofAnUnreadableStartTheNumberAndTheStatusAreKept(_ payload: String, _ id: Int?, _ status: AuthorizationStatus?)
    {
        let expected = SalvagedResult.transaction(id: id, identifier: SalvagedIdTagInfo(status: status))
        #expect(salvaged(.startTransaction, payload) == expected)
    }

    /// It may be a refusal.
    @Test func ofAnAnswerWithSomethingBehindThePayloadThePayloadCounts() {
        let frame = #"[3,"id",{"transactionId":111,"idTagInfo":{"status":"Blocked"}},{}]"#
        guard case .undecodableResult("id", let unreadable) = Frames.decode(frame, pending: .startTransaction) else {
            Issue.record("it is not matched")
            return
        }
        #expect(unreadable.problem == "a CALLRESULT has 3 elements")
        #expect(unreadable.salvaged == .transaction(id: 111, identifier: SalvagedIdTagInfo(status: .blocked)))
        guard case .undecodableResult("id", let empty) = Frames.decode(#"[3,"id"]"#, pending: .startTransaction) else {
            Issue.record("an answer without a payload is not matched")
            return
        }
        #expect(empty.salvaged == .nothing)
    }

    @Test func ofAnUnreadableIdentifierEachFieldThatFitsIsKept() {
        let date = Timestamp("2030-01-01T00:00:00Z")
        #expect(
            salvaged(
                .authorize,
                #"{"idTagInfo":{"status":"Perhaps","parentIdTag":"P","expiryDate":"2030-01-01T00:00:00Z"}}"#
            )
                == .identifier(SalvagedIdTagInfo(status: .invalid, parentIdTag: "P", expiryDate: date))
        )
        #expect(
            salvaged(.stopTransaction, #"{"idTagInfo":{"status":"Expired","parentIdTag":"123456789012345678901"}}"#)
                == .identifier(SalvagedIdTagInfo(status: .expired))
        )
    }

    @Test func ofAnUnreadableRegistrationEachFieldThatFitsIsKept() {
        let noon = Timestamp("2030-01-01T12:00:00Z")
        #expect(
            salvaged(.bootNotification, #"{"status":"Accepted","currentTime":"soon","interval":300}"#)
                == .registration(status: .accepted, currentTime: nil, intervalSeconds: 300)
        )
        #expect(
            salvaged(.bootNotification, #"{"status":"accepted","currentTime":"2030-01-01T12:00:00Z","interval":"300"}"#)
                == .registration(status: nil, currentTime: noon, intervalSeconds: nil)
        )
    }

    @Test func ofAnyOtherAnswerNothingIsKept() {
        #expect(salvaged(.heartbeat, #"{"currentTime":"soon"}"#) == .nothing)
        #expect(salvaged(.startTransaction, "[7]") == .nothing)
    }

    // MARK: - Secrets in what cannot be read

    /// Answers are logged and shown: whoever puts the password in the place of a member's name is not quoted.
    @Test func ofAChangeOfConfigurationNoUnknownMemberIsNamed() throws {
        func problem(_ action: Action, _ payload: JSONValue) -> String? {
            do throws(CallError) {
                _ = try MessageCodec.request(action, payload: payload)
                return nil
            } catch {
                #expect(error.code == .formationViolation)
                return error.errorDescription
            }
        }
        #expect(problem(.changeConfiguration, ["key": "k", "value": "v", "00112233": "1"]) == "unknown key")
        #expect(problem(.reset, ["type": "Soft", "00112233": "1"]) == "00112233: unknown key")
    }

    @Test(arguments: [
        "AuthorizationKey", "authorizationkey", #"Authorization\u004bey"#, #"Authorization\u004Bey"#,
        #"\u0041\u0075\u0074\u0068\u006f\u0072\u0069\u007a\u0061\u0074\u0069\u006f\u006e\u004b\u0065\u0079"#,
        #"Authorization\\u004bey"#, #"[2,"x","ChangeConfiguration",{"key":"AuthorizationKe\u0079"#,
    ])
    func aNameIsFoundInAnySpelling(_ text: String) {
        #expect(FrameText.mentions("AuthorizationKey", in: Array(text.utf8)))
    }

    @Test(arguments: [
        "", "AuthorizationKe", "Authorization Key", #"Authorization\u014bey"#, #"AuthorizationKe\u007"#, #"\"#,
    ])
    func anotherNameIsNotFound(_ text: String) {
        #expect(!FrameText.mentions("AuthorizationKey", in: Array(text.utf8)))
    }
}
