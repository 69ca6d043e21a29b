import BusSchema
import EventLoop
import HardwareCore
import Primitives
import SerialPort

/// What a device protocol wants, in the words of the line and of the boundary.
enum DeviceOutput: Equatable, Sendable {
    case line(LineOrder)
    /// With the uptime at which a reading was taken; nil for now.
    case report(DriverEvent, takenAt: Duration? = nil)
    case log(LogRecord)
}

/// Devices on one line of bytes: a machine of `HardwareDevices`, with its words turned into those of the boundary.
///
/// It reports `deviceRecovered` when a device has answered for the first time since the line was opened, and `deviceLost` when one stops
/// answering; saying so twice does no harm. What a closed line means is known to the driver.
protocol LineDevice {
    var nextDeadline: Deadline? { get }

    mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput]

    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput]

    mutating func deadlineReached(at moment: Moment) -> [DeviceOutput]

    /// The last bytes before the line is closed for good; they may be lost.
    mutating func end(at moment: Moment) -> [DeviceOutput]

    /// What it counts of a device, since its start; openings of the line are counted by the driver.
    func counters(of device: Device) -> [DeviceState.Counter]

    /// What is wrong with a device that answers; nil when nothing is.
    func trouble(of device: Device) -> String?
}

extension LineDevice {
    mutating func end(at moment: Moment) -> [DeviceOutput] { [] }
    func counters(of device: Device) -> [DeviceState.Counter] { [] }
    func trouble(of device: Device) -> String? { nil }
}

/// The driver of devices on one line: the one owner of a port.
///
/// A closed line is a lost device, at once and of all devices on it. What is ordered meanwhile is kept as far as it is safe: that a contactor is
/// open, and what the pilot carries. A pulse of a lock, a signal, a question to a meter are of their moment, and an order to close is too.
final class LineDriver<Protocol: LineDevice>: Driver {
    private enum Contact { case unknown, answers, lost }

    /// Counters that grow are told so often.
    private static var healthInterval: Duration { .seconds(60) }

    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }

    private let log: (LogRecord) -> Void
    private let now: () -> Moment
    private var device: Protocol
    /// Made with the driver as its owner.
    private var line: (any ByteLine)?
    private var isOpen = false
    /// Why the line is not open.
    private var closedBecause = "its line is not open yet"
    private var contacts: [Device: Contact] = [:]
    /// The newest safe order for each device that has not gone over an open line.
    private var kept: [Device: DriverCommand] = [:]
    private var healthDue: Duration?
    private var isEnded = false

    /// - Parameters:
    ///   - devices: Those on the line.
    ///   - device: What is spoken with them.
    ///   - loop: Outlives the driver.
    ///   - log: Takes what people want to know.
    ///   - now: The clocks.
    ///   - makeLine: Makes the line for its owner.
    init(
        _ devices: [Device],
        _ device: Protocol,
        loop: EventLoop,
        log: @escaping (LogRecord) -> Void,
        now: @escaping () -> Moment = EventLoop.now,
        makeLine: (LineOwner) -> any ByteLine
    ) {
        self.devices = devices
        self.device = device
        self.log = log
        self.now = now
        line = makeLine(LineOwner(handler: { [unowned self] in handle($0, at: $1) }, log: log))
        loop.addDeadlineSource(
            next: { [unowned self] in earliest(self.device.nextDeadline, healthDeadline) },
            fire: { [unowned self] in fire(at: $0) }
        )
    }

    func start() { line?.start() }

    func perform(_ command: DriverCommand) {
        guard !isEnded else { return }
        guard isOpen else { return keep(command) }
        emit(device.perform(command, at: now()))
    }

    func stop() {
        emit(device.end(at: now()))
        isEnded = true
        line?.close()
    }

    private func handle(_ event: LineEvent, at moment: Moment) {
        guard !isEnded else { return }
        switch event {
        case .opened: isOpen = true
        case .closed(let reason):
            isOpen = false
            closedBecause = reason
        case .received: break
        }
        emit(device.handle(event, at: moment))
        switch event {
        case .opened: repeatOrders(at: moment)
        case .closed(let reason):
            for device in devices { take(.deviceLost(device, reason: reason), nil) }
        case .received: break
        }
    }

    private func keep(_ command: DriverCommand) {
        switch command {
        case .openContactor, .setPilot, .show, .control(_, .forbid), .control(_, .unavailable):
            kept[command.device] = command
        case .closeContactor, .control(_, .permit): kept[command.device] = nil
        case .readMeter(let connectorId):
            report(.meterFailed(connectorId: connectorId, reason: closedBecause), nil)
        case .lock, .unlock, .switchPhases, .readPosition, .testResidualCurrent, .indicate: break
        }
    }

    /// Openings first.
    private func repeatOrders(at moment: Moment) {
        let orders = devices.compactMap { kept[$0] }
        kept = [:]
        for order in orders.filter(\.isOpening) + orders.filter({ !$0.isOpening }) {
            emit(device.perform(order, at: moment))
        }
    }

    private func fire(at moment: Moment) {
        if let due = device.nextDeadline, due.isDue(at: moment.uptime) { emit(device.deadlineReached(at: moment)) }
        guard let due = healthDeadline, due.isDue(at: moment.uptime) else { return }
        healthDue = moment.uptime + Self.healthInterval
        for device in devices {
            let reopens = max((line?.counters.openings ?? 0) - 1, 0)
            let counters = self.device.counters(of: device) + [.init(.reopens, Int64(reopens))]
            let health = DeviceHealth(trouble: self.device.trouble(of: device), counters: counters)
            report(.healthReported(device, health), nil)
        }
    }

    private var healthDeadline: Deadline? { Deadline(at: healthDue, for: "the counters of devices are told") }

    private func emit(_ outputs: [DeviceOutput]) {
        for output in outputs {
            switch output {
            case .line(let order): line?.perform(order)
            case .report(let event, let takenAt): take(event, takenAt)
            case .log(let record): log(record)
            }
        }
    }

    private func take(_ event: DriverEvent, _ takenAt: Duration?) {
        switch event {
        case .deviceLost(let device, _):
            guard contacts[device] != .lost else { return }
            contacts[device] = .lost
        case .deviceRecovered(let device):
            guard contacts[device] != .answers else { return }
            contacts[device] = .answers
            if healthDue == nil { healthDue = now().uptime + Self.healthInterval }
        default:
            // Whoever answers is there, whether or not its protocol has noticed that its line was away.
            if event.isAnswer, let device = event.device, contacts[device] == .lost {
                take(.deviceRecovered(device), nil)
            }
        }
        report(event, takenAt)
    }
}
