import BusSchema
import Primitives

/// The cable of one outlet: whether its lock should hold it, and the people who wait for it.
struct CableMachine {
    /// An Unlock waits for the contactor and for the lock.
    private struct PendingUnlock {
        var id: RequestID
        var deadline: Duration
    }

    /// Time in which an Unlock is answered, whatever the lock does: the asker has to answer a central system in turn.
    static let unlockLimit = Duration.milliseconds(4500)
    /// Unlock requests that wait at once; more are refused.
    static let unlockCapacity = 8

    /// Nil for a fixed cable, and for a socket without a lock.
    private var lock: LockMachine?
    private var unlocks: [PendingUnlock] = []
    /// Somebody asked for the cable since the last grant or plug: it is not locked again.
    private var isReleased = false
    private var isWanted = false
    /// It was asked to be held for a transaction that has no permit yet.
    private var isClaimed = false

    init(_ configuration: ConnectorConfiguration, at start: Duration) {
        lock = configuration.hasLock ? LockMachine(connectorId: configuration.connectorId, at: start) : nil
    }

    var position: LockState { lock?.position ?? .absent }

    /// What is wrong, for the list of faults.
    var failure: String? { lock?.failure }

    /// Whether the lock holds the cable, or there is none that could.
    var isSecured: Bool { lock?.isSecured ?? true }

    /// Whether somebody waits for the cable.
    var isAwaited: Bool { !unlocks.isEmpty }

    var nextDeadline: Deadline? {
        earliest(
            lock?.nextDeadline,
            Deadline(at: unlocks.lazy.map(\.deadline).min(), for: "an Unlock must be answered")
        )
    }

    /// `isSafelyOpen`: no current can flow, for sure.
    mutating func deadlineReached(isSafelyOpen: Bool, _ turn: inout Turn) {
        lock?.deadlineReached(mayUnlock: isSafelyOpen, &turn)
    }

    mutating func lockRead(locked: Bool, _ turn: inout Turn) {
        let wasKnown = lock?.isKnown ?? true
        lock?.feedbackRead(locked: locked, &turn)
        // After a start the cable stays as it is: a session of before may go on.
        if !wasKnown, locked { isWanted = true }
    }

    mutating func lockLost(at uptime: Duration) { lock?.lose(at: uptime) }

    /// Another permit or another plug: who asked for the cable before has had it.
    mutating func beginAnew() { isReleased = false }

    /// A transaction is about to begin with this cable, and wants it held before. Only for the EV that is there: its next one is another's.
    mutating func requestLock(_ id: RequestID, _ situation: Situation, _ turn: inout Turn) {
        guard lock != nil else {
            return turn.refuse(id, BusError(.invalid, "there is no lock"))
        }
        guard !situation.isEnding else {
            return turn.refuse(id, BusError(.refused, "hardware-io is ending"))
        }
        guard situation.isPlugged, situation.plug.isCable else {
            return turn.refuse(id, BusError(.refused, "there is no cable that is connected to an EV"))
        }
        isReleased = false
        isClaimed = true
        turn.reply(id, .done)
    }

    /// Somebody wants the cable out.
    mutating func requestUnlock(_ id: RequestID, _ situation: Situation, _ turn: inout Turn) {
        guard let lock else {
            turn.reply(id, .unlock(Unlock.Reply(outcome: .notSupported)))
            return
        }
        if situation.contactor.position == .welded {
            turn.refuse(id, BusError(.refused, "the contactor is welded: the cable is live"))
        } else if lock.isReleased, situation.contactor.isSafelyOpen {
            // Nothing is held, so that nothing is asked for: who plugs in later wants that cable held.
            turn.reply(id, .unlock(Unlock.Reply(outcome: .unlocked)))
        } else if situation.lease.inForce != nil {
            // Also while the contactor is open: the request is of before the grant, and a cable that is free would let nothing begin.
            turn.refuse(id, BusError(.refused, "there is a permit: take that away first"))
        } else if unlocks.count >= Self.unlockCapacity {
            turn.refuse(id, BusError(.busy, "\(unlocks.count) unlock requests wait already"))
        } else {
            isReleased = true
            isClaimed = false
            unlocks.append(PendingUnlock(id: id, deadline: turn.uptime + Self.unlockLimit))
        }
    }

    /// The cable is locked from a request to hold it, or from the grant of a permit, until somebody asks for it. It is released without
    /// being asked only when nobody is left who could ask, the permit was lost and the EV left (OCPP 1.6 §4.10 leaves the rest to whoever
    /// runs the session), and when the EV left before there was a permit: nothing was begun then that the cable could be kept for. It is
    /// never released while it may be live.
    /// `test` is where whoever tests it wants it, nobody being there.
    mutating func decide(_ situation: Situation, test: LockMachine.Wish? = nil, _ turn: inout Turn) {
        if let lock, lock.isKnown, !situation.isEnding {
            updateWish(situation)
            if let test, test == .locked || situation.contactor.isSafelyOpen {
                self.lock?.want(test, &turn)
            } else if isWanted, !lock.isSecured {
                self.lock?.want(.locked, &turn)
            } else if !isWanted, !lock.isReleased, situation.contactor.isSafelyOpen {
                self.lock?.want(.unlocked, &turn)
            } else if lock.isReleasing, !situation.contactor.isSafelyOpen {
                // The contactor closed by itself, or is not known any more: the bolt goes back before the cable comes free.
                self.lock?.want(.locked, &turn)
            }
        }
        answer(situation, &turn)
    }

    private mutating func updateWish(_ situation: Situation) {
        if isReleased {
            isWanted = false
        } else if situation.lease.inForce != nil {
            isClaimed = false
            if situation.isPlugged, situation.plug.isCable { isWanted = true }
        } else if isClaimed {
            isWanted = situation.plug != .absent && situation.pilot.state != .a
            isClaimed = isWanted
        } else if situation.plug == .absent || (situation.lease.wasLost && situation.pilot.state == .a) {
            isWanted = false
        }
    }

    private mutating func answer(_ situation: Situation, _ turn: inout Turn) {
        guard !unlocks.isEmpty else { return }
        let isDone = lock?.isReleased == true && situation.contactor.isSafelyOpen
        var waiting: [PendingUnlock] = []
        for pending in unlocks {
            if isDone || situation.isEnding || pending.deadline <= turn.uptime {
                turn.reply(pending.id, .unlock(Unlock.Reply(outcome: isDone ? .unlocked : .failed)))
            } else {
                waiting.append(pending)
            }
        }
        unlocks = waiting
    }
}
