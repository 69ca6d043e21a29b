/// Whether the central system can be asked about an identifier.
enum CentralSystemReach: Equatable, Sendable {
    /// The WebSocket is open and the registration Accepted. Next: registering, offline.
    case online
    /// The WebSocket is open, and BootNotification has no answer that decides: nothing else may be sent (OCPP 1.6 §4.2), and it is too early
    /// to say that nobody can be asked. A central system gets here by questioning the registration too (JE §3.10), and a question that it
    /// has about the charger must not let anybody charge. Next: online, offline.
    case registering
    /// There is no WebSocket. Or the central system answered Pending or Rejected: by that it is unavailable, for as long as it likes and
    /// even indefinitely, so that this is no different from its being out of reach, which it may choose as well (OCPP 1.6 §3.5, §4.2, §4.2.1).
    /// Whether anybody charges meanwhile is the operator's choice (E §3.11), by the keys for that. Next: registering, online.
    case offline
}
