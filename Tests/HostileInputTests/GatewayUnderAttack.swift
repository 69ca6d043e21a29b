import BusCodec
import BusSchema
import GatewayCore
import OCPP
import OCPPCodec
import Primitives

/// A whole gateway with hardware that obeys, a journal in memory and a central system that answers as it is told.
struct GatewayUnderAttack {
    private(set) var machine: GatewayMachine
    private(set) var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    /// Answers the first CALL of its action; everything else gets a good answer.
    var hostile: HostileConfirmation?
    private(set) var hasPlayed = false
    /// CALLs so far, by action.
    private(set) var calls: [Action: Int] = [:]
    var isNetworkUp = true
    /// hardware-io says nothing by itself: what was heard last stays in force.
    var isHardwareSilent = false
    /// The CALL of this action gets no answer.
    var unanswered: Action?

    private var journal: [JournalRecord] = []
    /// As saved last.
    private var documents = Documents()
    private var waiting: [GatewayEvent] = []
    private var hardware = HardwareModel()
    private var lastTransactionId = 0
    /// The newest dial.
    private var openDial = 0

    init() throws {
        machine = try Self.makeMachine(Documents(), TransactionLedger(), at: now)
    }

    private static func makeMachine(
        _ documents: Documents,
        _ restored: TransactionLedger,
        at moment: Moment
    ) throws -> GatewayMachine {
        let defaults = ["MeterValueSampleInterval": "900", "HeartbeatInterval": "900"]
        let site = KeySite(numberOfConnectors: 1, fixedCable: true, phases: 1, defaults: defaults)
        let connector = ChargingConfiguration.Connector(
            id: 1,
            fixedCable: true,
            hasLock: false,
            ratedMilliamps: 32_000,
            phases: 1
        )
        return GatewayMachine(
            configuration: GatewayConfiguration(
                profile: ConnectionProfile(url: "ws://cs.example/CP1", host: "cs.example", port: 80, identity: "CP1"),
                bootNotification: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
                callTimeout: .seconds(30),
                // Slow, so that a day takes few steps.
                charging: ChargingConfiguration(
                    connectors: [connector],
                    permitLease: .seconds(7200),
                    permitRenewal: .seconds(1800),
                    hardwareSilence: .seconds(3600),
                    meterStaleAfter: .seconds(3600),
                    machineBootId: "boot",
                    clockIsTrusted: true
                )
            ),
            table: try OCPPKeyTable(site: site),
            documents: documents,
            restored: restored,
            seed: UInt64(moment.uptime.wholeMilliseconds),
            at: moment
        )
    }

    // MARK: - What happens to it

    mutating func start() throws {
        try feed(.started)
        try tellHardware()
    }

    /// The process dies and starts again; hardware goes on.
    mutating func restart() throws {
        now = now.advanced(by: .seconds(2))
        var restored = TransactionLedger()
        for record in journal { restored.read(record) }
        waiting = []
        machine = try Self.makeMachine(documents, restored, at: now)
        try start()
    }

    mutating func plug(_ pilot: PilotState) throws {
        hardware.pilot = pilot
        try tellHardware()
    }

    mutating func swipe(_ idTag: String) throws {
        try feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: idTag))))
    }

    /// A message of the bus, or an answer to a request of the gateway.
    /// - Returns: Whether the gateway has any use for it.
    mutating func hear(_ content: BusContent) throws -> Bool {
        guard let event = event(of: content) else { return false }
        try feed(event)
        return true
    }

    private func event(of content: BusContent) -> GatewayEvent? {
        switch content {
        case .state(let state): GatewayEvent(AnyBusMessage(state))
        case .event(let event): GatewayEvent(AnyBusMessage(event))
        case .request(let request): Self.wrapped(request).map { .asked(number: 1, $0) }
        case .reply(let reply): event(of: reply)
        case .error, .unknown: nil
        }
    }

    private static func wrapped(_ request: any BusRequest) -> GatewayRequest? {
        switch request {
        case let request as ResendDeadLetters: .resend(request)
        case let request as ReadRecords: .records(request)
        case let request as RegisterVendor: .registerVendor(request)
        case let request as AnswerDataTransfer: .answerDataTransfer(request)
        case let request as SendDataTransfer: .sendDataTransfer(request)
        default: nil
        }
    }

    private func event(of reply: any BusReply) -> GatewayEvent? {
        switch reply {
        case is Permit.Reply:
            let transaction = machine.status.connectors.first?.transaction?.uuid ?? ""
            return .charging(.permitAnswered(connectorId: 1, transaction: transaction, .answered))
        case let reply as Unlock.Reply: return .charging(.unlockAnswered(connectorId: 1, .answered(reply.outcome)))
        case let reply as ConfigDeclare.Reply: return .declared(.success(reply))
        case let reply as ConfigSet.Reply: return .stored(number: 1, .success(reply))
        default: return nil
        }
    }

    mutating func feed(_ event: GatewayEvent) throws {
        waiting.append(event)
        // Effects that lead to ever more events would never end.
        for _ in 0..<10_000 {
            guard !waiting.isEmpty else { return }
            let event = waiting.removeFirst()
            perform(machine.handle(event, at: now))
        }
        throw Problem("events lead to events without end")
    }

    /// Lets time pass, from deadline to deadline, hardware telling its state every five minutes at least.
    /// - Throws: When there are more wake-ups than anything real needs.
    mutating func run(_ length: Duration, until isDone: (GatewayUnderAttack) -> Bool = { _ in false }) throws {
        let end = now.uptime + length
        var wakeUps = 0
        while now.uptime < end, !isDone(self) {
            let deadline = machine.nextDeadline
            let due = deadline?.at ?? end
            let next = max(now.uptime, min(due, end, now.uptime + .seconds(300)))
            wakeUps = next == now.uptime ? wakeUps + 1 : 0
            guard wakeUps < 100 else { throw Problem("it wakes up without end: \(deadline?.reason ?? "")") }
            now = now.advanced(by: next - now.uptime)
            if !isHardwareSilent { try tellHardware() }
            if due <= now.uptime {
                perform(machine.deadlineReached(at: now))
                try feed(.charging(.hardwareAlive))
            }
        }
    }

    private mutating func tellHardware() throws {
        try feed(.charging(.hardwareConnector(hardware.state(at: now))))
        try feed(.charging(.hardwareMeter(hardware.reading(at: now))))
    }

    // MARK: - What is seen of it

    var isAccepted: Bool { machine.status.link.phase == .accepted }
    var isCharging: Bool { hardware.isClosed }
    var hasTransaction: Bool { machine.status.connectors.contains { $0.transaction != nil } }
    var hasDelivered: Bool { machine.status.queue.undelivered == 0 }

    // MARK: - The shell

    private mutating func perform(_ effects: [GatewayEffect]) {
        for effect in effects {
            switch effect {
            case .resolve(let dial): connectionEvent(.resolved(dial: dial, addresses: 1), dial)
            case .connect(let dial, _): connectionEvent(.connected(dial: dial), dial)
            case .secureLink(let dial, _): connectionEvent(.secured(dial: dial, certificates: nil), dial)
            case .startHandshake(let dial): connectionEvent(.handshakeFinished(dial: dial), dial)
            case .sendPing: if isNetworkUp { waiting.append(.link(.received)) }
            case .closeLink(let dial), .abortLink(let dial):
                waiting.append(.link(.closed(dial: dial, reason: "asked for")))
            case .sendCall(let id, let request): answer(id, request)
            case .persist(let records, _): journal += records
            case .loadQueue(let query):
                var scan = QueueScan(query)
                for record in journal where !scan.isComplete { scan.read(record) }
                waiting.append(.charging(.queueLoaded(scan.entries)))
            case .compact(let compaction): journal = journal.filter { compaction.keeps($0) }
            case .requestPermit(let permit):
                hardware.take(permit)
                waiting.append(
                    .charging(.permitAnswered(connectorId: 1, transaction: permit.transaction, .answered))
                )
                waiting.append(.charging(.hardwareConnector(hardware.state(at: now))))
            case .requestLock: waiting.append(.charging(.lockAnswered(connectorId: 1, .answered)))
            case .requestUnlock: waiting.append(.charging(.unlockAnswered(connectorId: 1, .answered(.unlocked))))
            case .readRecords(let query):
                var scan = QueueScan(query.query)
                for record in journal where !scan.isComplete { scan.read(record) }
                waiting.append(.recordsRead(query, scan.entries))
            case .bootMachine: waiting.append(.machineBootFailed(reason: "there is none"))
            case .restartHardware: waiting.append(.hardwareRestartAnswered(.success(Done())))
            case .save(let document):
                documents.add(document)
                waiting.append(.saved(document: type(of: document.value).name))
            case .passwordWasSet, .sendResult, .sendError, .indicate, .declareKeys, .store, .storeSecret, .report,
                .publish, .leaveWayOpen, .replied, .log, .exit, .restart:
                break
            }
        }
    }

    private mutating func connectionEvent(_ event: ConnectionMachine.Event, _ dial: Int) {
        openDial = dial
        guard isNetworkUp else { return waiting.append(.link(.closed(dial: dial, reason: "no network"))) }
        waiting.append(.link(event))
    }

    /// The network is gone, and a connection with it.
    mutating func loseNetwork() throws {
        isNetworkUp = false
        try feed(.link(.closed(dial: openDial, reason: "reset")))
    }

    private mutating func answer(_ id: String, _ request: OCPPRequest) {
        calls[request.action, default: 0] += 1
        guard isNetworkUp, unanswered != request.action else { return }
        if let hostile, !hasPlayed, hostile.action == request.action {
            hasPlayed = true
            let decoded = MessageCodec(role: .chargePoint).decode(hostile.frame(id: id)) { [machine] in
                machine.actionOfPendingCall($0)
            }
            waiting.append(.message(decoded))
        } else if let confirmation = good(request) {
            waiting.append(.message(.callResult(id: id, confirmation)))
        }
    }

    private mutating func good(_ request: OCPPRequest) -> OCPPConfirmation? {
        let accepted = IdTagInfo(status: .accepted)
        switch request {
        case .bootNotification:
            return .bootNotification(.init(status: .accepted, currentTime: now.utc, interval: 900))
        case .heartbeat: return .heartbeat(.init(currentTime: now.utc))
        case .statusNotification: return .statusNotification(.init())
        case .authorize: return .authorize(.init(idTagInfo: accepted))
        case .startTransaction:
            lastTransactionId += 1
            return .startTransaction(.init(idTagInfo: accepted, transactionId: lastTransactionId))
        case .stopTransaction: return .stopTransaction(.init())
        case .meterValues: return .meterValues(.init())
        default: return nil
        }
    }
}
