import BusSchema
import OCPP
import Primitives

/// One connector: its usage from the first sign of a user to the removed cable, its transaction, its permit and its status.
struct ConnectorMachine: Equatable, Sendable {
    /// Where the usage stands. Preparing and Finishing differ only by this.
    enum Session: Equatable, Sendable {
        /// Nobody there. Next: plugged, authorized.
        case idle
        /// Cable in, no identifier yet (Preparing). Next: authorized, finishing by B6, idle by B1.
        case plugged
        /// Identifier accepted (Preparing); waits for the cable, for a meter reading or for the end of a fault. Next: transaction, or
        /// idle by B1.
        case authorized(Authorized)
        /// Begun and not over. Next: finishing, idle.
        case transaction(Transaction)
        /// Over, or given up, with the cable still in. Next: idle by F1, authorized by F2.
        case finishing(owner: IdToken?)
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
        case transition = "facts on their way elsewhere have stayed long enough"
        case stopSettled = "the final register has been awaited long enough"
        case unlock = "the lock is tried again"
        case unlockAnswer = "an UnlockConnector must be answered"
    }

    let settings: ChargingConfiguration.Connector
    var facts: ConnectorFacts
    var session = Session.idle
    /// Own setting, without that of the charge point.
    var isOperative: Bool
    /// Setting of the charge point (connector 0).
    var isChargePointOperative: Bool
    /// An identifier for this connector is with the central system.
    var isAuthorizing = false
    var permit: PermitMachine
    var schedule: MeteringSchedule?
    var timers = Deadlines<Timer>()
    /// The status as it stands, reported or not; nil while hardware-io was not heard.
    var report: StatusReport?
    /// The cable is to be released.
    var unlock = UnlockProgress()
    /// A missing sample was logged.
    var isSampleMissing = false

    /// Releasing the cable.
    struct UnlockProgress: Equatable, Sendable {
        var isWanted = false
        var attempts = 0
        /// The UnlockConnector that waits for it.
        var answerId: String?
    }

    init(settings: ChargingConfiguration.Connector, ledger: RestoredTransactions, at uptime: Duration) {
        self.settings = settings
        facts = ConnectorFacts(at: uptime)
        isOperative = !ledger.inoperative.contains(settings.id)
        isChargePointOperative = !ledger.inoperative.contains(0)
        permit = PermitMachine(connectorId: settings.id)
        if ledger.finishing.contains(settings.id) { session = .finishing(owner: nil) }
    }

    var id: Int { settings.id }

    var transaction: Transaction? {
        guard case .transaction(let transaction) = session else { return nil }
        return transaction
    }

    /// A new usage may begin here.
    var isStartable: Bool {
        guard isOperative, isChargePointOperative, !isAuthorizing, let report, report.status != .faulted else {
            return false
        }
        switch session {
        case .idle, .plugged, .finishing(nil): return true
        case .finishing: return !settings.hasLock  // A cable that waits for its owner is nobody else's (E §3.5).
        case .authorized, .transaction: return false
        }
    }

    var nextDeadline: Deadline? { earliest(timers.next, permit.nextDeadline, schedule?.nextDeadline) }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        permit.deadlineReached(&turn)
        while let due = schedule?.popDue(turn) { sample(due, &turn) }
        while let timer = timers.popDue(at: turn.moment.uptime) {
            switch timer {
            case .connectionTimeOut: giveUp(&turn)
            case .silence: checkSilence(&turn)
            case .fresh, .transition: updateStatus(&turn)
            case .stopSettled: finishStop(force: true, &turn)
            case .unlock: requestUnlockIfDue(&turn)
            case .unlockAnswer: confirmUnlock(.unlockFailed, &turn)
            }
        }
    }

    // MARK: - Hardware

    mutating func took(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        let wasPlugged = facts.isPlugged
        let isFirst = facts.state == nil
        let wasSilent = facts.isSilent
        facts.take(state, at: turn.moment.uptime)
        if wasSilent { turn.log(.notice, "hardware-io is back", .init("connector", id)) }
        permit.observed(state, &turn)
        if isFirst {
            settleAfterRestart(wasPlugged: wasPlugged, &turn)
        } else if wasPlugged != facts.isPlugged {
            facts.isPlugged ? plugged(&turn) : unplugged(&turn)
        }
        finishStop(force: false, &turn)
        leaveFinishingIfDone(&turn)
        requestUnlockIfDue(&turn)
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    mutating func took(_ reading: MeterReading, _ turn: inout ChargingTurn) {
        facts.take(reading, at: turn.moment.uptime)
        if reading.valid { followRegister(&turn) }
        finishStop(force: false, &turn)
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    mutating func heard(_ turn: inout ChargingTurn) {
        let wasSilent = facts.isSilent
        facts.heard(at: turn.moment.uptime)
        if wasSilent { updateStatus(&turn) }
    }

    mutating func checkSilence(_ turn: inout ChargingTurn) {
        let limit = facts.heardAt + turn.configuration.hardwareSilence
        guard limit <= turn.moment.uptime else {
            timers.set(.silence, at: limit)
            return
        }
        // Looked at again until it is back; saying it once is enough.
        timers.set(.silence, at: turn.moment.uptime + turn.configuration.hardwareSilence)
        guard !facts.isSilent else { return }
        facts.fellSilent()
        turn.log(.error, "hardware-io is silent", .init("connector", id))
        finishStop(force: false, &turn)
        updateStatus(&turn)
    }

    /// What the first state after our start says about the usage.
    private mutating func settleAfterRestart(wasPlugged: Bool, _ turn: inout ChargingTurn) {
        switch session {
        case .idle: if facts.isPlugged { plugged(&turn) }
        case .transaction: if wasPlugged, !facts.isPlugged { unplugged(&turn) }
        case .authorized: if facts.isPlugged { plugged(&turn) }
        // Whoever waited for the cable still does; for whom it was kept is not known any more.
        case .finishing: if facts.needsUserAction { wantUnlock(&turn) }
        case .plugged: break
        }
    }

    // MARK: - Status

    /// Derives the status from the facts, and notes a change.
    mutating func updateStatus(_ turn: inout ChargingTurn) {
        guard var verdict = rules.verdict() else { return }
        if let report, report.status == verdict.status, StatusRules.Verdict.keepingInfo.contains(verdict.status) {
            verdict.info = report.info
        }
        if verdict.status == .charging { timers.clear(.fresh) }
        if verdict.isTransitional, let report, report.status != verdict.status {
            guard let due = timers[.transition] ?? transitionDue else {
                timers.set(.transition, at: turn.moment.uptime + Self.transitionLimit)
                transitionDue = turn.moment.uptime + Self.transitionLimit
                return
            }
            guard due <= turn.moment.uptime else { return }
        }
        if isFindingBack(to: verdict, at: turn.moment.uptime) { return }
        timers.clear(.transition)
        transitionDue = nil
        let new = StatusReport(
            connectorId: id,
            status: verdict.status,
            errorCode: verdict.errorCode,
            info: verdict.info,
            vendorErrorCode: verdict.vendorErrorCode,
            since: turn.now
        )
        guard !new.saysTheSame(as: report) else { return }
        turn.log(.notice, "status", .init("connector", id), .init("status", new.status.rawValue))
        report = new
        turn.statusChanges.append(new)
    }

    /// After a restart of hardware-io within a transaction, the central system need not see the contactor fall and return.
    private mutating func isFindingBack(to verdict: StatusRules.Verdict, at uptime: Duration) -> Bool {
        guard let until = facts.settlesUntil, until > uptime, let report, facts.isPlugged,
            transaction?.isRunning == true,
            transaction?.energyAllowed == true, verdict.status == .suspendedEV || verdict.status == .suspendedEVSE,
            verdict.status != report.status
        else { return false }
        timers.set(.transition, at: until)
        return true
    }

    /// When the facts on their way elsewhere will have stayed long enough.
    private var transitionDue: Duration?
    private static let transitionLimit = Duration.seconds(2)

    /// By the facts of this moment, which may not be reported yet.
    var isFaulted: Bool { rules.verdict()?.status == .faulted }

    private var rules: StatusRules {
        StatusRules(usage: usage, facts: facts, isOperative: isOperative && isChargePointOperative)
    }

    private var usage: StatusRules.Usage {
        switch session {
        case .idle: .none
        case .plugged, .authorized: .preparing
        case .finishing: .finishing
        case .transaction(let transaction):
            .transaction(
                StatusRules.TransactionFacts(
                    isStopping: !transaction.isRunning,
                    endsByDisconnection: transaction.endsByDisconnection,
                    energyAllowed: transaction.energyAllowed,
                    isFresh: timers.isSet(.fresh)
                )
            )
        }
    }
}
