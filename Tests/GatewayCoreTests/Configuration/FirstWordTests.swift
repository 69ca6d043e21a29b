import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// After a start the central system's questions wait for the store: the gateway's own snapshot may be older than an accepted change, and a
/// store that does not know the keys yet would refuse to set them.
@Suite struct FirstWordTests {
    private typealias Effect = ConfigurationMachine.Effect
    private let now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    private let request = GetConfiguration.Request(key: ["ResetRetries"])

    private func machine() throws -> ConfigurationMachine {
        let table = try OCPPKeyTable(site: KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3))
        return ConfigurationMachine(table: table, snapshot: nil)
    }

    private func values(_ text: String) -> ConfigValues {
        let value = ConfigValue(key: "ResetRetries", owner: .ocppGateway, value: text, revision: 4)
        return ConfigValues(owner: .ocppGateway, revision: 4, values: [value])
    }

    /// The values that the effects tell the central system, by CALL.
    private func told(_ effects: [Effect]) -> [String: String] {
        var told: [String: String] = [:]
        for case .answerRead(let id, .success(let confirmation)) in effects {
            told[id] = confirmation.configurationKey?.first?.value?.text
        }
        return told
    }

    @Test func aReadBeforeTheStoreHasSpokenIsAnsweredWithWhatItSays() throws {
        var machine = try machine()
        #expect(machine.read(request, callId: "a", at: now).isEmpty)
        #expect(machine.read(request, callId: "b", at: now).isEmpty)
        #expect(told(machine.received(values("7"))) == ["a": "7", "b": "7"])
        #expect(told(machine.read(request, callId: "c", at: now)) == ["c": "7"])
        #expect(machine.nextDeadline == nil)
    }

    @Test func aStoreThatSaysNothingIsAwaitedForTwoSecondsOnceAndNeverAgain() throws {
        var machine = try machine()
        _ = machine.read(request, callId: "a", at: now)
        #expect(machine.nextDeadline?.at == .seconds(102))
        _ = machine.read(request, callId: "b", at: now.advanced(by: .seconds(1)))
        #expect(machine.deadlineReached(at: now.advanced(by: .milliseconds(1999))).isEmpty)
        let late = machine.deadlineReached(at: now.advanced(by: .seconds(2)))
        #expect(told(late) == ["a": "3", "b": "3"])
        #expect(told(machine.read(request, callId: "c", at: now.advanced(by: .seconds(3)))) == ["c": "3"])
        #expect(told(machine.received(values("7"))).isEmpty)
    }

    private func change(_ value: CiString500) -> ChangeConfiguration.Request {
        ChangeConfiguration.Request(key: "ResetRetries", value: value)
    }

    private let order = Effect.store(
        number: 1,
        ConfigSet(key: "ResetRetries", value: "5", reason: "ChangeConfiguration")
    )

    @Test func aChangeBeforeTheStoreKnowsTheKeysWaitsUntilItDoes() throws {
        var machine = try machine()
        #expect(machine.change(change("5"), callId: "a", at: now).isEmpty)
        let reply = ConfigDeclare.Reply(values: values("7"), unfit: [])
        #expect(machine.declared(.success(reply)).last == order)
        #expect(machine.change(change("6"), callId: "b", at: now).count == 1)
    }

    /// The answer is due 4.5 s after the question all the same, and the store gets its 2 s before that.
    @Test func aChangeGoesToASilentStoreAfterTwoSecondsAndIsAnsweredInTime() throws {
        var machine = try machine()
        _ = machine.change(change("5"), callId: "a", at: now)
        let handedOn = machine.deadlineReached(at: now.advanced(by: .seconds(2)))
        #expect(handedOn == [order])
        #expect(machine.nextDeadline?.at == .milliseconds(104_500))
        let answers = machine.deadlineReached(at: now.advanced(by: .milliseconds(4500)))
        #expect(answers.contains { if case .refuse("a", _) = $0 { true } else { false } })
    }

    /// It was started again meanwhile, and refuses what nobody has declared to it yet.
    @Test func aChangeThatARestartedStoreDoesNotKnowGoesToItOnceItDoes() throws {
        var machine = try machine()
        let reply = ConfigDeclare.Reply(values: values("7"), unfit: [])
        _ = machine.declared(.success(reply))
        #expect(machine.change(change("5"), callId: "a", at: now) == [order])
        #expect(machine.stored(number: 1, .failure(BusError(.invalid, "no service has declared this key"))).isEmpty)
        #expect(machine.declared(.success(reply)).last == order)
        #expect(machine.declared(.success(reply)).isEmpty)
        let late = machine.deadlineReached(at: now.advanced(by: .milliseconds(4500)))
        #expect(late.contains { if case .refuse("a", _) = $0 { true } else { false } })
    }

    private func password(_ machine: inout ConfigurationMachine, _ callId: String) -> [Effect] {
        let key = ChangeConfiguration.Request(key: "AuthorizationKey", value: "00112233445566778899AABBCCDDEEFF")
        return machine.change(key, callId: callId, at: now)
    }

    private func stored(_ machine: inout ConfigurationMachine, number: Int, revision: Int64) -> [Effect] {
        let value = ConfigValue(key: "AuthorizationKey", owner: .ocppGateway, value: nil, revision: revision)
        return machine.stored(number: number, .success(ConfigSet.Reply(value: value, rebootRequired: false)))
    }

    /// The link is left for the first one; of the second nobody could be told.
    @Test func aSecondPasswordIsRejectedWhileTheFirstIsBeingStored() throws {
        var machine = try machine()
        _ = machine.declared(.success(ConfigDeclare.Reply(values: values("7"), unfit: [])))
        #expect(password(&machine, "a").count == 1)
        let rejected = Effect.answer(callId: "b", ChangeConfiguration.Confirmation(status: .rejected))
        #expect(password(&machine, "b") == [rejected])
        #expect(stored(&machine, number: 1, revision: 9).last == .credentialsChanged)
        // The same again is no reason to leave the connection.
        #expect(password(&machine, "c").count == 1)
        #expect(stored(&machine, number: 2, revision: 9).last == .credentialsConfirmed)
    }
}
