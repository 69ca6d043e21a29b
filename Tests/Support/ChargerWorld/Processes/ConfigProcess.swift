import BusSchema
import ConfigCore
import Primitives
import Storage

/// The process of the config store: the adapter between its core and the world.
final class ConfigProcess: ServiceProcess {
    /// It ended by itself, after a farewell.
    var hasEnded: () -> Void = {}

    private let around: Surroundings
    private var machine: ConfigMachine?
    private var inputs: [ConfigMachine.Event] = []
    private var isPerforming = false
    private var frozenUntil = Duration.zero

    init(_ around: Surroundings) { self.around = around }

    var isAlive: Bool { machine != nil }

    func start() throws(StorageError) {
        var machine = ConfigMachine()
        try around.disks.config.open(&machine)
        self.machine = machine
    }

    func begin() {}

    func askToEnd() { hasEnded() }

    func die(hasPower: Bool) {
        machine = nil
        inputs = []
        frozenUntil = .zero
        around.disks.config.close()
    }

    func hear(_ id: RequestID, _ order: BusCall.Order) {
        switch order {
        case .declare(let declaration): deliver(.declareRequested(id, declaration, from: .ocppGateway))
        case .store(_, let set, let secret):
            let input = secret.map { ConfigMachine.SecretInput.secret($0) }
            deliver(.setRequested(id, set, from: .ocppGateway, secret: input))
        case .permit, .lock, .unlock, .indicate, .restartHardware, .report: break
        }
    }

    /// It does nothing until then.
    func freeze(until time: Duration) {
        frozenUntil = max(frozenUntil, time)
        around.timeline.at(time) { [unowned self] in work() }
    }

    private func deliver(_ event: ConfigMachine.Event) {
        inputs.append(event)
        work()
    }

    private func work() {
        guard !isPerforming, around.timeline.now >= frozenUntil else { return }
        isPerforming = true
        while machine != nil, !inputs.isEmpty {
            let event = inputs.removeFirst()
            around.notebook.note("config takes", event)
            guard let effects = machine?.handle(event, at: around.clock.moment) else { break }
            for effect in effects where machine != nil {
                guard let failure = perform(effect) else { continue }
                inputs.insert(failure, at: 0)
                break
            }
        }
        isPerforming = false
    }

    /// Returns the event to feed when the effect failed.
    private func perform(_ effect: ConfigEffect) -> ConfigMachine.Event? {
        switch effect {
        case .persist(let change): return store { () throws(StorageError) in try around.disks.config.append(change) }
        case .persistSecrets(let secrets):
            return store { () throws(StorageError) in try around.disks.config.save(secrets) }
        case .handOver(let secret, let key, let owner):
            around.disks.config.handOver(secret, key: key, owner: "\(owner)")
        case .reply(let id, let reply): around.bus.answer(id, .config(reply))
        case .refuse(let id, let error): around.bus.answer(id, .error(error))
        case .publish(let message):
            if let values = message.value as? ConfigValues { around.disks.config.check(values) }
            around.bus.publish(message, from: .config)
        case .log(let record): around.log("config", record)
        }
        return nil
    }

    private func store(_ body: () throws(StorageError) -> Void) -> ConfigMachine.Event? {
        let problem = around.disks.write(of: .config, body)
        return isAlive ? problem.map { .persistFailed(reason: $0) } : nil
    }
}
