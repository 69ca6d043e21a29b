import BusSchema
import EventLoop
import HardwareCore
import HardwareSimulation
import Primitives

/// The simulated devices of a charger, kept on disk so that they outlive this process as real ones do.
final class SimulatedDriver: Driver {
    var report: (DriverEvent) -> Void = { _ in }
    /// Called with what deserves a line in the log.
    var onLog: (LogRecord) -> Void = { _ in }

    private var charger: SimulatedCharger
    /// Nil when the world ends with the process.
    private let file: WorldFile?
    private var stored: SimulatedWorld?
    private var storingFails = false

    /// `file` is where the world is kept, if it is to be kept; `problem` is told when there was one that cannot be used.
    init(
        _ configuration: SimulationConfiguration,
        file: WorldFile?,
        loop: EventLoop,
        problem: (WorldFile.Failure) -> Void
    ) {
        self.file = file
        do throws(WorldFile.Failure) {
            stored = try file?.load()
        } catch {
            problem(error)
        }
        charger = SimulatedCharger(configuration: configuration, world: stored ?? SimulatedWorld(), at: EventLoop.now())
        loop.addDeadlineSource(
            next: { [unowned self] in charger.nextDeadline },
            fire: { [unowned self] moment in pass(charger.deadlineReached(at: moment)) }
        )
    }

    func start() { pass(charger.handle(.started, at: EventLoop.now())) }

    func perform(_ command: DriverCommand) { pass(charger.handle(.commanded(command), at: EventLoop.now())) }

    func stop() { _ = store() }

    /// Moves the simulated world.
    /// - Throws: `BusError` when that is not possible; then nothing changed.
    func simulate(_ request: SimulateHardware) throws(BusError) {
        pass(try charger.simulate(request, at: EventLoop.now()))
    }

    /// For people, one line per device.
    var summary: String { charger.summary }

    /// The world is stored before anybody hears of it: a register that was told must not fall when this process is killed.
    private func pass(_ events: [DriverEvent]) {
        let isStored = store()
        for event in events {
            if case .meterRead(let connectorId, _) = event, !isStored {
                report(.meterFailed(connectorId: connectorId, reason: "the register could not be stored"))
            } else {
                report(event)
            }
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
