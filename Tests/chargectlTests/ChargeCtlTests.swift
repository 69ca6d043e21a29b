import BusSchema
import JSON
import Primitives
import Testing

@testable import chargectl

@Suite struct PatternTests {
    @Test(arguments: [
        ("hardware.connector.1", "hardware.*", true), ("hardware.connector.1", "*.connector.*", true),
        ("hardware.connector.1", "hardware.connector.1", true), ("hardware.connector.1", "*", true),
        ("hardware.connector.1", "hardware", true), ("hardware.connector.1", "hardware.", true),
        ("hardware.card", "hard", false), ("hardware.card", "hard.", false), ("hardware", "hardware.", false),
        ("hardware.connector.1", "hardware.meter.*", false),
        ("hardware.connector.1", "*.2", false), ("aaab", "*ab", true), ("", "*", true), ("", "?", false),
    ])
    func aStarStandsForAnything(topic: String, pattern: String, expected: Bool) {
        #expect(fits(topic, pattern: pattern) == expected)
    }
}

@Suite struct BeginningTests {
    @Test(arguments: [
        ("hardware.*", "hardware."), ("hardware.connector.1", "hardware.connector.1"), ("*.permit", ""), ("*", ""),
        ("ocpp.*.1", "ocpp."), ("", ""),
    ])
    func aPublisherIsAskedForWhatEveryFittingTopicBeginsWith(pattern: String, expected: String) {
        #expect(beginning(of: pattern) == expected)
    }

    @Test func whatIsTooLongToAskForIsFilteredHere() {
        #expect(beginning(of: String(repeating: "x", count: BusLimits.topicBytes + 1)) == "")
        #expect(beginning(of: String(repeating: "x", count: BusLimits.topicBytes)).utf8.count == BusLimits.topicBytes)
    }
}

@Suite struct ConditionTests {
    private let payload: JSONValue = [
        "status": "Charging", "energyWh": 1500, "permit": ["limitMilliamps": 16000], "lock": nil,
    ]

    @Test(arguments: [
        ("status=Charging", true), ("status!=Charging", false), ("energyWh>=1500", true), ("energyWh>=1501", false),
        ("energyWh<=1500", true), ("permit.limitMilliamps=16000", true), ("lock=", true), ("absent=", true),
        ("status>=1", false),
    ])
    func aConditionComparesOneField(text: String, holds: Bool) throws {
        #expect(try Condition(text).holds(for: payload) == holds)
    }

    @Test(arguments: ["Charging", "energyWh>=x", "energyWh<="])
    func wordsThatCompareNothingAreRefused(words: String) {
        #expect(throws: UsageError.self) { try Condition(words) }
    }
}

@Suite struct SimCommandTests {
    @Test func wordsBecomeTheRequest() throws {
        #expect(
            try SimCommand.parse(["plug", "--current", "13.5", "--connector", "2"])
                == .hardware(SimulateHardware(action: .plug, connectorId: 2, currentMilliamps: 13_500))
        )
        #expect(
            try SimCommand.parse(["swipe", "04A1B2C3", "--reader=2"])
                == .hardware(SimulateHardware(action: .swipe, readerId: 2, idTag: "04A1B2C3"))
        )
        #expect(
            try SimCommand.parse(["fault", "ReaderFailure"])
                == .hardware(SimulateHardware(action: .fault, readerId: 1, fault: .readerFailure))
        )
        #expect(try SimCommand.parse(["link", "cut", "lte"]) == .uplink(SimulateUplink(name: "lte", up: false)))
        #expect(
            try SimCommand.parse(["signal", "12", "lte"]) == .uplink(SimulateUplink(name: "lte", signalPercent: 12))
        )
        #expect(try SimCommand.parse(["power-cut"]) == .powerCut)
    }

    @Test(arguments: [
        [], ["swipe"], ["jump"], ["plug", "--current", "many"], ["lock", "open"], ["unplug", "now"],
        ["plug", "--redy", "on"],
        ["signal"], ["signal", "101"], ["signal", "weak"],
        ["plug", "--connector"], ["meter", "set", "-1"], ["plug", "--connector", "0"],
    ])
    func wrongWordsAreRefused(words: [String]) {
        #expect(throws: UsageError.self) { try SimCommand.parse(words) }
    }
}

@Suite struct TapLineTests {
    private func line(_ kind: Header.Kind, _ type: String, _ payload: JSONValue, width: Int? = nil) -> String {
        let header = Header(
            kind: kind,
            type: type,
            id: "1",
            source: .hardwareIO,
            sentAt: 1_767_225_600_123,
            uptime: 5
        )
        let line = TapLine(header: header, topic: type, payload: payload)
        return width.map(line.text(width:)) ?? line.text
    }

    @Test func aMessageIsOneLineOfNamedValues() {
        #expect(
            line(
                .event,
                "hardware.card",
                ["readerId": 1, "connectorIds": [1, 2], "idTag": "04A1", "faults": [], "info": nil]
            )
                == "00:00:00.123  hardware-io   ! hardware.card          readerId=1 connectorIds=[1,2] idTag=04A1"
        )
    }

    @Test func aLongLineEndsWhereTheWidthDoes() {
        let payload: JSONValue = ["info": .string(String(repeating: "é", count: 500))]
        let whole = line(.event, "hardware.fault", payload)
        #expect(line(.event, "hardware.fault", payload, width: 100) == whole.prefix(99) + "…")
        #expect(line(.event, "hardware.fault", payload, width: whole.count) == whole)
    }

    @Test func timesAreShownAsTimes() {
        #expect(
            line(.state, "ocpp.link", ["since": 1_767_225_600_123, "failedAttempts": 3])
                .hasSuffix("since=2026-01-01T00:00:00.123Z failedAttempts=3")
        )
    }

    /// Texts of others hold what they like: lines of their own, or what a terminal obeys.
    @Test func aTextWithLinesOfItsOwnStaysOnOneLine() {
        let shown = line(.reply, "hardware.sim", ["world": "one\ntwo\r\u{1B}[2J\u{85}\tend"])
        #expect(shown.hasSuffix(#"world="one\ntwo\r\u{1B}[2J\u{0085}\tend""#))
        #expect(line(.event, "ocpp.message", ["frame": "[3,\n\"a\",{}]"]).hasSuffix(#"[3,\n"a",{}]"#))
    }

    @Test func anOCPPFrameIsShownAsOnTheWire() {
        let payload: JSONValue = [
            "direction": "received", "kind": "CALLRESULT", "action": "Heartbeat", "frame": "[3,\"a\",{}]",
            "latencyMicroseconds": 120,
        ]
        #expect(line(.event, "ocpp.message", payload).hasSuffix("<-- CALLRESULT Heartbeat [3,\"a\",{}]  (120 µs)"))
    }
}

@Suite struct FieldTests {
    private let payloads: [JSONValue] = [["energyWh": 5, "limit": ["amps": 6]], ["pilot": "A", "lock": nil]]

    @Test func aFieldIsShownOfThoseThatHaveIt() throws {
        #expect(try StateCommand.values(of: "energyWh", in: payloads) == ["5"])
        #expect(try StateCommand.values(of: "limit.amps", in: payloads) == ["6"])
    }

    @Test(arguments: ["nix", "energyWh.nix", "lock"])
    func aFieldThatNoneHasIsRefusedWithWhatThereIs(field: String) {
        let failure = #expect(throws: Failure.self) { try StateCommand.values(of: field, in: payloads) }
        #expect(failure?.status == .refused)
        #expect(failure?.message == "there is no \"\(field)\" now; there are: energyWh limit lock pilot")
    }
}

@Suite struct MisspeltWordTests {
    private let payload: JSONValue = ["status": "Charging", "transaction": ["idTag": "A"]]

    @Test func anAbsentFieldIsNamedWithThoseThatAreThere() throws {
        let remark = try Condition("statsu=Charging").remark(on: payload, topic: "ocpp.connector.1")
        #expect(remark == #"ocpp.connector.1 has no "statsu" now, but: status transaction"#)
        let inner = try Condition("transaction.id=A").remark(on: payload, topic: "ocpp.connector.1")
        #expect(inner == #"ocpp.connector.1.transaction has no "id" now, but: idTag"#)
    }

    @Test func aFieldThatIsThereAndOneThatIsToBeAbsentAreNoMistakes() throws {
        #expect(try Condition("status=Available").remark(on: payload, topic: "t") == nil)
        #expect(try Condition("lastError=").remark(on: payload, topic: "t") == nil)
    }

    @Test(arguments: [
        ("hardware", true), ("hardware.meter.9", true), ("*.hardware.permit", true), ("ocpp.*", true),
        ("hardware.metre", false), ("hardwear.*", false),
    ])
    func aFilterThatFitsNothingIsKnown(pattern: String, fits: Bool) {
        let announcement: JSONValue = ["publishes": ["hardware.meter", "ocpp.link"], "serves": ["hardware.permit"]]
        let topics = TapCommand.topics([announcement], retained: ["hardware.meter.1"])
        #expect(TapCommand.mayFit(pattern, topics) == fits)
    }

    @Test func whatNoMeterGivesIsNamed() {
        let declaration = KeyDeclaration(
            key: "MeterValuesSampledData",
            type: .list,
            defaultValue: "",
            access: .readWrite,
            description: "What is sampled.",
            choices: ["Energy.Active.Import.Register", "SoC"]
        )
        let known = ["Energy.Active.Import.Register"]
        func unmeasured(_ value: String) -> String? {
            ConfigCommand.unmeasured(value, of: declaration, known: known)
        }
        #expect(unmeasured("Energy.Active.Import.Register,SoC") == "SoC")
        #expect(unmeasured("Energy.Active.Import.Register") == nil)
        // The store says better what is not spelled right.
        #expect(unmeasured("Energie") == nil)
    }
}
