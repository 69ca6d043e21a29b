import BusSchema
import ConfigCore
import Primitives

/// A store under test, with the disk that its effects would write.
struct ConfigBench {
    var machine = ConfigMachine()
    private(set) var disk: [StoredChange] = []
    private(set) var diskSecrets: [String: Secret] = [:]
    /// Files that owners would find, by `owner/key`.
    private(set) var handedOver: [String: Secret] = [:]
    /// The runtime folder takes nothing.
    var handOverFails = false
    private var requests: UInt64 = 0
    private(set) var now = Moment(uptime: .seconds(10), utc: Timestamp(millisecondsSinceEpoch: 1_795_348_800_000))

    /// Feeds one event and does what a shell with a working disk does.
    mutating func run(_ event: (RequestID) -> ConfigMachine.Event) -> [ConfigEffect] {
        let effects = handle(event)
        perform(effects)
        return effects
    }

    /// Feeds one event on a disk that fails at the given `persist…` effect, 0 being the first. Returns what was done and said.
    mutating func run(failingAt failure: Int, _ event: (RequestID) -> ConfigMachine.Event) -> [ConfigEffect] {
        var done: [ConfigEffect] = []
        var persists = 0
        for effect in handle(event) {
            switch effect {
            case .persist, .persistSecrets:
                if persists == failure {
                    let recovery = machine.handle(.persistFailed(reason: "disk full"), at: now)
                    perform(done + recovery)
                    return done + recovery
                }
                persists += 1
            default: break
            }
            done.append(effect)
        }
        perform(done)
        return done
    }

    /// Feeds one event and does what a shell does whose runtime folder may take nothing. Returns what was done and said.
    mutating func runWithRuntimeFolder(_ event: (RequestID) -> ConfigMachine.Event) -> [ConfigEffect] {
        carryOut(handle(event))
    }

    /// Lets time pass, deadline by deadline. Returns what was done and said.
    mutating func wait(_ duration: Duration) -> [ConfigEffect] {
        let end = now.advanced(by: duration)
        var done: [ConfigEffect] = []
        while let deadline = machine.nextDeadline, deadline.at <= end.uptime {
            now = now.advanced(by: max(.zero, deadline.at - now.uptime))
            done += carryOut(machine.deadlineReached(at: now))
        }
        now = end
        return done
    }

    private mutating func carryOut(_ effects: [ConfigEffect]) -> [ConfigEffect] {
        var done: [ConfigEffect] = []
        for effect in effects {
            if handOverFails, case .handOver(_, let key, _) = effect {
                let failure = ConfigMachine.Event.handOverFailed(key: key, reason: "no room")
                return done + carryOut(machine.handle(failure, at: now))
            }
            perform([effect])
            done.append(effect)
        }
        return done
    }

    /// Ends the store and starts it again from what is on disk.
    mutating func restart(keeping needed: Bool = false) {
        if needed { disk = disk.filter { machine.needs($0) } }
        machine = ConfigMachine()
        for record in disk { machine.restore(record) }
        machine.restore(secrets: diskSecrets)
    }

    mutating func declare(_ keys: KeyDeclaration..., as owner: ServiceName = .ocppGateway) -> Result<
        ConfigDeclare.Reply, BusError
    > {
        let effects = run { .declareRequested($0, ConfigDeclare(owner: owner, keys: keys), from: owner) }
        return effects.answer { if case .declare(let reply) = $0 { reply } else { nil } }
    }

    mutating func set(
        _ key: String,
        _ value: String?,
        from source: ServiceName = .chargectl,
        reason: String? = nil,
        expectedRevision: Int64? = nil
    ) -> Result<ConfigSet.Reply, BusError> {
        let request = ConfigSet(key: key, value: value, reason: reason, expectedRevision: expectedRevision)
        return run { .setRequested($0, request, from: source, secret: nil) }.setAnswer
    }

    mutating func setSecret(_ key: String, _ value: String) -> [ConfigEffect] {
        run { Self.secretRequest($0, key, value) }
    }

    static func secretRequest(_ id: RequestID, _ key: String, _ value: String) -> ConfigMachine.Event {
        let request = ConfigSet(key: key, value: nil, secretFile: "upload")
        return .setRequested(id, request, from: .chargectl, secret: .secret(Secret(value)))
    }

    mutating func get(_ keys: String...) -> ConfigGet.Reply {
        let effects = run { .getRequested($0, ConfigGet(keys: keys)) }
        let answer = effects.answer { if case .get(let reply) = $0 { reply } else { nil } }
        return (try? answer.get()) ?? ConfigGet.Reply(entries: [], unknownKeys: ["refused"])
    }

    /// The value in force.
    mutating func value(_ key: String) -> String? { get(key).entries.first?.value.value }

    mutating func revision(_ key: String) -> Int64? { get(key).entries.first?.value.revision }

    mutating func history(_ key: String? = nil, limit: Int = 50) -> [ConfigChange] {
        let effects = run { .historyRequested($0, ConfigHistory(key: key, limit: limit)) }
        let answer = effects.answer { if case .history(let reply) = $0 { reply } else { nil } }
        return (try? answer.get())?.changes ?? []
    }

    private mutating func handle(_ event: (RequestID) -> ConfigMachine.Event) -> [ConfigEffect] {
        requests += 1
        now = now.advanced(by: .seconds(1))
        return machine.handle(event(RequestID(requests)), at: now)
    }

    private mutating func perform(_ effects: [ConfigEffect]) {
        for effect in effects {
            switch effect {
            case .persist(let record): disk.append(record)
            case .persistSecrets(let secrets): diskSecrets = secrets
            case .handOver(let secret, let key, let owner): handedOver["\(owner)/\(key)"] = secret
            case .reply, .refuse, .publish, .log: break
            }
        }
    }
}

extension [ConfigEffect] {
    /// The one answer among the effects.
    func answer<Reply>(_ reply: (ConfigReply) -> Reply?) -> Result<Reply, BusError> {
        let answers: [Result<Reply, BusError>] = compactMap { effect in
            switch effect {
            case .reply(_, let any): reply(any).map { .success($0) }
            case .refuse(_, let error): .failure(error)
            default: nil
            }
        }
        return answers.count == 1 ? answers[0] : .failure(BusError(.failed, "\(answers.count) answers"))
    }

    var setAnswer: Result<ConfigSet.Reply, BusError> { answer { if case .set(let reply) = $0 { reply } else { nil } } }

    /// One word per effect, in order.
    var kinds: [String] {
        map { effect in
            switch effect {
            case .persist: "persist"
            case .persistSecrets: "persistSecrets"
            case .handOver: "handOver"
            case .reply: "reply"
            case .refuse: "refuse"
            case .publish(let message): type(of: message.value).type
            case .log(let record): record.level >= .notice ? "log" : "complaint"
            }
        }
    }

    var published: [AnyBusMessage] { compactMap { if case .publish(let message) = $0 { message } else { nil } } }
}

extension Result where Failure == BusError {
    /// The code of the refusal; nil for a reply.
    var code: BusError.Code? { if case .failure(let error) = self { error.code } else { nil } }
    var error: BusError? { if case .failure(let error) = self { error } else { nil } }
    var reply: Success? { if case .success(let reply) = self { reply } else { nil } }
}

extension KeyDeclaration {
    static func integer(_ key: String, _ value: String? = "10", _ minimum: Int64? = 0, _ maximum: Int64? = 86_400)
        -> KeyDeclaration
    {
        KeyDeclaration(
            key: key,
            type: .integer,
            defaultValue: value,
            access: .readWrite,
            description: "A number.",
            unit: "s",
            minimum: minimum,
            maximum: maximum
        )
    }

    static func boolean(_ key: String, _ value: String? = "false", access: Access = .readWrite) -> KeyDeclaration {
        KeyDeclaration(key: key, type: .boolean, defaultValue: value, access: access, description: "A switch.")
    }

    static func list(_ key: String, _ value: String? = "", items: Int? = nil, choices: [String]? = nil)
        -> KeyDeclaration
    {
        KeyDeclaration(
            key: key,
            type: .list,
            defaultValue: value,
            access: .readWrite,
            description: "A list.",
            maximumItems: items,
            choices: choices
        )
    }

    static func string(_ key: String, _ value: String? = nil, length: Int? = nil, choices: [String]? = nil)
        -> KeyDeclaration
    {
        KeyDeclaration(
            key: key,
            type: .string,
            defaultValue: value,
            access: .readWrite,
            description: "A text.",
            maximumLength: length,
            choices: choices
        )
    }

    static func secret(_ key: String) -> KeyDeclaration {
        KeyDeclaration(
            key: key,
            type: .string,
            defaultValue: nil,
            access: .writeOnly,
            rebootRequired: true,
            secret: true,
            description: "A key.",
            maximumLength: 40
        )
    }
}
