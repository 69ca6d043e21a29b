import BusSchema
import HardwareCore
import HardwareDevices
import Primitives

/// The meters of one Modbus line, in the words of the boundary.
struct ModbusMeters: LineDevice {
    private var line: MeterLine
    /// Why a meter was not read, of each.
    private var reasons: [Int: String] = [:]
    /// What is wrong with one that answers.
    private var troubles: [Int: String] = [:]

    init(_ meters: [MeterLine.Meter], over framing: ModbusMaster.Framing) {
        line = MeterLine(meters, over: framing)
    }

    var nextDeadline: Deadline? { line.nextDeadline }

    mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput] {
        outputs(line.handle(.line(event), at: moment))
    }

    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput] {
        guard case .readMeter(let connectorId) = command else { return [] }
        return outputs(line.handle(.wanted(connectorId: connectorId), at: moment))
    }

    mutating func deadlineReached(at moment: Moment) -> [DeviceOutput] { outputs(line.deadlineReached(at: moment)) }

    /// Of the whole line: which of its meters a broken byte was for nobody knows.
    func counters(of device: Device) -> [DeviceState.Counter] {
        let counters = line.counters
        return [
            .init(.exchanges, Int64(counters.replies)), .init(.timeouts, Int64(counters.timeouts)),
            .init(.checksumErrors, Int64(counters.checksumErrors)),
            .init(.framingErrors, Int64(counters.framingErrors)), .init(.exceptions, Int64(counters.exceptions)),
        ]
    }

    private mutating func outputs(_ effects: [MeterLine.Effect]) -> [DeviceOutput] {
        effects.flatMap { effect -> [DeviceOutput] in
            switch effect {
            case .line(let order): return [.line(order)]
            case .read(let id, let sample, let takenAt):
                return [.report(.meterRead(connectorId: id, sample), takenAt: takenAt)]
            case .failed(let id, let reason):
                reasons[id] = reason
                return [.report(.meterFailed(connectorId: id, reason: reason))]
            case .serialNumber(let id, let number):
                let meter = Device.meter(connectorId: id)
                return [.log(LogRecord(.notice, "serial number of the \(meter)", .init("serialNumber", number)))]
            case .health(let id, let health): return told(id, health).map { .report($0) }
            }
        }
    }

    func trouble(of device: Device) -> String? { device.connectorId.flatMap { troubles[$0] } }

    private mutating func told(_ connectorId: Int, _ health: MeterLine.Health) -> [DriverEvent] {
        let meter = Device.meter(connectorId: connectorId)
        let reason = reasons[connectorId] ?? ""
        troubles[connectorId] =
            switch health {
            case .ok, .lost: nil
            case .degraded: reason
            case .busy: "its line has more to do than fits: it is read later than it should be"
            }
        let state = DriverEvent.healthReported(
            meter,
            DeviceHealth(trouble: troubles[connectorId], counters: counters(of: meter))
        )
        return switch health {
        case .ok, .busy: [.deviceRecovered(meter), state]
        case .degraded: [state]
        case .lost: [.deviceLost(meter, reason: reason)]
        }
    }
}
