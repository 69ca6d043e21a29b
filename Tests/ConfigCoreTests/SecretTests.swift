import BusSchema
import ConfigCore
import Primitives
import Testing

@Suite struct SecretTests {
    private var bench = ConfigBench()
    private let text = "hunter2hunter2"

    init() { _ = bench.declare(.secret("AuthorizationKey"), .integer("Interval")) }

    @Test mutating func theSecretIsStoredAndHandedOverBeforeTheAnswer() {
        let effects = bench.setSecret("authorizationkey", text)
        #expect(
            effects.kinds == [
                "persistSecrets", "handOver", "persist", "reply", "config.values", "config.changed", "log",
            ]
        )
        #expect(effects[0] == .persistSecrets(["AuthorizationKey": Secret(text)]))
        #expect(effects[1] == .handOver(Secret(text), key: "AuthorizationKey", owner: .ocppGateway))
        let value = ConfigValue(
            key: "AuthorizationKey",
            owner: .ocppGateway,
            value: nil,
            revision: 1,
            secretPresent: true
        )
        #expect(effects.setAnswer.reply == ConfigSet.Reply(value: value, rebootRequired: true))
    }

    @Test mutating func theSecretIsNowhereToBeSeen() {
        let effects = bench.setSecret("AuthorizationKey", text)
        let found = bench.get()
        let history = bench.history()
        var dumped = ""
        dump(effects, to: &dumped)
        dump(bench.machine, to: &dumped)
        for seen in ["\(effects)", String(reflecting: effects), dumped, "\(found)", "\(history)", "\(bench.machine)"] {
            #expect(!seen.contains("hunter2"))
        }
    }

    @Test mutating func aValueOnTheBusIsRefusedAndNotRepeated() {
        let answer = bench.set("AuthorizationKey", text)
        #expect(answer.code == .invalid)
        #expect(answer.error?.message.contains("hunter2") == false)
        #expect(bench.diskSecrets.isEmpty)
    }

    @Test mutating func aSecretThatDoesNotFitIsRefusedWithoutShowingIt() {
        let answer = bench.setSecret("AuthorizationKey", String(repeating: text, count: 4)).setAnswer
        #expect(
            answer.error == BusError(.invalid, "AuthorizationKey: expected at most 40 characters, found something else")
        )
    }

    @Test mutating func aSecretFileForAnOrdinaryKeyIsRefused() {
        let answer = bench.setSecret("Interval", "5").setAnswer
        #expect(answer.code == .invalid)
        #expect(bench.disk.isEmpty)
    }

    @Test mutating func anUnreadableSecretFileIsSaidToBe() {
        let request = ConfigSet(key: "AuthorizationKey", value: nil, secretFile: "upload")
        let input = ConfigMachine.SecretInput.unreadable(reason: "there is no file of that name")
        let effects = bench.run { .setRequested($0, request, from: .chargectl, secret: input) }
        let expected = BusError(.invalid, "AuthorizationKey: secretFile: there is no file of that name")
        #expect(effects.setAnswer.error == expected)
    }

    @Test mutating func aSecretSurvivesARestartAndIsHandedOverAgain() {
        _ = bench.setSecret("AuthorizationKey", text)
        bench.restart(keeping: true)
        let request = ConfigDeclare(owner: .ocppGateway, keys: [.secret("AuthorizationKey")])
        let effects = bench.run { .declareRequested($0, request, from: .ocppGateway) }
        #expect(effects.kinds == ["handOver", "reply", "config.values", "log"])
        #expect(effects.first == .handOver(Secret(text), key: "AuthorizationKey", owner: .ocppGateway))
        let value = bench.get("AuthorizationKey").entries.first?.value
        #expect(value?.secretPresent == true)
        #expect(value?.revision == 1)
    }

    @Test mutating func ownersKeepTheFilesOfSecretsThatTheStoreCannotRead() {
        bench = ConfigBench()
        bench.machine.restore(secrets: nil)
        let request = ConfigDeclare(owner: .ocppGateway, keys: [.secret("AuthorizationKey")])
        let declared = bench.run { .declareRequested($0, request, from: .ocppGateway) }
        #expect(!declared.kinds.contains("handOver"))
        let set = bench.setSecret("AuthorizationKey", text)
        #expect(set.kinds.prefix(3) == ["persistSecrets", "handOver", "persist"])
        let repeated = bench.run { .declareRequested($0, request, from: .ocppGateway) }
        #expect(repeated.first == .handOver(Secret(text), key: "AuthorizationKey", owner: .ocppGateway))
    }

    /// It may be there, and would be back after the next start.
    @Test mutating func aSecretThatNobodyCanReadIsRemovedOnDemand() {
        bench = ConfigBench()
        bench.machine.restore(secrets: nil)
        _ = bench.declare(.secret("AuthorizationKey"))
        let request = ConfigSet(key: "AuthorizationKey", value: nil)
        let effects = bench.run { .setRequested($0, request, from: .chargectl, secret: nil) }
        #expect(effects.first == .persistSecrets([:]))
        #expect(effects.contains(.handOver(nil, key: "AuthorizationKey", owner: .ocppGateway)))
    }

    @Test mutating func aDeclaredSecretWithoutAValueHasNoFile() {
        let request = ConfigDeclare(owner: .ocppGateway, keys: [.secret("AuthorizationKey")])
        let effects = bench.run { .declareRequested($0, request, from: .ocppGateway) }
        #expect(effects.first == .handOver(nil, key: "AuthorizationKey", owner: .ocppGateway))
    }

    @Test mutating func aSecretCanBeRemoved() {
        _ = bench.setSecret("AuthorizationKey", text)
        let answer = bench.set("AuthorizationKey", nil).reply
        #expect(answer?.value.secretPresent == false)
        #expect(answer?.value.revision == 0)
        #expect(bench.diskSecrets.isEmpty)
        #expect(bench.handedOver.isEmpty)
        let history = bench.history()
        #expect(history.map(\.revision) == [2, 1])
    }

    @Test mutating func theSameSecretAgainChangesNothing() {
        _ = bench.setSecret("AuthorizationKey", text)
        let effects = bench.setSecret("AuthorizationKey", text)
        #expect(effects.kinds == ["reply"])
    }

    @Test(arguments: 0...1)
    mutating func aFailingDiskLeavesTheOldSecret(failure: Int) {
        _ = bench.setSecret("AuthorizationKey", "old")
        let effects = bench.run(failingAt: failure) { ConfigBench.secretRequest($0, "AuthorizationKey", text) }
        #expect(effects.setAnswer.code == .failed)
        #expect(effects.kinds.suffix(4) == ["refuse", "complaint", "handOver", "persistSecrets"])
        #expect(bench.diskSecrets == ["AuthorizationKey": Secret("old")])
        #expect(bench.handedOver == ["ocpp-gateway/AuthorizationKey": Secret("old")])
        let revision = bench.revision("AuthorizationKey")
        #expect(revision == 1)
    }

    // MARK: - A runtime folder that takes nothing

    /// Accepted means in force (OCPP 1.6 §5.3).
    @Test mutating func aSecretThatCannotBeHandedOverIsRefusedAndNotStored() {
        _ = bench.setSecret("AuthorizationKey", "old")
        bench.handOverFails = true
        let effects = bench.runWithRuntimeFolder { ConfigBench.secretRequest($0, "AuthorizationKey", text) }
        #expect(effects.setAnswer.error == BusError(.failed, "AuthorizationKey: it cannot be handed over: no room"))
        #expect(bench.diskSecrets == ["AuthorizationKey": Secret("old")])
        #expect(bench.disk.count == 1)
        #expect(effects.published.isEmpty)
        let revision = bench.revision("AuthorizationKey")
        #expect(revision == 1)
    }

    /// The file may be gone altogether: what its owner had is put back.
    @Test mutating func whatCountsIsHandedOverUntilItIs() {
        _ = bench.setSecret("AuthorizationKey", "old")
        bench.handOverFails = true
        let set = bench.runWithRuntimeFolder { ConfigBench.secretRequest($0, "AuthorizationKey", text) }
        let failing = bench.wait(.seconds(600))
        // Said once.
        #expect((set + failing).kinds.filter { $0 == "complaint" || $0 == "log" } == ["complaint"])
        #expect(bench.machine.nextDeadline.map { $0.at - bench.now.uptime <= .seconds(60) } == true)
        bench.handOverFails = false
        let healed = bench.wait(.seconds(60))
        #expect(healed.kinds == ["handOver", "log"])
        #expect(bench.handedOver == ["ocpp-gateway/AuthorizationKey": Secret("old")])
        #expect(bench.wait(.seconds(600)).isEmpty)
    }

    @Test mutating func anOwnerThatDeclaresIsAnsweredAndGetsItsSecretLater() {
        _ = bench.setSecret("AuthorizationKey", text)
        bench.restart()
        bench.handOverFails = true
        let request = ConfigDeclare(owner: .ocppGateway, keys: [.secret("AuthorizationKey"), .secret("Other")])
        let effects = bench.runWithRuntimeFolder { .declareRequested($0, request, from: .ocppGateway) }
        #expect(effects.kinds == ["complaint", "complaint", "reply", "config.values", "log"])
        bench.handOverFails = false
        let healed = bench.wait(.seconds(5))
        #expect(healed.kinds == ["handOver", "log", "handOver", "log"])
        #expect(bench.handedOver == ["ocpp-gateway/AuthorizationKey": Secret(text)])
    }

    @Test mutating func theWaitDoubles() {
        bench.handOverFails = true
        let request = ConfigDeclare(owner: .ocppGateway, keys: [.secret("AuthorizationKey")])
        _ = bench.runWithRuntimeFolder { .declareRequested($0, request, from: .ocppGateway) }
        var waits: [Duration] = []
        while waits.count < 8, let due = bench.machine.nextDeadline {
            waits.append(due.at - bench.now.uptime)
            _ = bench.wait(waits.last ?? .zero)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    }

    /// The journal fails after the owner has the new one.
    @Test mutating func aSecretThatIsNotStoredIsTakenFromItsOwnerAgain() {
        _ = bench.setSecret("AuthorizationKey", "old")
        let effects = bench.run(failingAt: 1) { ConfigBench.secretRequest($0, "AuthorizationKey", text) }
        #expect(effects.setAnswer.code == .failed)
        #expect(bench.handedOver == ["ocpp-gateway/AuthorizationKey": Secret("old")])
    }
}
