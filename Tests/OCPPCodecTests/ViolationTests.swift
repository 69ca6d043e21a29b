import OCPP
import OCPPCodec
import Testing

/// Which CALLERROR answers which defect: J §4.2.3, table 7, and the table in `CallError+Payload.swift`.
@Suite struct ViolationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var action: String
        var payload: String
        var code: CallErrorCode
        var testDescription: String { "\(action) \(payload)" }

        init(_ action: String, _ payload: String, _ code: CallErrorCode) {
            self.action = action
            self.payload = payload
            self.code = code
        }
    }

    static func profile(_ schedule: String, stackLevel: String = "0") -> String {
        """
        {"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":\(stackLevel),\
        "chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Relative","chargingSchedule":\(schedule)}}
        """
    }

    static func schedule(limit: String, start: String = "0", unit: String = "A") -> String {
        profile(
            #"{"chargingRateUnit":"\#(unit)","chargingSchedulePeriod":[{"startPeriod":\#(start),"limit":\#(limit)}]}"#
        )
    }

    static let cases: [Case] = [
        // The structure of the PDU.
        Case("Reset", "[]", .formationViolation),
        Case("Reset", #""Soft""#, .formationViolation),
        Case("Reset", "7", .formationViolation),
        Case("Reset", "true", .formationViolation),
        Case("Reset", "null", .formationViolation),
        Case("Reset", #"{"type":"Soft","when":"now"}"#, .formationViolation),
        Case("Reset", #"{"type":"Soft","Type":"Soft"}"#, .formationViolation),
        Case("ClearCache", #"{"all":true}"#, .formationViolation),
        Case(
            "SendLocalList",
            #"{"listVersion":1,"updateType":"Full","localAuthorizationList":[{"idTag":"a","idTagInfo":{"status":"Accepted","x":1}}]}"#,
            .formationViolation
        ),
        // Incomplete.
        Case("Reset", "{}", .protocolError),
        Case("ChangeConfiguration", #"{"key":"HeartbeatInterval"}"#, .protocolError),
        Case(
            "SetChargingProfile",
            profile(#"{"chargingSchedulePeriod":[{"startPeriod":0,"limit":1}]}"#),
            .protocolError
        ),
        Case("SendLocalList", #"{"listVersion":1,"updateType":"Full","localAuthorizationList":[{}]}"#, .protocolError),
        // Cardinality 1..*.
        Case(
            "SetChargingProfile",
            profile(#"{"chargingRateUnit":"A","chargingSchedulePeriod":[]}"#),
            .occurenceConstraintViolation
        ),
        // The wrong type.
        Case("Reset", #"{"type":1}"#, .typeConstraintViolation),
        Case("Reset", #"{"type":null}"#, .typeConstraintViolation),
        Case("UnlockConnector", #"{"connectorId":"1"}"#, .typeConstraintViolation),
        Case("UnlockConnector", #"{"connectorId":1.5}"#, .typeConstraintViolation),
        Case("UnlockConnector", #"{"connectorId":true}"#, .typeConstraintViolation),
        Case("GetConfiguration", #"{"key":"HeartbeatInterval"}"#, .typeConstraintViolation),
        Case("GetConfiguration", #"{"key":[1]}"#, .typeConstraintViolation),
        Case("SetChargingProfile", profile("[]"), .typeConstraintViolation),
        Case("SetChargingProfile", schedule(limit: #""16""#), .typeConstraintViolation),
        // An invalid value.
        Case("Reset", #"{"type":"soft"}"#, .propertyConstraintViolation),
        Case("Reset", #"{"type":""}"#, .propertyConstraintViolation),
        Case("RemoteStartTransaction", #"{"idTag":"123456789012345678901"}"#, .propertyConstraintViolation),
        Case("RemoteStartTransaction", #"{"idTag":"ümlaut"}"#, .propertyConstraintViolation),
        Case("RemoteStartTransaction", #"{"idTag":"tab\t"}"#, .propertyConstraintViolation),
        Case("ChangeAvailability", #"{"connectorId":-1,"type":"Operative"}"#, .propertyConstraintViolation),
        Case("UnlockConnector", #"{"connectorId":99999999999999999999}"#, .propertyConstraintViolation),
        Case("GetDiagnostics", #"{"location":"ftp://h","startTime":"yesterday"}"#, .propertyConstraintViolation),
        Case(
            "GetDiagnostics",
            #"{"location":"ftp://h","startTime":"2026-02-30T00:00:00Z"}"#,
            .propertyConstraintViolation
        ),
        Case("SetChargingProfile", schedule(limit: "8.15"), .propertyConstraintViolation),
        Case("SetChargingProfile", schedule(limit: "1e300"), .propertyConstraintViolation),
        Case("SetChargingProfile", schedule(limit: "16", unit: "kW"), .propertyConstraintViolation),
        Case("SetChargingProfile", schedule(limit: "16", start: "-1"), .propertyConstraintViolation),
        Case(
            "SetChargingProfile",
            profile(
                #"{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":1}]}"#,
                stackLevel: "-1"
            ),
            .propertyConstraintViolation
        ),
    ]

    // Shows: J-RPC-20, J-RPC-21, J-RPC-35
    @Test(arguments: cases) func aDefectiveCallIsAnsweredWithTheCodeOfItsDefect(_ example: Case) {
        #expect(Frames.code(example.action, example.payload) == example.code)
    }

    // Shows: J-RPC-10, J-RPC-15, J-RPC-17
    @Test(arguments: [
        (#"[2,"id","Reset"]"#, CallErrorCode.formationViolation),
        (#"[2,"id"]"#, .formationViolation),
        (#"[2,"id","Reset",{"type":"Soft"},{}]"#, .formationViolation),
        (#"[2,"id",7,{"type":"Soft"}]"#, .formationViolation),
        (#"[2,"id","Reboot",{}]"#, .notImplemented),
        (#"[2,"id","reset",{"type":"Soft"}]"#, .notImplemented),
        (#"[2,"id","Reset.req",{"type":"Soft"}]"#, .notImplemented),
        (#"[2,"id","/Reset",{"type":"Soft"}]"#, .notImplemented),
        (#"[2,"id","ExtendedTriggerMessage",{}]"#, .notImplemented),
        (#"[2,"id","",[]]"#, .notImplemented),
    ])
    func aDefectiveFrameIsAnsweredAsLongAsItHasAnId(_ text: String, _ code: CallErrorCode) {
        #expect(Frames.code(text) == code)
    }

    // Shows: J-RPC-18
    @Test func whatOnlyThisSideSendsIsNotSupportedWhateverThePayload() {
        for action in Action.allCases where !action.mayBeSent(by: .centralSystem) {
            #expect(Frames.code(action.rawValue, "[]") == .notSupported)
        }
        let bytes = Array(#"[2,"id","Reset",{"type":"Soft"}]"#.utf8)
        guard
            case .rejectedCall(_, _, let error) = Frames.centralSystem.decode(bytes, actionOfPendingCall: { _ in nil })
        else {
            Issue.record("A central system does not serve Reset.")
            return
        }
        #expect(error.code == .notSupported)
    }

    @Test func theRefusalNamesTheCallAndThePlaceOfTheDefect() {
        let message = Frames.decode(#"[2,"id","SetChargingProfile",\#(Self.schedule(limit: "8.15"))]"#)
        guard case .rejectedCall("id", "SetChargingProfile", let error) = message else {
            Issue.record("\(message)")
            return
        }
        #expect(
            error.errorDescription
                == "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit: at most one fraction digit is allowed"
        )
        #expect(error.details == "{}")
    }

    @Test func theRefusalNeverRepeatsTheValue() {
        for payload in [
            #"{"key":"AuthorizationKey","value":12345678}"#, #"{"key":"AuthorizationKey","value":["12345678"]}"#,
            #"{"key":"AuthorizationKey","value":"12345678\#(String(repeating: "x", count: 500))"}"#,
            #"{"key":"AuthorizationKey","value":"12345678é"}"#,
        ] {
            guard case .rejectedCall(_, _, let error) = Frames.decode(#"[2,"id","ChangeConfiguration",\#(payload)]"#)
            else {
                Issue.record("must be refused: \(payload)")
                continue
            }
            #expect(error.errorDescription.hasPrefix("value: "))
            #expect(!error.errorDescription.contains("1234"))
        }
    }

    // Shows: J-RPC-26
    @Test func aRefusalIsShortAndAsciiWhateverTheCallContains() {
        let key = String(repeating: "ключ", count: 500)
        guard case .rejectedCall(_, _, let error) = Frames.decode(#"[2,"id","Reset",{"type":"Soft","\#(key)":1}]"#)
        else {
            Issue.record("An unknown member must be refused.")
            return
        }
        #expect(error.errorDescription.utf8.count <= 255)
        #expect(error.errorDescription.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }

    // Shows: J-RPC-35
    @Test func whatTheCentralSystemReceivesIsCheckedToo() {
        for payload in [
            #"{"connectorId":1,"meterValue":[]}"#,
            #"{"connectorId":1,"meterValue":[{"timestamp":"2026-11-22T17:11:00Z","sampledValue":[]}]}"#,
        ] {
            let bytes = Array(#"[2,"id","MeterValues",\#(payload)]"#.utf8)
            guard
                case .rejectedCall(_, _, let error) = Frames.centralSystem.decode(
                    bytes,
                    actionOfPendingCall: { _ in nil }
                )
            else {
                Issue.record("An empty list must be refused: \(payload)")
                continue
            }
            #expect(error.code == .occurenceConstraintViolation)
        }
    }

    // Shows: J-RPC-14
    @Test func wrongConnectorsThatAStatusAnswersAreLetThrough() {
        #expect(Frames.code("UnlockConnector", #"{"connectorId":0}"#) == nil)
        #expect(Frames.code("UnlockConnector", #"{"connectorId":9765}"#) == nil)
        #expect(Frames.code("RemoteStartTransaction", #"{"connectorId":0,"idTag":"a"}"#) == nil)
        #expect(Frames.code("GetCompositeSchedule", #"{"connectorId":9,"duration":1}"#) == nil)
        #expect(Frames.code("TriggerMessage", #"{"connectorId":0,"requestedMessage":"StatusNotification"}"#) == nil)
    }

    @Test func anUnknownTriggerIsLetThroughForTheStatusNotImplemented() {
        let message = Frames.decode(#"[2,"id","TriggerMessage",{"requestedMessage":"LogStatusNotification"}]"#)
        let expected = TriggerMessage.Request(requestedMessage: .unknown("LogStatusNotification"))
        #expect(message == .call(id: "id", .triggerMessage(expected)))
    }
}
