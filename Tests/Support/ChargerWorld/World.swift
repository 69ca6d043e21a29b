public import BusSchema
public import CentralSystem
import GatewayCore
public import OCPP
import Primitives

/// A charger with everything around it, under a virtual clock. It composes the models and runs the clock; what happens in them is theirs.
/// See README.md.
public final class World {
    public let settings: WorldSettings
    let around: Surroundings
    let centralSite: CentralSite
    let processes: Processes
    let people: People

    /// Power comes on, and the services start.
    public init(_ settings: WorldSettings) {
        self.settings = settings
        let timeline = Timeline(seed: settings.seed)
        let clock = MachineClock(timeline, hasBattery: settings.hasBatteryClock)
        let notebook = Notebook(timeline, seed: settings.seed, rememberedSteps: settings.rememberedSteps)
        let network = NetworkModel(timeline, notebook, settings)
        let devices = Devices(timeline, clock, BuiltIn.devices(settings))
        let disks = Disks(seed: settings.seed, notebook)
        around = Surroundings(
            settings: settings,
            timeline: timeline,
            clock: clock,
            notebook: notebook,
            bus: BusModel(timeline, notebook, settings.bus),
            network: network,
            disks: disks,
            devices: devices,
            auditor: Auditor(settings, timeline, clock, notebook, devices, disks)
        )
        centralSite = CentralSite(settings.central, clock, notebook, network)
        processes = Processes(around)
        people = People(around, centralSite, processes)
        centralSite.join(timeline)
        wire()
    }

    deinit { around.timeline.forgetEverything() }

    private func wire() {
        let auditor = around.auditor
        around.network.ends.central = { [unowned centralSite] in centralSite.handle($0) }
        around.bus.receivers.disturbance = { [unowned auditor] in auditor.disturbed() }
        around.devices.sensed = { [unowned auditor] in auditor.sensed($0) }
        around.timeline.afterStep = { [unowned auditor, unowned disks = around.disks] in
            disks.noticePowerCut()
            auditor.checkStep()
        }
        around.timeline.whenStuck = { [unowned notebook = around.notebook] in
            notebook.violate("the world turns on the spot")
        }
        if let slow = settings.answerLegDelay { auditor.calm.answersAlwaysComeLate(by: slow.upperBound) }
        checkEverySecond()
    }

    private func checkEverySecond() {
        around.timeline.at(now + .seconds(1)) { [unowned self] in
            let areBothAlive = processes.isAlive(.hardware) && processes.isAlive(.gateway)
            around.auditor.checkSecond(
                areBothAlive: areBothAlive,
                reported: { self.reported($0) },
                told: { self.connector($0) }
            )
            checkEverySecond()
        }
    }

    // MARK: - Time

    /// Since the world began.
    public var now: Duration { around.timeline.now }
    /// Counts what happened.
    public var steps: Int { around.timeline.steps }

    /// Lets time pass, with everything that happens in it. Ends early at the first violation, where `report` explains most.
    public func run(_ duration: Duration) {
        around.timeline.run(until: now + duration) { around.notebook.violations.isEmpty }
    }

    /// Lets time pass until something is so. Returns false when it was not within `limit`.
    public func run(until condition: (World) -> Bool, within limit: Duration) -> Bool {
        around.timeline.run(until: now + limit) { around.notebook.violations.isEmpty && !condition(self) }
        return condition(self)
    }

    // MARK: - What happens from outside

    /// Makes something happen at a time of the world's clock, or now if that has passed.
    public func plan(_ plan: Plan, at time: Duration) {
        around.timeline.at(time) { [unowned people] in people.carryOut(plan) }
    }

    /// Makes something go wrong at a write.
    public func add(_ fault: PersistFault) { around.disks.add(fault) }

    /// From now on chance decides what people do and what goes wrong.
    public func begin(_ chance: Chance) { people.begin(chance) }

    // MARK: - What can be seen

    /// What must not be, with step and time.
    public var violations: [String] { around.notebook.violations }
    /// The central system's books.
    public var ledger: Ledger { centralSite.machine.ledger }
    /// What became of the operator's commands, by number.
    public var outcomes: [Int: CentralSystem.Outcome] { centralSite.outcomes }

    /// What the gateway says of itself; nil while it is dead.
    public var status: GatewayStatus.Reply? { processes.gateway.status }

    /// Writes of a service since the world began.
    public func writes(of service: Service) -> Int { around.disks.writes[service] }

    /// Those of them that failed.
    public func failedWrites(of service: Service) -> Int { around.disks.failedWrites[service] }

    /// Calls of a service to its file system since the world began.
    public func diskCalls(of service: Service) -> Int { around.disks.calls(of: service) }

    /// A connector as hardware-io published it last.
    public func connector(_ id: Int = 1) -> ConnectorState? { around.bus.published(by: .hardware, String(id)) }

    /// A connector as the gateway published it last.
    public func connectorStatus(_ id: Int = 1) -> ConnectorStatus? { around.bus.published(by: .gateway, String(id)) }

    /// The newest StatusNotification that the central system has of a connector.
    public func reportedStatus(_ id: Int = 1) -> ChargePointStatus? {
        reported(id)?.status
    }

    /// Its error.
    public func reportedError(_ id: Int = 1) -> ChargePointErrorCode? { reported(id)?.errorCode }

    private func reported(_ id: Int) -> StatusNotification.Request? { ledger.statuses[WorldSettings.identity]?[id] }

    /// What went wrong, with the seed and the newest steps; empty when nothing did.
    public func report(steps count: Int = 60) -> String { around.notebook.report(last: count) }

    /// The newest steps, for debugging a run that did not fail.
    public func dump(_ count: Int) -> String { around.notebook.lines(last: count).joined(separator: "\n") }
}
