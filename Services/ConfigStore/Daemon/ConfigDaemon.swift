internal import Bus
internal import BusSchema
internal import ConfigCore
internal import EventLoop
internal import Log
internal import Primitives
internal import ServiceHost
internal import Storage

/// The shell of the config store: requests in, effects out, in order.
final class ConfigDaemon {
    private let bus: BusEndpoint
    private let log: Log
    private let journal: SettingsJournal
    private let secrets: SecretStore
    private let machine: MachineHost<ConfigMachine>
    private let restart: () -> Never
    /// How to answer the requests that the machine has. It answers each within its event, so this never holds more than one.
    private var answers: [RequestID: (Result<ConfigReply, BusError>) -> Void] = [:]
    private var lastRequest: UInt64 = 0

    init(_ host: ServiceHost) throws {
        log = host.log
        // First of all: its refusal names the process that runs here already. Nothing is answered before the loop runs.
        bus = try host.joinBus(
            publishes: [ConfigValues.self, ConfigChanged.self],
            serves: [ConfigDeclare.self, ConfigGet.self, ConfigSet.self, ConfigHistory.self]
        )
        let folder = try host.makeStateDirectory()
        var store = ConfigMachine()
        journal = try SettingsJournal(folder: folder, tryAgain: host.waitForDevice, log: host.log) { change in
            guard !store.restore(change) else { return }
            host.log.write(
                LogRecord(.error, "a stored change is damaged and left alone", .init("key", change.change.key))
            )
        }
        secrets = SecretStore(stateFolder: folder, runtimeFolder: host.options.runtimeDirectory, log: host.log)
        store.restore(secrets: try secrets.load(tryAgain: host.waitForDevice))
        try secrets.makeFolders()
        if let obstacle = journal.obstacle {
            log.write(LogRecord(.error, "no setting can be changed", .init("reason", obstacle)))
        }
        restart = { [unowned host] in host.restart() }
        machine = MachineHost(store, loop: host.loop)
        machine.perform = { [unowned self] in perform($0) }
        host.flashWrites = { [unowned self] in
            let written = journal.written + secrets.written
            return (written.bytes, written.syncs)
        }
        let loop = host.loop
        machine.afterEvent = { [unowned self] in compactIfWorthwhile(in: loop) }
        serve()
    }

    private func compactIfWorthwhile(in loop: EventLoop) {
        let hasBegun = journal.beginCompactionIfWorthwhile { [unowned self] in machine.machine.needs($0) }
        guard hasBegun else { return }
        loop.addBackgroundWork("the settings are compacted") { [unowned self] in journal.continueCompaction() }
    }

    private func serve() {
        bus.serve(ConfigDeclare.self) { [unowned self] header, request, responder in
            let id = open(responder) { if case .declare(let reply) = $0 { reply } else { nil } }
            machine.deliver(.declareRequested(id, request, from: header.source))
        }
        bus.serve(ConfigGet.self) { [unowned self] _, request, responder in
            let id = open(responder) { if case .get(let reply) = $0 { reply } else { nil } }
            machine.deliver(.getRequested(id, request))
        }
        bus.serve(ConfigSet.self) { [unowned self] header, request, responder in
            let id = open(responder) { if case .set(let reply) = $0 { reply } else { nil } }
            let secret = request.secretFile.map { secrets.takeIncoming($0) }
            machine.deliver(.setRequested(id, request, from: header.source, secret: secret))
        }
        bus.serve(ConfigHistory.self) { [unowned self] _, request, responder in
            let id = open(responder) { if case .history(let reply) = $0 { reply } else { nil } }
            machine.deliver(.historyRequested(id, request))
        }
    }

    /// Keeps the responder until the machine answers.
    private func open<R: BusRequest>(_ responder: Responder<R>, _ reply: @escaping (ConfigReply) -> R.Reply?)
        -> RequestID
    {
        lastRequest += 1
        let id = RequestID(lastRequest)
        answers[id] = { result in
            responder.answer(
                result.flatMap { any in
                    guard let reply = reply(any) else { preconditionFailure("A request gets a reply of its own kind.") }
                    return .success(reply)
                }
            )
        }
        return id
    }

    private func perform(_ effect: ConfigEffect) -> MachineHost<ConfigMachine>.Performed {
        switch effect {
        case .persist(let change):
            do {
                try journal.append(change)
            } catch {
                // What is on disk was never seen: the next process reads it.
                if journal.isAnother { restart() }
                return .failed(.persistFailed(reason: "\(error)"))
            }
        case .persistSecrets(let values):
            do { try secrets.save(values) } catch { return .failed(.persistFailed(reason: "\(error)")) }
        case .handOver(let secret, let key, let owner):
            do throws(SmallFileError) {
                try secrets.handOver(secret, key: key, owner: owner)
            } catch {
                return .failed(.handOverFailed(key: key, reason: error.description))
            }
        case .reply(let id, let reply):
            answers.removeValue(forKey: id)?(.success(reply))
        case .refuse(let id, let error):
            answers.removeValue(forKey: id)?(.failure(error))
        case .publish(let message):
            bus.publish(message)
        case .log(let record):
            log.write(record)
        }
        return .done
    }
}
