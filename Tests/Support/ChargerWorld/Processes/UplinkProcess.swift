import BusSchema
import Primitives
import UplinkCore

/// What the world wants of the process of the modem manager, whatever its uplink is.
protocol UplinkService: ServiceProcess {
    var hasEnded: () -> Void { get set }
    func freeze(until time: Duration)
    func hear(_ id: RequestID, _ order: BusCall.Order)
    /// The gateway has published something.
    func hear(_ message: any BusMessage)
    func setUplink(_ isUp: Bool)
    func setSignal(_ percent: Int)
}

/// The process of the modem manager with a simulated uplink: the adapter between its core and the world.
final class UplinkProcess: UplinkService {
    /// It ended by itself, after a farewell.
    var hasEnded: () -> Void = {}

    private let around: Surroundings
    private let host: VirtualHost<UplinkMachine>

    init(_ around: Surroundings) {
        self.around = around
        host = VirtualHost(around.timeline, around.clock)
        host.perform = { [unowned self] effect in
            perform(effect)
            return nil
        }
        host.note = { around.notebook.note("modem takes", $0) }
    }

    var isAlive: Bool { host.isAlive }

    func start() {
        around.auditor.modemStarted()
        host.start(UplinkMachine(UplinkConfiguration(uplinks: [.init(name: "cellular", carrier: SimulatedCarrier())])))
    }

    func begin() {
        host.deliver(.started)
        if !around.network.isUp { setUplink(false) }
    }

    func askToEnd() {
        host.deliver(.terminationRequested)
        hasEnded()
    }

    func die(hasPower: Bool) { host.die() }

    /// It does nothing until then.
    func freeze(until time: Duration) { host.freeze(until: time) }

    /// The only uplink, which is simulated, comes or goes.
    func setUplink(_ isUp: Bool) { simulate(SimulateUplink(up: isUp)) }

    /// Its modem measures so much from now on, until the process ends.
    func setSignal(_ percent: Int) { simulate(SimulateUplink(signalPercent: percent)) }

    func hear(_ message: any BusMessage) {}

    private func simulate(_ request: SimulateUplink) {
        let id = around.bus.order()
        host.whenAwake { [unowned self] in host.deliver(.simulationRequested(id, request)) }
    }

    func hear(_ id: RequestID, _ order: BusCall.Order) {
        guard case .report(let report) = order else { return }
        host.whenAwake { [unowned self] in host.deliver(.reported(id, report)) }
    }

    private func perform(_ effect: UplinkEffect) {
        switch effect {
        // The only uplink is simulated: there is nothing to read, to probe or to recover, and nobody reads its journal.
        case .readInterfaces, .persist, .carrier, .probe, .record, .askForTransactions, .rebootHost: break
        case .publish(let message):
            if let state = message.value as? UplinkState { around.auditor.told(state) }
            around.bus.publish(message, from: .modem)
        case .accept(let id): around.bus.answer(id, .done)
        case .refuse(let id, let error): around.bus.answer(id, .error(error))
        case .log(let record): around.log("modem", record)
        case .finish: break  // `askToEnd` goes on.
        }
    }
}
