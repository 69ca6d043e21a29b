internal import Bus
internal import BusSchema
internal import Log
internal import Primitives
internal import ServiceHost
internal import SiteConfiguration
internal import UplinkCore

/// Wires the machine to the bus and to the interfaces of the operating system.
final class UplinkDaemon {
    private let machine: MachineHost<UplinkMachine>
    private let bus: BusEndpoint
    private let log: Log
    private var monitor: AddressMonitor?
    /// Requests that the machine has not answered yet. It answers each one within the event that brought it.
    private var pending: [RequestID: Answers] = [:]
    private var lastID: UInt64 = 0
    private let finish: () -> Void

    /// The answers to a request whose reply is `Done`, whatever its type.
    private struct Answers {
        let accept: () -> Void
        let refuse: (BusError) -> Void
    }

    /// - Throws: `SiteFileError` for a wrong file, `BusStartError` when the service runs already.
    init(_ host: ServiceHost) throws {
        let uplinks = try host.readSite().uplinks()
        let isSimulated = uplinks.contains { $0.driver == .simulated }
        bus = try host.joinBus(
            publishes: [UplinkState.self, UplinkChanged.self],
            serves: [UplinkReport.self, SimulateUplink.self],
            simulated: isSimulated
        )
        log = host.log
        finish = { [unowned host] in host.end() }
        machine = MachineHost(UplinkMachine(UplinkConfiguration(uplinks)), loop: host.loop)
        machine.perform = { [unowned self] in perform($0) }
        host.onTermination = { [unowned self] in machine.deliver(.terminationRequested) }
        if isSimulated { log.write(LogRecord(.warning, "there are simulated uplinks")) }
        if uplinks.contains(where: { $0.driver != .simulated }) { startMonitor(host) }
        serve()
        machine.deliver(.started)
    }

    private func startMonitor(_ host: ServiceHost) {
        do {
            monitor = try AddressMonitor(host.loop) { [unowned self] in machine.deliver(.addressesChanged) }
        } catch {
            // The machine reads the interfaces from time to time all the same.
            log.write(LogRecord(.warning, "changes of addresses will be noticed late", .init("error", error)))
        }
    }

    private func serve() {
        bus.serve(UplinkReport.self) { [unowned self] _, report, responder in
            let id = add(accept: { responder.reply(Done()) }, refuse: { responder.answer(.failure($0)) })
            machine.deliver(.reported(id, report))
        }
        bus.serve(SimulateUplink.self) { [unowned self] _, request, responder in
            let id = add(accept: { responder.reply(Done()) }, refuse: { responder.answer(.failure($0)) })
            machine.deliver(.simulationRequested(id, request))
        }
    }

    private func add(accept: @escaping () -> Void, refuse: @escaping (BusError) -> Void) -> RequestID {
        lastID += 1
        let id = RequestID(lastID)
        pending[id] = Answers(accept: accept, refuse: refuse)
        return id
    }

    private func perform(_ effect: UplinkEffect) -> MachineHost<UplinkMachine>.Performed {
        switch effect {
        case .readInterfaces: readInterfaces()
        case .publish(let message): bus.publish(message)
        case .accept(let id): pending.removeValue(forKey: id)?.accept()
        case .refuse(let id, let error): pending.removeValue(forKey: id)?.refuse(error)
        case .log(let record): log.write(record)
        case .finish: finish()
        }
        return .done
    }

    private func readInterfaces() {
        do {
            machine.deliver(.interfacesRead(try Interfaces.read()))
        } catch {
            machine.deliver(.interfacesUnreadable("\(error)"))
        }
    }
}

extension UplinkConfiguration {
    fileprivate init(_ sections: [UplinkSection]) {
        self.init(
            uplinks: sections.map {
                switch $0.driver {
                case .static: Uplink(name: $0.name, driver: .interface($0.interface))
                case .simulated: Uplink(name: $0.name, driver: .simulated)
                }
            }
        )
    }
}
