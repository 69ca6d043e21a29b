/// The answer to RemoteStartTransaction and RemoteStopTransaction. OCPP 1.6 §7.39.
public enum RemoteStartStopStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
}
