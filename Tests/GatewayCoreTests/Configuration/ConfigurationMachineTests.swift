import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct ConfigurationMachineTests {
    private typealias Effect = ConfigurationMachine.Effect
    private let now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    private let key = "00112233445566778899AABBCCDDEEFF"

    /// One whose store has taken the keys and has no values.
    private func machine(snapshot: ConfigSnapshot? = nil) throws -> ConfigurationMachine {
        let table = try OCPPKeyTable(site: KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3))
        var machine = ConfigurationMachine(table: table, snapshot: snapshot)
        let nothing = ConfigValues(owner: .ocppGateway, revision: 0, values: [])
        _ = machine.declared(.success(ConfigDeclare.Reply(values: nothing, unfit: [])))
        return machine
    }

    private func request(_ key: CiString50, _ value: CiString500) -> ChangeConfiguration.Request {
        ChangeConfiguration.Request(key: key, value: value)
    }

    private func answered(_ status: ConfigurationStatus) -> Effect {
        .answer(callId: "c", ChangeConfiguration.Confirmation(status: status))
    }

    private let unanswered = Effect.refuse(
        callId: "c",
        CallError(code: .internalError, errorDescription: "The value was not stored in time; it may be stored later.")
    )

    private func stored(_ key: String, _ value: String?, revision: Int64) -> ConfigSet.Reply {
        let value = ConfigValue(key: key, owner: .ocppGateway, value: value, revision: revision)
        return ConfigSet.Reply(value: value, rebootRequired: false)
    }

    // MARK: - GetConfiguration

    // Shows: CORE-CFG-01, CORE-CFG-03
    /// OCPP 1.6 §5.8, §9.1.9: everything, although that is more than may be asked for.
    @Test(arguments: [nil, []] as [[CiString50]?]) func noKeysMeansAllKeys(keys: [CiString50]?) throws {
        let machine = try machine()
        let all = try machine.get(GetConfiguration.Request(key: keys))
        #expect(all.configurationKey?.count == 29)
        #expect(all.unknownKey == nil)
    }

    // Shows: CORE-CFG-02, CORE-CFG-05
    /// OCPP 1.6 §5.8, §6.24, §6.9.
    @Test func keysAreFoundInAnyCaseAndAnsweredInTheirOwnSpelling() throws {
        let machine = try machine()
        let some = try machine.get(GetConfiguration.Request(key: ["HEARTBEATinterval", "Nonsense"]))
        #expect(some.configurationKey?.first?.key.text == "HeartbeatInterval")
        #expect(some.configurationKey?.first?.value?.text == "20")
        #expect(some.configurationKey?.first?.readonly == false)
        #expect(some.unknownKey?.map(\.text) == ["Nonsense"])
    }

    // Shows: CORE-CFG-04
    /// OCPP 1.6 §5.8.
    @Test func moreKeysThanAllowedAreRefused() throws {
        let machine = try machine()
        let most = try machine.get(GetConfiguration.Request(key: Array(repeating: "HeartbeatInterval", count: 20)))
        #expect(most.configurationKey?.count == 20)
        let error = #expect(throws: CallError.self) {
            try machine.get(GetConfiguration.Request(key: Array(repeating: "HeartbeatInterval", count: 21)))
        }
        #expect(error?.code == .occurenceConstraintViolation)
    }

    // Shows: J-CON-24
    /// J §6.2.2, JE §3.12.
    @Test func theAuthorizationKeyIsNeitherGivenNorUnknown() throws {
        let machine = try machine()
        let answer = try machine.get(GetConfiguration.Request(key: ["AuthorizationKey"]))
        #expect(answer == GetConfiguration.Confirmation())
    }

    // MARK: - ChangeConfiguration

    // Shows: CORE-CFG-07
    /// OCPP 1.6 §5.3, §7.22, §5.14: answered only when it is on disk.
    @Test func aChangeIsAnsweredWhenTheStoreHasIt() throws {
        var machine = try machine()
        let asked = machine.change(request("metervaluesampleinterval", "030"), callId: "c", at: now)
        let set = ConfigSet(key: "MeterValueSampleInterval", value: "30", reason: "ChangeConfiguration")
        #expect(asked == [.store(number: 1, set)])
        #expect(machine.keys.meterValueSampleInterval == .seconds(20))
        let done = machine.stored(number: 1, .success(stored("MeterValueSampleInterval", "30", revision: 4)))
        #expect(machine.keys.meterValueSampleInterval == .seconds(30))
        let entry = ConfigSnapshot.Entry(value: "30", revision: 4)
        #expect(
            done == [
                answered(.accepted), .changed(machine.keys),
                .persistSnapshot(ConfigSnapshot(entries: ["MeterValueSampleInterval": entry])),
            ]
        )
    }

    // Shows: J-CON-14, CORE-CFG-07, CORE-CFG-08, CORE-CFG-09, CORE-CFG-16, CORE-MV-14, CORE-TX-22
    /// OCPP 1.6 §5.3, §7.22, §3.16.4.
    @Test(
        arguments: [
            ("Nonsense", "1", ConfigurationStatus.notSupported), ("NumberOfConnectors", "2", .rejected),
            ("WebSocketPingInterval", "-1", .rejected), ("HeartbeatInterval", "often", .rejected),
            ("MeterValuesSampledData", "Energy.Active.Import.Register,Volume", .rejected),
            ("UnlockConnectorOnEVSideDisconnect", "true", .rejected), ("AuthorizationKey", "abc", .rejected),
            ("AuthorizationKey", "no hexadecimal digits, but enough", .rejected),
            ("AuthorizationKey", "0123456789ABCDEF0123456789ABCDE", .rejected),
        ] as [(CiString50, CiString500, ConfigurationStatus)]
    )
    func whatNeedsNoStoreIsAnsweredAtOnce(key: CiString50, value: CiString500, status: ConfigurationStatus) throws {
        var machine = try machine()
        _ = machine.received(ConfigValues(owner: .ocppGateway, revision: 0, values: []))
        let before = machine.keys
        let effects = machine.change(request(key, value), callId: "c", at: now)
        #expect(effects.last == answered(status))
        #expect(machine.keys == before)
        #expect(machine.nextDeadline == nil)
    }

    /// It may be storing the value: to say that it was not changed would be a guess.
    @Test func withoutAnAnswerOfTheStoreAChangeIsNeitherAcceptedNorRejected() throws {
        var machine = try machine()
        _ = machine.change(request("ResetRetries", "5"), callId: "c", at: now)
        let expired = machine.deadlineReached(at: now.advanced(by: .milliseconds(4500)))
        #expect(expired.last == unanswered)
        let late = machine.stored(number: 1, .success(stored("ResetRetries", "5", revision: 4)))
        #expect(late.isEmpty)
    }

    @Test func aRefusalOfTheStoreIsRejected() throws {
        var machine = try machine()
        _ = machine.change(request("ResetRetries", "5"), callId: "c", at: now)
        let refused = machine.stored(number: 1, .failure(BusError(.failed, "disk")))
        #expect(refused.last == answered(.rejected))
        #expect(machine.keys.resetRetries == 3)
    }

    // Shows: J-RPC-33
    /// OCPP 1.6 §5.17: the store publishes and answers over two sockets, in any order; the conf goes out before the reconnect.
    @Test func aPublicationThatOvertakesTheStoresAnswerDoesNotReconnectBeforeTheAnswerIsOut() throws {
        var machine = try machine()
        let before = ConfigValue(key: "AuthorizationKey", owner: .ocppGateway, value: nil, revision: 0)
        _ = machine.received(ConfigValues(owner: .ocppGateway, revision: 1, values: [before]))
        _ = machine.change(request("AuthorizationKey", CiString500(fitting: key)), callId: "c", at: now)
        let reply = stored("AuthorizationKey", nil, revision: 9)
        let overtaking = machine.received(ConfigValues(owner: .ocppGateway, revision: 9, values: [reply.value]))
        let done = machine.stored(number: 1, .success(reply))
        let repeated = machine.received(ConfigValues(owner: .ocppGateway, revision: 9, values: [reply.value]))
        #expect(overtaking.isEmpty)
        #expect(done == [answered(.accepted), .credentialsChanged])
        #expect(repeated.isEmpty)
    }

    // MARK: - Order of answers and publications

    private func published(_ key: String, _ text: String?, of revision: Int64, at store: Int64) -> ConfigValues {
        let value = ConfigValue(key: key, owner: .ocppGateway, value: text, revision: revision)
        return ConfigValues(owner: .ocppGateway, revision: store, values: [value])
    }

    @Test func anOlderPublicationAfterTheAnswerToANewerChangeTakesNothingBack() throws {
        var machine = try machine()
        _ = machine.received(published("ResetRetries", "4", of: 1, at: 7))
        _ = machine.change(request("ResetRetries", "5"), callId: "c", at: now)
        _ = machine.stored(number: 1, .success(stored("ResetRetries", "5", revision: 9)))
        let older = machine.received(published("ResetRetries", "4", of: 1, at: 8))
        #expect(older.isEmpty)
        #expect(machine.keys.resetRetries == 5)
        let own = machine.received(published("ResetRetries", "5", of: 9, at: 9))
        #expect(own.isEmpty)
        _ = machine.received(published("ResetRetries", "6", of: 10, at: 10))
        #expect(machine.keys.resetRetries == 6)
    }

    @Test(arguments: [("7", 10 as Int64, 7), (nil, 0, 3)])
    func anAnswerThatIsOlderThanAPublicationTakesNothingBack(text: String?, revision: Int64, retries: Int) throws {
        var machine = try machine()
        _ = machine.received(published("ResetRetries", "4", of: 1, at: 8))
        _ = machine.change(request("ResetRetries", "5"), callId: "c", at: now)
        _ = machine.received(published("ResetRetries", text, of: revision, at: 10))
        let answer = machine.stored(number: 1, .success(stored("ResetRetries", "5", revision: 9)))
        #expect(answer == [answered(.accepted)])
        #expect(machine.keys.resetRetries == retries)
    }

    @Test func anOlderPublicationIsNoNewsAlsoBeforeTheStoreWasHeard() throws {
        var machine = try machine()
        _ = machine.change(request("ResetRetries", "5"), callId: "c", at: now)
        _ = machine.stored(number: 1, .success(stored("ResetRetries", "5", revision: 9)))
        let older = machine.received(published("ResetRetries", "4", of: 1, at: 8))
        #expect(older.isEmpty)
        // The answer told of one key; what the store has of others is not known yet.
        let other = machine.change(request("ConnectionTimeOut", "60"), callId: "c", at: now)
        #expect(other.contains { if case .store = $0 { true } else { false } })
    }

    @Test func aStoreThatLostEverythingIsBelievedOnceItAnnouncedItself() throws {
        var machine = try machine()
        _ = machine.received(published("ResetRetries", "5", of: 9, at: 9))
        let early = machine.received(published("ResetRetries", "3", of: 0, at: 0))
        #expect(early.isEmpty)
        _ = machine.announced(announce(pid: 8))
        _ = machine.received(published("ResetRetries", "3", of: 0, at: 0))
        #expect(machine.keys.resetRetries == 3)
    }

    /// Somebody else set the key while our own change waited, and ours failed.
    @Test(arguments: [true, false]) func newsOfASecretAreNotLostWhenOurOwnChangeFails(isLate: Bool) throws {
        var machine = try machine()
        _ = machine.received(published("AuthorizationKey", nil, of: 0, at: 1))
        _ = machine.change(request("AuthorizationKey", CiString500(fitting: key)), callId: "c", at: now)
        let meanwhile = machine.received(published("AuthorizationKey", nil, of: 9, at: 9))
        #expect(meanwhile.isEmpty)
        let failed =
            isLate
            ? machine.deadlineReached(at: now.advanced(by: .milliseconds(4500)))
            : machine.stored(number: 1, .failure(BusError(.failed, "disk")))
        #expect(failed.suffix(2) == [isLate ? unanswered : answered(.rejected), .credentialsChanged])
        let repeated = machine.received(published("AuthorizationKey", nil, of: 9, at: 9))
        #expect(repeated.isEmpty)
    }

    @Test func anAnswerIsAwaitedLongerThanTheStoreMayTakeUpAChangeAndNotTooLongForTheCentralSystem() throws {
        var machine = try machine()
        _ = machine.change(request("ResetRetries", "5"), callId: "c", at: now)
        #expect(machine.nextDeadline?.at == .milliseconds(104_500))
        let early = machine.deadlineReached(at: now.advanced(by: .milliseconds(4499)))
        #expect(early.isEmpty)
    }

    @Test func everyChangeIsAnsweredHoweverManyWaitForTheStore() throws {
        var machine = try machine()
        var effects: [Effect] = []
        for _ in 0..<9 { effects += machine.change(request("ResetRetries", "5"), callId: "c", at: now) }
        #expect(effects.count == 9)
        // Like those before it when their time is over: the store is what is missing, not the value that is wrong.
        guard case .refuse("c", let error)? = effects.last else {
            Issue.record("the ninth was answered \(String(describing: effects.last))")
            return
        }
        #expect(error.code == .internalError)
        let expired = machine.deadlineReached(at: now.advanced(by: .milliseconds(4500)))
        #expect(expired.filter { $0 == unanswered }.count == 8)
    }

    // Shows: J-CON-23, CORE-CFG-17
    /// J §6.2.2: in a file, not on the bus, and followed by a reconnect.
    @Test func aNewAuthorizationKeyIsHandedOverAsASecret() throws {
        var machine = try machine()
        let asked = machine.change(request("AuthorizationKey", CiString500(fitting: key)), callId: "c", at: now)
        #expect(asked == [.storeSecret(number: 1, key: "AuthorizationKey", Secret(key))])
        #expect(!"\(asked)".contains(key))
        let done = machine.stored(number: 1, .success(stored("AuthorizationKey", nil, revision: 9)))
        #expect(done == [answered(.accepted), .credentialsChanged])
    }

    // MARK: - HeartbeatInterval

    // Shows: CORE-HB-04
    /// OCPP 1.6 §4.2, §9.1.10: the later one wins.
    @Test func theIntervalOfBootNotificationHoldsUntilTheKeyIsSet() throws {
        var machine = try machine()
        let told = machine.setHeartbeatInterval(seconds: 300)
        #expect(told == [.changed(machine.keys)])
        let published = ConfigValues(
            owner: .ocppGateway,
            revision: 1,
            values: [ConfigValue(key: "ResetRetries", owner: .ocppGateway, value: "4", revision: 1)]
        )
        _ = machine.received(published)
        #expect(machine.keys.heartbeatInterval == .seconds(300))
        // Equal to what is in force, but not to what is stored.
        let asked = machine.change(request("HeartbeatInterval", "300"), callId: "c", at: now)
        #expect(asked.count == 1)
        _ = machine.stored(number: 1, .success(stored("HeartbeatInterval", "300", revision: 2)))
        #expect(machine.keys.heartbeatInterval == .seconds(300))
    }

    @Test func aStoreThatComesLateDoesNotUndoTheIntervalOfBootNotification() throws {
        var machine = try machine()
        _ = machine.setHeartbeatInterval(seconds: 300)
        func values(_ text: String, revision: Int64) -> ConfigValues {
            let value = ConfigValue(key: "HeartbeatInterval", owner: .ocppGateway, value: text, revision: revision)
            return ConfigValues(owner: .ocppGateway, revision: revision, values: [value])
        }
        _ = machine.received(values("20", revision: 0))
        #expect(machine.keys.heartbeatInterval == .seconds(300))
        _ = machine.received(values("45", revision: 1))
        #expect(machine.keys.heartbeatInterval == .seconds(45))
    }

    // MARK: - The store

    private func announce(pid: Int, running: Bool = true, service: ServiceName = .configStore) -> Announce {
        Announce(
            service: service,
            version: "1",
            schemaVersion: 1,
            pid: pid,
            startedAt: 0,
            publishes: [],
            serves: [],
            simulated: false,
            running: running
        )
    }

    @Test func theKeysAreDeclaredToEveryNewStore() throws {
        var machine = try machine()
        let declare = Effect.declare(ConfigDeclare(owner: .ocppGateway, keys: machine.table.declarations))
        let first = machine.announced(announce(pid: 7))
        let same = machine.announced(announce(pid: 7))
        let leaving = machine.announced(announce(pid: 8, running: false))
        let other = machine.announced(announce(pid: 9, service: .hardwareIO))
        let new = machine.announced(announce(pid: 8))
        #expect(first == [declare] && new == [declare])
        #expect(same.isEmpty && leaving.isEmpty && other.isEmpty)
        _ = machine.declared(.failure(BusError(.timedOut, "no answer")))
        let again = machine.announced(announce(pid: 8))
        #expect(again == [declare])
    }

    /// A default that the site changes must not be held back by what was seen before.
    @Test func theSnapshotHoldsOnlyWhatWasSet() throws {
        var machine = try machine()
        func values(_ text: String, revision: Int64) -> ConfigValues {
            let value = ConfigValue(key: "ConnectionTimeOut", owner: .ocppGateway, value: text, revision: revision)
            return ConfigValues(owner: .ocppGateway, revision: revision, values: [value])
        }
        let first = machine.received(values("60", revision: 0))
        #expect(first.isEmpty)
        let other = machine.received(values("75", revision: 0))
        #expect(other == [.changed(machine.keys)])
        #expect(machine.keys.connectionTimeOut == .seconds(75))
        let same = machine.received(values("75", revision: 0))
        #expect(same.isEmpty)
    }

    @Test func theSnapshotIsUsedUntilTheStoreSpeaks() throws {
        let entries = [
            "ConnectionTimeOut": ConfigSnapshot.Entry(value: "90", revision: 5),
            "NumberOfConnectors": .init(value: "7", revision: 5), "Gone": .init(value: "1", revision: 5),
            "HeartbeatInterval": .init(value: "soon", revision: 5),
        ]
        var machine = try machine(snapshot: ConfigSnapshot(entries: entries))
        #expect(machine.keys.connectionTimeOut == .seconds(90))
        #expect(machine.keys.heartbeatInterval == .seconds(20))
        #expect(machine.keys.text(.numberOfConnectors) == "1")
        // The store has lost everything: back to the default.
        let values = ConfigValues(
            owner: .ocppGateway,
            revision: 0,
            values: [ConfigValue(key: "ConnectionTimeOut", owner: .ocppGateway, value: "60", revision: 0)]
        )
        let effects = machine.received(values)
        #expect(machine.keys.connectionTimeOut == .seconds(60))
        #expect(effects.first == .changed(machine.keys))
    }

    @Test func valuesOfOthersAreIgnored() throws {
        var machine = try machine()
        let values = ConfigValues(
            owner: .hardwareIO,
            revision: 3,
            values: [ConfigValue(key: "ResetRetries", owner: .hardwareIO, value: "9", revision: 3)]
        )
        let effects = machine.received(values)
        #expect(effects.isEmpty && machine.keys.resetRetries == 3)
    }

    /// The last order counts, also where it asks for what is in force: another change may be under way, whoever asked for it.
    @Test func theValueInForceIsStoredLikeAnyOther() throws {
        var machine = try machine()
        _ = machine.received(ConfigValues(owner: .ocppGateway, revision: 1, values: []))
        _ = machine.change(request("ResetRetries", "5"), callId: "b", at: now)
        let back = machine.change(request("ResetRetries", "3"), callId: "c", at: now)
        #expect(back == [.store(number: 2, ConfigSet(key: "ResetRetries", value: "3", reason: "ChangeConfiguration"))])
        _ = machine.stored(number: 1, .success(stored("ResetRetries", "5", revision: 2)))
        let done = machine.stored(number: 2, .success(stored("ResetRetries", "3", revision: 3)))
        #expect(done.first == answered(.accepted))
        #expect(machine.keys.resetRetries == 3)
    }
}
