/// Reports how an upload of diagnostics goes. Sent by the charge point. OCPP 1.6 §4.4.
public enum DiagnosticsStatusNotification {
    /// `DiagnosticsStatusNotification.req`, OCPP 1.6 §6.17.
    public struct Request: Codable, Equatable, Sendable {
        /// Where it stands.
        public var status: DiagnosticsStatus

        /// Takes the fields as they are.
        public init(status: DiagnosticsStatus) {
            self.status = status
        }
    }

    /// `DiagnosticsStatusNotification.conf`, OCPP 1.6 §6.18.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }
}

/// Progress of an upload of diagnostics. OCPP 1.6 §7.24.
public enum DiagnosticsStatus: String, ClosedEnumeration {
    /// Nothing is going on; only in an answer to TriggerMessage.
    case idle = "Idle"
    case uploaded = "Uploaded"
    case uploadFailed = "UploadFailed"
    case uploading = "Uploading"
}
