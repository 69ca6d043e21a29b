import BusSchema
import OCPP
import Primitives

@testable import GatewayCore

/// A gateway with its clock and a central system of the test's making.
struct GatewayBench {
    static let beginning = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))

    var machine: GatewayMachine
    var now = GatewayBench.beginning
    /// Messages sent and not looked at yet.
    var calls: [(id: String, request: OCPPRequest)] = []
    /// Whether writes of the journal succeed. When one fails, the machine is put back, told, and fed again, as the host does it.
    var diskWorks = true
    private(set) var logs: [LogRecord] = []
    var logged: [String] { logs.map(\.message) }
    private var nextId = 0

    init(
        callTimeout: Duration = .seconds(30),
        defaults: [String: String] = [:],
        clockIsTrusted: Bool = true,
        hasLock: Bool = false,
        url: String = "ws://cs.example/CP1",
        trust: String? = nil,
        hardResetBootsMachine: Bool = false,
        documents: Documents = Documents(),
        restored: TransactionLedger = TransactionLedger()
    ) throws {
        let site = KeySite(numberOfConnectors: 1, fixedCable: !hasLock, phases: 3, defaults: defaults)
        let connector = ChargingConfiguration.Connector(
            id: 1,
            fixedCable: !hasLock,
            hasLock: hasLock,
            ratedMilliamps: 32_000,
            phases: 3
        )
        let configuration = GatewayConfiguration(
            profile: ConnectionProfile(url: url, host: "cs.example", port: 80, identity: "CP1", trust: trust),
            bootNotification: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
            callTimeout: callTimeout,
            charging: ChargingConfiguration(
                connectors: [connector],
                machineBootId: "boot",
                clockIsTrusted: clockIsTrusted
            ),
            hardResetBootsMachine: hardResetBootsMachine
        )
        machine = GatewayMachine(
            configuration: configuration,
            table: try OCPPKeyTable(site: site),
            documents: documents,
            restored: restored,
            seed: 5,
            at: now
        )
    }

    @discardableResult
    mutating func feed(_ event: GatewayEvent) -> [GatewayEffect] {
        run { machine, now in machine.handle(event, at: now) }
    }

    private mutating func run(_ body: (inout GatewayMachine, Moment) -> [GatewayEffect]) -> [GatewayEffect] {
        let before = machine
        let effects = body(&machine, now)
        guard !diskWorks, !effects.persisted.isEmpty else { return note(effects) }
        machine = before
        _ = note(machine.handle(.charging(.persistFailed(reason: "no space")), at: now))
        return note(body(&machine, now))
    }

    /// As the host does it on a full disk: when the write of the event fails, the machine is put back to what it was before, hears of it,
    /// and takes the event in again. Returns what is performed then.
    mutating func feedOnFullDisk(_ event: GatewayEvent) -> (isRefused: Bool, effects: [GatewayEffect]) {
        let before = machine
        let effects = machine.handle(event, at: now)
        guard effects.contains(where: { if case .persist = $0 { true } else { false } }) else {
            return (false, note(effects))
        }
        machine = before
        return (true, feed(.charging(.persistFailed(reason: "disk full"))) + feed(event))
    }

    @discardableResult
    mutating func advance(_ duration: Duration) -> [GatewayEffect] {
        now = now.advanced(by: duration)
        // hardware-io lives.
        return feed(.charging(.hardwareAlive)) + run { machine, now in machine.deadlineReached(at: now) }
    }

    /// A connector of hardware-io, by default with nothing plugged in.
    static func connector(pilot: PilotState = .a, lock: LockState = .absent) -> ConnectorState {
        ConnectorState(
            connectorId: 1,
            bootId: "hardware",
            pilot: pilot,
            contactor: .open,
            lock: lock,
            permit: nil,
            offeredMilliamps: 0,
            ratedMilliamps: 32_000,
            phases: 3,
            fixedCable: lock == .absent,
            faults: [],
            notChargingBecause: nil
        )
    }

    /// The meter says so much.
    mutating func read(energyWh: Int64) {
        feed(
            .charging(
                .hardwareMeter(
                    MeterReading(
                        connectorId: 1,
                        takenAt: now.utc.millisecondsSinceEpoch,
                        takenAtUptime: now.uptime.wholeMilliseconds,
                        energyWh: energyWh,
                        powerW: 0,
                        voltageMillivolts: [230_000, 230_000, 230_000],
                        currentMilliamps: [0, 0, 0],
                        valid: true
                    )
                )
            )
        )
    }

    /// To an open WebSocket, the dial being the newest.
    @discardableResult
    mutating func connect(dial: Int = 1) -> [GatewayEffect] {
        feed(.link(.resolved(dial: dial, addresses: 1)))
        feed(.link(.connected(dial: dial)))
        return feed(.link(.handshakeFinished(dial: dial)))
    }

    /// Takes the oldest CALL that was sent.
    mutating func takeCall() -> (id: String, request: OCPPRequest)? { calls.isEmpty ? nil : calls.removeFirst() }

    /// Answers the oldest CALL.
    @discardableResult
    mutating func answer(_ confirmation: OCPPConfirmation) -> [GatewayEffect] {
        guard let call = takeCall() else { return [] }
        return feed(.message(.callResult(id: call.id, confirmation)))
    }

    @discardableResult
    mutating func answerBoot(
        _ status: RegistrationStatus,
        interval: Int = 60,
        ahead: Duration = .zero
    ) -> [GatewayEffect] {
        answer(
            .bootNotification(
                BootNotification.Confirmation(
                    status: status,
                    currentTime: now.utc.advanced(by: ahead),
                    interval: interval
                )
            )
        )
    }

    /// Started, with hardware that works.
    @discardableResult
    mutating func start() -> [GatewayEffect] {
        let effects = feed(.started)
        return effects + feed(.charging(.hardwareConnector(Self.connector())))
    }

    /// The config store tells that nothing is set.
    mutating func hearStore() { feed(.configValues(ConfigValues(owner: .ocppGateway, revision: 0, values: []))) }

    /// Accepted, statuses answered, slot free.
    mutating func register() {
        start()
        connect()
        answerBoot(.accepted)
        settleStatuses()
    }

    /// Registered, and somebody charges under the transactionId 7.
    mutating func beginTransaction() throws {
        register()
        feed(.charging(.hardwareConnector(Self.connector(pilot: .c))))
        read(energyWh: 1000)
        settleStatuses()
        feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: "TAG"))))
        let info = IdTagInfo(status: .accepted)
        answer(.authorize(Authorize.Confirmation(idTagInfo: info)))
        answer(.startTransaction(StartTransaction.Confirmation(idTagInfo: info, transactionId: 7)))
        settleStatuses()
    }

    /// Confirms the statuses that are sent now.
    mutating func settleStatuses() {
        while case .statusNotification? = calls.first?.request {
            answer(.statusNotification(StatusNotification.Confirmation()))
        }
    }

    /// A request of the central system. Returns the answer.
    @discardableResult
    mutating func ask(_ request: OCPPRequest, id: String? = nil) -> [GatewayEffect] {
        nextId += 1
        return feed(.message(.call(id: id ?? "cs-\(nextId)", request)))
    }

    private mutating func note(_ effects: [GatewayEffect]) -> [GatewayEffect] {
        for case .sendCall(let id, let request) in effects { calls.append((id, request)) }
        for case .log(let record) in effects { logs.append(record) }
        return effects
    }
}

extension [GatewayEffect] {
    /// The answers among them.
    var answers: [OCPPConfirmation] {
        compactMap { effect in
            guard case .sendResult(_, let confirmation) = effect else { return nil }
            return confirmation
        }
    }

    /// The records among them.
    var persisted: [JournalRecord] {
        flatMap { effect in
            guard case .persist(let records, _) = effect else { return [JournalRecord]() }
            return records
        }
    }

    /// The newest document of that kind among them.
    func saved<D: Document>(_: D.Type) -> D? {
        var newest: D?
        for case .save(let document) in self { newest = document.value as? D ?? newest }
        return newest
    }

    /// The CALLERRORs among them.
    var errors: [CallErrorCode] {
        compactMap { effect in
            guard case .sendError(_, let error) = effect else { return nil }
            return error.code
        }
    }

    /// The newest state of the link among them.
    var link: LinkState? {
        var newest: LinkState?
        for case .publish(let message) in self { newest = message.value as? LinkState ?? newest }
        return newest
    }
}
