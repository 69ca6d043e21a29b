import BusSchema
import ConfigCore
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
