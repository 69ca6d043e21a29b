import Bus
import BusSchema
import EventLoop
import GatewayCore
import GatewayStorage
import Glibc
import Log
import NameServers
import OCPP
import OCPPCodec
import Primitives
import ServiceHost
import SiteConfiguration
import Storage

/// The program: puts core, link, journal and bus together, and performs what the core orders.
final class GatewayDaemon {
    private let host: ServiceHost
    private let driver: MachineHost<GatewayMachine>
    private let link: CentralLink
    private let journal: TransactionJournal
    private let bus: BusEndpoint
    private let mirror: MessageMirror
    private let credentials: Credentials
    private let documents: DocumentFiles
    private let desk = BusDesk()
    private let wishes: (reboot: SystemRequest, restartHardware: SystemRequest)
    /// How long the disk took for the last write that was forced.
    private var lastSync = Duration.zero

    /// - Throws: `SiteFileError`, `StorageError`, `BusStartError` or `SystemError`, each one line for people.
    init(_ host: ServiceHost) throws {
        self.host = host
        let now = EventLoop.now()
        let file = try host.readSite()
        let site = try Site(
            file,
            credential: host.credential(OCPPKeyName.authorizationKey.rawValue),
            machineBootId: try host.machineBootId(file),
            clockIsTrusted: HostClock.read().isTrusted(at: now.utc),
            bootedByWatchdog: BootCause.isWatchdog()
        )
        // Before any file: its refusal names the process that runs here already. Nothing is answered before the loop runs.
        bus = try host.joinBus(
            publishes: [
                LinkState.self, ConnectorStatus.self, QueueState.self, OCPPMessage.self, DataTransferReceived.self,
            ],
            serves: [
                GatewayStatus.self, ResendDeadLetters.self, ReadRecords.self, RegisterVendor.self,
                AnswerDataTransfer.self, SendDataTransfer.self,
            ]
        )
        let directory = try host.makeStateDirectory()
        let log = host.log
        journal = try TransactionJournal(
            directory: directory,
            tryAgain: host.waitForDevice,
            replacesUnreadable: true
        ) { log.write($0) }
        wishes = (host.request(.reboot), host.request(.restartHardware))
        documents = DocumentFiles(directory: directory) { log.write($0) }
        credentials = Credentials(
            identity: site.identity,
            url: site.configuration.profile?.url ?? "",
            siteKey: site.authorizationKey,
            isRequired: site.configuration.profile?.needsPassword == true,
            runtimeDirectory: host.options.runtimeDirectory,
            stateDirectory: directory,
            tryAgain: host.waitForDevice
        ) { log.write($0) }
        var random = SystemRandomNumberGenerator()
        let machine = GatewayMachine(
            configuration: site.configuration,
            table: site.table,
            documents: documents.load(tryAgain: host.waitForDevice),
            restored: journal.restored,
            seed: random.next(),
            at: now
        )
        driver = MachineHost(machine, loop: host.loop)
        link = CentralLink(url: site.url, trust: site.trust, loop: host.loop)
        mirror = MessageMirror(bus: bus, table: site.table)
        wire()
        if let mistake = site.credentialMistake { host.log.write(LogRecord(.error, mistake.description)) }
        if let problem = site.configuration.endpointProblem { host.log.write(LogRecord(.error, problem)) }
        try listen()
        // The charger is connected and says so, instead of starting again and again: nothing begins, and what is asked for is refused.
        if let reason = journal.obstacle?.description ?? journal.doubt {
            driver.deliver(.charging(.persistFailed(reason: reason)))
        }
        let keptAside = journal.keptAside
        if !keptAside.isEmpty { driver.deliver(.charging(.recordsKeptAside(files: keptAside))) }
        driver.deliver(.started)
        credentials.onDoubt = { [unowned self] isDoubted in driver.deliver(.passwordDoubted(isDoubted)) }
    }

    private func wire() {
        driver.perform = { [unowned self] effect in perform(effect) }
        desk.deliver = { [unowned self] event in driver.deliver(event) }
        link.deliver = { [unowned self] event in driver.deliver(event) }
        link.actionOfPendingCall = { [unowned self] id in driver.machine.actionOfPendingCall(id) }
        link.credentials = credentials
        link.log = { [unowned self] in host.log.write($0) }
        link.mirror = mirror
        host.loop.addDeadlineSource(
            next: { [unowned self] in earliest(journal.nextDeadline, documents.nextDeadline) },
            fire: { [unowned self] now in
                if let event = timed({ journal.deadlineReached(at: now.uptime) }) { driver.deliver(event) }
                for event in timed({ documents.deadlineReached(at: now.uptime) }) { driver.deliver(event) }
            }
        )
        let clockWatch = HostClockWatch()
        host.loop.addDeadlineSource(
            next: { clockWatch.nextDeadline },
            fire: { [unowned self] now in if clockWatch.isTrusted(at: now) { driver.deliver(.hostClockTrusted) } }
        )
        host.flashWrites = { [unowned self] in
            let written = journal.written + documents.written
            return (written.bytes, written.syncs)
        }
        host.onTermination = { [unowned self] in driver.deliver(.terminationRequested) }
    }

    // MARK: - Bus

    private func listen() throws {
        bus.serve(GatewayStatus.self) { [unowned self] _, _, responder in
            responder.reply(driver.machine.status)
        }
        desk.serve(on: bus)
        let handler: (Header, AnyBusMessage) -> Void = { [unowned self] _, message in
            guard let event = GatewayEvent(message) else { return }
            driver.deliver(event)
        }
        try bus.subscribe(
            to: .hardwareIO,
            topics: [Announce.type, ConnectorState.type, MeterReading.type, ReaderState.type, CardPresented.type],
            handler: handler
        )
        try bus.subscribe(to: .modemManager, topics: [Announce.type, UplinkState.type]) {
            [unowned self] header, message in
            if let state = message.value as? UplinkState {
                link.interface = state.uplinks.count > 1 ? state.activeUplink?.interface : nil
                link.search.nameServers = state.activeUplink?.nameServersForDialling
            }
            handler(header, message)
        }
        try bus.subscribe(
            to: .configStore,
            topics: [Announce.type, "\(ConfigValues.type).\(ServiceName.ocppGateway)"],
            handler: handler
        )
    }

    // MARK: - Effects

    private func perform(_ effect: GatewayEffect) -> MachineHost<GatewayMachine>.Performed {
        switch effect {
        case .resolve(let dial): link.resolve(dial: dial)
        case .connect(let dial, let address): link.connect(dial: dial, address: address)
        case .secureLink(let dial, let time): link.secure(dial: dial, time: time)
        case .startHandshake(let dial): link.startHandshake(dial: dial)
        case .sendPing: link.ping()
        case .closeLink: link.close()
        case .abortLink: link.abort()
        case .leaveWayOpen: (link.interface, link.search.nameServers) = (nil, nil)
        case .passwordWasSet:
            // The one that is in use stays in use.
            if credentials.wasSet() { driver.deliver(.link(.reconnectRequested)) }
        case .sendCall(let id, let request): send(call: request, id: id)
        case .sendResult(let id, let confirmation):
            answer(id, .callResult, MessageCodec.encodeResult(id: id, confirmation))
        case .sendError(let id, let error): answer(id, .callError, MessageCodec.encodeError(id: id, error))
        case .persist(let records, let durability): return persist(records, durability)
        case .loadQueue(let query):
            if let event = journal.load(query) { driver.deliver(event) }
        case .compact(let compaction): journal.compact(compaction, at: EventLoop.uptime())
        case .save(let document):
            if let event = timed({ documents.save(document, at: EventLoop.uptime()) }) { driver.deliver(event) }
        case .requestPermit(let permit): request(permit)
        case .requestLock(let lock): request(lock)
        case .requestUnlock(let unlock): request(unlock)
        case .indicate(let indication): bus.request(indication, within: Self.patience) { _ in }
        case .restartHardware: restartHardware()
        case .bootMachine: bootMachine()
        case .declareKeys(let declaration): declare(declaration)
        case .store(let number, let request): store(number, request)
        case .storeSecret(let number, let key, let secret): store(number, key: key, secret)
        case .report(let report): bus.request(report, within: Self.patience) { _ in }
        case .publish(let message): bus.publish(message)
        case .replied(let number, let result): desk.reply(number, result)
        case .readRecords(let query):
            if let event = journal.read(query) { driver.deliver(event) }
        case .log(let record): host.log.write(record)
        case .exit: end()
        case .restart:
            saveTheRest()
            host.restart()
        }
        return .done
    }

    private func send(call request: OCPPRequest, id: String) {
        let frame = MessageCodec.encodeCall(id: id, request)
        link.send(frame)
        mirror.sentCall(id: id, request, frame)
    }

    private func answer(_ id: String, _ kind: OCPPMessage.Kind, _ frame: [UInt8]) {
        link.send(frame)
        mirror.sentAnswer(id: id, kind, frame)
    }

    private func persist(
        _ records: [GatewayCore.JournalRecord],
        _ durability: GatewayCore.Durability
    ) -> MachineHost<GatewayMachine>.Performed {
        do throws(StorageError) {
            try timed { () throws(StorageError) in
                try journal.append(records, durability, at: EventLoop.uptime())
            }
            return .done
        } catch {
            // What is on disk was never seen, and what is known here is not there: the next process reads it.
            if journal.isAnother { host.restart() }
            return .failed(.charging(.persistFailed(reason: error.description)))
        }
    }

    private func request(_ permit: Permit) {
        bus.request(permit, within: Self.patience, transaction: permit.transaction) { [weak self] result in
            let outcome: PermitOutcome =
                switch result {
                case .success: .answered
                case .failure(let error): .failed(error)
                }
            let id = permit.connectorId
            self?.driver.deliver(
                .charging(.permitAnswered(connectorId: id, transaction: permit.transaction, outcome))
            )
        }
    }

    private func request(_ lock: Lock) {
        bus.request(lock, within: Self.patience) { [weak self] result in
            let outcome: LockOutcome =
                switch result {
                case .success: .answered
                case .failure(let error): .failed(error)
                }
            self?.driver.deliver(.charging(.lockAnswered(connectorId: lock.connectorId, outcome)))
        }
    }

    private func request(_ unlock: Unlock) {
        bus.request(unlock, within: UnlockOutcome.patience) { [weak self] result in
            let outcome: UnlockOutcome =
                switch result {
                case .success(let reply): .answered(reply.outcome)
                case .failure(let error): .failed(error)
                }
            self?.driver.deliver(.charging(.unlockAnswered(connectorId: unlock.connectorId, outcome)))
        }
    }

    private func restartHardware() {
        bus.request(RestartHardware(reason: "Reset"), within: HardwareRestart.patience) { [weak self] result in
            if case .failure(let error) = result { self?.forceRestart(ofHardwareAfter: error) }
            self?.driver.deliver(.hardwareRestartAnswered(result))
        }
    }

    /// One that says nothing is stuck, and the next attempt of the reset would find it so: systemd can end it.
    private func forceRestart(ofHardwareAfter error: BusError) {
        guard error.code == .timedOut else { return }
        do throws(SmallFileError) {
            try wishes.restartHardware.ask()
        } catch {
            host.log.write(
                LogRecord(.warning, "systemd cannot be asked to restart hardware-io", .init("reason", error))
            )
        }
    }

    private func bootMachine() {
        do throws(SmallFileError) {
            try wishes.reboot.ask()
        } catch {
            driver.deliver(.machineBootFailed(reason: error.description))
        }
    }

    // MARK: - Configuration

    private func declare(_ declaration: ConfigDeclare) {
        bus.request(declaration, within: Self.patience) { [weak self] result in
            self?.driver.deliver(.declared(result))
        }
    }

    private func store(_ number: Int, _ request: ConfigSet) {
        bus.request(request, within: Self.storePatience, expiringAfter: Self.storeExpiry) { [weak self] result in
            self?.driver.deliver(.stored(number: number, result))
        }
    }

    private func store(_ number: Int, key: String, _ secret: Secret) {
        do throws(BusError) {
            let name = try credentials.handIn(secret)
            let request = ConfigSet(key: key, value: nil, secretFile: name, reason: "ChangeConfiguration")
            bus.request(request, within: Self.storePatience, expiringAfter: Self.storeExpiry) { [weak self] result in
                guard let self else { return }
                if case .failure = result { credentials.takeBack(name) }
                driver.deliver(.stored(number: number, result))
            }
        } catch {
            driver.deliver(.stored(number: number, .failure(error)))
        }
    }

    // MARK: - The end

    private func end() {
        saveTheRest()
        host.end()
    }

    /// What was written and not forced is lost by a power cut of the next seconds only, and the settings are in the store. A disk that just
    /// took long is not waited for again, and none is waited for twice: whoever asked for the end kills us for it.
    private func saveTheRest() {
        for save in [{ [self] in journal.flush(at: EventLoop.uptime()) }, { [self] in documents.flush() }] {
            guard lastSync < Self.patienceWithDisk else {
                host.log.write(LogRecord(.notice, "the disk is slow and is not waited for at the end"))
                return
            }
            timed(save)
        }
    }

    /// Measures `write` when it forces the disk.
    private func timed<Result, Failure: Error>(_ write: () throws(Failure) -> Result) throws(Failure) -> Result {
        let began = EventLoop.uptime()
        let syncs = journal.written.syncs + documents.written.syncs
        defer {
            if journal.written.syncs + documents.written.syncs > syncs { lastSync = EventLoop.uptime() - began }
        }
        return try write()
    }

    private static let patience: Duration = .seconds(4)
    private static let patienceWithDisk: Duration = .milliseconds(500)
    /// A change that the store reads later than this is refused and not stored.
    private static let storeExpiry: Duration = .seconds(2)
    /// Longer, so that a store that has read a change in time can store it and say so before the central system is told that the outcome is
    /// not known. The central system waits 5 s at most.
    private static let storePatience: Duration = .milliseconds(4500)
}

extension UplinkState.Uplink {
    /// Nil where there are none to be asked.
    fileprivate var nameServersForDialling: (servers: [SocketAddress], interface: String)? {
        let servers = (nameServers ?? []).prefix(3).compactMap { SocketAddress(numeric: $0, port: 53) }
        guard !servers.isEmpty, let interface else { return nil }
        return (servers, interface)
    }
}
