/// What the charging part knows about the charger from its configuration file and from the machine.
public struct ChargingConfiguration: Equatable, Sendable {
    /// One connector, as it was built.
    public struct Connector: Equatable, Sendable {
        /// 1…n (OCPP 1.6 §3.8).
        public var id: Int
        /// Cable permanently attached: nothing to unlock.
        public var fixedCable: Bool
        /// The socket locks the cable.
        public var hasLock: Bool
        /// Highest current per phase.
        public var ratedMilliamps: Int
        public var phases: Int

        public init(id: Int, fixedCable: Bool, hasLock: Bool, ratedMilliamps: Int, phases: Int) {
            self.id = id
            self.fixedCable = fixedCable
            self.hasLock = hasLock
            self.ratedMilliamps = ratedMilliamps
            self.phases = phases
        }
    }

    /// What becomes of a transaction that a power cut interrupted (OCPP 1.6 §7.36).
    public enum PowerLossPolicy: Equatable, Sendable {
        /// It ends with the reason PowerLoss, or Reboot where the machine was shut down or its watchdog struck.
        case stop
        /// It goes on.
        case resume
    }

    public var connectors: [Connector]
    public var powerLoss: PowerLossPolicy
    /// With `.resume`: how long the machine may have been off; nil for any time. Longer, or of unknown length, it ends the transaction.
    public var maximumOutage: Duration?
    /// The hardware watchdog made the machine boot, so that what it interrupted was no power cut.
    public var bootedByWatchdog: Bool
    /// How long hardware-io may deliver without hearing from us.
    public var permitLease: Duration
    /// How often a permit is renewed; well below the lease.
    public var permitRenewal: Duration
    /// Without a sign of hardware-io for so long, its connectors count as faulted.
    public var hardwareSilence: Duration
    /// A meter reading that is older is not reported.
    public var meterStaleAfter: Duration
    /// Kernel boot id: tells a restart of the program from one of the machine.
    public var machineBootId: String
    /// The wall clock is right already, from a battery-backed clock or the network.
    public var clockIsTrusted: Bool

    public init(
        connectors: [Connector],
        powerLoss: PowerLossPolicy = .stop,
        maximumOutage: Duration? = nil,
        bootedByWatchdog: Bool = false,
        permitLease: Duration = .seconds(60),
        permitRenewal: Duration = .seconds(20),
        hardwareSilence: Duration = .seconds(30),
        meterStaleAfter: Duration = .seconds(15),
        machineBootId: String,
        clockIsTrusted: Bool
    ) {
        precondition(permitRenewal < permitLease, "A permit must be renewed before it ends.")
        self.connectors = connectors
        self.powerLoss = powerLoss
        self.maximumOutage = maximumOutage
        self.bootedByWatchdog = bootedByWatchdog
        self.permitLease = permitLease
        self.permitRenewal = permitRenewal
        self.hardwareSilence = hardwareSilence
        self.meterStaleAfter = meterStaleAfter
        self.machineBootId = machineBootId
        self.clockIsTrusted = clockIsTrusted
    }
}
