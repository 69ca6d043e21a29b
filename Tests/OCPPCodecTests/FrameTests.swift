import JSON
import OCPP
import OCPPCodec
import Primitives
import Testing

/// OCPP-J 1.6 chapter 4: the array around the payload.
@Suite struct FrameTests {
    // MARK: - Reading

    @Test func aCallIsReadWithItsIdAndAction() {
        let message = Frames.decode(#"[2,"19223201","Reset",{"type":"Soft"}]"#)
        #expect(message == .call(id: "19223201", .reset(.init(type: .soft))))
    }

    @Test func whiteSpaceBetweenTheElementsDoesNotMatter() {
        let message = Frames.decode(" [ 2 , \"a\" ,\r\n\t\"Reset\" , { \"type\" : \"Hard\" } ] \n")
        #expect(message == .call(id: "a", .reset(.init(type: .hard))))
    }

    // Shows: J-RPC-13
    @Test func nullIsNoPayloadOfACallButAnAnswerWithNothingInIt() {
        #expect(Frames.code("GetConfiguration", "null") == .formationViolation)
        #expect(Frames.code("ClearCache", "null") == .formationViolation)
        #expect(
            Frames.decode(#"[3,"id",null]"#, pending: .statusNotification)
                == .callResult(id: "id", .statusNotification(.init()))
        )
    }

    @Test func nullForAnOptionalMemberStandsForItsAbsence() {
        #expect(
            Frames.decode(#"[2,"id","GetConfiguration",{"key":null}]"#) == .call(id: "id", .getConfiguration(.init()))
        )
    }

    // Shows: J-RPC-11
    @Test func aResultIsReadAsTheAnswerToThePendingCall() {
        let message = Frames.decode(#"[3,"id",{"currentTime":"2026-11-22T17:11:00Z"}]"#, pending: .heartbeat)
        guard case .callResult("id", .heartbeat(let confirmation)) = message else {
            Issue.record("\(message)")
            return
        }
        #expect(confirmation.currentTime.description == "2026-11-22T17:11:00.000Z")
    }

    // Shows: J-RPC-04
    @Test func anAnswerToNoPendingCallIsIgnored() {
        #expect(Frames.isIgnored(Frames.decode(#"[3,"late",{}]"#, pending: .heartbeat)))
        #expect(Frames.isIgnored(Frames.decode(#"[4,"late","GenericError","",{}]"#, pending: .heartbeat)))
        #expect(Frames.isIgnored(Frames.decode(#"[3,"id",{}]"#)))
    }

    @Test func unknownMembersOfAResultAreSkipped() {
        let message = Frames.decode(
            #"[3,"id",{"status":"Accepted","currentTime":"2013-02-01T20:53:32.486Z","interval":300,"heartbeatInterval":1}]"#,
            pending: .bootNotification
        )
        guard case .callResult("id", .bootNotification(let confirmation)) = message else {
            Issue.record("\(message)")
            return
        }
        #expect(confirmation.interval == 300)
    }

    @Test(arguments: [
        #"[3,"id",{"status":"Accepted","currentTime":"2013-02-01T20:53:32.486Z"}]"#,
        #"[3,"id",{"status":"Perhaps","currentTime":"2013-02-01T20:53:32.486Z","interval":300}]"#,
        #"[3,"id",{"status":"Accepted","currentTime":"yesterday","interval":300}]"#,
        #"[3,"id","Accepted"]"#,
        #"[3,"id",[]]"#,
        #"[3,"id"]"#,
        #"[3,"id",{},{}]"#,
        #"[3,"id",null]"#,
    ])
    func aResultThatDoesNotFitIsReportedWithItsId(_ text: String) {
        guard case .undecodableResult("id", let unreadable) = Frames.decode(text, pending: .bootNotification) else {
            Issue.record("\(Frames.decode(text, pending: .bootNotification))")
            return
        }
        #expect(!unreadable.problem.isEmpty)
    }

    @Test func anErrorIsReadWithItsCodeDescriptionAndDetails() {
        let message = Frames.decode(
            #"[4,"id","NotSupported","SendLocalList.req not implemented",{"a":[1,2]}]"#,
            pending: .bootNotification
        )
        let error = CallError(
            code: .notSupported,
            errorDescription: "SendLocalList.req not implemented",
            details: #"{"a":[1,2]}"#
        )
        #expect(message == .callError(id: "id", error))
    }

    // Shows: J-RPC-16
    @Test(arguments: [
        ("FormationViolation", CallErrorCode.formationViolation),
        ("FormatViolation", .formationViolation),
        ("OccurenceConstraintViolation", .occurenceConstraintViolation),
        ("OccurrenceConstraintViolation", .occurenceConstraintViolation),
        ("InternalError", .internalError),
        ("SecurityError", .securityError),
    ])
    func bothSpellingsOfAnErrorCodeAreRead(_ spelling: String, _ code: CallErrorCode) {
        let message = Frames.decode(#"[4,"id","\#(spelling)","",{}]"#, pending: .heartbeat)
        #expect(message == .callError(id: "id", CallError(code: code)))
    }

    @Test(arguments: [
        (#"[4,"id","RpcFrameworkError","no",{}]"#, "RpcFrameworkError: no"),
        (#"[4,"id","RpcFrameworkError","",{}]"#, "RpcFrameworkError"),
        (#"[4,"id",17,null,null]"#, ""),
        (#"[4,"id"]"#, ""),
        (#"[4,"id","","text",[],7]"#, ": text"),
        (#"[4,"id","Odd","text"]"#, "Odd: text"),
        (#"[4,"id",null,"\#(String(repeating: "é", count: 256))",{}]"#, ": " + String(repeating: "é", count: 255)),
    ])
    func anErrorCountsWhateverItsForm(_ text: String, _ description: String) {
        let error = CallError(code: .genericError, errorDescription: description)
        #expect(Frames.decode(text, pending: .heartbeat) == .callError(id: "id", error))
    }

    // Shows: J-RPC-23
    @Test(arguments: [
        "", " ", "null", "2", "\"text\"", "{}", "[]", "[", "[2", "[2]", "[2,", "nonsense", "[2,\"id\",\"Rese", "[,]",
        "{\"a\":1}", "[\"2\",\"id\",\"Reset\",{}]", "[null,\"id\",\"Reset\",{}]", "[[2],\"id\",\"Reset\",{}]",
        "[2,\"i\\u00zzd\",\"ClearCache\",{}]", "[2 \"id\",\"ClearCache\",{}]",
        "\u{FEFF}[2,\"id\",\"ClearCache\",{}]",
    ])
    func whatIsNoMessageIsIgnored(_ text: String) {
        #expect(Frames.isIgnored(Frames.decode(text)))
    }

    // Shows: J-RPC-06
    @Test(arguments: ["0", "1", "5", "-2", "2.5", "22", "1e400", "99999999999999999999"])
    func anUnknownMessageTypeNumberIsIgnored(_ number: String) {
        #expect(Frames.isIgnored(Frames.decode(#"[\#(number),"id","Reset",{"type":"Soft"}]"#)))
    }

    @Test(arguments: [
        "[2,7,\"Reset\",{}]", "[2,null,\"Reset\",{}]", "[2,{},\"Reset\",{}]", "[2,[\"id\"],\"Reset\",{}]",
    ])
    func aCallWithoutUsableIdIsIgnored(_ text: String) {
        #expect(Frames.isIgnored(Frames.decode(text)))
    }

    @Test func invalidUTF8InTheIdIsIgnored() {
        let bytes = Array(#"[2,"i"#.utf8) + [0xC3, 0x28] + Array(#"d","ClearCache",{}]"#.utf8)
        #expect(Frames.isIgnored(Frames.chargePoint.decode(bytes) { _ in nil }))
    }

    // Shows: J-RPC-15, J-RPC-20
    @Test(arguments: [
        #"[2,"id","Reset",{"type":"Soft","type":"Hard"}]"#,
        #"[2,"id","Reset",{"type":"\ud800"}]"#,
        #"[2,"id","Reset",{"type":"Soft"}"#,
        #"[2,"id","Reset",{"type":"Soft"},]"#,
        #"[2,"id","Reset",{"type":"Soft"}] x"#,
        #"[2,"id","Reset",{"type":NaN}]"#,
        #"[2,"id","Reset","#,
        #"[2,"id","Reset""#,
        #"[2,"id","Reset" x"#,
        #"[2,"id","Reset",{"a":"# + String(repeating: "[", count: 100_000),
        #"[2,"id","Reset",{"type":"a"# + String(repeating: "\u{301}", count: 31) + #""}]"#,
    ])
    func whatIsBrokenBehindIdAndActionIsAnswered(_ text: String) {
        guard case .rejectedCall("id", "Reset", let error) = Frames.decode(text) else {
            Issue.record("\(Frames.decode(text))")
            return
        }
        #expect(error.code == .formationViolation)
        #expect(!error.errorDescription.isEmpty)
    }

    @Test func invalidUTF8BehindIdAndActionIsAnswered() {
        let bytes =
            Array(#"[2,"id","DataTransfer",{"vendorId":"v","data":""#.utf8) + [0xC3, 0x28] + Array(#""}]"#.utf8)
        guard
            case .rejectedCall("id", "DataTransfer", let error) = Frames.chargePoint.decode(
                bytes,
                actionOfPendingCall: { _ in nil }
            )
        else {
            Issue.record("It must be answered.")
            return
        }
        #expect(error.code == .formationViolation)
    }

    // Shows: J-RPC-17, J-RPC-18
    @Test func aBrokenCallOfAnUnknownActionIsNotImplemented() {
        #expect(Frames.code(#"[2,"id","SelfDestruct",{]"#) == .notImplemented)
        #expect(Frames.code(#"[2,"id","Heartbeat",{]"#) == .notSupported)
        #expect(Frames.code(#"[2,"\#(String(repeating: "x", count: 37))","Reset",{]"#) == .propertyConstraintViolation)
    }

    @Test(arguments: [#"[3,"id",{"status":"Accepted","status":"Rejected"}]"#, #"[3,"id",{"#, #"[3,"id",{}] x"#])
    func aBrokenAnswerIsMatchedWithItsCall(_ text: String) {
        guard case .undecodableResult("id", let unreadable) = Frames.decode(text, pending: .bootNotification) else {
            Issue.record("\(Frames.decode(text, pending: .bootNotification))")
            return
        }
        #expect(unreadable.salvaged == .nothing)
        #expect(Frames.isIgnored(Frames.decode(text)))
    }

    @Test func aBrokenErrorIsMatchedWithItsCall() {
        let text = #"[4,"id","SecurityError",{"a":1,"a":2}]"#
        #expect(Frames.decode(text, pending: .heartbeat) == .callError(id: "id", CallError(code: .securityError)))
        #expect(Frames.isIgnored(Frames.decode(text)))
    }

    // Shows: J-RPC-07
    @Test func anIdOf36CharactersIsTheLongest() {
        let longest = String(repeating: "x", count: 36)
        #expect(Frames.decode(#"[2,"\#(longest)","ClearCache",{}]"#) == .call(id: longest, .clearCache(.init())))
        let umlauts = String(repeating: "ä", count: 36)
        #expect(Frames.decode(#"[2,"\#(umlauts)","ClearCache",{}]"#) == .call(id: umlauts, .clearCache(.init())))
    }

    // Shows: J-RPC-15
    @Test func aLongerIdIsSentBackInTheRefusal() {
        let long = String(repeating: "x", count: 37)
        guard case .rejectedCall(let id, let action, let error) = Frames.decode(#"[2,"\#(long)","ClearCache",{}]"#)
        else {
            Issue.record("An id of 37 characters must be refused.")
            return
        }
        #expect(id == long)
        #expect(action == "ClearCache")
        #expect(error.code == .propertyConstraintViolation)
        let absurd = String(repeating: "x", count: 256)
        #expect(Frames.isIgnored(Frames.decode(#"[2,"\#(absurd)","ClearCache",{}]"#)))
    }

    @Test func aFrameBeyondTheLimitsIsRefused() {
        let small = MessageCodec(role: .chargePoint, limits: JSONLimits(bytes: 40, depth: 16))
        let fits = #"[2,"id","ClearCache",{}]"#
        #expect(small.decode(Array(fits.utf8)) { _ in nil } == .call(id: "id", .clearCache(.init())))
        let exact = fits + String(repeating: " ", count: 40 - fits.utf8.count)
        #expect(small.decode(Array(exact.utf8)) { _ in nil } == .call(id: "id", .clearCache(.init())))
        guard
            case .rejectedCall("id", "ClearCache", _) = small.decode(
                Array((exact + " ").utf8),
                actionOfPendingCall: { _ in nil }
            )
        else {
            Issue.record("One byte beyond the limit is too much.")
            return
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(Frames.isIgnored(Frames.decode(deep)))
    }

    // MARK: - Writing

    // Shows: J-RPC-05, J-RPC-10
    @Test func aCallIsWrittenWithFourElements() {
        let bytes = MessageCodec.encodeCall(id: "19223201", .heartbeat(.init()))
        #expect(Frames.text(bytes) == #"[2,"19223201","Heartbeat",{}]"#)
    }

    // Shows: J-RPC-05, J-RPC-11
    @Test func aResultIsWrittenWithThreeElements() {
        let bytes = MessageCodec.encodeResult(id: "a", .reset(.init(status: .accepted)))
        #expect(Frames.text(bytes) == #"[3,"a",{"status":"Accepted"}]"#)
    }

    // Shows: J-RPC-05, J-RPC-12, J-RPC-16
    @Test func anErrorIsWrittenWithFiveElementsAlways() {
        #expect(
            Frames.text(MessageCodec.encodeError(id: "a", CallError(code: .formationViolation)))
                == #"[4,"a","FormationViolation","",{}]"#
        )
        let full = CallError(code: .occurenceConstraintViolation, errorDescription: "few", details: #"{"a": 1}"#)
        #expect(
            Frames.text(MessageCodec.encodeError(id: "a", full))
                == #"[4,"a","OccurenceConstraintViolation","few",{"a":1}]"#
        )
    }

    @Test(arguments: ["", "[]", "{", "7", "null"])
    func detailsThatAreNoObjectAreLeftOut(_ details: String) {
        let error = CallError(code: .genericError, details: details)
        #expect(Frames.text(MessageCodec.encodeError(id: "a", error)) == #"[4,"a","GenericError","",{}]"#)
    }

    // Shows: J-RPC-25, CORE-DT-06
    @Test func textIsEscapedAndKeptAsItIs() throws {
        let data = "quote \" backslash \\ line\n tab\t nul\u{0} é \u{1F697}"
        let bytes = MessageCodec.encodeCall(id: "i\"d", .dataTransfer(.init(vendorId: "v", data: data)))
        let message = Frames.chargePoint.decode(bytes) { _ in nil }
        #expect(message == .call(id: "i\"d", .dataTransfer(.init(vendorId: "v", data: data))))
    }
}
