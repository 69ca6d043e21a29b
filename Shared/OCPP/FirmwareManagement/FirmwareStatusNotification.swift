/// Reports how a firmware update goes. Sent by the charge point. OCPP 1.6 §4.5.
public enum FirmwareStatusNotification {
    /// `FirmwareStatusNotification.req`, OCPP 1.6 §6.19.
    public struct Request: Codable, Equatable, Sendable {
        /// Where it stands.
        public var status: FirmwareStatus

        /// Takes the fields as they are.
        public init(status: FirmwareStatus) {
            self.status = status
        }
    }

    /// `FirmwareStatusNotification.conf`, OCPP 1.6 §6.20.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }
}

/// Progress of a firmware update. OCPP 1.6 §7.25.
public enum FirmwareStatus: String, ClosedEnumeration {
    case downloaded = "Downloaded"
    case downloadFailed = "DownloadFailed"
    case downloading = "Downloading"
    /// Nothing is going on; only in an answer to TriggerMessage.
    case idle = "Idle"
    case installationFailed = "InstallationFailed"
    case installing = "Installing"
    case installed = "Installed"
}
