import BusSchema
import Primitives

/// One contactor: its order, its mirror contact, the deadlines between them, and the current that shows what the mirror hides.
///
/// A contactor that does not follow is a failure that stays until service clears it, over restarts too: what failed once will fail again.
struct ContactorMachine {
    private let connectorId: Int
    private var mover: Mover
    private var state: State
    private var feedbackClosed: Bool?
    /// When the newest position was read; what comes later and is older says nothing.
    private var readAt: Duration
    /// When it has to be read next at the latest; nil while it is known to be silent.
    private var readUntil: FollowLimit?
    private var budget: ClosingBudget
    /// Why it must not close any more.
    private(set) var failure: String?
    /// Where the mirror contact says open, the contactor is open. Otherwise it may be the mirror that is broken, and the cable counts as
    /// live: after a failure until it was seen to open, after a closing that it did not show until it was seen to follow one.
    private var mirrorIsProven: Bool
    /// What current and voltage say of it.
    private var witness: FlowWitness
    /// When it was ordered to close last.
    private(set) var closedAt: Duration

    /// `memory` is what was latched before the start, and how often it started lately.
    init(_ configuration: ConnectorConfiguration, memory: HardwareMemory.Outlet, at start: Duration) {
        connectorId = configuration.connectorId
        mover = configuration.isControlled ? .controller(obeysFrom: nil) : .orders
        state = .unknown(since: start)
        budget = ClosingBudget(
            rest: configuration.contactorRest,
            closingsPerHour: configuration.closingsPerHour,
            recentStarts: memory.recentStarts ?? 0,
            recentClosings: memory.recentClosings ?? 0,
            at: start
        )
        failure = memory.contactorFailure
        mirrorIsProven = failure == nil && memory.mirrorIsUnproven != true
        readUntil = Self.reading(within: Self.readingLimit, of: start)
        closedAt = start
        readAt = start
        witness = FlowWitness(seesVoltage: configuration.seesOutputVoltage, at: start)
    }

    /// The position as the bus names it.
    var position: ContactorState {
        switch state {
        case .unknown, .takenBack, .opening: .opening
        case .open, .left(false, _): isUnproven || witness.isLive || isContradicted ? .opening : .open
        case .closing: .closing
        case .closed, .left(true, _): .closed
        case .welded, .conducting: .welded
        }
    }

    /// Whether it is ordered to be closed.
    var isOrderedClosed: Bool {
        switch state {
        case .closing, .closed, .left(true, _): true
        case .unknown, .open, .left(false, _), .takenBack, .opening, .welded, .conducting: false
        }
    }

    /// Whether a controller may close it when it wants to.
    var isLeft: Bool { if case .left = state { true } else { false } }

    /// Whether an EV may draw through it: ordered closed, or left to a controller, whatever that says of its relay.
    var mayCarry: Bool { isOrderedClosed || isLeft }

    /// Whether it was ordered to close and has not followed yet: an order that can be taken back before anything flows.
    var isClosing: Bool { if case .closing = state { true } else { false } }

    /// Since when it is certain that no current can flow; nil while it is not.
    var openSince: Duration? {
        guard mirrorIsProven, !witness.isLive, !isContradicted else { return nil }
        return state.openSince
    }

    /// Whether a controller says that its relay is open, and the newest sample shows current. What it says is made by its software, and no contact
    /// that moves: the meter is believed.
    private var isContradicted: Bool {
        isControlled && witness.currentFlows && state.openSince != nil
    }

    /// Nothing failed, but a closing was taken back and nobody saw where the contactor went. It may close: that shows it.
    var isUnproven: Bool { failure == nil && !mirrorIsProven }

    /// Whether nothing is under way any more.
    var isSettled: Bool {
        switch state {
        case .unknown, .open, .welded, .conducting: true
        case .closing, .closed, .left, .takenBack, .opening: false
        }
    }

    /// Its position is not read although it should be.
    var isSilent: Bool { readUntil == nil }

    /// Why nothing is known of the voltage behind it although it should be.
    var voltageSilence: String? { witness.silence }

    /// The same, for the list of faults.
    var silence: String? { isSilent ? "position of the contactor was not read for too long" : nil }

    /// What is to be stored of its closings; nil when that is nothing.
    var recentStarts: Int? { budget.recentStarts > 0 ? budget.recentStarts : nil }

    var recentClosings: Int? { budget.recentClosings > 0 ? budget.recentClosings : nil }

    /// Why it must not close now, for people; nil when it may.
    func objection(at uptime: Duration) -> String? { budget.objection(at: uptime) ?? witness.objection }

    var nextDeadline: Deadline? {
        let follows: Deadline? =
            switch state {
            case .closing(let limit), .takenBack(_, let limit), .opening(let limit):
                Deadline(at: limit.at, for: "the contactor does not follow")
            case .unknown, .open, .closed, .left, .welded, .conducting: nil
            }
        return earliest(
            follows,
            Deadline(at: readUntil?.at, for: "the mirror contact was not read for too long"),
            Deadline(at: budget.deadline, for: "the contactor has rested"),
            witness.nextDeadline
        )
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        budget.deadlineReached(at: turn.uptime)
        let wasContradicted = isContradicted
        witness.deadlineReached(at: turn.uptime)
        if wasContradicted { currentEnded(at: turn.uptime) }
        if witness.asks(at: turn.uptime) { turn.order(.readPosition(.outputVoltage(connectorId: connectorId))) }
        switch state {
        case .closing(var limit):
            guard limit.isOver(at: turn.uptime) else {
                state = .closing(limit: limit)
                break
            }
            let milliseconds = Self.closingLimit.wholeMilliseconds
            fail("contactor did not close within \(milliseconds) ms", leaving: .open(since: turn.uptime), &turn)
        case .takenBack(let after, var limit):
            guard limit.isOver(at: turn.uptime) else {
                state = .takenBack(after: after, limit: limit)
                break
            }
            state = .open(since: turn.uptime)
            doubtMirror(after: after, &turn)
        case .opening(var limit):
            guard limit.isOver(at: turn.uptime) else {
                state = .opening(limit: limit)
                break
            }
            guard feedbackClosed == true else {
                // It never moved, so that no change was reported.
                state = .open(since: turn.uptime)
                break
            }
            guard !isControlled || limit.at - readAt < openingLimit else {
                // Nobody has read it since it was forbidden. It says where it is, or is silent in the end.
                state = .unknown(since: turn.uptime)
                break
            }
            let milliseconds = openingLimit.wholeMilliseconds
            fail("contactor still closed \(milliseconds) ms after it was opened", leaving: .welded, &turn)
        case .unknown, .open, .closed, .left, .welded, .conducting:
            break
        }
        guard var limit = readUntil else { return }
        if limit.isOver(at: turn.uptime) {
            lose(&turn)
            readUntil = nil
        } else {
            readUntil = limit
        }
    }

    /// What is on disk of it.
    mutating func stored(_ memory: HardwareMemory.Outlet) { budget.stored(recentStarts: memory.recentStarts ?? 0) }

    /// Closes, unless it must not, or the first closing of this run is not counted on disk yet.
    mutating func close(_ turn: inout Turn) {
        guard case .open = state, failure == nil, !isSilent, objection(at: turn.uptime) == nil,
            budget.isCounted(at: turn.uptime)
        else { return }
        guard !isControlled else {
            state = .left(isClosed: false, since: turn.uptime)
            mover = .controller(obeysFrom: nil)
            return
        }
        state = .closing(limit: FollowLimit(turn.uptime + Self.closingLimit))
        closedAt = turn.uptime
        witness.beginAnew()
        budget.closed(at: turn.uptime)
        turn.order(.closeContactor(connectorId: connectorId))
    }

    mutating func open(_ turn: inout Turn) {
        if case .left(let isClosed, _) = state {
            state = isClosed ? .opening(limit: FollowLimit(turn.uptime + openingLimit)) : .open(since: turn.uptime)
            return
        }
        guard isOrderedClosed else { return }
        let limit = FollowLimit(turn.uptime + Self.openingLimit)
        state = isClosing ? .takenBack(after: turn.uptime - closedAt, limit: limit) : .opening(limit: limit)
        turn.order(.openContactor(connectorId: connectorId))
    }

    /// The mirror contact was not seen to follow an order to close that was in force for so long. After the usual time it shows nothing of
    /// the contactor any more, which may have welded at that closing. A failure it is not: it has a whole second, and a process that was
    /// late itself had no time to see it.
    private mutating func doubtMirror(after: Duration, _ turn: inout Turn) {
        guard after >= Self.usualClosing, mirrorIsProven else { return }
        mirrorIsProven = false
        let message = "the contactor was not seen to follow a closing: it counts as live until it is"
        turn.log(LogRecord(.warning, message, .init("connectorId", connectorId)))
    }

    mutating func feedbackRead(closed: Bool, _ turn: inout Turn) {
        guard turn.readAt >= readAt else { return }
        readAt = turn.readAt
        feedbackClosed = closed
        readUntil = Self.reading(within: Self.silenceLimit, of: turn.readAt)
        // It has moved.
        if closed, isUnproven { mirrorIsProven = true }
        switch (state, closed) {
        case (.unknown, true):
            // It may still be falling open after the process before this one died.
            state = .opening(limit: FollowLimit(turn.uptime + openingLimit))
            orderOpen(&turn)
        case (.left(let isClosed, _), _):
            guard closed != isClosed else { break }
            if closed {
                closedAt = turn.uptime
                budget.closed(at: turn.uptime)
            } else {
                witness.controllerOpened(at: turn.uptime)
            }
            state = .left(isClosed: closed, since: turn.uptime)
        case (.open, true) where isControlled: strayed(&turn)
        case (.unknown, false), (.opening, false):
            state = .open(since: turn.uptime)
            witness.contactorOpened(at: turn.uptime)
            if isControlled { witness.controllerOpened(at: turn.uptime) }
        case (.closing, true):
            state = .closed
        case (.takenBack, true):
            // It was pulling in when the order was taken back, and has to be seen to open now.
            state = .opening(limit: FollowLimit(turn.uptime + Self.openingLimit))
        case (.open, true), (.conducting, true):
            fail("contactor closed without an order", leaving: .welded, &turn)
        case (.closed, false):
            fail("contactor opened without an order", leaving: .open(since: turn.uptime), &turn)
        case (.welded, false):
            state = .open(since: turn.uptime)
            mirrorIsProven = true
            // What was measured before it was seen to open says nothing about now.
            witness.currentEnded()
        case (.open, false), (.closing, false), (.takenBack, false), (.closed, true), (.opening, true), (.welded, true),
            (.conducting, false):
            break
        }
    }

    /// The controller closed without leave. It may not have heard of it yet, once.
    private mutating func strayed(_ turn: inout Turn) {
        guard case .controller(let known) = mover else { return }
        let obeysFrom = known ?? turn.uptime + openingLimit
        mover = .controller(obeysFrom: obeysFrom)
        guard turn.uptime < obeysFrom else {
            return fail("contactor closed again although it was forbidden", leaving: .welded, &turn)
        }
        state = .opening(limit: FollowLimit(obeysFrom))
    }

    /// The meter was asked at `askedAt` and measured so much in its worst phase. What it was asked before its current had settled after
    /// the opening proves nothing. A failure that is known already hides no other, and neither does a mirror contact that is silent.
    mutating func currentMeasured(milliamps: Int, askedAt: Duration, _ turn: inout Turn) {
        let wasContradicted = isContradicted
        witness.currentMeasured(milliamps: milliamps, askedAt: askedAt, openSince: state.openSince)
        if wasContradicted { currentEnded(at: turn.uptime) }
        if case .left(false, let since) = state, witness.refutes(openSince: since, readAt: readAt) {
            let detail = "\(amperes(milliamps)) flow although the controller says that it is open"
            return fail(detail, leaving: .conducting, &turn)
        }
        let flows = witness.currentFlows
        let isContrary =
            switch state {
            case .open(let since): flows && askedAt - since >= MeterPoll.settling
            case .unknown(let since): flows && askedAt - since >= openingLimit + MeterPoll.settling
            case .conducting: !flows && !witness.isLive
            default: false
            }
        guard witness.isSure(isContrary: isContrary) else { return }
        if state == .conducting {
            // It opens by its mirror contact, which has shown all along that it is open, or has not been read at all.
            state = feedbackClosed == nil ? .unknown(since: turn.uptime) : .open(since: turn.uptime)
        } else {
            fail("\(amperes(milliamps)) flow through the open contactor", leaving: .conducting, &turn)
        }
    }

    /// Current spoke against a controller's relay: that is open for sure once it does not any more.
    private mutating func currentEnded(at uptime: Duration) {
        guard !isContradicted else { return }
        switch state {
        case .open: state = .open(since: uptime)
        case .left(false, _): state = .left(isClosed: false, since: uptime)
        default: break
        }
    }

    /// The voltage behind it was read. One that is there while it is ordered open, its position known or not, is a weld, whatever the mirror contact
    /// says. What was read before it can have settled proves nothing.
    mutating func voltageRead(live: Bool, _ turn: inout Turn) {
        guard witness.voltageRead(live: live, at: turn.readAt) else { return }
        switch state {
        case .open(let since) where live && turn.readAt - since >= Self.voltageSettling,
            .unknown(let since) where live && turn.readAt - since >= openingLimit + Self.voltageSettling:
            fail("there is voltage behind the open contactor", leaving: .conducting, &turn)
        default: break
        }
    }

    /// The meter, which is before it, was asked at `askedAt` and measured voltage. None behind it says then that its contacts do not carry; without
    /// the mains there is none to be seen, and nothing failed.
    mutating func mainsMeasured(askedAt: Duration, _ turn: inout Turn) {
        guard state == .closed, let deadSince = witness.deadSince else { return }
        guard askedAt - max(deadSince, closedAt) >= Self.voltageSettling else { return }
        let limit = FollowLimit(turn.uptime + openingLimit)
        fail("there is no voltage behind the closed contactor", leaving: .opening(limit: limit), &turn)
    }

    /// Nothing is known of the voltage behind it until that is read again.
    mutating func loseVoltage(at uptime: Duration) { witness.loseVoltage(at: uptime) }

    /// Whether a second sample is wanted soon to decide about the first.
    var isInDoubt: Bool { witness.isInDoubt }

    /// Nothing is known of it until it is read again, and it lost its order with its driver. What was latched stays: a lost driver
    /// repairs nothing.
    mutating func lose(_ turn: inout Turn) {
        feedbackClosed = nil
        readUntil = Self.reading(within: Self.readingLimit, of: turn.uptime)
        witness.beginAnew()
        switch state {
        case .unknown: break
        case .takenBack(let after, _):
            doubtMirror(after: after, &turn)
            state = .unknown(since: turn.uptime)
        case .closing:
            doubtMirror(after: turn.uptime - closedAt, &turn)
            state = .unknown(since: turn.uptime)
        case .open, .closed, .left, .opening: state = .unknown(since: turn.uptime)
        case .welded, .conducting: break
        }
        orderOpen(&turn)
    }

    /// Service says that the cause is repaired. Believed where the contactor is open now, by its mirror contact and by the meter. Where the mirror
    /// contact was what may have failed, it is open for sure since now: before, a weld may have hidden behind it.
    mutating func clearFailure(at uptime: Duration) {
        guard case .open = state, !witness.currentFlows, !witness.isLive else { return }
        if !mirrorIsProven { state = .open(since: uptime) }
        failure = nil
        mirrorIsProven = true
    }

    /// The process was asked to end.
    mutating func end(at uptime: Duration) { budget.end(at: uptime) }

    /// Nothing closes for the time of a rest, whoever wants it.
    mutating func rest(at uptime: Duration) { budget.restAgain(at: uptime) }

    /// A process that slept asks first, and hears whoever answers.
    private static func reading(within limit: Duration, of uptime: Duration) -> FollowLimit {
        FollowLimit(uptime + limit, hearing: readingLimit)
    }

    private var isControlled: Bool { mover != .orders }

    private var openingLimit: Duration { isControlled ? Self.controllerOpeningLimit : Self.openingLimit }

    /// A controller is told by the offer.
    private func orderOpen(_ turn: inout Turn) {
        if !isControlled { turn.order(.openContactor(connectorId: connectorId)) }
    }

    private mutating func fail(_ detail: String, leaving next: State, _ turn: inout Turn) {
        failure = detail
        mirrorIsProven = false
        state = next
        orderOpen(&turn)
    }
}
