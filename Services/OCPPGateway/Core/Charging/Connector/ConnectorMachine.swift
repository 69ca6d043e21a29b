import BusSchema
import OCPP
import Primitives

/// One connector: its usage from the first sign of a user to the removed cable, with the owners of its transaction, permit, cable and
/// status below it.
struct ConnectorMachine: Equatable, Sendable {
    /// Where the usage stands. Preparing and Finishing differ only by this.
    enum Session: Equatable, Sendable {
        /// Nobody there. Next: plugged, authorized.
        case idle
        /// Cable in, no identifier yet (Preparing). Next: authorized, finishing by B6, idle by B1.
        case plugged
        /// Identifier accepted (Preparing); waits for the cable, for its lock, for a meter reading or for the end of a fault.
        /// Next: transaction, or idle by B1.
        case authorized(Authorized)
        /// Begun and not over. Next: finishing, idle.
        case transaction(Transaction)
        /// Over, or given up, with the cable still in; `kept` says for whom it stays locked, if it does. Next: idle by F1, authorized by F2.
        case finishing(kept: KeptCable?)
    }

    /// An accepted identifier that has no transaction yet.
    struct Authorized: Equatable, Sendable {
        var idTag: IdToken
        var parentIdTag: IdToken?
        /// Connectors that the person may plug into instead.
        var candidates: [Int]
    }

    enum Timer: String, DeadlineName {
        /// OCPP 1.6 §9.1.6.
        case connectionTimeOut = "the usage is given up"
        case silence = "hardware-io may be silent"
        case fresh = "a new transaction had time enough to make the EV draw"
        case offered = "an EV had time enough to take up what it is offered again"
        case settled = "the final register has been awaited long enough"
        case returned = "hardware-io has been awaited long enough"
    }

    /// Somebody was refused here; for people.
    struct Refusal: Equatable, Sendable {
        var reason: String
        var time: EventTime
    }

    let settings: ChargingConfiguration.Connector
    // Written in this file and in `ConnectorMachine+Transaction.swift` only.
    var facts: ConnectorFacts
    var session = Session.idle
    /// Why nothing may begin here; `AvailabilityMachine` owns it.
    private(set) var inoperability: Set<InoperabilityReason>
    var permit: PermitKeeper
    var hold: CableHold
    var cable: CableRelease
    private var tracker: StatusTracker
    var timers = Deadlines<Timer>()
    /// ConnectionTimeOut counts from here, while it runs.
    private var preparingSince = Duration.zero
    /// The newest since the last transaction began.
    var refusal: Refusal?
    /// What Finishing follows; nil when that was no transaction, or one of before the start.
    var lastEnd: Reason?

    /// `measurands` are those that its meter gave before the start; nil where that is not known.
    init(
        settings: ChargingConfiguration.Connector,
        inoperability: Set<InoperabilityReason>,
        measurands: Set<MeasurandSelection>?,
        at uptime: Duration
    ) {
        self.settings = settings
        self.inoperability = inoperability
        facts = ConnectorFacts(measurands, at: uptime)
        permit = PermitKeeper(connectorId: settings.id)
        hold = CableHold(connectorId: settings.id)
        cable = CableRelease(connectorId: settings.id)
        tracker = StatusTracker(connectorId: settings.id)
    }

    var id: Int { settings.id }

    var report: StatusReport? { tracker.report }

    var transaction: Transaction? {
        guard case .transaction(let transaction) = session else { return nil }
        return transaction
    }

    var isOperative: Bool { inoperability.isEmpty }

    /// A new usage may begin here.
    var isStartable: Bool {
        guard isOperative, let report, report.status != .faulted else { return false }
        switch session {
        case .idle, .plugged, .finishing(nil): return true
        case .finishing: return !settings.hasLock  // A cable that waits for its owner is nobody else's (E §3.5).
        case .authorized, .transaction: return false
        }
    }

    var nextDeadline: Deadline? {
        earliest(
            timers.next,
            permit.nextDeadline,
            hold.nextDeadline,
            cable.nextDeadline,
            tracker.nextDeadline,
            transaction?.nextDeadline
        )
    }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        permit.deadlineReached(&turn)
        hold.deadlineReached(&turn)
        cable.deadlineReached(&turn)
        let facts = facts
        withTransaction { $0.sampleIfDue(facts, &turn) }
        while let timer = timers.popDue(at: turn.uptime) {
            switch timer {
            case .connectionTimeOut: giveUp(&turn)
            case .silence: checkSilence(&turn)
            case .fresh, .offered: break
            case .settled: giveUpRegister(&turn)
            case .returned: finishStop(force: true, &turn)
            }
        }
        tracker.deadlineReached(at: turn.uptime)
        updateStatus(&turn)
    }

    // MARK: - Start of the program

    /// Takes up what was there before the program started.
    mutating func restore(_ turn: inout ChargingTurn) {
        checkSilence(&turn)
        if let open = turn.ledger.open[id] {
            resume(open, &turn)
        } else if let kept = turn.ledger.finishing[id] {
            session = .finishing(kept: keeps(kept, turn) ? kept : nil)
        }
    }

    /// What the first state after our start says about the usage.
    private mutating func settleAfterRestart(wasPlugged: Bool, _ turn: inout ChargingTurn) {
        switch session {
        case .idle where facts.isPlugged: plugged(&turn)
        case .transaction: if wasPlugged, !facts.isPlugged { unplugged(&turn) }
        case .authorized: if facts.isPlugged { plugged(&turn) }
        case .finishing(nil): if facts.needsUserAction { releaseCable(&turn) }
        case .idle, .plugged, .finishing: break
        }
    }

    // MARK: - Hardware

    mutating func observed(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        let wasPlugged = facts.isPlugged
        let isFirst = facts.state == nil
        let before = facts
        facts.note(state, at: turn.uptime)
        if let old = before.state, old.offeredMilliamps == 0, state.offeredMilliamps > 0 {
            timers.set(.offered, at: turn.uptime + Self.freshFor)
        }
        if before.isSilent { turn.log(.notice, "hardware-io is back", .init("connector", id)) }
        cable.observed(state, &turn)
        let hasLostVehicle = hasLostVehicle(state, before: before, &turn)
        // Before anybody is granted anything for an EV that is not his.
        if hasLostVehicle { unplugged(&turn) }
        permit.observed(state, &turn)
        if hasLostVehicle {
            // All of it was done.
        } else if isFirst {
            settleAfterRestart(wasPlugged: wasPlugged, &turn)
        } else if wasPlugged != facts.isPlugged {
            facts.isPlugged ? plugged(&turn) : unplugged(&turn)
        }
        if state.faults.contains(.emergencyStop) { stopForEmergency(&turn) }
        freeForgottenPlug(before: before, &turn)
        finishStop(force: false, &turn)
        leaveFinishingIfDone(&turn)
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    /// Whoever pressed it wants this to be over, not to go on or to begin once the button is released (OCPP 1.6 §7.36).
    private mutating func stopForEmergency(_ turn: inout ChargingTurn) {
        stop(.emergencyStop, idTag: nil, &turn)
        if case .authorized = session { cancelUsage(&turn) }
    }

    mutating func observed(_ reading: MeterReading, _ turn: inout ChargingTurn) {
        facts.note(reading, at: turn.uptime)
        let offer = facts.offer
        if reading.valid { apply(withTransaction { $0.follow(reading, offer, &turn) } ?? .goOn, &turn) }
        finishStop(force: false, &turn)
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    mutating func permitAnswered(transaction: String, _ outcome: PermitOutcome, _ turn: inout ChargingTurn) {
        permit.answered(transaction: transaction, outcome, published: facts.state, &turn)
        if outcome == .answered { heard(&turn) }
    }

    mutating func unlockAnswered(_ outcome: UnlockOutcome, _ turn: inout ChargingTurn) {
        cable.answered(outcome, &turn)
    }

    /// A sign of life of hardware-io.
    mutating func heard(_ turn: inout ChargingTurn) {
        let wasSilent = facts.isSilent
        facts.heard(at: turn.uptime)
        if wasSilent { updateStatus(&turn) }
    }

    private mutating func checkSilence(_ turn: inout ChargingTurn) {
        let limit = facts.heardAt + turn.configuration.hardwareSilence
        guard limit <= turn.uptime else {
            timers.set(.silence, at: limit)
            return
        }
        // Looked at again until it is back; saying it once is enough.
        timers.set(.silence, at: turn.uptime + turn.configuration.hardwareSilence)
        guard !facts.isSilent else { return }
        facts.fellSilent()
        turn.log(.error, "hardware-io is silent", .init("connector", id))
        updateStatus(&turn)
    }

    // MARK: - Settings

    mutating func keysChanged(_ turn: ChargingTurn) {
        withTransaction { $0.keysChanged(turn) }
        // Also for whoever is preparing now (OCPP 1.6 §5.3: Accepted means that the value is in force).
        if timers.isSet(.connectionTimeOut) { setConnectionTimeOut(turn) }
    }

    mutating func clockChanged(_ turn: ChargingTurn) { withTransaction { $0.clockChanged(turn) } }

    /// Makes the permit last as long as it can before the program is gone for a while.
    mutating func renewPermit(_ turn: inout ChargingTurn) { permit.renew(&turn) }

    /// Goes into or out of service. Returns false when the change has to wait for the end of a usage (OCPP 1.6 §5.2).
    mutating func setInoperable(_ reasons: Set<InoperabilityReason>, _ turn: inout ChargingTurn) -> Bool {
        let wasOperative = isOperative
        inoperability = reasons
        let isNow = isOperative
        if wasOperative, !isNow {
            timers.clear(.connectionTimeOut)
            if case .authorized = session { session = facts.isPlugged ? .plugged : .idle }
            letGo(&turn)
        }
        if !wasOperative, isNow, session == .plugged { startConnectionTimeOut(turn) }
        updateStatus(&turn)
        switch session {
        case .transaction, .finishing: return isNow
        case .idle, .plugged, .authorized: return true
        }
    }

    // MARK: - Status

    /// Derives the status from the facts, and notes a change.
    mutating func updateStatus(_ turn: inout ChargingTurn) {
        guard let verdict = rules.verdict() else { return }
        if verdict.status == .charging {
            timers.clear(.fresh)
            timers.clear(.offered)
        }
        let mayFindBack = facts.isPlugged && transaction?.mayDraw == true
        tracker.update(verdict, findsBackUntil: mayFindBack ? facts.settlesUntil : nil, &turn)
    }

    // MARK: - Cable

    /// The cable was connected to an EV.
    private mutating func plugged(_ turn: inout ChargingTurn) {
        guard session == .idle else { return }
        session = .plugged
        startConnectionTimeOut(turn)
    }

    /// The cable was removed at the EV.
    private mutating func unplugged(_ turn: inout ChargingTurn) {
        switch session {
        case .plugged, .authorized: cancelUsage(&turn)  // B1
        case .transaction(let transaction):
            guard transaction.isRunning else { return }
            turn.log(.notice, "EV side disconnected", .init("transaction", transaction.uuid))
            guard turn.keys.core.stopTransactionOnEVSideDisconnect else { return }
            stop(.evDisconnected, idTag: nil, &turn)
        case .idle, .finishing: break
        }
    }

    /// Finishing ends when the user has nothing left to do (F1, F8).
    mutating func leaveFinishingIfDone(_ turn: inout ChargingTurn) {
        guard case .finishing = session, facts.state != nil, !facts.needsUserAction else { return }
        session = .idle
        cable.end()
        if turn.ledger.finishing[id] != nil { turn.persist(.released(Released(connectorId: id)), .synced) }
    }

    /// Whether an identifier, or another of its group, may have the cable that is kept here.
    func keepsCable(of idTag: IdToken, parentIdTag: IdToken? = nil) -> Bool {
        guard settings.hasLock, case .finishing(.some(let kept)) = session else { return false }
        return kept.belongs(to: idTag, parentIdTag: parentIdTag)
    }

    /// Whether the cable is kept for a group, so that another identifier of it may have it.
    var keepsCableForGroup: Bool {
        guard settings.hasLock, case .finishing(.some(let kept)) = session else { return false }
        return kept.isOfGroup
    }

    /// The owner of a cable that was kept locked is here (E §3.5).
    mutating func releaseToOwner(_ turn: inout ChargingTurn) {
        session = .finishing(kept: nil)
        releaseCable(&turn)
        leaveFinishingIfDone(&turn)
        updateStatus(&turn)
    }

    /// UnlockConnector (OCPP 1.6 §5.18). The answer follows as an effect.
    mutating func unlock(answerId: String, _ turn: inout ChargingTurn) {
        cable.answerLater(answerId, at: turn.uptime)
        // Who is about to begin would have it locked again.
        if hold.isUnderWay { cancelUsage(&turn) }
        stop(.unlockCommand, idTag: nil, &turn)
        releaseCable(&turn)
    }

    mutating func releaseCable(_ turn: inout ChargingTurn) {
        if settings.hasLock { cable.begin(&turn) }
    }

    // MARK: - Before the transaction

    /// The identifier may charge here.
    mutating func accepted(_ authorized: Authorized, _ turn: inout ChargingTurn) {
        switch session {
        case .idle, .finishing: startConnectionTimeOut(turn)
        case .plugged: break
        case .authorized, .transaction: return
        }
        guard isOperative else { return }
        session = .authorized(authorized)
        updateStatus(&turn)
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    /// Ends a usage that has no transaction: second presentation, removed cable, time-out (B1).
    mutating func cancelUsage(_ turn: inout ChargingTurn) {
        switch session {
        case .plugged, .authorized:
            timers.clear(.connectionTimeOut)
            session = .idle
            if facts.isPlugged {
                plugged(&turn)
            } else if hold.isUnderWay, facts.needsUserAction {
                session = .finishing(kept: nil)
            }
            letGo(&turn)
            updateStatus(&turn)
        case .idle, .transaction, .finishing: break
        }
    }

    /// ConnectionTimeOut runs from the beginning of Preparing (E §3.21); an Unavailable connector is not preparing.
    private mutating func startConnectionTimeOut(_ turn: ChargingTurn) {
        guard isOperative else { return }
        preparingSince = turn.uptime
        setConnectionTimeOut(turn)
    }

    private mutating func setConnectionTimeOut(_ turn: ChargingTurn) {
        timers.set(.connectionTimeOut, at: preparingSince + turn.keys.core.connectionTimeOut)
    }

    private mutating func giveUp(_ turn: inout ChargingTurn) {
        switch session {
        case .plugged:
            if turn.isAuthorizing(id) {
                // The person did their part; the answer decides.
                timers.set(.connectionTimeOut, at: turn.uptime + .seconds(1))
                return
            }
            session = .finishing(kept: nil)  // B6, E §3.20
        case .authorized: session = facts.isPlugged ? .finishing(kept: nil) : .idle
        case .idle, .transaction, .finishing: return
        }
        lastEnd = nil
        letGo(&turn)
        turn.log(.notice, "ConnectionTimeOut", .init("connector", id))
        updateStatus(&turn)
    }
}
