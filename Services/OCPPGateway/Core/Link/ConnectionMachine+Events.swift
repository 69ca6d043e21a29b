public import BusSchema
public import Primitives

/// What the connection is told, what it orders, and where it stands.
extension ConnectionMachine {
    public var phase: Phase { state.phase }
    public var isOpen: Bool { phase == .open }
    /// When the certificates are valid by which the central system has proved who it is; nil without an open connection, and on a plain one.
    public var certificates: Validity? {
        if case .open(let link) = state { link.certificates } else { nil }
    }

    public enum Event: Equatable, Sendable {
        case started
        /// Settings that a reconnect must use changed.
        case reconnectRequested
        case uplinkChanged(UplinkState.Link)
        /// The way that the modem manager has chosen, and whether the one before it still works.
        case uplinkPathTold(UplinkPath, isOldUp: Bool)
        /// The modem manager announced itself: whether it runs, and as which process.
        case uplinkReporterAnnounced(running: Bool, pid: Int)
        /// Connect to this central system from now on.
        case profileReplaced(ConnectionProfile)
        /// So many addresses, tried in this order; at least one.
        case resolved(dial: Int, addresses: Int)
        /// The TCP connection stands.
        case connected(dial: Int)
        /// The central system has proved who it is, by certificates with this validity, and the connection is encrypted; answers `secure`.
        case secured(dial: Int, certificates: Validity?)
        /// The upgrade was accepted with the sub-protocol; frames may flow.
        case handshakeFinished(dial: Int)
        case failed(dial: Int, LinkProblem)
        /// The socket of that dial is gone, whoever closed it. Follows every `connect` that did not fail.
        case closed(dial: Int, reason: String)
        /// Any byte came in.
        case received
        /// A CALL got no answer in time.
        case callTimedOut
        /// The registration is accepted, and the central system said something on this connection: it really works.
        case accepted
        case terminationRequested
    }

    public enum Effect: Equatable, Sendable {
        /// Resolve the host's name anew and report under this number.
        case resolve(dial: Int)
        case connect(dial: Int, address: Int)
        /// Begin TLS, and check the central system's certificate.
        case secure(dial: Int)
        /// Ask for the WebSocket.
        case startHandshake(dial: Int)
        case sendPing
        /// Send a close frame, then end the connection.
        case close(dial: Int)
        /// Drop the socket, or the attempt to get one, at once.
        case abort(dial: Int)
        /// From now on connections are bound to no interface, and no name servers of an uplink are asked.
        case leaveWayOpen
        /// Frames may flow.
        case opened
        /// Frames cannot flow any more.
        case lost(Loss)
        case log(LogRecord)
    }

    /// How a connection was lost.
    public enum Loss: Equatable, Sendable {
        /// The central system or the network ended it, or we left it.
        case ended
        /// Nothing has come in since that uptime, and it was taken for dead: CALLs sent after it never arrived, as far as anybody can tell,
        /// and are no attempts.
        case declaredDead(silentSince: Duration)
    }

    public enum Phase: Equatable, Sendable {
        case idle, notConfigured, waitingForUplink, resolving, connecting, securing, handshaking, open, closing,
            backingOff, stopped
    }

    /// Where the connection stands, with what belongs to it; the value itself is the machine's alone.
    enum State: Equatable {
        /// Not started, → resolving, waitingForUplink.
        case idle
        /// There is no usable central system; → resolving when one is named.
        case notConfigured
        /// The uplink is reported down; → resolving when it is not, or when that is doubted.
        case waitingForUplink
        /// → connecting, backingOff, waitingForUplink.
        case resolving(dial: Int)
        /// TCP connect to one of the addresses; → securing, handshaking, the next address, backingOff.
        case connecting(dial: Int, address: Int, of: Int)
        /// TLS, where the profile asks for it; → handshaking, closing.
        case securing(dial: Int)
        /// → open, closing.
        case handshaking(dial: Int, certificates: Validity?)
        /// Frames flow; → closing, or backingOff when closed from outside.
        case open(OpenConnection)
        /// Waiting for the report that the socket is gone; → what `next` says.
        case closing(dial: Int, next: Next)
        /// → resolving.
        case backingOff
        /// Asked to end; final.
        case stopped

        var phase: Phase {
            switch self {
            case .idle: .idle
            case .notConfigured: .notConfigured
            case .waitingForUplink: .waitingForUplink
            case .resolving: .resolving
            case .connecting: .connecting
            case .securing: .securing
            case .handshaking: .handshaking
            case .open: .open
            case .closing: .closing
            case .backingOff: .backingOff
            case .stopped: .stopped
            }
        }
    }

    /// What follows the end of a socket.
    enum Next: Equatable {
        case dialSoon, backOff, waitForUplink, stop
        /// A connection that worked is lost after this time.
        case comeBack(after: Duration)
        case tryAddress(Int, of: Int)
    }

    enum Timer: String, DeadlineName {
        case step = "a step of dialling takes too long"
        case retry = "the next attempt to connect"
        case ping = "a WebSocket ping"
        case pong = "the pong is overdue"
        case stable = "the connection has lasted a minute: it works"
        case lasting = "the connection has lasted: the next loss is no flap"
        case doubt = "the uplink has been reported down for long: try all the same"
        case closing = "the closing handshake is overdue"
    }

    /// When the newest byte of an open connection came in; nil without one.
    var heardAt: Duration? {
        if case .open(let link) = state { link.heardAt } else { nil }
    }

    /// How to go on after the end of an open connection. One that worked comes back quickly; its loss is no failed attempt.
    static func next(after link: OpenConnection, at moment: Moment) -> Next {
        link.proven ? .comeBack(after: moment.uptime - link.since) : .backOff
    }

    static func nextSoon(after link: OpenConnection, at moment: Moment) -> Next {
        moment.uptime - link.since < soonFrom ? next(after: link, at: moment) : .dialSoon
    }

    static let stableAfter: Duration = .seconds(60)
    /// A connection of that age is left for another one at once.
    static let soonFrom: Duration = .seconds(10)
    static let closingTimeout: Duration = .seconds(3)
    /// Whoever ends the program does not wait for a central system that is silent.
    static let lastClosingTimeout: Duration = .milliseconds(80)
    static let mostAddresses = 4
}
