public import OCPP

/// What the gateway is told at its start and never changes while it runs.
public struct GatewayConfiguration: Equatable, Sendable {
    /// Nil when the configuration has no usable central system.
    public var profile: ConnectionProfile?
    /// Why there is none, for people; shown as the link's last error.
    public var endpointProblem: String?
    public var patience: Patience
    public var bootNotification: BootNotification.Request
    /// How long a CALL waits for its answer unless the key `MessageTimeout` exists.
    public var callTimeout: Duration
    public var charging: ChargingConfiguration
    /// A Hard Reset boots the machine instead of starting hardware-io and this program anew.
    public var hardResetBootsMachine: Bool

    public init(
        profile: ConnectionProfile?,
        endpointProblem: String? = nil,
        patience: Patience = Patience(),
        bootNotification: BootNotification.Request,
        callTimeout: Duration,
        charging: ChargingConfiguration,
        hardResetBootsMachine: Bool = false
    ) {
        self.profile = profile
        self.endpointProblem = endpointProblem
        self.patience = patience
        self.bootNotification = bootNotification
        self.callTimeout = callTimeout
        self.charging = charging
        self.hardResetBootsMachine = hardResetBootsMachine
    }
}
