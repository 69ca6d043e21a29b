import BusSchema
import ConfigCore
import ModemCore
import Primitives

/// The shells of the config store and of the modem manager.
extension World {
    // MARK: - Config store

    mutating func tell(config event: ConfigMachine.Event) {
        configInputs.append(event)
        guard !busy[.config] else { return }
        busy[.config] = true
        while config != nil, !configInputs.isEmpty {
            let event = configInputs.removeFirst()
            note("config takes", event)
            let moment = moment
            guard let effects = config?.handle(event, at: moment) else { break }
            for effect in effects where config != nil {
                if let failure = perform(effect) {
                    configInputs.insert(failure, at: 0)
                    break
                }
            }
        }
        configInputs = []
        busy[.config] = false
    }

    private mutating func perform(_ effect: ConfigEffect) -> ConfigMachine.Event? {
        switch effect {
        case .persist(let change):
            guard write(of: .config, { $0.configDisk.changes.append(change) }) else {
                return config == nil ? nil : .persistFailed(reason: "disk full")
            }
        case .persistSecrets(let secrets):
            guard write(of: .config, { $0.configDisk.secrets = secrets }) else {
                return config == nil ? nil : .persistFailed(reason: "disk full")
            }
        case .handOver(let secret, let key, let owner): configDisk.handedOver["\(owner)/\(key)"] = secret
        case .reply(let id, let reply): answer(id.value, .config(reply), from: .config)
        case .refuse(let id, let error): answer(id.value, .error(error), from: .config)
        case .publish(let message): publish(message, from: .config)
        case .log(let record): log("config", record)
        }
        return nil
    }

    // MARK: - Modem manager

    mutating func tell(modem event: ModemEvent) {
        note("modem takes", event)
        let moment = moment
        guard let effects = modem?.handle(event, at: moment) else { return }
        perform(effects)
    }

    mutating func modemDeadline() {
        let moment = moment
        guard let effects = modem?.deadlineReached(at: moment) else { return }
        perform(effects)
    }

    private mutating func perform(_ effects: [ModemEffect]) {
        touched.insert(.modem)
        for effect in effects where modem != nil {
            switch effect {
            case .readInterfaces: break  // Every uplink is simulated.
            case .publish(let message): publish(message, from: .modem)
            case .accept(let id): answer(id.value, .done, from: .modem)
            case .refuse(let id, let error): answer(id.value, .error(error), from: .modem)
            case .log(let record): log("modem", record)
            }
        }
    }

    mutating func cutSimulatedUplink() {
        lastCall += 1
        tell(modem: .simulationRequested(RequestID(lastCall), SimulateUplink(up: false)))
    }

    mutating func mendSimulatedUplink() {
        lastCall += 1
        tell(modem: .simulationRequested(RequestID(lastCall), SimulateUplink(up: true)))
    }
}
