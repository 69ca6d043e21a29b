import BusSchema
public import Primitives

/// When to connect, ping, give up and try again. One socket at a time: a new dial starts only after the old one is reported closed.
public struct ConnectionMachine: Sendable {
    /// The central system to connect to; nil when the configuration has no usable one.
    public private(set) var profile: ConnectionProfile?
    private(set) var state: State
    private(set) var uplink = UplinkBelief()
    private var waits: BackOff
    private var pace: ReturnPace
    private let patience: Patience
    private var deadlines = Deadlines<Timer>()
    private var random: SeededRandom
    private var dialCount = 0
    private var pingInterval: Duration
    private var lastLogged: LinkProblem?

    /// Why the last attempt failed or the last connection ended; nil while connected.
    public private(set) var lastProblem: LinkProblem?

    public init(profile: ConnectionProfile?, patience: Patience = Patience(), pingInterval: Duration, seed: UInt64) {
        self.profile = profile
        self.patience = patience
        self.pingInterval = pingInterval
        waits = BackOff(first: patience.firstWait, flat: 16, cap: patience.longestWait)
        pace = ReturnPace(cap: patience.longestWait)
        state = .idle
        random = SeededRandom(seed: seed)
    }

    /// Connections in a row that worked and did not last.
    public var flaps: Int { pace.flaps }
    public var failedAttempts: Int { waits.failures }
    /// Uptime of the next attempt; nil when none is planned.
    public var nextAttempt: Duration? { deadlines[.retry] }
    public var nextDeadline: Deadline? { earliest(deadlines.next, uplink.silence) }

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
        case .uplinkPathTold(let path, let isOldUp):
            uplink.moves(to: path) ? beginAnew(gracefully: isOldUp, at: moment) : []
        case .uplinkReporterAnnounced(let running, let pid):
            uplink.reporterAnnounced(running: running, pid: pid) ? uplinkChanged(to: .unknown, at: moment) : []
        case .profileReplaced(let profile): replace(with: profile, at: moment)
        case .resolved(let dial, let addresses): resolved(dial, addresses: addresses, at: moment)
        case .connected(let dial): connected(dial, at: moment)
        case .secured(let dial, let certificates):
            state == .securing(dial: dial) ? shakeHands(dial, certificates, at: moment) : []
        case .handshakeFinished(let dial): handshakeFinished(dial, at: moment)
        case .failed(let dial, let problem): failed(dial, problem, at: moment)
        case .closed(let dial, let reason): closed(dial, reason: reason, at: moment)
        case .received: received(at: moment)
        case .callTimedOut: callTimedOut(at: moment)
        case .accepted: prove(at: moment)
        case .terminationRequested: terminate(at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        while let timer = deadlines.popDue(at: moment.uptime) { effects += expired(timer, at: moment) }
        guard uplink.silence?.isDue(at: moment.uptime) == true else { return effects }
        effects += [.leaveWayOpen] + uplinkChanged(to: .unknown, at: moment)
        uplink.forget()
        return effects
    }

    // MARK: - Starting attempts

    private mutating func start(at moment: Moment) -> [Effect] {
        guard state == .idle else { return [] }
        guard profile != nil else {
            state = .notConfigured
            return []
        }
        return dialUnlessDown(at: moment)
    }

    private mutating func dialUnlessDown(at moment: Moment) -> [Effect] {
        deadlines.clearAll()
        return uplink.isDown ? waitForUplink(at: moment) : dial(at: moment)
    }

    private mutating func waitForUplink(at moment: Moment) -> [Effect] {
        deadlines.clearAll()
        state = .waitingForUplink
        deadlines.set(.doubt, at: moment.uptime + UplinkBelief.doubtAfter)
        return []
    }

    private mutating func dial(at moment: Moment) -> [Effect] {
        dialCount += 1
        state = .resolving(dial: dialCount)
        deadlines.set(.step, at: moment.uptime + patience.step)
        return [.resolve(dial: dialCount)]
    }

    private mutating func reconnect(at moment: Moment) -> [Effect] {
        switch state {
        // A handshake to come will read the new ones.
        case .idle, .notConfigured, .waitingForUplink, .resolving, .connecting, .securing, .closing, .backingOff,
            .stopped:
            []
        case .handshaking(let dial, _): leave(dial, next: .dialSoon, gracefully: false, at: moment)
        case .open(let link):
            // A central system that sets one on each connection is not dialled as fast as it can answer.
            leave(link.dial, next: Self.nextSoon(after: link, at: moment), gracefully: true, at: moment)
        }
    }

    /// What went wrong with the old central system says nothing about the new one.
    private mutating func replace(with new: ConnectionProfile, at moment: Moment) -> [Effect] {
        guard new != profile else { return [] }
        profile = new
        waits.reset()
        pace = ReturnPace(cap: patience.longestWait)
        lastProblem = nil
        lastLogged = nil
        return beginAnew(gracefully: true, at: moment)
    }

    /// Nothing that was begun before may go on: the central system, or the way to it, is another one.
    private mutating func beginAnew(gracefully: Bool, at moment: Moment) -> [Effect] {
        switch state {
        case .notConfigured where profile == nil, .idle, .waitingForUplink, .stopped: return []
        case .notConfigured, .backingOff: return dialUnlessDown(at: moment)
        case .resolving(let dial): return [.abort(dial: dial)] + dialUnlessDown(at: moment)
        case .connecting(let dial, _, _), .securing(let dial), .handshaking(let dial, _):
            return leave(dial, next: .dialSoon, gracefully: false, at: moment)
        case .open(let link): return leave(link.dial, next: .dialSoon, gracefully: gracefully, at: moment)
        case .closing(let dial, let next):
            if next != .stop, next != .waitForUplink { state = .closing(dial: dial, next: .dialSoon) }
            return []
        }
    }

    private mutating func uplinkChanged(to link: UplinkState.Link, at moment: Moment) -> [Effect] {
        guard uplink.told(link, at: moment) else { return [] }
        return uplink.isDown ? uplinkWentDown(at: moment) : uplinkCame(at: moment)
    }

    private mutating func uplinkWentDown(at moment: Moment) -> [Effect] {
        switch state {
        case .idle, .notConfigured, .waitingForUplink, .stopped: return []
        case .closing(let dial, let next):
            if next != .stop { state = .closing(dial: dial, next: .waitForUplink) }
            return []
        case .backingOff: return waitForUplink(at: moment)
        case .resolving(let dial):
            lastProblem = .uplinkDown
            return [.abort(dial: dial)] + waitForUplink(at: moment)
        case .connecting(let dial, _, _), .securing(let dial), .handshaking(let dial, _):
            return note(.uplinkDown) + leave(dial, next: .waitForUplink, gracefully: false, at: moment)
        case .open(let link): return declareDead(link, .uplinkDown, next: .waitForUplink, at: moment)
        }
    }

    private mutating func uplinkCame(at moment: Moment) -> [Effect] {
        switch state {
        case .waitingForUplink, .backingOff: return dialUnlessDown(at: moment)
        case .closing(let dial, .waitForUplink):
            state = .closing(dial: dial, next: .dialSoon)
            return []
        case .idle, .notConfigured, .resolving, .connecting, .securing, .handshaking, .open, .closing, .stopped:
            return []
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
        guard profile?.isEncrypted == true else { return shakeHands(dial, nil, at: moment) }
        state = .securing(dial: dial)
        deadlines.set(.step, at: moment.uptime + patience.step)
        return [.secure(dial: dial)]
    }

    private mutating func shakeHands(_ dial: Int, _ certificates: Validity?, at moment: Moment) -> [Effect] {
        state = .handshaking(dial: dial, certificates: certificates)
        deadlines.set(.step, at: moment.uptime + patience.step)
        return [.startHandshake(dial: dial)]
    }

    private mutating func handshakeFinished(_ dial: Int, at moment: Moment) -> [Effect] {
        guard case .handshaking(dial, let certificates) = state else { return [] }
        deadlines.clear(.step)
        lastProblem = nil
        state = .open(OpenConnection(dial: dial, certificates: certificates, at: moment.uptime))
        deadlines.set(.stable, at: moment.uptime + Self.stableAfter)
        armPing(at: moment)
        return [.opened]
    }

    /// A socket that was already connected is dropped, and its closing awaited.
    private mutating func failed(_ dial: Int, _ problem: LinkProblem, at moment: Moment) -> [Effect] {
        switch state {
        case .resolving(dial):
            return note(problem) + backOff(at: moment)
        case .connecting(dial, let address, let count):
            // The next address only after this socket is gone; a failed connect has none.
            if address + 1 < count { return connect(dial, address: address + 1, of: count, at: moment) }
            return note(problem) + backOff(at: moment)
        case .securing(dial), .handshaking(dial, _):
            return note(problem) + leave(dial, next: .backOff, gracefully: false, at: moment)
        case .open(let link) where link.dial == dial:
            return note(problem) + leave(dial, next: Self.next(after: link, at: moment), gracefully: false, at: moment)
        case .closing(dial, let next):
            // There was no socket yet, so that nothing else will report it gone.
            return continueAfterClosing(dial, next, at: moment)
        case .idle, .notConfigured, .waitingForUplink, .resolving, .connecting, .securing, .handshaking, .open,
            .closing, .backingOff, .stopped:
            return []
        }
    }

    // MARK: - An open connection

    private mutating func armPing(at moment: Moment) {
        deadlines.clear(.ping)
        if pingInterval > .zero { deadlines.set(.ping, at: moment.uptime + pingInterval) }
    }

    /// Any byte is a sign of life, not just the pong (OCPP-J errata §3.11 asks to find dead connections, not slow pongs).
    private mutating func received(at moment: Moment) -> [Effect] {
        guard case .open(var link) = state else { return [] }
        link.received(at: moment.uptime)
        state = .open(link)
        deadlines.clear(.pong)
        return []
    }

    private mutating func callTimedOut(at moment: Moment) -> [Effect] {
        guard case .open(var link) = state else { return [] }
        let isDead = link.callTimedOut()
        state = .open(link)
        guard isDead else { return [] }
        return declareDead(link, .callsUnanswered, next: Self.next(after: link, at: moment), at: moment)
    }

    private mutating func prove(at moment: Moment) -> [Effect] {
        guard case .open(var link) = state, !link.proven else { return [] }
        link.proven = true
        state = .open(link)
        deadlines.clear(.stable)
        if pace.flaps > 0 { deadlines.set(.lasting, at: max(moment.uptime, link.since + ReturnPace.lasting)) }
        pace.worked()
        waits.reset()
        lastLogged = nil
        return []
    }

    // MARK: - Endings

    /// Ends the socket of `dial` and continues with `next` once it is reported closed.
    private mutating func leave(_ dial: Int, next: Next, gracefully: Bool, at moment: Moment) -> [Effect] {
        let lost: [Effect] = isOpen ? [.lost(.ended)] : []
        awaitClosing(dial, next, at: moment)
        return lost + [gracefully ? .close(dial: dial) : .abort(dial: dial)]
    }

    private mutating func awaitClosing(_ dial: Int, _ next: Next, at moment: Moment) {
        state = .closing(dial: dial, next: next)
        deadlines.clearAll()
        deadlines.set(.closing, at: moment.uptime + (next == .stop ? Self.lastClosingTimeout : Self.closingTimeout))
    }

    private mutating func declareDead(
        _ link: OpenConnection,
        _ problem: LinkProblem,
        next: Next,
        at moment: Moment
    ) -> [Effect] {
        awaitClosing(link.dial, next, at: moment)
        return note(problem) + [.lost(.declaredDead(silentSince: link.heardAt)), .abort(dial: link.dial)]
    }

    private mutating func closed(_ dial: Int, reason: String, at moment: Moment) -> [Effect] {
        switch state {
        case .connecting(dial, _, _): return failed(dial, .notConnected(reason), at: moment)
        case .securing(dial): return note(.notSecured(reason)) + backOff(at: moment)
        case .handshaking(dial, _): return note(.handshakeInvalid(reason)) + backOff(at: moment)
        case .open(let link) where link.dial == dial:
            let next = Self.next(after: link, at: moment)
            return [.lost(.ended)] + note(.closedByPeer(reason)) + continueAfterClosing(dial, next, at: moment)
        case .closing(dial, let next): return continueAfterClosing(dial, next, at: moment)
        case .idle, .notConfigured, .waitingForUplink, .resolving, .connecting, .securing, .handshaking, .open,
            .closing, .backingOff, .stopped:
            return []
        }
    }

    private mutating func continueAfterClosing(_ dial: Int, _ next: Next, at moment: Moment) -> [Effect] {
        deadlines.clearAll()
        switch next {
        case .tryAddress(let address, let count): return connect(dial, address: address, of: count, at: moment)
        case .dialSoon: return dialUnlessDown(at: moment)
        case .backOff: return backOff(at: moment)
        case .comeBack(let age): return wait(pace.lost(after: age, using: &random), at: moment)
        case .waitForUplink: return waitForUplink(at: moment)
        case .stop:
            state = .stopped
            return []
        }
    }

    private mutating func backOff(at moment: Moment) -> [Effect] {
        // An attempt in doubt of the report says nothing new when it fails.
        if uplink.isDown { return waitForUplink(at: moment) }
        let isRefused = lastProblem?.health == .refused
        return wait(waits.fail(refused: isRefused, leastCeiling: pace.leastCeiling, using: &random), at: moment)
    }

    private mutating func wait(_ duration: Duration, at moment: Moment) -> [Effect] {
        if uplink.isDown { return waitForUplink(at: moment) }
        deadlines.clearAll()
        state = .backingOff
        deadlines.set(.retry, at: moment.uptime + duration)
        return []
    }

    private mutating func terminate(at moment: Moment) -> [Effect] {
        switch state {
        case .open(let link): return leave(link.dial, next: .stop, gracefully: true, at: moment)
        case .connecting(let dial, _, _), .securing(let dial), .handshaking(let dial, _):
            return leave(dial, next: .stop, gracefully: false, at: moment)
        case .closing(let dial, _):
            state = .closing(dial: dial, next: .stop)
            deadlines.set(.closing, at: moment.uptime + Self.lastClosingTimeout)
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
        case (.doubt, .waitingForUplink): return dial(at: moment)
        case (.step, .resolving(let dial)):
            return note(.timedOut(.resolving)) + [.abort(dial: dial)] + backOff(at: moment)
        case (.step, .connecting(let dial, let address, let count)):
            let next: Next = address + 1 < count ? .tryAddress(address + 1, of: count) : .backOff
            return note(.timedOut(.connecting)) + leave(dial, next: next, gracefully: false, at: moment)
        case (.step, .securing(let dial)), (.step, .handshaking(let dial, _)):
            let step = phase == .securing ? LinkProblem.Step.securing : .handshaking
            return note(.timedOut(step)) + leave(dial, next: .backOff, gracefully: false, at: moment)
        case (.ping, .open):
            armPing(at: moment)
            if !deadlines.isSet(.pong) { deadlines.set(.pong, at: moment.uptime + patience.pong) }
            return [.sendPing]
        case (.pong, .open(let link)):
            return declareDead(link, .pingUnanswered, next: Self.next(after: link, at: moment), at: moment)
        case (.stable, .open): return prove(at: moment)
        case (.lasting, .open):
            pace.lasted()
            return []
        case (.closing, .closing(let dial, _)):
            // The peer does not finish the closing handshake: drop the socket; its report continues.
            return [.abort(dial: dial)]
        case (.retry, _), (.doubt, _), (.step, _), (.ping, _), (.pong, _), (.stable, _), (.lasting, _), (.closing, _):
            return []
        }
    }

    /// Remembers the problem, and logs it unless the last one logged was the same.
    private mutating func note(_ problem: LinkProblem) -> [Effect] {
        lastProblem = problem
        guard problem != lastLogged, let profile else { return [] }
        lastLogged = problem
        return [.log(LogRecord(.warning, problem.explanation(for: profile)))]
    }
}
