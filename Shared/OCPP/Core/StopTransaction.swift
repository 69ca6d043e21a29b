public import Primitives

/// Reports that a transaction has ended. Sent by the charge point. OCPP 1.6 §4.10.
public enum StopTransaction {
    /// `StopTransaction.req`, OCPP 1.6 §6.49.
    public struct Request: Codable, Equatable, Sendable {
        /// The identifier that ended it, when one did.
        public var idTag: IdToken?
        /// Meter reading at the end, in Wh.
        public var meterStop: Int
        /// When it ended.
        public var timestamp: Timestamp
        /// The number that StartTransaction.conf gave; -1 when that was never answered (E §3.18).
        public var transactionId: Int
        /// Why; absent means `local` (JE §2.6).
        public var reason: Reason?
        /// Readings that billing needs.
        public var transactionData: [MeterValue]?

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            idTag: IdToken? = nil,
            meterStop: Int,
            timestamp: Timestamp,
            transactionId: Int,
            reason: Reason? = nil,
            transactionData: [MeterValue]? = nil
        ) {
            self.idTag = idTag
            self.meterStop = meterStop
            self.timestamp = timestamp
            self.transactionId = transactionId
            self.reason = reason
            self.transactionData = transactionData
        }
    }

    /// `StopTransaction.conf`, OCPP 1.6 §6.50.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// What the central system says about the identifier.
        public var idTagInfo: IdTagInfo?

        /// Takes the fields as they are; optional ones default to absent.
        public init(idTagInfo: IdTagInfo? = nil) {
            self.idTagInfo = idTagInfo
        }
    }
}

/// Why a transaction ended. OCPP 1.6 §7.36.
public enum Reason: String, ClosedEnumeration {
    /// StartTransaction.conf did not accept the identifier.
    case deAuthorized = "DeAuthorized"
    case emergencyStop = "EmergencyStop"
    case evDisconnected = "EVDisconnected"
    case hardReset = "HardReset"
    /// Regularly, by the user at the charge point.
    case local = "Local"
    case other = "Other"
    case powerLoss = "PowerLoss"
    /// Restarted on its own account, for example by the watchdog.
    case reboot = "Reboot"
    /// By RemoteStopTransaction.
    case remote = "Remote"
    case softReset = "SoftReset"
    case unlockCommand = "UnlockCommand"
}
