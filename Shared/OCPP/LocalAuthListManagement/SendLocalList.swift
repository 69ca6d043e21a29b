/// Replaces or changes the local authorization list. Sent by the central system. OCPP 1.6 §5.15.
public enum SendLocalList {
    /// `SendLocalList.req`, OCPP 1.6 §6.41.
    public struct Request: Codable, Equatable, Sendable {
        /// The version of the list after the update.
        public var listVersion: Int
        /// The entries; absent or empty with `full` empties the list.
        public var localAuthorizationList: [AuthorizationData]?
        /// Replace or change.
        public var updateType: UpdateType

        /// Takes the fields as they are; optional ones default to absent.
        public init(listVersion: Int, localAuthorizationList: [AuthorizationData]? = nil, updateType: UpdateType) {
            self.listVersion = listVersion
            self.localAuthorizationList = localAuthorizationList
            self.updateType = updateType
        }
    }

    /// `SendLocalList.conf`, OCPP 1.6 §6.42.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether the list was updated.
        public var status: UpdateStatus

        /// Takes the fields as they are.
        public init(status: UpdateStatus) {
            self.status = status
        }
    }
}

/// How SendLocalList is meant. OCPP 1.6 §7.48.
public enum UpdateType: String, ClosedEnumeration {
    case differential = "Differential"
    case full = "Full"
}

/// The answer to SendLocalList. OCPP 1.6 §7.47.
public enum UpdateStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case failed = "Failed"
    case notSupported = "NotSupported"
    /// The version of a differential update is not above the present one.
    case versionMismatch = "VersionMismatch"
}
