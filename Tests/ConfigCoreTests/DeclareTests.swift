import BusSchema
import ConfigCore
import JSON
import Primitives
import Testing

@Suite struct DeclareTests {
    private var bench = ConfigBench()

    @Test mutating func theOwnerGetsItsDefaultsAndEverybodySeesThem() {
        let request = ConfigDeclare(owner: .ocppGateway, keys: [.integer("HeartbeatInterval"), .string("Name")])
        let effects = bench.run { .declareRequested($0, request, from: .ocppGateway) }
        let values = ConfigValues(
            owner: .ocppGateway,
            revision: 0,
            values: [
                ConfigValue(key: "HeartbeatInterval", owner: .ocppGateway, value: "10", revision: 0),
                ConfigValue(key: "Name", owner: .ocppGateway, value: nil, revision: 0),
            ]
        )
        #expect(effects.kinds == ["reply", "config.values", "log"])
        #expect(effects.first == .reply(RequestID(1), .declare(.init(values: values, unfit: []))))
        #expect(effects.published == [AnyBusMessage(values)])
        #expect(bench.disk.isEmpty)
    }

    @Test mutating func aDefaultIsSpelledCanonically() {
        _ = bench.declare(.boolean("B", "TRUE"), .integer("I", "010"), .list("L", "b, A", choices: ["a", "B"]))
        let values = ["B", "I", "L"].map { bench.value($0) }
        #expect(values == ["true", "10", "B,a"])
    }

    @Test mutating func declaringAgainReplacesTheKeysAndKeepsTheValues() {
        _ = bench.declare(.integer("A"), .integer("B"))
        _ = bench.set("A", "5")
        _ = bench.set("B", "6")
        _ = bench.declare(.integer("B", "99"), .integer("C"))
        let found = bench.get("A", "B", "C")
        #expect(found.unknownKeys == ["A"])
        #expect(found.entries.map(\.value.value) == ["6", "10"])
        _ = bench.declare(.integer("A"))
        let again = bench.value("A")
        #expect(again == "5")
    }

    @Test mutating func valuesOfUndeclaredKeysSurviveRestartsAndCompactions() {
        _ = bench.declare(.integer("A"), .integer("B"))
        _ = bench.set("A", "5")
        for number in 0..<600 { _ = bench.set("B", String(number)) }
        bench.restart(keeping: true)
        _ = bench.declare(.integer("B"))
        bench.restart(keeping: true)
        _ = bench.declare(.integer("A"), .integer("B"))
        let values = [bench.value("A"), bench.value("B")]
        #expect(values == ["5", "599"])
        #expect(bench.disk.count == 501)
    }

    @Test mutating func anUnfitStoredValueGivesWayToTheDefaultAndIsKept() {
        _ = bench.declare(.integer("A", "10", 0, 100))
        _ = bench.set("A", "80")
        let narrow = bench.declare(.integer("A", "10", 0, 50)).reply
        #expect(narrow?.unfit == ["A: expected an integer 0…50 s, found \"80\""])
        #expect(narrow?.values.values.first == ConfigValue(key: "A", owner: .ocppGateway, value: "10", revision: 0))
        let wide = bench.declare(.integer("A", "10", 0, 100)).reply
        #expect(wide?.unfit == [])
        #expect(wide?.values.values.first?.value == "80")
    }

    @Test mutating func anUnfitStoredValueCanBeReplacedOrReset() {
        _ = bench.declare(.integer("A", "10", 0, 100))
        _ = bench.set("A", "80")
        _ = bench.declare(.integer("A", "10", 0, 50))
        let replaced = bench.set("A", "50").reply?.value.value
        #expect(replaced == "50")
        #expect(bench.disk.last?.change.oldValue == "10")
    }

    @Test mutating func twoOwnersCannotDeclareOneKey() {
        _ = bench.declare(.integer("Interval"))
        let second = bench.declare(.integer("Other"), .integer("INTERVAL"), as: .modemManager)
        #expect(second.error == BusError(.invalid, "INTERVAL: already declared by ocpp-gateway"))
        let found = bench.get("Other", "interval")
        #expect(found.unknownKeys == ["Other"])
        #expect(found.entries.first?.value.owner == .ocppGateway)
    }

    @Test mutating func aKeyMayMoveOnceItsOwnerHasGivenItUp() {
        _ = bench.declare(.integer("A"))
        _ = bench.set("A", "7")
        _ = bench.declare()
        let moved = bench.declare(.integer("A"), as: .modemManager).reply
        #expect(moved?.values.values == [ConfigValue(key: "A", owner: .modemManager, value: "7", revision: 1)])
    }

    @Test mutating func oneServiceCannotDeclareForAnother() {
        let request = ConfigDeclare(owner: .hardwareIO, keys: [])
        let effects = bench.run { .declareRequested($0, request, from: .chargectl) }
        #expect(
            effects == [
                .refuse(RequestID(1), BusError(.invalid, "owner: expected chargectl, who asks, found hardware-io"))
            ]
        )
    }

    @Test mutating func aWrongDeclarationChangesNothing() {
        _ = bench.declare(.integer("A"))
        let wrong: [(KeyDeclaration, String)] = [
            (.integer("A", "abc"), "defaultValue of A: expected an integer 0…86400 s, found \"abc\""),
            (.integer("A", "0", 9, 3), "A: minimum: expected at most the maximum"),
            (.string("A", choices: []), "A: choices: expected at least one, or none of the field"),
            (.boolean("A", access: .init(rawValue: "mayBe")), "A: access: \"mayBe\" is unknown here"),
            (
                KeyDeclaration(
                    key: "A",
                    type: .init(rawValue: "float"),
                    defaultValue: nil,
                    access: .readOnly,
                    description: ""
                ),
                "A: type: \"float\" is unknown here"
            ),
            (
                KeyDeclaration(
                    key: "A",
                    type: .string,
                    defaultValue: "x",
                    access: .readWrite,
                    secret: true,
                    description: ""
                ), "A: defaultValue: a secret has none"
            ),
        ]
        for (declaration, complaint) in wrong {
            let answer = bench.declare(.integer("B"), declaration)
            #expect(answer.error == BusError(.invalid, complaint))
        }
        let twice = bench.declare(.integer("B"), .integer("b"))
        #expect(twice.error == BusError(.invalid, "b: declared twice"))
        let found = bench.get("A", "B")
        #expect(found.entries.count == 1)
        #expect(found.unknownKeys == ["B"])
    }

    @Test(arguments: ["", ".hidden", "a/b", "a b", "ä", String(repeating: "x", count: 51), "a\u{0}"])
    mutating func aKeyThatCouldNotBeAFileNameIsRefused(key: String) {
        let answer = bench.declare(.integer(key))
        #expect(answer.code == .invalid)
    }

    @Test mutating func anOwnerThatCouldNotBeAFolderIsRefused() {
        let answer = bench.declare(as: ServiceName(rawValue: "../etc"))
        #expect(answer.code == .invalid)
    }

    /// Twenty-seven texts of 4096 quotation marks, each escaped in JSON, are the most that a message carries.
    @Test mutating func whatAServiceDeclaresFitsAMessageAtItsLongest() throws {
        let texts = (0..<27).map { KeyDeclaration.string("Text\($0)") }
        let owner = ServiceName.ocppGateway
        let request = ConfigDeclare(owner: owner, keys: texts)
        let fine = bench.run { .declareRequested($0, request, from: owner) }
        #expect(fine.kinds == ["reply", "config.values", "log"])
        let more = ConfigDeclare(owner: owner, keys: texts + [.string("Text27")])
        let refused = bench.run { .declareRequested($0, more, from: owner) }
        let complaint =
            "expected values of at most 228352 bytes in all, found up to 233118; shorter texts or fewer keys fit a message"
        #expect(refused.first == .refuse(RequestID(2), BusError(.invalid, complaint)))
        for text in texts { _ = bench.set(text.key, String(repeating: "\"", count: 4096)) }
        let first = bench.get("Text0").entries.map(\.value)
        let payload = try JSON.encode(ConfigValues(owner: owner, revision: 1, values: first))
        #expect(payload.count * texts.count > ConfigLimits.valuesBytes - 12_000)
        #expect(payload.count * texts.count < BusLimits.payloadBytes)
        let all = bench.run { .getRequested($0, ConfigGet()) }
        #expect(all.kinds == ["reply"])
    }

    @Test mutating func anAnswerThatFitsNoMessageIsRefusedInWords() {
        _ = bench.declare(.string("Text"))
        _ = bench.set("Text", String(repeating: "\"", count: 4096))
        let most = bench.run { .getRequested($0, ConfigGet(keys: Array(repeating: "Text", count: 29))) }
        let tooMany = bench.run { .getRequested($0, ConfigGet(keys: Array(repeating: "Text", count: 32))) }
        #expect(most.kinds == ["reply"])
        #expect(tooMany.kinds == ["refuse"])
    }

    @Test mutating func complaintsAboutStoredValuesAreCutToWhatAMessageCarries() {
        let numbers = (0..<500).map { KeyDeclaration.integer("Number\($0)", "1", 0, 9) }
        _ = bench.run { .declareRequested($0, ConfigDeclare(owner: .ocppGateway, keys: numbers), from: .ocppGateway) }
        for number in numbers { _ = bench.set(number.key, "9") }
        let narrow = numbers.map { KeyDeclaration.integer($0.key, "1", 0, 8) }
        let effects = bench.run {
            .declareRequested($0, ConfigDeclare(owner: .ocppGateway, keys: narrow), from: .ocppGateway)
        }
        let unfit = effects.compactMap { effect in
            if case .reply(_, .declare(let reply)) = effect { reply.unfit } else { nil }
        }
        #expect(unfit.first?.count == 500)
        #expect(unfit.first?.first == "Number0: expected an integer 0…8 s, found \"9\"")
    }

    @Test mutating func aRecordOfAnImpossibleRevisionDoesNotEndTheCounting() {
        _ = bench.declare(.integer("A"))
        _ = bench.set("A", "7")
        var record = bench.disk[0]
        record.stored = "1"
        for revision in [.max, ConfigLimits.revisions + 1, -1, .min] {
            record.change.revision = revision
            let isTaken = bench.machine.restore(record)
            #expect(!isTaken)
        }
        let value = bench.value("A")
        #expect(value == "7")
        record.change.revision = ConfigLimits.revisions
        let isTaken = bench.machine.restore(record)
        #expect(isTaken)
        let next = bench.set("A", "8").reply
        #expect(next?.value.revision == ConfigLimits.revisions + 1)
    }

    @Test mutating func keysAndOwnersAreLimited() {
        let many = (0...500).map { KeyDeclaration.integer("K\($0)") }
        let request = ConfigDeclare(owner: .ocppGateway, keys: many)
        let effects = bench.run { .declareRequested($0, request, from: .ocppGateway) }
        #expect(effects.first == .refuse(RequestID(1), BusError(.invalid, "expected at most 500 keys, found 501")))
        let answers = (0...16).map {
            bench.declare(.integer("O\($0)"), as: ServiceName(rawValue: "service-\($0)")).code
        }
        #expect(answers == Array(repeating: nil, count: 16) + [.refused])
    }
}
