import BusSchema
import ConfigCore
import GatewayCore
import HardwareCore
import OCPP
import OCPPCodec
import Primitives
import Storage

/// The gateway's process: the adapter between its core and the world.
final class GatewayProcess: ServiceProcess {
    /// It ended by itself, after a farewell.
    var hasEnded: () -> Void = {}

    private let around: Surroundings
    private let host: VirtualHost<GatewayMachine>
    private var storageAlarm: Timeline.Alarm?
    private var resends = 0
    /// Why the journal that it found could not be forced to the device.
    private var doubt: String?

    init(_ around: Surroundings) {
        self.around = around
        host = VirtualHost(around.timeline, around.clock)
        host.perform = { [unowned self] in perform($0) }
        host.note = { [unowned self] in note($0) }
        storageAlarm = around.timeline.addAlarm(
            next: { around.disks.gateway.nextDeadline.map { around.clock.worldTime($0) } },
            fire: { [unowned self] in
                for event in around.disks.gateway.deadlineReached(at: around.clock.uptime) { host.deliver(event) }
            }
        )
    }

    var isAlive: Bool { host.isAlive }
    /// What it says of itself; nil while it is dead.
    var status: GatewayStatus.Reply? { host.machine?.status }

    /// The value that it uses for a key.
    func text(of key: OCPPKeyName) -> String? { host.machine?.keys.text(key) }

    // MARK: - Life

    func start() throws(StorageError) {
        let found = try around.disks.gateway.open()
        around.auditor.lost(found.lost)
        around.auditor.found(found.restored)
        guard let table = try? OCPPKeyTable(site: BuiltIn.site(around.settings)) else {
            preconditionFailure("The settings name OCPP keys and values that exist.")
        }
        host.start(
            GatewayMachine(
                configuration: BuiltIn.gateway(around.settings, around.clock),
                table: table,
                documents: found.documents,
                restored: found.restored,
                seed: around.timeline.number(),
                at: around.clock.moment
            )
        )
        doubt = found.doubt
        around.auditor.gatewayStarted(found.documents)
    }

    func begin() {
        if let reason = around.disks.gateway.obstacle?.description ?? doubt {
            host.deliver(.charging(.persistFailed(reason: reason)))
        }
        host.deliver(.started)
    }

    func askToEnd() { host.whenAwake { [unowned self] in host.deliver(.terminationRequested) } }

    func die(hasPower: Bool) {
        host.die()
        around.disks.gateway.close()
        around.network.gatewayDied(hasPower: hasPower)
        around.auditor.gatewayDied()
    }

    private func end() {
        around.disks.gateway.flush(at: around.clock.uptime)
        hasEnded()
    }

    // MARK: - Events

    /// It does nothing until then; what comes waits in its sockets.
    func freeze(until time: Duration) { host.freeze(until: time) }

    func hear(_ event: ConnectionMachine.Event) { host.whenAwake { [unowned self] in host.deliver(.link(event)) } }

    func hear(_ text: [UInt8]) { host.whenAwake { [unowned self] in read(text) } }

    func hear(_ message: AnyBusMessage) { host.whenAwake { [unowned self] in read(message) } }

    func hear(_ answer: BusAnswer, to order: BusCall.Order) {
        host.whenAwake { [unowned self] in read(answer, to: order) }
    }

    /// A person asks for the dead letters to be sent again.
    func resend() {
        resends += 1
        let number = resends
        host.whenAwake { [unowned self] in host.deliver(.asked(number: number, .resend(ResendDeadLetters()))) }
    }

    private func read(_ text: [UInt8]) {
        guard let machine = host.machine else { return }
        let codec = MessageCodec(role: .chargePoint)
        let message = codec.decode(text) { machine.actionOfPendingCall($0) }
        around.auditor.heard(message)
        host.deliver(.message(message))
    }

    private func read(_ message: AnyBusMessage) {
        guard let event = GatewayEvent(message) else { return }
        host.deliver(event)
    }

    private func read(_ answer: BusAnswer, to order: BusCall.Order) {
        switch (order, answer) {
        case (.permit(let permit), .hardware(.permit)): tell(permit, .answered)
        case (.permit(let permit), .error(let error)): tell(permit, .failed(error))
        case (.lock(let lock), .hardware(.done)): tell(lock, .answered)
        case (.lock(let lock), .error(let error)): tell(lock, .failed(error))
        case (.unlock(let unlock), .hardware(.unlock(let reply))): tell(unlock, .answered(reply.outcome))
        case (.unlock(let unlock), .error(let error)): tell(unlock, .failed(error))
        case (.declare, .config(.declare(let reply))): host.deliver(.declared(.success(reply)))
        case (.declare, .error(let error)): host.deliver(.declared(.failure(error)))
        case (.store(let number, _, _), .config(.set(let reply))):
            host.deliver(.stored(number: number, .success(reply)))
        case (.store(let number, _, _), .error(let error)): host.deliver(.stored(number: number, .failure(error)))
        case (.restartHardware, .hardware(.done)): host.deliver(.hardwareRestartAnswered(.success(Done())))
        case (.restartHardware, .error(let error)): host.deliver(.hardwareRestartAnswered(.failure(error)))
        case (.indicate, _), (.report, _): break
        case (.permit, _), (.lock, _), (.unlock, _), (.declare, _), (.store, _), (.restartHardware, _):
            around.notebook.violate("\(order) was answered with \(answer)")
        }
    }

    private func tell(_ permit: Permit, _ outcome: PermitOutcome) {
        let id = permit.connectorId
        host.deliver(.charging(.permitAnswered(connectorId: id, transaction: permit.transaction, outcome)))
    }

    private func tell(_ lock: Lock, _ outcome: LockOutcome) {
        host.deliver(.charging(.lockAnswered(connectorId: lock.connectorId, outcome)))
    }

    private func tell(_ unlock: Unlock, _ outcome: UnlockOutcome) {
        host.deliver(.charging(.unlockAnswered(connectorId: unlock.connectorId, outcome)))
    }

    private func note(_ event: GatewayEvent) {
        // Too many to be interesting.
        if case .charging(.hardwareMeter) = event { return }
        around.notebook.note("gateway takes", event)
    }

    // MARK: - Effects

    /// Returns the event to feed when the effect failed.
    private func perform(_ effect: GatewayEffect) -> GatewayEvent? {
        storageAlarm?.touch()
        switch effect {
        case .resolve(let dial): around.network.resolve(dial)
        case .connect(let dial, _): around.network.connect(dial)
        case .secureLink: around.notebook.violate("TLS, though the address is plain")
        case .startHandshake(let dial): around.network.startHandshake(dial)
        case .sendPing: around.network.ping()
        case .closeLink(let dial): around.network.close(dial)
        case .abortLink(let dial): around.network.abort(dial)
        // All ways lead through the same network here.
        case .leaveWayOpen: break
        case .passwordWasSet: break
        case .sendCall(let id, let request): send(id, request)
        case .sendResult(let id, let confirmation):
            around.notebook.note("gateway answers", confirmation)
            around.auditor.answered(id, confirmation)
            around.network.send(MessageCodec.encodeResult(id: id, confirmation))
        case .sendError(let id, let error):
            around.notebook.note("gateway refuses", error)
            around.auditor.refused(id)
            around.network.send(MessageCodec.encodeError(id: id, error))
        case .persist(let records, let durability): return persist(records, durability)
        case .loadQueue(let query):
            if let event = around.disks.gateway.load(query) { host.deliver(event) }
        case .compact(let compaction): around.disks.gateway.compact(compaction, at: around.clock.uptime)
        case .save(let document): save(document)
        case .requestPermit(let permit):
            around.auditor.asked(permit)
            ask(.permit(permit))
        case .requestLock(let lock): ask(.lock(lock))
        case .requestUnlock(let unlock): around.bus.request(.unlock(unlock), within: UnlockOutcome.patience)
        case .indicate(let indication): ask(.indicate(indication))
        case .bootMachine: host.deliver(.machineBootFailed(reason: "there is none"))
        case .restartHardware: around.bus.request(.restartHardware, within: HardwareRestart.patience)
        case .declareKeys(let declaration): ask(.declare(declaration))
        case .store(let number, let set): ask(.store(number: number, set, nil))
        case .storeSecret(let number, let key, let secret):
            let set = ConfigSet(key: key, value: nil, secretFile: "inbox", reason: "ChangeConfiguration")
            ask(.store(number: number, set, secret))
        case .report(let report): ask(.report(report))
        case .publish(let message): around.bus.publish(message, from: .gateway)
        case .replied: break
        case .readRecords(let query):
            if let event = around.disks.gateway.read(query) { host.deliver(event) }
        case .log(let record): around.log("gateway", record)
        case .exit, .restart: end()
        }
        return nil
    }

    private func ask(_ order: BusCall.Order) {
        // As the daemon asks: what the store reads too late it refuses before the gateway gives up.
        if case .store = order {
            return around.bus.request(order, within: .milliseconds(4500), expiringAfter: .seconds(2))
        }
        around.bus.request(order, within: .seconds(4))
    }

    private func send(_ id: String, _ request: OCPPRequest) {
        around.notebook.note("gateway calls", request)
        around.auditor.called(id, request)
        around.network.send(MessageCodec.encodeCall(id: id, request))
    }

    private func persist(_ records: [GatewayCore.JournalRecord], _ durability: GatewayCore.Durability) -> GatewayEvent?
    {
        let problem = around.disks.write(of: .gateway) { () throws(StorageError) in
            around.notebook.note("gateway stores", records)
            try around.disks.gateway.append(records, durability, at: around.clock.uptime)
            around.auditor.stored(records)
        }
        guard isAlive else { return nil }
        if let problem { return .charging(.persistFailed(reason: problem)) }
        return nil
    }

    private func save(_ document: AnyDocument) {
        var event: GatewayEvent?
        let problem = around.disks.write(of: .gateway) { () throws(StorageError) in
            event = around.disks.gateway.save(document, at: around.clock.uptime)
        }
        guard isAlive else { return }
        let name = type(of: document.value).name
        if let problem { return host.deliver(.saveFailed(document: name, reason: problem)) }
        if let event { host.deliver(event) }
    }
}
