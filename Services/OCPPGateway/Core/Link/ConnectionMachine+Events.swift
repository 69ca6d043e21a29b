public import BusSchema
public import Primitives

/// What the connection is told, what it orders, and where it stands.
extension ConnectionMachine {
    public enum Event: Equatable, Sendable {
        case started
        /// Settings that a reconnect must use changed.
        case reconnectRequested
        case uplinkChanged(UplinkState.Link)
        /// So many addresses, tried in this order; at least one.
        case resolved(dial: Int, addresses: Int)
        /// The TCP connection stands.
        case connected(dial: Int)
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
        case startHandshake(dial: Int)
        case sendPing
        /// Send a close frame, then end the connection.
        case close(dial: Int)
        /// Drop the socket, or the attempt to get one, at once.
        case abort(dial: Int)
        /// Frames may flow.
        case opened
        /// Frames cannot flow any more.
        case lost
        case log(LogRecord)
    }

    public enum Phase: Equatable, Sendable {
        case idle, notConfigured, waitingForUplink, resolving, connecting, handshaking, open, closing, backingOff,
            stopped
    }
}
