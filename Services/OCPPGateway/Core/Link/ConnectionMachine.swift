import BusSchema
public import Primitives

/// When to connect, ping, give up and try again. One socket at a time: a new dial starts only after the old one is reported closed.
public struct ConnectionMachine: Sendable {
    private enum State: Equatable {
        /// Not started, → resolving, waitingForUplink.
        case idle
        /// There is no usable endpoint; final until restart.
        case notConfigured
        /// The uplink is reported down; → resolving when it is not.
        case waitingForUplink
        /// → connecting, backingOff, waitingForUplink.
        case resolving(dial: Int)
        /// TCP connect to one of the addresses; → handshaking, the next address, backingOff.
        case connecting(dial: Int, address: Int, of: Int)
        /// → open, closing.
        case handshaking(dial: Int)
        /// Frames flow; → closing, or backingOff when closed from outside.
        case open(dial: Int)
        /// Waiting for the report that the socket is gone; → what `next` says.
        case closing(dial: Int, next: Next)
        /// → resolving.
        case backingOff
        /// Asked to end; final.
        case stopped
    }

    private enum Next: Equatable { case dialSoon, backOff, waitForUplink, stop, tryAddress(Int, of: Int) }

    private enum Timer: String, DeadlineName {
        case step = "a step of dialling takes too long"
        case retry = "the next attempt to connect"
        case ping = "a WebSocket ping"
        case pong = "the pong is overdue"
        case stable = "the connection has lasted"
        case closing = "the closing handshake is overdue"
    }

    private let endpoint: Endpoint?
    private var state: State
    private var uplink: UplinkState.Link = .unknown
    private var waits: BackOff
    private let patience: Patience
    private var deadlines = Deadlines<Timer>()
    private var random: SeededRandom
    private var dialCount = 0
    /// Whether this connection has proved itself, so that its loss does not count as a failure.
    private var proven = false
    private var pingInterval: Duration
    private var lastLogged: LinkProblem?
    /// CALLs that ended without an answer since the last byte came in.
    private var unansweredCalls = 0

    /// Why the last attempt failed or the last connection ended; nil while connected and proven.
    public private(set) var lastProblem: LinkProblem?

    /// `endpoint` is nil when the configuration has no usable central system.
    public init(endpoint: Endpoint?, patience: Patience = Patience(), pingInterval: Duration, seed: UInt64) {
        self.endpoint = endpoint
        self.patience = patience
        self.pingInterval = pingInterval
        waits = BackOff(first: patience.firstWait, flat: 16, cap: patience.longestWait)
        state = .idle
        random = SeededRandom(seed: seed)
    }

    public var phase: Phase {
        switch state {
        case .idle: .idle
        case .notConfigured: .notConfigured
        case .waitingForUplink: .waitingForUplink
        case .resolving: .resolving
        case .connecting: .connecting
        case .handshaking: .handshaking
        case .open: .open
        case .closing: .closing
        case .backingOff: .backingOff
        case .stopped: .stopped
        }
    }

    public var isOpen: Bool { phase == .open }
    public var failedAttempts: Int { waits.failures }
    /// Uptime of the next attempt; nil when none is planned.
    public var nextAttempt: Duration? { deadlines[.retry] }
    public var nextDeadline: Deadline? { deadlines.next }

    /// `WebSocketPingInterval` changed; in force at once.
    public mutating func setPingInterval(_ interval: Duration, at moment: Moment) {
        guard interval != pingInterval else { return }
        pingInterval = interval
        if case .open = state { armPing(at: moment) }
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .started: start(at: moment)
        case .reconnectRequested: reconnect(at: moment)
        case .uplinkChanged(let link): uplinkChanged(to: link, at: moment)
        case .resolved(let dial, let addresses): resolved(dial, addresses: addresses, at: moment)
        case .connected(let dial): connected(dial, at: moment)
        case .handshakeFinished(let dial): handshakeFinished(dial, at: moment)
        case .failed(let dial, let problem): failed(dial, problem, at: moment)
        case .closed(let dial, let reason): closed(dial, reason: reason, at: moment)
        case .received: received()
        case .callTimedOut: callTimedOut(at: moment)
        case .accepted: prove()
        case .terminationRequested: terminate(at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        while let timer = deadlines.popDue(at: moment.uptime) { effects += expired(timer, at: moment) }
        return effects
    }

    // MARK: - Starting attempts

    private mutating func start(at moment: Moment) -> [Effect] {
        guard state == .idle else { return [] }
        guard endpoint != nil else {
            state = .notConfigured
            return []
        }
        return dialUnlessDown(at: moment)
    }

    private mutating func dialUnlessDown(at moment: Moment) -> [Effect] {
        deadlines.clearAll()
        guard uplink != .down else {
            state = .waitingForUplink
            return []
        }
        dialCount += 1
        state = .resolving(dial: dialCount)
        deadlines.set(.step, at: moment.uptime + patience.step)
        return [.resolve(dial: dialCount)]
    }

    private mutating func reconnect(at moment: Moment) -> [Effect] {
        switch state {
        case .idle, .notConfigured, .waitingForUplink, .closing, .backingOff, .stopped: []
        case .resolving, .connecting, .handshaking: []  // The credentials are read when the handshake is written.
        case .open(let dial): leave(dial, next: .dialSoon, gracefully: true, at: moment)
        }
    }

    private mutating func uplinkChanged(to link: UplinkState.Link, at moment: Moment) -> [Effect] {
        // An unknown word of a newer modem manager is treated as "not known": just try.
        let known: UplinkState.Link = [.up, .down].contains(link) ? link : .unknown
        guard known != uplink else { return [] }
        uplink = known
        return known == .down ? uplinkWentDown(at: moment) : uplinkCame(at: moment)
    }

    private mutating func uplinkWentDown(at moment: Moment) -> [Effect] {
        switch state {
        case .idle, .notConfigured, .waitingForUplink, .stopped: return []
        case .closing(let dial, let next):
            if next != .stop { state = .closing(dial: dial, next: .waitForUplink) }
            return []
        case .backingOff:
            deadlines.clearAll()
            state = .waitingForUplink
            return []
        case .resolving(let dial):
            deadlines.clearAll()
            state = .waitingForUplink
            lastProblem = .uplinkDown
            return [.abort(dial: dial)]
        case .connecting(let dial, _, _), .handshaking(let dial), .open(let dial):
            return note(.uplinkDown) + leave(dial, next: .waitForUplink, gracefully: false, at: moment)
        }
    }

    private mutating func uplinkCame(at moment: Moment) -> [Effect] {
        switch state {
        case .waitingForUplink, .backingOff: return dialUnlessDown(at: moment)
        case .closing(let dial, .waitForUplink):
            state = .closing(dial: dial, next: .dialSoon)
            return []
        case .idle, .notConfigured, .resolving, .connecting, .handshaking, .open, .closing, .stopped: return []
        }
    }

    // MARK: - Steps of an attempt

    private mutating func resolved(_ dial: Int, addresses: Int, at moment: Moment) -> [Effect] {
        guard state == .resolving(dial: dial) else { return [] }
        guard addresses > 0 else { return failed(dial, .nameNotResolved("no address"), at: moment) }
        return connect(dial, address: 0, of: min(addresses, Self.mostAddresses), at: moment)
    }

    private mutating func connect(_ dial: Int, address: Int, of count: Int, at moment: Moment) -> [Effect] {
        state = .connecting(dial: dial, address: address, of: count)
        deadlines.set(.step, at: moment.uptime + patience.step)
        return [.connect(dial: dial, address: address)]
    }

    private mutating func connected(_ dial: Int, at moment: Moment) -> [Effect] {
        guard case .connecting(dial, _, _) = state else { return [] }
        state = .handshaking(dial: dial)
        deadlines.set(.step, at: moment.uptime + patience.step)
        return [.startHandshake(dial: dial)]
    }

    private mutating func handshakeFinished(_ dial: Int, at moment: Moment) -> [Effect] {
        guard state == .handshaking(dial: dial) else { return [] }
        deadlines.clear(.step)
        state = .open(dial: dial)
        proven = false
        unansweredCalls = 0
        deadlines.set(.stable, at: moment.uptime + Self.stableAfter)
        armPing(at: moment)
        return [.opened]
    }

    /// An attempt failed. A socket that was already connected is dropped, and its closing awaited.
    private mutating func failed(_ dial: Int, _ problem: LinkProblem, at moment: Moment) -> [Effect] {
        switch state {
        case .resolving(dial):
            return note(problem) + backOff(at: moment)
        case .connecting(dial, let address, let count):
            // The next address only after this socket is gone; a failed connect has none.
            if address + 1 < count { return connect(dial, address: address + 1, of: count, at: moment) }
            return note(problem) + backOff(at: moment)
        case .handshaking(dial):
            return note(problem) + leave(dial, next: .backOff, gracefully: false, at: moment)
        case .open(dial):
            return note(problem) + leave(dial, next: .backOff, gracefully: false, at: moment)
        case .idle, .notConfigured, .waitingForUplink, .resolving, .connecting, .handshaking, .open, .closing,
            .backingOff, .stopped:
            return []
        }
    }

    // MARK: - An open connection

    private mutating func armPing(at moment: Moment) {
        deadlines.clear(.ping)
        if pingInterval > .zero { deadlines.set(.ping, at: moment.uptime + pingInterval) }
    }

    /// Any byte is a sign of life, not just the pong (OCPP-J errata §3.11 asks to find dead connections, not slow pongs).
    private mutating func received() -> [Effect] {
        unansweredCalls = 0
        deadlines.clear(.pong)
        return []
    }

    /// With pings switched off, silence where answers are due is the only sign of a connection that is dead at the other end; the
    /// kernel needs a quarter of an hour to see it.
    private mutating func callTimedOut(at moment: Moment) -> [Effect] {
        guard case .open(let dial) = state else { return [] }
        unansweredCalls += 1
        guard unansweredCalls >= Self.mostUnansweredCalls else { return [] }
        return note(.callsUnanswered) + leave(dial, next: .backOff, gracefully: false, at: moment)
    }

    private mutating func prove() -> [Effect] {
        guard case .open = state, !proven else { return [] }
        proven = true
        deadlines.clear(.stable)
        waits.reset()
        lastProblem = nil
        lastLogged = nil
        return []
    }

    // MARK: - Endings

    /// Ends the socket of `dial` and continues with `next` once it is reported closed.
    private mutating func leave(_ dial: Int, next: Next, gracefully: Bool, at moment: Moment) -> [Effect] {
        let wasOpen = isOpen
        state = .closing(dial: dial, next: next)
        deadlines.clearAll()
        deadlines.set(.closing, at: moment.uptime + Self.closingTimeout)
        return (wasOpen ? [.lost] : []) + [gracefully ? .close(dial: dial) : .abort(dial: dial)]
    }

    private mutating func closed(_ dial: Int, reason: String, at moment: Moment) -> [Effect] {
        switch state {
        case .connecting(dial, _, _): return failed(dial, .notConnected(reason), at: moment)
        case .handshaking(dial): return note(.handshakeInvalid(reason)) + backOff(at: moment)
        case .open(dial): return [.lost] + note(.closedByPeer(reason)) + backOff(at: moment)
        case .closing(dial, let next): return continueAfterClosing(dial, next, at: moment)
        case .idle, .notConfigured, .waitingForUplink, .resolving, .connecting, .handshaking, .open, .closing,
            .backingOff, .stopped:
            return []
        }
    }

    private mutating func continueAfterClosing(_ dial: Int, _ next: Next, at moment: Moment) -> [Effect] {
        deadlines.clearAll()
        switch next {
        case .tryAddress(let address, let count): return connect(dial, address: address, of: count, at: moment)
        case .dialSoon: return dialUnlessDown(at: moment)
        case .backOff: return backOff(at: moment)
        case .waitForUplink:
            state = .waitingForUplink
            return []
        case .stop:
            state = .stopped
            return []
        }
    }

    private mutating func backOff(at moment: Moment) -> [Effect] {
        deadlines.clearAll()
        state = .backingOff
        // A connection that worked comes back quickly; its loss is no failed attempt.
        let wait =
            proven
            ? random.duration(in: Self.quickReturn)
            : waits.fail(refused: lastProblem?.health == .refused, using: &random)
        proven = false
        deadlines.set(.retry, at: moment.uptime + wait)
        return []
    }

    private mutating func terminate(at moment: Moment) -> [Effect] {
        switch state {
        case .open(let dial): return leave(dial, next: .stop, gracefully: true, at: moment)
        case .handshaking(let dial), .connecting(let dial, _, _):
            return leave(dial, next: .stop, gracefully: false, at: moment)
        case .closing(let dial, _):
            state = .closing(dial: dial, next: .stop)
            return []
        case .idle, .notConfigured, .waitingForUplink, .resolving, .backingOff, .stopped:
            state = .stopped
            deadlines.clearAll()
            return []
        }
    }

    // MARK: - Time

    private mutating func expired(_ timer: Timer, at moment: Moment) -> [Effect] {
        switch (timer, state) {
        case (.retry, .backingOff): return dialUnlessDown(at: moment)
        case (.step, .resolving(let dial)):
            return note(.timedOut(.resolving)) + [.abort(dial: dial)] + backOff(at: moment)
        case (.step, .connecting(let dial, let address, let count)):
            let next: Next = address + 1 < count ? .tryAddress(address + 1, of: count) : .backOff
            return note(.timedOut(.connecting)) + leave(dial, next: next, gracefully: false, at: moment)
        case (.step, .handshaking(let dial)):
            return note(.timedOut(.handshaking)) + leave(dial, next: .backOff, gracefully: false, at: moment)
        case (.ping, .open):
            armPing(at: moment)
            if !deadlines.isSet(.pong) { deadlines.set(.pong, at: moment.uptime + patience.pong) }
            return [.sendPing]
        case (.pong, .open(let dial)):
            return note(.pingUnanswered) + leave(dial, next: .backOff, gracefully: false, at: moment)
        case (.stable, .open): return prove()
        case (.closing, .closing(let dial, let next)):
            // The peer does not finish the closing handshake: drop the socket; its report continues.
            state = .closing(dial: dial, next: next)
            return [.abort(dial: dial)]
        case (.retry, _), (.step, _), (.ping, _), (.pong, _), (.stable, _), (.closing, _): return []
        }
    }

    /// Remembers the problem, and logs it unless the last one logged was the same.
    private mutating func note(_ problem: LinkProblem) -> [Effect] {
        lastProblem = problem
        guard problem != lastLogged, let endpoint else { return [] }
        lastLogged = problem
        return [.log(LogRecord(.warning, problem.explanation(for: endpoint)))]
    }

    private static let stableAfter: Duration = .seconds(60)
    private static let closingTimeout: Duration = .seconds(3)
    private static let quickReturn: ClosedRange<Duration> = .milliseconds(50)...Duration.milliseconds(500)
    private static let mostAddresses = 4
    /// One may be lost at the central system; two in a row with nothing in between are a dead line.
    private static let mostUnansweredCalls = 2
}
