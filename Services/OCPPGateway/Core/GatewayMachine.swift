public import BusSchema
public import OCPP
public import Primitives

/// The OCPP gateway: the machines of the link, of the configuration and of charging, put together.
///
/// What it adds is order. The one slot for CALLs goes to the first in `CallSource.all` that wants it: BootNotification, charging,
/// DataTransfer, Heartbeat. An answer to a request goes out before the messages that the request causes (OCPP 1.6 §5.17 requires it for
/// triggers, elsewhere it is good manners), and behind the write that it promises.
///
/// It is a value: when the write of an event fails, the host puts it back to what it was before, feeds `persistFailed`, and feeds the event
/// again (`TransactionalMachine`).
public struct GatewayMachine: TransactionalMachine, Sendable {
    private let site: Boxed<GatewayConfiguration>
    var connection: ConnectionMachine
    var registration: RegistrationMachine
    var calls: CallMachine
    var heartbeat: HeartbeatMachine
    var clock: StationClock
    var configuration: ConfigurationMachine
    private(set) var chargingPart: ChargingPart
    var profiles: FeatureProfiles
    var incoming = IncomingCalls()
    var resetting = ResetMachine()
    /// What others were told of the link, and of the end.
    var told: Told

    /// What was said and is said once.
    struct Told: Sendable {
        var view: LinkView
        /// Of the WebSocket and the registration, as charging was last told.
        var reach = CentralSystemReach.offline
        var isOnline: Bool { reach == .online }
        /// A BootNotification was accepted, and charging was not told yet.
        var hasJustRegistered = false
        /// The program is asked to end, which it does even in the middle of a reset.
        var isAskedToEnd = false
        /// The order to end or restart was given.
        var hasExited = false
        var reset: ResetKeeping
        /// Documents that the disk did not take when it was last tried, by name.
        var unsaved: Set<String> = []
        /// Why times of the central system were not believed.
        var wrongTimes = HourlyComplaints()
    }

    /// `documents` and `restored` are what was found on disk.
    ///
    /// `seed` must differ at every start: message ids are unique over restarts (OCPP-J errata §3.1).
    public init(
        configuration settings: GatewayConfiguration,
        table: OCPPKeyTable,
        documents: Documents,
        restored: TransactionLedger,
        seed: UInt64,
        at moment: Moment
    ) {
        var seeds = SeededRandom(seed: seed)
        site = Boxed(settings)
        configuration = ConfigurationMachine(table: table, snapshot: documents[ConfigSnapshot.self])
        connection = ConnectionMachine(
            profile: settings.profile,
            patience: settings.patience,
            pingInterval: configuration.keys.webSocketPingInterval,
            seed: seeds.next()
        )
        let boot = settings.charging.machineBootId
        clock = StationClock(
            trustsHost: settings.charging.clockIsTrusted,
            told: restored.boots.last { $0.boot == boot },
            newest: Timestamp(millisecondsSinceEpoch: restored.newestUTC),
            newestProven: Timestamp(millisecondsSinceEpoch: restored.newestProvenUTC)
        )
        registration = RegistrationMachine(
            request: settings.bootNotification,
            acceptance: Acceptance(
                settings.profile,
                found: documents[RegistrationDocument.self],
                isUnread: documents.isUnread(RegistrationDocument.self),
                hasDelivered: restored.deliveredThrough > 0
            ),
            seed: seeds.next()
        )
        calls = CallMachine(seed: seeds.next())
        heartbeat = HeartbeatMachine(interval: configuration.keys.heartbeatInterval, at: moment)
        chargingPart = ChargingPart(
            ChargingMachine(
                configuration: settings.charging,
                keys: configuration.keys,
                restored: restored,
                documents: documents,
                isAccepted: registration.acceptance.isAccepted,
                seed: seeds.next(),
                at: moment
            )
        )
        chargingPart.refresh()
        profiles = FeatureProfiles(documents, at: moment)
        told = Told(
            view: LinkView(profile: settings.profile, problem: settings.endpointProblem, at: moment),
            reset: ResetKeeping(documents[ResetDocument.self])
        )
    }

    var settings: GatewayConfiguration { _read { yield site.value } }

    var charging: ChargingMachine {
        _read { yield chargingPart.machine }
        _modify { yield &chargingPart.machine }
    }

    /// Before the slot for CALLs is filled.
    mutating func refreshCharging() { chargingPart.refresh() }

    /// The values of the OCPP keys in force.
    public var keys: OCPPKeys { configuration.keys }

    /// The action of our CALL with that id while its answer is of use: an answer does not name it (OCPP-J 1.6 §4.2.2).
    public func actionOfPendingCall(_ id: String) -> Action? {
        calls.call(id)?.action
    }

    /// Everything a person asks first.
    public var status: GatewayStatus.Reply {
        var reply = told.view.status
        reply.measurands = charging.knowsMeters ? charging.measuredSelections.map(\.text) : nil
        return reply
    }

    public var nextDeadline: Deadline? {
        let canCall = connection.isOpen && calls.isFree
        return earliest(
            connection.nextDeadline,
            canCall ? registration.nextDeadline : nil,
            registration.acceptance.nextDeadline,
            calls.nextDeadline,
            canCall ? heartbeat.nextDeadline : nil,
            configuration.nextDeadline,
            chargingPart.nextDeadline,
            profiles.nextDeadline,
            resetting.nextDeadline,
            told.reset.nextDeadline
        )
    }

    public mutating func handle(_ event: GatewayEvent, at moment: Moment) -> [GatewayEffect] {
        inTurn(at: moment) { machine, turn in machine.apply(event, &turn) }
    }

    public mutating func deadlineReached(at moment: Moment) -> [GatewayEffect] {
        inTurn(at: moment) { machine, turn in
            machine.obey(link: machine.connection.deadlineReached(at: moment), &turn)
            if let call = machine.calls.expire(at: moment) {
                machine.finish(call, .timedOut, &turn)
                machine.obey(link: machine.connection.handle(.callTimedOut, at: moment), &turn)
            }
            machine.obey(configuration: machine.configuration.deadlineReached(at: moment), &turn)
            if let document = machine.registration.acceptance.deadlineReached(at: moment.uptime) {
                turn.add(.save(AnyDocument(document)))
            }
            machine.perform(machine.charging.deadlineReached(at: moment), &turn)
            guard machine.profiles.nextDeadline?.isDue(at: moment.uptime) == true else { return }
            _ = FeatureProfiles.first(of: &machine) { profile, machine in
                if profile.nextDeadline?.isDue(at: moment.uptime) == true { profile.deadlineReached(&machine, &turn) }
                return false
            }
        }
    }

    /// The frame around every event: what follows from any change of the link, and which answers go out.
    private mutating func inTurn(
        at moment: Moment,
        _ body: (inout GatewayMachine, inout GatewayTurn) -> Void
    ) -> [GatewayEffect] {
        var turn = GatewayTurn(at: moment)
        body(&self, &turn)
        settle(&turn)
        let effects = turn.ordered.compactMap { performed($0, at: moment) }
        // Answers belong to the connection that brought the question, and a rejected charge point sends nothing at all (OCPP 1.6 §4.2).
        if !connection.isOpen || registration.gate == .silent { incoming.removeAll() }
        chargingPart.refresh()
        return effects
    }

    private mutating func apply(_ event: GatewayEvent, _ turn: inout GatewayTurn) {
        let moment = turn.moment
        switch event {
        case .started:
            if let document = registration.acceptance.start() { turn.add(.save(AnyDocument(document))) }
            perform(charging.start(at: moment), &turn)
            resumeReset(&turn)
            obey(link: connection.handle(.started, at: moment), &turn)
        case .terminationRequested:
            told.isAskedToEnd = true
            told.reset.hurry(at: moment.uptime)
            perform(charging.handle(.terminationRequested, at: moment), &turn)
            obey(link: connection.handle(.terminationRequested, at: moment), &turn)
        case .link(let event):
            obey(link: connection.handle(event, at: moment), &turn)
            if event == .received { proveAlive(&turn) }
        case .passwordDoubted(let isDoubted): told.view.isPasswordDoubted = isDoubted
        case .message(let message):
            receive(message, &turn)
        case .uplink(let state):
            if let path = UplinkPath(state) {
                let isOldUp = state.uplinks.contains { $0.name == connection.uplink.path?.name && $0.link == .up }
                obey(link: connection.handle(.uplinkPathTold(path, isOldUp: isOldUp), at: moment), &turn)
            }
            registration.learn(iccid: state.activeUplink?.radio?.iccid, imsi: state.activeUplink?.radio?.imsi)
            obey(link: connection.handle(.uplinkChanged(state.link), at: moment), &turn)
            perform(charging.handle(.uplinkSignal(percent: state.signalPercent), at: moment), &turn)
        case .announced(let announce):
            announced(announce, &turn)
        case .configValues(let values):
            obey(configuration: configuration.received(values), &turn)
        case .declared(let result):
            obey(configuration: configuration.declared(result), &turn)
        case .stored(let number, let result):
            obey(configuration: configuration.stored(number: number, result), &turn)
        case .saved(let name):
            if told.unsaved.remove(name) != nil {
                turn.log(.notice, "a document is saved again", .init("document", name))
            }
            saved(name, .done, &turn)
        case .saveFailed(let name, let reason):
            // Without the snapshot of the configuration only a start without the config store would miss something.
            if told.unsaved.insert(name).inserted {
                turn.log(.warning, "a document was not saved", .init("document", name), .init("reason", reason))
            }
            saved(name, .failed, &turn)
        case .hostClockTrusted:
            guard clock.trustHost() else { return }
            let event = ChargingMachine.Event.clockSynchronised(offset: .zero, error: HostClock.mostApart)
            perform(charging.handle(event, at: moment), &turn)
        case .charging(let event):
            perform(charging.handle(event, at: moment), &turn)
            guard case .hardwareMeter = event else { return }
            _ = FeatureProfiles.first(of: &self) { profile, machine in
                profile.meterWasRead(&machine, &turn)
                return false
            }
        case .hardwareRestartAnswered(let answer): hardwareRestartAnswered(answer, &turn)
        case .machineBootFailed(let reason): machineBootFailed(reason, &turn)
        case .asked(let number, let request): asked(number, request, &turn)
        case .recordsRead(let query, let found):
            let reply = query.reply(found, charging.turn(at: moment))
            turn.add(.replied(number: query.number, .success(.records(reply))))
        case .recordsNotRead(let query, let reason):
            turn.add(.replied(number: query.number, .failure(BusError(.failed, reason))))
        }
    }

    private mutating func asked(_ number: Int, _ request: GatewayRequest, _ turn: inout GatewayTurn) {
        switch request {
        case .resend(let request):
            let (count, orders) = charging.resendDeadLetters(request.messageNumber, at: turn.moment)
            perform(orders, &turn)
            turn.add(.replied(number: number, .success(.resend(ResendDeadLetters.Reply(requeued: count)))))
        case .records(let request):
            guard let query = RecordQuery(number, request, charging.book.ledger) else {
                // With a journal that could not be opened, nothing known is not nothing there: somebody may delete it for
                // this answer.
                let reply: Result<GatewayReply, BusError> =
                    if let fault = charging.book.fault {
                        .failure(
                            BusError(.failed, "the journal cannot be used, and what is in it is not known: \(fault)")
                        )
                    } else {
                        .success(.records(ReadRecords.Reply(records: [], next: nil)))
                    }
                turn.add(.replied(number: number, reply))
                return
            }
            turn.add(.readRecords(query))
        case .registerVendor, .answerDataTransfer, .sendDataTransfer:
            _ = FeatureProfiles.first(of: &self) { profile, machine in
                profile.asked(number, request, &machine, &turn)
            }
        }
    }

    /// Tells the profile whose document it is.
    private mutating func saved(_ document: String, _ outcome: SaveOutcome, _ turn: inout GatewayTurn) {
        _ = FeatureProfiles.first(of: &self) { profile, machine in
            guard type(of: profile).documents.contains(where: { $0.name == document }) else { return false }
            profile.saved(document, outcome, &machine, &turn)
            return true
        }
    }

    private mutating func announced(_ announce: Announce, _ turn: inout GatewayTurn) {
        obey(configuration: configuration.announced(announce), &turn)
        if announce.service == .modemManager {
            if announce.running { told.view.reportAgain() }
            let event = ConnectionMachine.Event.uplinkReporterAnnounced(running: announce.running, pid: announce.pid)
            obey(link: connection.handle(event, at: turn.moment), &turn)
        }
        if announce.service == .hardwareIO, announce.running {
            perform(charging.handle(.hardwareAlive, at: turn.moment), &turn)
        }
    }

    /// After everything that may have changed the link: fills the slot for CALLs and tells the others.
    private mutating func settle(_ turn: inout GatewayTurn) {
        updateOnline(&turn)
        callIfFree(&turn)
        settleReset(&turn)
        let news = told.view.update(
            connection: connection,
            registration: registration,
            heartbeatSeconds: heartbeat.intervalSeconds,
            clock: clock,
            at: turn.moment
        )
        for effect in news { turn.add(effect) }
        if connection.phase == .stopped, !told.hasExited {
            told.hasExited = true
            turn.add(told.isAskedToEnd ? .exit : .restart)
        }
    }

    /// Answers go out if they still may, under the id of their CALL; everything else always does.
    private mutating func performed(_ effect: GatewayEffect, at moment: Moment) -> GatewayEffect? {
        switch effect {
        case .sendResult(let ticket, let confirmation):
            guard let id = incoming.finish(ticket) else { return nil }
            heartbeat.exchanged(at: moment)
            return .sendResult(id: id, confirmation)
        case .sendError(let ticket, let error):
            guard let id = incoming.finish(ticket) else { return nil }
            heartbeat.exchanged(at: moment)
            return .sendError(id: id, error)
        default: return effect
        }
    }
}
