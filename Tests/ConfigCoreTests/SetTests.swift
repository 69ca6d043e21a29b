import BusSchema
import ConfigCore
import Primitives
import Testing

@Suite struct SetTests {
    private var bench = ConfigBench()

    init() {
        _ = bench.declare(
            .integer("HeartbeatInterval"),
            .boolean("Switch"),
            .boolean("Fixed", "true", access: .readOnly)
        )
    }

    @Test mutating func theChangeIsDurableBeforeItIsAnsweredAndPublished() {
        let request = ConfigSet(key: "heartbeatinterval", value: "0060", reason: "ChangeConfiguration")
        let effects = bench.run { .setRequested($0, request, from: .ocppGateway, secret: nil) }
        let change = ConfigChange(
            revision: 1,
            at: bench.now.utc.millisecondsSinceEpoch,
            key: "HeartbeatInterval",
            oldValue: "10",
            newValue: "60",
            source: .ocppGateway,
            reason: "ChangeConfiguration"
        )
        let value = ConfigValue(key: "HeartbeatInterval", owner: .ocppGateway, value: "60", revision: 1)
        #expect(effects.kinds == ["persist", "reply", "config.values", "config.changed", "log"])
        #expect(effects[0] == .persist(StoredChange(change: change, stored: "60")))
        #expect(effects[1] == .reply(RequestID(2), .set(.init(value: value, rebootRequired: false))))
        #expect(effects[3] == .publish(AnyBusMessage(ConfigChanged(change: change))))
        let values = effects.published.first?.value as? ConfigValues
        #expect(values?.revision == 1)
        #expect(values?.values.first == value)
        #expect(values?.values.count == 3)
    }

    @Test mutating func aValueThatDoesNotFitChangesNothing() {
        let answer = bench.set("HeartbeatInterval", "abc")
        #expect(answer.error == BusError(.invalid, "HeartbeatInterval: expected an integer 0…86400 s, found \"abc\""))
        #expect(bench.disk.isEmpty)
        let value = bench.value("HeartbeatInterval")
        #expect(value == "10")
    }

    @Test mutating func anUnknownKeyIsInvalid() {
        let answer = bench.set("Nonsense", "1")
        #expect(answer.error == BusError(.invalid, "Nonsense: no service has declared this key"))
    }

    @Test mutating func aReadOnlyKeyIsRefusedToEverybodyItsOwnerIncluded() {
        for source in [ServiceName.chargectl, .ocppGateway] {
            for value in ["false", nil] {
                let answer = bench.set("Fixed", value, from: source)
                #expect(answer.error == BusError(.refused, "Fixed: it is read-only"))
            }
        }
        #expect(bench.disk.isEmpty)
    }

    @Test mutating func settingTheSameValueAgainIsAnsweredAndWritesNothing() {
        _ = bench.set("Switch", "true")
        let request = ConfigSet(key: "Switch", value: "TRUE")
        let effects = bench.run { .setRequested($0, request, from: .chargectl, secret: nil) }
        #expect(effects.kinds == ["reply"])
        #expect(effects.setAnswer.reply?.value.revision == 1)
    }

    @Test mutating func aValueSetToItsDefaultOutlivesAnotherDefault() {
        _ = bench.set("Switch", "false")
        _ = bench.declare(.boolean("Switch", "true"))
        let value = [bench.value("Switch")]
        #expect(value == ["false"])
    }

    @Test mutating func nilGoesBackToTheDefault() {
        _ = bench.set("HeartbeatInterval", "60")
        let answer = bench.set("HeartbeatInterval", nil).reply
        #expect(answer?.value == ConfigValue(key: "HeartbeatInterval", owner: .ocppGateway, value: "10", revision: 0))
        #expect(bench.disk.last?.stored == nil)
        #expect(bench.disk.last?.change.newValue == "10")
        let again = bench.set("HeartbeatInterval", nil)
        #expect(again.code == nil)
        #expect(bench.disk.count == 2)
        bench.restart(keeping: true)
        _ = bench.declare(.integer("HeartbeatInterval", "30"))
        let value = bench.value("HeartbeatInterval")
        #expect(value == "30")
    }

    @Test mutating func revisionsCountAllChangesAndSurviveARestart() {
        let revisions = ["HeartbeatInterval", "Switch", "HeartbeatInterval"].enumerated().map { index, key in
            bench.set(key, key == "Switch" ? "true" : "\(index + 20)").reply?.value.revision
        }
        #expect(revisions == [1, 2, 3])
        bench.restart()
        _ = bench.declare(.integer("HeartbeatInterval"), .boolean("Switch"))
        let found = [bench.revision("HeartbeatInterval"), bench.revision("Switch")]
        #expect(found == [3, 2])
        let next = bench.set("Switch", "false").reply?.value.revision
        #expect(next == 4)
    }

    @Test mutating func aChangeOfSomethingElseThanExpectedIsRefused() {
        let first = bench.set("Switch", "true", expectedRevision: 0)
        #expect(first.code == nil)
        let stale = bench.set("Switch", "false", expectedRevision: 0)
        #expect(stale.error == BusError(.refused, "Switch: expected revision 0, found 1; somebody else changed it"))
        let fresh = bench.set("Switch", "false", expectedRevision: 1)
        #expect(fresh.reply?.value.revision == 2)
    }

    @Test mutating func aLongReasonIsCut() {
        _ = bench.set("Switch", "true", reason: String(repeating: "r", count: 300))
        #expect(bench.disk.last?.change.reason?.count == 200)
    }

    @Test mutating func rebootRequiredIsToldFromTheDeclaration() {
        var key = KeyDeclaration.boolean("Late")
        key.rebootRequired = true
        _ = bench.declare(key)
        let answer = bench.set("Late", "true").reply
        #expect(answer?.rebootRequired == true)
    }

    // MARK: - A failing disk

    @Test mutating func aChangeThatCannotBeStoredNeverHappened() {
        _ = bench.set("Switch", "true")
        let request = ConfigSet(key: "Switch", value: "false")
        let effects = bench.run(failingAt: 0) { .setRequested($0, request, from: .chargectl, secret: nil) }
        #expect(effects.kinds == ["refuse", "complaint"])
        #expect(effects.setAnswer.error == BusError(.failed, "Switch: it cannot be stored: disk full"))
        let found = bench.get("Switch").entries.first?.value
        #expect(found == ConfigValue(key: "Switch", owner: .ocppGateway, value: "true", revision: 1))
        let history = bench.history()
        #expect(history.map(\.revision) == [1])
        let next = bench.set("Switch", "false").reply?.value.revision
        #expect(next == 2)
    }

    @Test mutating func aFailureAtTheLimitOfTheHistoryForgetsNothing() {
        for number in 0..<500 { _ = bench.set("HeartbeatInterval", String(number)) }
        let before = bench.history(limit: 500)
        let request = ConfigSet(key: "HeartbeatInterval", value: "777")
        _ = bench.run(failingAt: 0) { .setRequested($0, request, from: .chargectl, secret: nil) }
        let after = bench.history(limit: 500)
        #expect(before.count == 500)
        #expect(after == before)
    }

    @Test mutating func aFailureWithoutAChangeIsOnlyLogged() {
        let effects = bench.run { _ in .persistFailed(reason: "disk full") }
        #expect(effects.kinds == ["complaint"])
    }

    // MARK: - Reading

    @Test mutating func keysAreFoundInAnyCaseAndAnsweredAsDeclared() {
        let found = bench.get("SWITCH", "nothing", "fixed")
        #expect(found.entries.map(\.declaration.key) == ["Switch", "Fixed"])
        #expect(found.unknownKeys == ["nothing"])
    }

    @Test mutating func noKeysMeansAllOfThem() {
        _ = bench.declare(.integer("Mtu"), as: .modemManager)
        let keys = bench.get().entries.map(\.value.key)
        #expect(keys == ["HeartbeatInterval", "Switch", "Fixed", "Mtu"])
    }

    @Test mutating func tooManyKeysAreRefused() {
        let request = ConfigGet(keys: Array(repeating: "Switch", count: 501))
        let effects = bench.run { .getRequested($0, request) }
        #expect(effects.kinds == ["refuse"])
    }

    @Test mutating func theHistoryIsNewestFirstByKeyAndLimited() {
        for number in 1...5 {
            _ = bench.set("HeartbeatInterval", String(number))
            _ = bench.set("Switch", number.isMultiple(of: 2) ? "true" : "false", from: .ocppGateway)
        }
        let all = bench.history(limit: 3)
        #expect(all.map(\.revision) == [10, 9, 8])
        let one = bench.history("SWITCH", limit: 2)
        #expect(one.map(\.newValue) == ["false", "true"])
        #expect(one.allSatisfy { $0.source == .ocppGateway })
        let nothing = [bench.history("Fixed"), bench.history(limit: 0), bench.history(limit: -1)]
        #expect(nothing == [[], [], []])
    }

    @Test mutating func theHistoryIsBoundedAndSurvivesACompaction() {
        for number in 0..<700 { _ = bench.set("HeartbeatInterval", String(number)) }
        let before = bench.history(limit: 9999)
        #expect(before.count == 500)
        bench.restart(keeping: true)
        let after = bench.history(limit: 9999)
        #expect(after == before)
        #expect(bench.disk.count == 500)
    }

    @Test mutating func aHistoryOfHugeValuesStillFitsAMessage() {
        _ = bench.declare(.string("Text"))
        for number in 0..<100 { _ = bench.set("Text", String(repeating: "x", count: 4000) + String(number)) }
        let changes = bench.history(limit: 500)
        #expect(changes.count == 16)
        #expect(changes.first?.newValue?.hasSuffix("99") == true)
    }
}
