public import Primitives

/// Registers the charge point after it has started. Sent by the charge point. OCPP 1.6 §4.2.
public enum BootNotification {
    /// `BootNotification.req`, OCPP 1.6 §6.3.
    public struct Request: Codable, Equatable, Sendable {
        /// Who made the charge point.
        public var chargePointVendor: CiString20
        /// Which model it is.
        public var chargePointModel: CiString20
        /// Serial number of the charge point.
        public var chargePointSerialNumber: CiString25?
        /// Serial number of the charge box inside it; deprecated by the specification.
        public var chargeBoxSerialNumber: CiString25?
        /// The firmware that runs.
        public var firmwareVersion: CiString50?
        /// Number of the SIM card.
        public var iccid: CiString20?
        /// Subscriber identity on the SIM card.
        public var imsi: CiString20?
        /// Type of the main meter.
        public var meterType: CiString25?
        /// Serial number of the main meter.
        public var meterSerialNumber: CiString25?

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            chargePointVendor: CiString20,
            chargePointModel: CiString20,
            chargePointSerialNumber: CiString25? = nil,
            chargeBoxSerialNumber: CiString25? = nil,
            firmwareVersion: CiString50? = nil,
            iccid: CiString20? = nil,
            imsi: CiString20? = nil,
            meterType: CiString25? = nil,
            meterSerialNumber: CiString25? = nil
        ) {
            self.chargePointVendor = chargePointVendor
            self.chargePointModel = chargePointModel
            self.chargePointSerialNumber = chargePointSerialNumber
            self.chargeBoxSerialNumber = chargeBoxSerialNumber
            self.firmwareVersion = firmwareVersion
            self.iccid = iccid
            self.imsi = imsi
            self.meterType = meterType
            self.meterSerialNumber = meterSerialNumber
        }
    }

    /// `BootNotification.conf`, OCPP 1.6 §6.4.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether the charge point is accepted.
        public var status: RegistrationStatus
        /// The central system's clock.
        public var currentTime: Timestamp
        /// Seconds: between heartbeats when accepted, otherwise to wait before the next BootNotification.
        public var interval: Int

        /// Takes the fields as they are.
        public init(status: RegistrationStatus, currentTime: Timestamp, interval: Int) {
            self.status = status
            self.currentTime = currentTime
            self.interval = interval
        }
    }
}

/// Whether the central system serves this charge point. OCPP 1.6 §7.38.
public enum RegistrationStatus: String, ClosedEnumeration {
    /// Everything is allowed.
    case accepted = "Accepted"
    /// Wait; the central system may still ask and configure.
    case pending = "Pending"
    /// Not served; ask again after the interval.
    case rejected = "Rejected"
}
