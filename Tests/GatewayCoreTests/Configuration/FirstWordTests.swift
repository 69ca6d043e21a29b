import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// After a start GetConfiguration waits for what the store has: the gateway's own snapshot may be older than an accepted change.
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
}
