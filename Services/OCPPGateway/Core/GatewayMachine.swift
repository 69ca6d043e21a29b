public import BusSchema
public import OCPP
public import Primitives

/// The OCPP gateway: the machines of the link, of the configuration and of charging, put together.
///
/// What it adds is order. The one slot for CALLs goes to BootNotification, then to charging, then to Heartbeat; an answer to a
/// request goes out before the messages that the request causes (OCPP 1.6 §5.17 requires it for triggers, elsewhere it is
/// good manners), except where the answer promises that something is on disk.
public struct GatewayMachine: Machine, Sendable {
    let configuration: GatewayConfiguration
    var connection: ConnectionMachine
    var registration: RegistrationMachine
    var calls: CallMachine
    var heartbeat: HeartbeatMachine
    var clock = StationClock()
    var keyring: ConfigurationMachine
    var charging: ChargingMachine
    var incoming = IncomingCalls()
    var resetting = ResetMachine()
    var view: LinkView
    /// The WebSocket is open and the registration accepted, as charging was last told.
    var isOnline = false
    /// A BootNotification was accepted, and charging was not told yet.
    var hasJustRegistered = false
    /// The order to end or restart is given once.
    private var hasExited = false
    /// The CALL that the newest turn gave out.
    private var newestCall: (id: String, request: OCPPRequest)?

    /// `seed` must differ at every start: message ids are unique over restarts (OCPP-J errata §3.1).
    public init(
        configuration: GatewayConfiguration,
        table: OCPPKeyTable,
        snapshot: ConfigSnapshot?,
        restored: RestoredTransactions,
        seed: UInt64,
        at moment: Moment
    ) {
        var seeds = SeededRandom(seed: seed)
        self.configuration = configuration
        keyring = ConfigurationMachine(table: table, snapshot: snapshot)
        connection = ConnectionMachine(
            profile: configuration.profile,
            patience: configuration.patience,
            pingInterval: keyring.keys.webSocketPingInterval,
            seed: seeds.next()
        )
        registration = RegistrationMachine(request: configuration.bootNotification, seed: seeds.next())
        calls = CallMachine(seed: seeds.next())
        heartbeat = HeartbeatMachine(interval: keyring.keys.heartbeatInterval, at: moment)
        charging = ChargingMachine(
            configuration: configuration.charging,
            keys: keyring.keys,
            restored: restored,
            seed: seeds.next(),
            at: moment
        )
        view = LinkView(profile: configuration.profile, problem: configuration.endpointProblem, at: moment)
    }

    /// The values of the OCPP keys in force.
    public var keys: OCPPKeys { keyring.keys }

    /// The action of our CALL with that id while it waits for its answer: an answer does not name it (OCPP-J 1.6 §4.2.2).
    public func actionOfPendingCall(_ id: String) -> Action? {
        guard let call = calls.outstanding, call.messageId == id else { return nil }
        return call.action
    }

    /// Everything a person asks first.
    public var status: GatewayStatus.Reply { view.status }

    public var nextDeadline: Deadline? {
        let canCall = connection.isOpen && calls.isFree
        return earliest(
            connection.nextDeadline,
            canCall ? registration.nextDeadline : nil,
            calls.nextDeadline,
            canCall ? heartbeat.nextDeadline : nil,
            keyring.nextDeadline,
            charging.nextDeadline,
            resetting.nextDeadline
        )
    }

    public mutating func handle(_ event: GatewayEvent, at moment: Moment) -> [GatewayEffect] {
        var effects: [GatewayEffect] = []
        let call = newestCall
        newestCall = nil
        apply(event, at: moment, &effects)
        if case .charging(.persistFailed) = event, let call { repeatCall(call.id, call.request, at: moment, &effects) }
        settle(at: moment, &effects)
        return effects
    }

    public mutating func deadlineReached(at moment: Moment) -> [GatewayEffect] {
        var effects: [GatewayEffect] = []
        newestCall = nil
        perform(connection.deadlineReached(at: moment), at: moment, &effects)
        if let call = calls.expire(at: moment) {
            finish(call, .timedOut, at: moment, &effects)
            perform(connection.handle(.callTimedOut, at: moment), at: moment, &effects)
        }
        perform(keyring.deadlineReached(at: moment), at: moment, &effects)
        perform(charging.deadlineReached(at: moment), &effects)
        settle(at: moment, &effects)
        return effects
    }

    private mutating func apply(_ event: GatewayEvent, at moment: Moment, _ effects: inout [GatewayEffect]) {
        switch event {
        case .started:
            perform(charging.start(at: moment), &effects)
            perform(connection.handle(.started, at: moment), at: moment, &effects)
        case .terminationRequested:
            perform(charging.handle(.terminationRequested, at: moment), &effects)
            perform(connection.handle(.terminationRequested, at: moment), at: moment, &effects)
        case .link(let event):
            perform(connection.handle(event, at: moment), at: moment, &effects)
        case .message(let message):
            receive(message, at: moment, &effects)
        case .uplink(let state):
            perform(connection.handle(.uplinkChanged(state.link), at: moment), at: moment, &effects)
        case .announced(let announce):
            announced(announce, at: moment, &effects)
        case .configValues(let values):
            perform(keyring.received(values), at: moment, &effects)
        case .declared(let result):
            perform(keyring.declared(result), at: moment, &effects)
        case .stored(let number, let result):
            perform(keyring.stored(number: number, result), at: moment, &effects)
        case .charging(let event):
            perform(charging.handle(event, at: moment), &effects)
        case .resendRequested(let number):
            let (count, orders) = charging.resendDeadLetters(at: moment)
            perform(orders, &effects)
            effects.append(.resent(number: number, count: count))
        }
    }

    private mutating func announced(_ announce: Announce, at moment: Moment, _ effects: inout [GatewayEffect]) {
        perform(keyring.announced(announce), at: moment, &effects)
        if announce.service == .modemManager {
            if announce.running { view.reportAgain() }
            let event = ConnectionMachine.Event.uplinkReporterAnnounced(running: announce.running, pid: announce.pid)
            perform(connection.handle(event, at: moment), at: moment, &effects)
        }
        if announce.service == .hardwareIO, announce.running {
            perform(charging.handle(.hardwareAlive, at: moment), &effects)
        }
    }

    /// After everything that may have changed the link: fills the slot for CALLs and tells the others.
    private mutating func settle(at moment: Moment, _ effects: inout [GatewayEffect]) {
        updateOnline(at: moment, &effects)
        if connection.isOpen, calls.isFree, let call = nextCall(at: moment) {
            let timeout = keys.messageTimeout ?? configuration.callTimeout
            let id = calls.begin(call, timeout: timeout, at: moment)
            heartbeat.exchanged(at: moment)
            effects.append(.sendCall(id: id, call.request))
            newestCall = (id, call.request)
        }
        settleReset(at: moment, &effects)
        effects += view.update(
            connection: connection,
            registration: registration,
            heartbeatSeconds: heartbeat.intervalSeconds,
            clockOffset: clock.offset,
            at: moment
        )
        if connection.phase == .stopped, !hasExited {
            hasExited = true
            effects.append(resetting.isUnderWay ? .restart : .exit)
        }
    }

    /// The turn that gave out this CALL failed at a write, so that it was not sent. A message of the queue may be what could not be written;
    /// its turn comes again.
    private mutating func repeatCall(
        _ id: String,
        _ request: OCPPRequest,
        at moment: Moment,
        _ effects: inout [GatewayEffect]
    ) {
        guard let call = calls.outstanding, call.messageId == id else { return }
        switch call.key {
        case .delivery:
            if let call = calls.connectionLost() { finish(call, .connectionLost, at: moment, &effects) }
        case .authorize, .bootNotification, .dataTransfer, .heartbeat, .status:
            effects.append(.sendCall(id: id, request))
            newestCall = (id, request)
        }
    }

    /// Winds up after a Reset once everything is said, or its time is over.
    private mutating func settleReset(at moment: Moment, _ effects: inout [GatewayEffect]) {
        guard resetting.isUnderWay else { return }
        let isSaid = calls.isFree && !charging.hasOpenTransaction && charging.undelivered == 0
        guard resetting.isDue(everythingSaid: isSaid, at: moment) else { return }
        perform(connection.handle(.terminationRequested, at: moment), at: moment, &effects)
    }

    private mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        if let boot = registration.nextCall(at: moment) { return boot }
        guard isOnline else { return nil }
        return charging.nextCall(at: moment) ?? heartbeat.nextCall(at: moment)
    }
}
