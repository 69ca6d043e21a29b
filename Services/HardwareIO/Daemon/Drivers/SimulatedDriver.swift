import BusSchema
import EventLoop
import HardwareCore
import HardwareSimulation
import Primitives

/// The simulated devices of a charger, kept on disk so that they outlive this process as real ones do.
final class SimulatedDriver: Driver {
    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }
    /// Called with what deserves a line in the log.
    var onLog: (LogRecord) -> Void = { _ in }

    private let own: Set<Device>
    private var charger: SimulatedCharger
    /// Nil when the world ends with the process.
    private let file: WorldFile?
    private var stored: SimulatedWorld?
    private var storingFails = false
    private let now: () -> Moment
    /// Not reported yet, in the order in which it happened.
    private var unreported: [DriverEvent] = []
    private var isReporting = false

    /// `devices` are those that are simulated, of connectors that may have real ones besides; `file` is where the world is kept, if it is to be
    /// kept; `problem` is told when there was one that cannot be used.
    init(
        _ devices: [Device],
        _ configuration: SimulationConfiguration,
        file: WorldFile?,
        loop: EventLoop,
        now: @escaping () -> Moment = EventLoop.now,
        problem: (WorldFile.Failure) -> Void
    ) {
        self.devices = devices
        own = Set(devices)
        self.file = file
        self.now = now
        do throws(WorldFile.Failure) {
            stored = try file?.load()
        } catch {
            problem(error)
        }
        charger = SimulatedCharger(configuration: configuration, world: stored ?? SimulatedWorld(), at: now())
        loop.addDeadlineSource(
            next: { [unowned self] in charger.nextDeadline },
            fire: { [unowned self] moment in pass(charger.deadlineReached(at: moment)) }
        )
    }

    func start() { pass(charger.handle(.started, at: now())) }

    func perform(_ command: DriverCommand) { pass(charger.handle(.commanded(command), at: now())) }

    func stop() { _ = store() }

    /// Moves the simulated world; `all` are the devices of the charger, real ones among them.
    /// - Throws: `BusError` when that is not possible; then nothing changed.
    func simulate(_ request: SimulateHardware, among all: [Device]) throws(BusError) {
        if let device = charger.device(of: request), !own.contains(device), all.contains(device) {
            throw BusError(.refused, "the \(device) is real")
        }
        pass(try charger.simulate(request, at: now()))
    }

    /// Whether everything of a connector is simulated, so that no fault there is a real one.
    func isAlone(on connectorId: Int, among all: [Device]) -> Bool {
        all.allSatisfy { $0.connectorId != connectorId || own.contains($0) }
    }

    /// For people, one line per device.
    var summary: String { charger.summary }

    /// The world is stored before anybody hears of it: a register that was told must not fall when this process is killed.
    ///
    /// Whoever hears of something may order something at once: what comes of that is reported after all that happened before, or a
    /// contactor that opened would seem to be closed again by a report of before.
    private func pass(_ events: [DriverEvent]) {
        let isStored = store()
        for event in events {
            // The board of a connector is simulated as a whole; what is real of it speaks for itself.
            if let device = event.device, !own.contains(device) { continue }
            if case .meterRead(let connectorId, _) = event, !isStored {
                unreported.append(.meterFailed(connectorId: connectorId, reason: "the register could not be stored"))
            } else {
                unreported.append(event)
            }
        }
        guard !isReporting else { return }
        isReporting = true
        defer { isReporting = false }
        while !unreported.isEmpty {
            let round = unreported
            unreported.removeAll()
            for event in round { report(event, nil) }
        }
    }

    private func store() -> Bool {
        guard let file else { return true }
        let world = charger.world
        guard world != stored else { return true }
        do throws(WorldFile.Failure) {
            try file.save(world)
            stored = world
            storingFails = false
        } catch {
            if !storingFails {
                onLog(LogRecord(.error, "the simulated world could not be stored", .init("error", error)))
            }
            storingFails = true
        }
        return !storingFails
    }
}
