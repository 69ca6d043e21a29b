import BusSchema
import ConfigCore
import Primitives

/// The process of the config store: the adapter between its core and the world.
final class ConfigProcess: ServiceProcess {
    /// It ended by itself, after a farewell.
    var hasEnded: () -> Void = {}

    private let around: Surroundings
    private var machine: ConfigMachine?
    private var inputs: [ConfigMachine.Event] = []
    private var isPerforming = false

    init(_ around: Surroundings) { self.around = around }

    var isAlive: Bool { machine != nil }

    func start() {
        var machine = ConfigMachine()
        for change in around.disks.config.changes { machine.restore(change) }
        machine.restore(secrets: around.disks.config.secrets)
        self.machine = machine
    }

    func begin() {}

    func askToEnd() { hasEnded() }

    func die(hasPower: Bool) {
        machine = nil
        inputs = []
    }

    func hear(_ id: RequestID, _ order: BusCall.Order) {
        switch order {
        case .declare(let declaration): deliver(.declareRequested(id, declaration, from: .ocppGateway))
        case .store(_, let set, let secret):
            let input = secret.map { ConfigMachine.SecretInput.secret($0) }
            deliver(.setRequested(id, set, from: .ocppGateway, secret: input))
        case .permit, .unlock, .indicate, .report: break
        }
    }

    private func deliver(_ event: ConfigMachine.Event) {
        inputs.append(event)
        guard !isPerforming else { return }
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
        case .persist(let change):
            guard around.disks.writeConfig({ $0.changes.append(change) }) else { return failure }
        case .persistSecrets(let secrets):
            guard around.disks.writeConfig({ $0.secrets = secrets }) else { return failure }
        case .handOver(let secret, let key, let owner):
            around.disks.configKeeps { $0.handedOver["\(owner)/\(key)"] = secret }
        case .reply(let id, let reply): around.bus.answer(id, .config(reply))
        case .refuse(let id, let error): around.bus.answer(id, .error(error))
        case .publish(let message): around.bus.publish(message, from: .config)
        case .log(let record): around.log("config", record)
        }
        return nil
    }

    private var failure: ConfigMachine.Event? { isAlive ? .persistFailed(reason: "disk full") : nil }
}
