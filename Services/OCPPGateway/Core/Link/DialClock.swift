import BusSchema
import Primitives

/// How long each step of a dial took, told from the phases that the connection goes through.
struct DialClock: Sendable {
    private var phase = ConnectionMachine.Phase.idle
    private var since = Duration.zero
    private var dial: LinkState.Dial?
    /// Of the last connection that came to be.
    private(set) var last: LinkState.Dial?

    mutating func observe(_ new: ConnectionMachine.Phase, isRegistered: Bool, at moment: Moment) {
        let took = (moment.uptime - since).wholeMilliseconds
        if new != phase {
            switch phase {
            case .resolving: dial?.dns = took
            case .connecting: dial?.tcp = took
            case .securing: dial?.tls = took
            case .handshaking: dial?.webSocket = took
            case .idle, .notConfigured, .waitingForUplink, .open, .closing, .backingOff, .stopped: break
            }
            (phase, since) = (new, moment.uptime)
            if new == .resolving { dial = LinkState.Dial(at: moment.utc.millisecondsSinceEpoch) }
            if new == .open { last = dial }
        }
        // The time since the connection was made.
        if new == .open, isRegistered, last?.boot == nil { last?.boot = (moment.uptime - since).wholeMilliseconds }
    }
}
