import BusSchema
import HardwareCore
import HardwareDevices
import Primitives
import SiteConfiguration

/// An OpenEVSE controller on a line: the core's orders as its own, its words as those of the boundary.
struct RAPIDevice: LineDevice {
    private let connectorId: Int
    private var machine: RAPIMachine
    /// What its supervision found, as it was told last.
    private var fault: HardwareFaultCode?

    init(connectorId: Int, _ settings: RAPISettings) {
        self.connectorId = connectorId
        machine = RAPIMachine(settings: settings)
    }

    var nextDeadline: Deadline? { machine.nextDeadline }

    mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput] {
        tell(machine.handle(.line(event), at: moment))
    }

    /// An order is a sign of life of the core, and the only one that the heartbeat goes by.
    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput] {
        guard case .control(_, let order) = command else { return [] }
        let wish: RAPIOrder =
            switch order {
            case .forbid: .forbid
            case .unavailable: .unavailable
            // Rounded down; the firmware knows whole amperes.
            case .permit(let milliamps): .permit(amps: milliamps / 1000)
            }
        return tell(machine.handle(.ordered(wish), at: moment) + machine.handle(.hostLives, at: moment))
    }

    mutating func deadlineReached(at moment: Moment) -> [DeviceOutput] { tell(machine.deadlineReached(at: moment)) }

    mutating func end(at moment: Moment) -> [DeviceOutput] { tell(machine.end()) }

    func counters(of device: Device) -> [DeviceState.Counter] { machine.counters.told }

    func trouble(of device: Device) -> String? { machine.trouble }

    private mutating func tell(_ effects: [RAPIMachine.Effect]) -> [DeviceOutput] {
        var outputs: [DeviceOutput] = []
        for effect in effects {
            switch effect {
            case .line(let order): outputs.append(.line(order))
            case .log(let record): outputs.append(.log(record))
            case .report(let report): outputs += boundary(report).map { .report($0) }
            }
        }
        return outputs
    }

    private mutating func boundary(_ report: RAPIReport) -> [DriverEvent] {
        switch report {
        case .answering: return [.deviceRecovered(.controller(connectorId: connectorId))]
        case .lost(let reason): return [.deviceLost(.controller(connectorId: connectorId), reason: reason)]
        case .temperature(let decidegrees):
            return [.temperatureRead(connectorId: connectorId, decidegrees: decidegrees)]
        case .status(let status):
            let reading = ControllerReading(pilot: status.pilot, isClosed: status.isClosed)
            return changes(to: status) + [.controllerRead(connectorId: connectorId, reading)]
        // The meter measures; what the pilot offers is the controller's affair below what it was told.
        case .limit, .current, .energy: return []
        }
    }

    private mutating func changes(to status: RAPIStatus) -> [DriverEvent] {
        guard status.fault != fault else { return [] }
        var events: [DriverEvent] = []
        if let code = status.fault {
            events.append(
                .faultReported(connectorId: connectorId, code: code, present: true, detail: status.faultDetail)
            )
        }
        if let code = fault {
            events.append(.faultReported(connectorId: connectorId, code: code, present: false, detail: ""))
        }
        fault = status.fault
        return events
    }
}

enum RAPIDriver {
    static let row = DriverRegistry.Row(name: "rapi") { controllers, surroundings in
        let connectors = try surroundings.site.connectors()
        return try surroundings.settings(controllers, as: OpenEVSESettings.self).map { device, settings in
            guard case .controller(let connectorId) = device else {
                preconditionFailure("SiteDriver lets this driver stand at controllers only.")
            }
            // Nobody watches any more when it falls back, so that it may never be more than the installation carries.
            let most = connectors.first { $0.id == connectorId }?.maximumCurrentAmps ?? 0
            let words = RAPISettings(
                heartbeatSeconds: settings.heartbeatSeconds,
                fallbackAmps: min(settings.fallbackAmps, most)
            )
            return LineDriver(
                [device],
                RAPIDevice(connectorId: connectorId, words),
                loop: surroundings.loop,
                log: surroundings.log,
                makeLine: surroundings.serialPort(settings.line)
            )
        }
    }
}
