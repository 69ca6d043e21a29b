import OCPP
import OCPPCodec
import Testing

/// What a central system may send in the place of a CALL, and what becomes of it: J §4.1.3, §4.2.1, §4.2.3. The same list, answered by the
/// real programs, is in `Tests/Integration/test_hostile_central_system.py`.
@Suite struct NastyTextTests {
    enum Verdict: Equatable, Sendable {
        /// Nobody can be told: there is no id to answer to, or no CALL.
        case dropped
        case refused(CallErrorCode)
        /// It is a good CALL, whatever it looks like; the machine answers.
        case read
    }

    struct Nasty: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        var verdict: Verdict
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ verdict: Verdict) {
            self.name = name
            self.text = text
            self.verdict = verdict
        }
    }

    private static func long(_ piece: String, _ count: Int) -> String { String(repeating: piece, count: count) }

    /// Nothing of them can be answered.
    private static let withoutId = [
        Nasty("nothing at all", "", .dropped),
        Nasty("no JSON", "hello", .dropped),
        Nasty("a byte order mark", "\u{FEFF}[2,\"x\",\"ClearCache\",{}]", .dropped),
        Nasty("no array", #"{"2":"x"}"#, .dropped),
        Nasty("an empty array", "[]", .dropped),
        Nasty("null", "null", .dropped),
        Nasty("only a type", "[2]", .dropped),
        Nasty("a type beyond all", #"[5,"x",{}]"#, .dropped),
        Nasty("a type as text", #"["2","x","ClearCache",{}]"#, .dropped),
        Nasty("a broken type", #"[2.5,"x","ClearCache",{}]"#, .dropped),
        Nasty("an endless type", #"[1e999,"x","ClearCache",{}]"#, .dropped),
        Nasty("a negative type", #"[-2,"x","ClearCache",{}]"#, .dropped),
        Nasty("an id that is a number", #"[2,7,"ClearCache",{}]"#, .dropped),
        Nasty("an id that is null", #"[2,null,"ClearCache",{}]"#, .dropped),
        Nasty("an id without end", #"[2,"\#(long("x", 5000))","ClearCache",{}]"#, .dropped),
        Nasty("an id of half a character", #"[2,"\ud800","ClearCache",{}]"#, .dropped),
        Nasty("a deep hole without a bottom", long("[", 100_000), .dropped),
        Nasty("half of an action", #"[2,"x","ClearCac"#, .dropped),
        Nasty("an answer to nobody", #"[3,"nobody",{}]"#, .dropped),
        Nasty("an error to nobody", #"[4,"nobody","GenericError","",{}]"#, .dropped),
        Nasty("an answer with nothing", "[3]", .dropped),
        Nasty("an error with nothing", "[4,null]", .dropped),
    ]

    /// Broken behind the action.
    private static let broken = [
        Nasty("half of a CALL", #"[2,"x","Reset",{"type":"#, .refused(.formationViolation)),
        Nasty("nothing behind the action", #"[2,"x","Reset""#, .refused(.formationViolation)),
        Nasty("two documents", #"[2,"x","ClearCache",{}][2,"x","ClearCache",{}]"#, .refused(.formationViolation)),
        Nasty("a NUL after the end", "[2,\"x\",\"ClearCache\",{}]\0", .refused(.formationViolation)),
        Nasty("NaN", #"[2,"x","RemoteStopTransaction",{"transactionId":NaN}]"#, .refused(.formationViolation)),
        Nasty("a lone surrogate", #"[2,"x","ClearCache",{"\ud800":1}]"#, .refused(.formationViolation)),
        Nasty("a lone surrogate in a value", #"[2,"x","Reset",{"type":"\udfff"}]"#, .refused(.formationViolation)),
        Nasty("a member twice", #"[2,"x","Reset",{"type":"Soft","type":"Hard"}]"#, .refused(.formationViolation)),
        Nasty(
            "a member twice, deep inside",
            #"[2,"x","DataTransfer",{"vendorId":"v","data":[{"a":{"b":1,"b":1}}]}]"#,
            .refused(.formationViolation)
        ),
        Nasty(
            "a deep hole",
            #"[2,"x","DataTransfer",\#(long("[", 5000))\#(long("]", 5000))]"#,
            .refused(.formationViolation)
        ),
        Nasty(
            "a long text",
            #"[2,"x","DataTransfer",{"vendorId":"v","data":"\#(long("x", 600_000))"}]"#,
            .refused(.formationViolation)
        ),
        Nasty("broken, and nobody knows it", #"[2,"x","SelfDestruct",{"a":1,"a":1}]"#, .refused(.notImplemented)),
        Nasty("broken, and ours to send", #"[2,"x","Heartbeat",{"a":1,"a":1}]"#, .refused(.notSupported)),
    ]

    /// Good JSON of a wrong form.
    private static let misshapen = [
        Nasty("an id of 37 characters", #"[2,"\#(long("i", 37))","Reset",{}]"#, .refused(.propertyConstraintViolation)),
        Nasty("no payload", #"[2,"x","ClearCache"]"#, .refused(.formationViolation)),
        Nasty("too many elements", #"[2,"x","ClearCache",{},{}]"#, .refused(.formationViolation)),
        Nasty("only an id", #"[2,"x"]"#, .refused(.formationViolation)),
        Nasty("an action that is a number", #"[2,"x",1,{}]"#, .refused(.formationViolation)),
        Nasty("a payload of null", #"[2,"x","GetConfiguration",null]"#, .refused(.formationViolation)),
        Nasty("a payload that is a list", #"[2,"x","ClearCache",[]]"#, .refused(.formationViolation)),
        Nasty("a payload that is a text", #"[2,"x","ClearCache","{}"]"#, .refused(.formationViolation)),
        Nasty("an unknown action", #"[2,"x","SelfDestruct",{}]"#, .refused(.notImplemented)),
        Nasty("an action in the wrong case", #"[2,"x","clearcache",{}]"#, .refused(.notImplemented)),
        Nasty("an action without a name", #"[2,"x","",{}]"#, .refused(.notImplemented)),
        Nasty("an action with its suffix", #"[2,"x","Reset.req",{"type":"Soft"}]"#, .refused(.notImplemented)),
        Nasty("an action of our own", #"[2,"x","Heartbeat",{}]"#, .refused(.notSupported)),
        Nasty("a member too many", #"[2,"x","ClearCache",{"now":true}]"#, .refused(.formationViolation)),
        Nasty("a member missing", #"[2,"x","Reset",{}]"#, .refused(.protocolError)),
        Nasty("a member of null", #"[2,"x","Reset",{"type":null}]"#, .refused(.typeConstraintViolation)),
        Nasty(
            "a number as text",
            #"[2,"x","UnlockConnector",{"connectorId":"1"}]"#,
            .refused(.typeConstraintViolation)
        ),
        Nasty("a broken number", #"[2,"x","UnlockConnector",{"connectorId":1.5}]"#, .refused(.typeConstraintViolation)),
        Nasty("a type of no reset", #"[2,"x","Reset",{"type":"Warm"}]"#, .refused(.propertyConstraintViolation)),
        Nasty(
            "a number beyond all",
            #"[2,"x","UnlockConnector",{"connectorId":9223372036854775808}]"#,
            .refused(.propertyConstraintViolation)
        ),
        Nasty(
            "a list without elements",
            #"[2,"x","SetChargingProfile",\#(ViolationTests.profile(#"{"chargingRateUnit":"A","chargingSchedulePeriod":[]}"#))]"#,
            .refused(.occurenceConstraintViolation)
        ),
    ]

    private static let good = [
        Nasty("white space everywhere", " [ 2 ,\n\"x\",\t\"ClearCache\" , { } ] ", .read),
        Nasty("an escaped action", #"[2,"x","Clear\u0043ache",{}]"#, .read),
        Nasty("a type written as a decimal", #"[2.0,"x","ClearCache",{}]"#, .read),
        Nasty("an id of 36 characters", #"[2,"\#(long("i", 36))","ClearCache",{}]"#, .read),
    ]

    @Test(arguments: withoutId + broken + misshapen + good)
    func everyTextGetsTheRightAnswer(_ nasty: Nasty) {
        let verdict: Verdict
        switch Frames.decode(nasty.text) {
        case .call: verdict = .read
        case .rejectedCall(let id, _, let error):
            verdict = .refused(error.code)
            #expect(nasty.text.contains("\"\(id)\""))
            #expect(!error.errorDescription.isEmpty && error.errorDescription.utf8.count <= 255)
        case .ignored(let reason):
            verdict = .dropped
            #expect(!reason.isEmpty)
        case .callResult, .callError, .undecodableResult:
            Issue.record("No CALL of ours is open.")
            return
        }
        #expect(verdict == nasty.verdict)
    }
}
