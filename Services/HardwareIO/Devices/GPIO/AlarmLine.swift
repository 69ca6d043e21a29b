import BusSchema
public import HardwareCore
public import Primitives

/// A protective device that says on one line that it has tripped: residual current, emergency stop, a temperature switch. Group 0 is the line, active
/// while it has.
///
/// What a line says that is not ours any more is not known: the device is lost, and HardwareCore forbids energy.
public struct AlarmLine: LinesDevice, Equatable {
    public let device: Device
    private let connectorId: Int
    private let code: HardwareFaultCode
    private let detail: String
    private var readAt: Duration?

    /// - Parameter device: A residual current device, an emergency stop or a temperature switch.
    public init?(_ device: Device) {
        switch device {
        case .residualCurrent(let id):
            (connectorId, code, detail) = (id, .groundFailure, "the residual current device has tripped")
        case .emergencyStop(let id):
            (connectorId, code, detail) = (id, .emergencyStop, "the emergency stop is pressed")
        case .temperature(let id):
            (connectorId, code, detail) = (id, .highTemperature, "the temperature switch has tripped")
        default: return nil
        }
        self.device = device
    }

    public var nextDeadline: Deadline? { Deadline(at: readAt, for: "an alarm line is read again") }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            readAt = moment.uptime + PositionRepetition.interval
            return [.report(.deviceRecovered(device)), alarm(levels.first ?? 0)]
        case .read(_, let levels):
            readAt = moment.uptime + PositionRepetition.interval
            return [alarm(levels)]
        case .lost(let reason):
            readAt = nil
            return [.report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] { [] }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        guard let due = readAt, due <= moment.uptime else { return [] }
        readAt = moment.uptime + PositionRepetition.interval
        return [.read(group: 0)]
    }

    public mutating func end() -> [LinesOrder] { [] }

    private func alarm(_ levels: UInt64) -> LinesOrder {
        let present = levels & 1 == 1
        return .report(
            .faultReported(connectorId: connectorId, code: code, present: present, detail: present ? detail : "")
        )
    }
}
