public import BusSchema
public import CentralSystem
import ConfigCore
import GatewayCore
import HardwareCore
import HardwareSimulation
import ModemCore
public import OCPP
public import Primitives

/// A charger with everything around it, under a virtual clock. See README.md.
public struct World {
    public let settings: WorldSettings
    /// Of everything that the world decides by itself.
    var random: SeededRandom
    /// Since the world began.
    public internal(set) var now = Duration.zero
    /// Counts what happened.
    public internal(set) var steps = 0
    /// Steps since the clock last moved.
    var stepsAtOnce = 0
    var queue = EventQueue<Occurrence>()
    var trace: Trace
    /// Who checks it all.
    public internal(set) var auditor: Auditor

    // The machine.
    var bootedAt: Duration
    /// The charger's wall clock minus true time.
    var clockError = Duration.zero
    var machineBoot = 1
    public internal(set) var hasPower = true

    // The services; nil while their process is dead.
    var hardware: HardwareMachine?
    var gateway: GatewayMachine?
    var config: ConfigMachine?
    var modem: ModemMachine?
    /// Counts the processes of each service.
    public internal(set) var incarnations = PerService(0)
    /// When each deadline fires, on the world's clock.
    var due: [Clocked: Due] = [:]
    /// Whose deadlines may have changed in this step.
    var touched = Set(Clocked.allCases)
    var hardwareInputs: [HardwareMachine.Event] = []
    var gatewayInputs: [GatewayEvent] = []
    var configInputs: [ConfigMachine.Event] = []
    /// Services whose effects are being performed: what they are told meanwhile waits its turn.
    var busy = PerService(false)

    // What outlives the processes.
    var charger: SimulatedCharger?
    var yard = SimulatedWorld()
    var gatewayDisk = GatewayDisk()
    var configDisk = ConfigDisk()
    /// Writes of each service since the world began.
    public internal(set) var writes = PerService(0)
    var persistFaults: [PersistFault] = []
    /// Writes of each service that still fail.
    var failingWrites = PerService(0)
    public internal(set) var diskIsFull = false
    /// Users and mishaps by chance, if there are any.
    var chance: Chance?

    // The bus.
    var retained = PerService<[AnyBusMessage]>([])
    /// Whether the gateway's subscription stands.
    var subscribed = PerService(false)
    var lastPublication = PerService(Duration.zero)
    var calls: [UInt64: BusCall] = [:]
    var lastCall: UInt64 = 0
    /// Requests that a server is working on, by the number it knows them by.
    var serving: [UInt64: UInt64] = [:]
    /// Requests for a server that is dead.
    var waiting = PerService<[BusCall]>([])
    /// Probabilities may change in a run.
    public var bus: WorldSettings.Bus

    // The network and the central system.
    public internal(set) var network = Network()
    var socket: Socket?
    var lastSocket = 0
    /// The connection that the central system believes in.
    var centralSocket: Int?
    public internal(set) var central: CentralSystemMachine
    var lastCommand = 0
    /// What became of commands, by number.
    public internal(set) var outcomes: [Int: Outcome] = [:]

    /// Something with a deadline of its own.
    enum Clocked: Hashable, CaseIterable { case hardware, charger, gateway, modem, central }

    /// A deadline of a machine, and when the shell will get to it.
    struct Due {
        var wanted: Duration
        var at: Duration
    }

    static let firstUtc = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    /// From power to the start of the services.
    static let bootTime = Duration.seconds(10)

    /// Power comes on, and the services start.
    public init(_ settings: WorldSettings) {
        self.settings = settings
        random = SeededRandom(seed: settings.seed)
        bootedAt = .zero
        trace = Trace(capacity: settings.rememberedSteps)
        bus = settings.bus
        central = CentralSystemMachine(settings: settings.central)
        auditor = Auditor(settings)
        if !settings.hasBatteryClock { clockError = Self.firstUtcIsForgotten }
        for service in Service.allCases { scheduleStart(service, after: Self.bootTime) }
    }

    /// A clock that begins in 1970 at each boot.
    static var firstUtcIsForgotten: Duration { .milliseconds(-firstUtc.millisecondsSinceEpoch) }

    /// As the charger's clocks show it.
    public var moment: Moment { Moment(uptime: now - bootedAt, utc: trueTime.advanced(by: clockError)) }

    /// As everybody else's clocks show it.
    public var trueTime: Timestamp { Self.firstUtc.advanced(by: now) }

    var centralMoment: Moment { Moment(uptime: now, utc: trueTime) }

    /// Whether the service's process lives.
    public func isAlive(_ service: Service) -> Bool {
        switch service {
        case .hardware: hardware != nil
        case .gateway: gateway != nil
        case .config: config != nil
        case .modem: modem != nil
        }
    }

    /// What the gateway says of itself; nil while it is dead.
    public var status: GatewayStatus.Reply? { gateway?.status }

    /// The newest state that a service published under a topic.
    public func published<S: BusState>(_: S.Type = S.self, by service: Service, _ instance: String? = nil) -> S? {
        for message in retained[service] {
            if let state = message.value as? S, instance == nil || state.instance == instance { return state }
        }
        return nil
    }

    /// A connector as hardware-io published it last.
    public func connector(_ id: Int = 1) -> ConnectorState? { published(by: .hardware, String(id)) }

    /// A connector as the gateway published it last.
    public func connectorStatus(_ id: Int = 1) -> ConnectorStatus? { published(by: .gateway, String(id)) }

    /// The newest StatusNotification that the central system has of a connector.
    public func reportedStatus(_ id: Int = 1) -> ChargePointStatus? {
        central.ledger.statuses[WorldSettings.identity]?[id]?.status
    }

    /// What went wrong, with the seed and the newest steps; empty when nothing did.
    public func report(steps count: Int = 60) -> String {
        guard !auditor.violations.isEmpty else { return "" }
        let what = auditor.violations.prefix(12).map { "  " + $0 }
        let head = "seed \(settings.seed), \(auditor.violations.count) violations after \(steps) steps, \(now):"
        return ([head] + what + ["the newest steps:"] + trace.lines(last: count)).joined(separator: "\n")
    }

    func delay(_ range: ClosedRange<Duration>, using random: inout SeededRandom) -> Duration {
        range.lowerBound == range.upperBound ? range.lowerBound : random.duration(in: range)
    }

    /// Decides by chance.
    mutating func happens(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &random) < probability
    }
}

extension World {
    /// The newest steps, for debugging a run that did not fail.
    public func dump(_ count: Int) -> String { trace.lines(last: count).joined(separator: "\n") }
}
