public import Primitives

/// Asks for the limits that result from all profiles together. Sent by the central system. OCPP 1.6 §5.7.
public enum GetCompositeSchedule {
    /// `GetCompositeSchedule.req`, OCPP 1.6 §6.21.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector; 0 is the grid connection. Not checked here: an unknown one is answered with Rejected (E
        /// §3.51).
        public var connectorId: Int
        /// Length of the wanted schedule in seconds.
        public var duration: Int
        /// Unit to answer in.
        public var chargingRateUnit: ChargingRateUnitType?

        /// Takes the fields as they are; optional ones default to absent.
        public init(connectorId: Int, duration: Int, chargingRateUnit: ChargingRateUnitType? = nil) {
            self.connectorId = connectorId
            self.duration = duration
            self.chargingRateUnit = chargingRateUnit
        }
    }

    /// `GetCompositeSchedule.conf`, OCPP 1.6 §6.22.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether there is a schedule.
        public var status: GetCompositeScheduleStatus
        /// The connector that it is for.
        public var connectorId: Int?
        /// What the periods are relative to.
        public var scheduleStart: Timestamp?
        /// The schedule.
        public var chargingSchedule: ChargingSchedule?

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            status: GetCompositeScheduleStatus,
            connectorId: Int? = nil,
            scheduleStart: Timestamp? = nil,
            chargingSchedule: ChargingSchedule? = nil
        ) {
            self.status = status
            self.connectorId = connectorId
            self.scheduleStart = scheduleStart
            self.chargingSchedule = chargingSchedule
        }
    }
}

/// The answer to GetCompositeSchedule. OCPP 1.6 §7.26.
public enum GetCompositeScheduleStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
}
