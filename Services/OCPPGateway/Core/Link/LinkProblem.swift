public import BusSchema

/// Why an attempt to connect failed or a connection ended.
public enum LinkProblem: Error, Equatable, Sendable {
    /// The host's name could not be resolved; the resolver's words.
    case nameNotResolved(String)
    /// The connection was not established; the system's words.
    case notConnected(String)
    /// No answer during the named step.
    case timedOut(Step)
    /// The central system could not prove that it is the one we want (security whitepaper A00.FR.309); why, for people.
    case certificateRefused(String)
    /// Whom to trust cannot be read here, so that no central system could prove itself; why, for people.
    case trustUnusable(String)
    /// There was no encrypted connection for another reason (A00.FR.315, .322); why, for people.
    case notSecured(String)
    /// The security profile asks for a password (A00.FR.203, .302), and there is none.
    case passwordMissing
    /// The upgrade was answered with another status than 101.
    case httpStatus(Int)
    /// The upgrade was accepted without `ocpp1.6` (OCPP-J 1.6 §3.2).
    case protocolRefused
    /// The answer was no WebSocket handshake.
    case handshakeInvalid(String)
    /// CALLs stayed unanswered, and nothing else came in meanwhile.
    case callsUnanswered
    /// A ping stayed unanswered (OCPP-J errata §3.11).
    case pingUnanswered
    /// The central system or the network ended an open connection.
    case closedByPeer(String)
    /// The network is gone.
    case uplinkDown

    public enum Step: String, Equatable, Sendable {
        case resolving = "while resolving the name"
        case connecting = "while connecting"
        case securing = "in the TLS handshake"
        case handshaking = "in the WebSocket handshake"
    }

    /// What the modem manager should make of it.
    public var health: UplinkReport.Health {
        switch self {
        case .certificateRefused, .trustUnusable, .notSecured, .passwordMissing, .httpStatus, .protocolRefused,
            .handshakeInvalid:
            .refused
        case .nameNotResolved, .notConnected, .timedOut, .callsUnanswered, .pingUnanswered, .closedByPeer, .uplinkDown:
            .unreachable
        }
    }

    /// The step of a dial that failed, by the names of `uplink.test`; nil where the connection stood already, or was not tried.
    public var failedStep: String? {
        switch self {
        case .nameNotResolved, .timedOut(.resolving): "dns"
        case .notConnected, .timedOut(.connecting): "tcp"
        case .certificateRefused, .trustUnusable, .notSecured, .timedOut(.securing): "tls"
        case .passwordMissing, .httpStatus, .protocolRefused, .handshakeInvalid, .timedOut(.handshaking): "webSocket"
        case .callsUnanswered, .pingUnanswered, .closedByPeer, .uplinkDown: nil
        }
    }

    /// One line that says what is wrong and what to do about it.
    public func explanation(for profile: ConnectionProfile) -> String {
        let place = "\(profile.host):\(profile.port)"
        return switch self {
        case .nameNotResolved(let reason):
            "cannot resolve the host name \(profile.host) (\(reason)): check centralSystem.url and the name servers"
        case .notConnected(let reason):
            "cannot connect to \(place) (\(reason)): check host and port in centralSystem.url, "
                + "and that the central system runs"
        case .timedOut(let step):
            "no answer from \(place) \(step.rawValue): check centralSystem.url and the network"
        case .certificateRefused(let reason):
            "\(place) is not trusted (\(reason)): check centralSystem.url, centralSystem.rootCertificates and the clock"
        case .trustUnusable(let reason):
            "no encrypted connection to \(place) (\(reason)): check the files that centralSystem.rootCertificates and "
                + "centralSystem.revocationLists name"
        case .notSecured(let reason):
            "no encrypted connection to \(place) (\(reason)): check centralSystem.url, and what the central system offers"
        case .passwordMissing:
            "security profile \(profile.security.rawValue) needs a password: set AuthorizationKey, "
                + "or centralSystem.authorizationKeyHex"
        case .httpStatus(404):
            "the central system does not know this charger (HTTP 404 for \(profile.url)): register the identity "
                + "\(profile.identity) there, or correct centralSystem.identity or centralSystem.url"
        case .httpStatus(let status) where status == 401 || status == 403:
            "the central system refuses the credentials (HTTP \(status)): check the identity \(profile.identity) "
                + "and set AuthorizationKey to the password that it expects"
        case .httpStatus(let status):
            "the central system answered HTTP \(status) to \(profile.url) instead of 101: check centralSystem.url"
        case .protocolRefused:
            "the central system accepted the WebSocket without the sub-protocol ocpp1.6: it must be set to OCPP 1.6J"
        case .handshakeInvalid(let reason):
            "\(place) does not answer as a WebSocket server (\(reason)): check centralSystem.url"
        case .callsUnanswered:
            "the central system answered nothing for several requests: the connection is taken for dead"
        case .pingUnanswered:
            "the central system did not answer a WebSocket ping: the connection is taken for dead"
        case .closedByPeer(let reason):
            "the connection was closed from outside (\(reason))"
        case .uplinkDown:
            "the uplink is down"
        }
    }
}
