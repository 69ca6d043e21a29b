/// The answer to RemoteStartTransaction and RemoteStopTransaction. OCPP 1.6 §7.39.
public enum RemoteStartStopStatus: String, CaseIterable, Codable, Sendable {
    case accepted = "Accepted"
    case rejected = "Rejected"
}
