internal import Bus
internal import BusSchema
internal import EventLoop
internal import Log
internal import ModemProtocol
internal import Primitives
internal import ServiceHost
internal import SiteConfiguration
internal import Storage
internal import UplinkCore

/// Wires the machine to the bus, to the interfaces of the operating system, and to what it keeps on disk.
final class UplinkDaemon {
    private let machine: MachineHost<UplinkMachine>
    private let host: ServiceHost
    private let bus: BusEndpoint
    private let prober: Prober
    private let causes: CauseJournal
    private var memory: MemoryDocument
    private let bootId: String
    private let interfaces: InterfaceWatch
    /// By uplink; of those whose carriers order anything.
    private var hands: [String: CarrierHands] = [:]
    /// Requests that the machine has not answered yet. It answers each one within the event that brought it.
    private var pending: [RequestID: Answers] = [:]
    private var lastID: UInt64 = 0

    /// The answers to a request whose reply is `Done`, whatever its type.
    private struct Answers {
        let accept: () -> Void
        let refuse: (BusError) -> Void
    }

    /// - Throws: `SiteFileError` for a wrong file, `BusStartError` when the service runs already.
    init(_ host: ServiceHost) throws {
        self.host = host
        let site = try host.readSite()
        let sections = try site.uplinks()
        interfaces = InterfaceWatch(host.loop, named: Set(sections.compactMap(\.interface)))
        let isSimulated = sections.contains { $0.driver.driver == DriverChoice.simulated }
        bus = try host.joinBus(
            publishes: [UplinkState.self, UplinkChanged.self],
            serves: [UplinkReport.self, SimulateUplink.self, UplinkHistory.self, UplinkTest.self],
            simulated: isSimulated
        )
        let folder = try host.makeStateDirectory()
        causes = CauseJournal(folder: folder, tryAgain: host.waitForDevice, log: host.log)
        memory = MemoryDocument(folder: folder)
        bootId = try host.machineBootId(site)
        prober = Prober(loop: host.loop, url: Self.url(site))
        var random = KernelRandom()
        let configuration = UplinkConfiguration(
            uplinks: try sections.enumerated().map { try .init($1, number: $0, site, host) },
            probes: true,
            bootId: bootId,
            memory: memory.load(tryAgain: host.waitForDevice, log: host.log),
            nextEntry: causes.nextNumber,
            seed: random.next()
        )
        machine = MachineHost(UplinkMachine(configuration), loop: host.loop)
        machine.perform = { [unowned self] in perform($0) }
        machine.afterEvent = { [unowned self] in compactIfWorthwhile() }
        host.onTermination = { [unowned self] in machine.deliver(.terminationRequested) }
        host.flashWrites = { [unowned self] in
            let own = memory.written + (causes.written ?? WriteCounters())
            let written = hands.values.reduce(own) { $0 + $1.written }
            return (written.bytes, written.syncs)
        }
        if isSimulated { host.log.write(LogRecord(.warning, "there are simulated uplinks")) }
        if configuration.uplinks.contains(where: \.carrier.readsInterfaces) { startMonitor() }
        var all: [CarrierHands.Needs] = []
        for (number, section) in sections.enumerated() {
            guard let needs = try CarrierHands.Needs(section, number: number, site) else { continue }
            all.append(needs)
            hands[section.name] = CarrierHands(needs, host, folder: folder) { [unowned self] event in
                machine.deliver(.carrier(uplink: needs.uplink, event))
            }
        }
        try listen()
        machine.deliver(.started)
        let programs = [ModemCarrier.Name.pppd, ModemCarrier.Name.dhcp]
        let names = Set(hands.keys)
        let documents = CarrierDocuments(folder: folder, uplinks: names, tryAgain: host.waitForDevice, log: host.log)
        let interfaces = Set(sections.compactMap(\.interface))
        FormerUplinks(host, uplinks: all, interfaces: interfaces, programs: programs).leave()
        for name in names.sorted() { hands[name]?.start(documents.past(of: name), programs: programs) }
    }

    /// Where the probes go until the gateway says where it connects to; what is wrong there is the gateway's to say.
    private static func url(_ site: SiteFile) -> String? {
        guard let section = try? site.centralSystem() else { return nil }
        return section.url
    }

    private func startMonitor() {
        do {
            try interfaces.start { [unowned self] in machine.deliver(.addressesChanged) }
        } catch {
            // The machine reads the interfaces from time to time all the same.
            host.log.write(LogRecord(.warning, "changes of addresses will be noticed late", .init("error", error)))
        }
    }

    private func compactIfWorthwhile() {
        guard causes.beginCompactionIfWorthwhile() else { return }
        host.loop.addBackgroundWork("the journal of the uplinks is compacted") { [unowned self] in
            causes.continueCompaction()
        }
    }

    // MARK: - Bus

    private func listen() throws {
        bus.serve(UplinkReport.self) { [unowned self] _, report, responder in
            let id = add(accept: { responder.reply(Done()) }, refuse: { responder.answer(.failure($0)) })
            machine.deliver(.reported(id, report))
        }
        bus.serve(SimulateUplink.self) { [unowned self] _, request, responder in
            let id = add(accept: { responder.reply(Done()) }, refuse: { responder.answer(.failure($0)) })
            machine.deliver(.simulationRequested(id, request))
        }
        bus.serve(UplinkHistory.self) { [unowned self] _, request, responder in
            let entries = UplinkHistory.dated(causes.entries, boot: bootId, now: EventLoop.now())
            responder.answer(request.reply(from: entries))
        }
        bus.serve(UplinkTest.self) { [unowned self] _, request, responder in
            prober.test(request, of: machine.machine) { responder.answer($0) }
        }
        let topics = [Announce.type, ConnectorStatus.type, LinkState.type]
        try bus.subscribe(to: .ocppGateway, topics: topics) { [unowned self] _, message in
            switch message.value {
            case let status as ConnectorStatus:
                let hasTransaction = status.transaction != nil
                machine.deliver(.connectorTold(id: status.connectorId, hasTransaction: hasTransaction))
            case let link as LinkState: prober.learn(link)
            case let announce as Announce: hear(announce)
            default: break
            }
        }
    }

    private var gateway: Int?

    private func hear(_ announce: Announce) {
        guard !announce.running || announce.pid != gateway else { return }
        gateway = announce.running ? announce.pid : nil
        machine.deliver(.gatewayChanged)
    }

    private func add(accept: @escaping () -> Void, refuse: @escaping (BusError) -> Void) -> RequestID {
        lastID += 1
        let id = RequestID(lastID)
        pending[id] = Answers(accept: accept, refuse: refuse)
        return id
    }

    // MARK: - Effects

    private func perform(_ effect: UplinkEffect) -> MachineHost<UplinkMachine>.Performed {
        switch effect {
        case .persist(let memory): return persist(memory)
        case .readInterfaces: readInterfaces()
        case .carrier(let uplink, let effect): hands[uplink]?.perform(effect)
        case .probe(let number, let interface, let nameServers):
            prober.probe(interface: interface, nameServers: nameServers) { [unowned self] outcome in
                machine.deliver(.probed(number: number, outcome))
            }
        case .publish(let message):
            bus.publish(message)
            if message.value is UplinkState { interfaces.learn(told) }
        case .record(let entry): causes.append(entry)
        case .accept(let id): pending.removeValue(forKey: id)?.accept()
        case .refuse(let id, let error): pending.removeValue(forKey: id)?.refuse(error)
        case .log(let record): host.log.write(record)
        case .askForTransactions(let question): askForTransactions(question)
        case .rebootHost(let reason): wishForReboot(reason)
        case .finish:
            causes.flush()
            host.end()
        }
        return .done
    }

    private func persist(_ memory: UplinkMemory) -> MachineHost<UplinkMachine>.Performed {
        do {
            try self.memory.save(memory)
            return .done
        } catch {
            return .failed(.persistFailed(reason: "\(error)"))
        }
    }

    private func readInterfaces() {
        for name in hands.keys.sorted() { hands[name]?.findInterface() }
        do {
            machine.deliver(.interfacesRead(try interfaces.read(told: told)))
        } catch {
            machine.deliver(.interfacesUnreadable("\(error)"))
        }
    }

    /// The interfaces of uplinks that are told theirs by a modem's manager, or make it by a call.
    private var told: Set<String> { Set(hands.keys.compactMap { machine.machine.condition(of: $0)?.interface }) }

    /// A gateway that does not answer says nothing.
    private func askForTransactions(_ question: Duration) {
        bus.request(GatewayStatus(), within: .seconds(5)) { [unowned self] result in
            guard case .success(let status) = result else {
                let words = "no boot of the machine: the gateway did not say whether a transaction runs"
                return host.log.write(LogRecord(.warning, words, .init("result", "\(result)")))
            }
            let pairs = status.connectors.map { ($0.connectorId, $0.transaction != nil) }
            let transactions = Dictionary(pairs) { $0 || $1 }
            machine.deliver(.transactionsTold(question: question, transactions))
        }
    }

    /// This process may not do it: a unit of systemd that runs as root watches for the file (`deploy/systemd`, charger-reboot.path).
    private func wishForReboot(_ reason: String) {
        causes.flush()
        host.log.write(LogRecord(.warning, "the machine is to be started anew", .init("reason", reason)))
        do throws(SmallFileError) {
            try SmallFile(host.makeRuntimeFolder() + "/reboot").replace(
                with: Array((reason + "\n").utf8),
                access: .init(mode: 0o600)
            )
        } catch {
            host.log.write(LogRecord(.error, "nobody can be asked to start the machine anew", .init("why", error)))
        }
    }
}
