public import CentralSystem
public import GatewayCore
public import HardwareCore
import OCPP
import Primitives

/// What kind of world it is. Probabilities are from 0 to 1.
public struct WorldSettings: Sendable {
    /// How the bus between the services behaves.
    public struct Bus: Sendable {
        /// From a publication, request or reply to its arrival.
        public var delay = Duration.zero...Duration.milliseconds(4)
        /// A publication that does not arrive; states are repeated.
        public var loss = 0.0
        /// A publication or request that arrives twice.
        public var duplication = 0.0
        /// A request or a reply that does not arrive.
        public var requestLoss = 0.0
        /// How often all states are published again.
        public var repetition = Duration.seconds(60)
        /// Until a subscriber has found a publisher that has just started.
        public var discovery = Duration.milliseconds(10)...Duration.milliseconds(300)

        /// A bus on which nothing goes wrong.
        public init() {}
    }

    public var seed: UInt64
    /// How many, from 1.
    public var connectors = 1
    /// A socket with a lock instead of a fixed cable.
    public var hasLock = false
    public var phases = 1
    /// Whether each connector has a phase contactor, and a sensor of the voltage behind its contactor.
    public var switchesPhases = false
    public var powerLoss = ChargingConfiguration.PowerLossPolicy.stop
    public var onPermitLost = PermitLossPolicy.openAtOnce
    /// Values of OCPP keys that differ from the factory's.
    public var keys: [String: String] = [:]
    /// A wall clock that survives a power cut. Without it each boot begins in 1970.
    public var hasBatteryClock = true
    public var bus = Bus()
    /// One way to the central system.
    public var networkDelay = Duration.milliseconds(20)...Duration.milliseconds(80)
    /// The way back, when it differs.
    public var answerLegDelay: ClosedRange<Duration>?
    public var central = CentralSystemSettings()
    /// The way to the central system is a modem with its ladder (`MobileWorld`), in place of a simulated uplink.
    public var hasModem = false
    /// How much of the newest past a report may show.
    public var rememberedSteps = 400

    /// A world in which nothing goes wrong by itself.
    public init(seed: UInt64 = 1) {
        self.seed = seed
        central.heartbeatIntervalSeconds = 60
    }

    /// The central system knows this identifier, and does not let it charge.
    mutating func refuse(_ idTag: String, _ status: AuthorizationStatus) {
        guard let token = IdToken(idTag) else { return }
        central.tags[token] = IdTagInfo(status: status)
    }

    /// The central system blocks this identifier for so long, then goes by what it knows of it for so long, and so on.
    mutating func waver(_ idTag: String, every period: Duration) {
        guard let token = IdToken(idTag) else { return }
        central.wavering[token] = period
    }

    /// The central system accepts this identifier until so long after the world began.
    mutating func expire(_ idTag: String, after duration: Duration) {
        guard let token = IdToken(idTag) else { return }
        let expiryDate = MachineClock.firstUtc.advanced(by: duration)
        central.tags[token] = IdTagInfo(expiryDate: expiryDate, status: .accepted)
    }

    static let permitLease = Duration.seconds(60)
    static let ratedMilliamps = 32_000
    static let callTimeout = Duration.seconds(30)
    static let identity = "CP1"
}
