/// State: the gateway's connection to the central system. Topic `ocpp.link`.
public struct LinkState: BusState {
    public static let type = "ocpp.link"

    public struct Phase: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Waiting for the uplink.
        public static let waitingForUplink = Phase(rawValue: "waitingForUplink")
        public static let resolving = Phase(rawValue: "resolving")
        public static let connecting = Phase(rawValue: "connecting")
        public static let handshaking = Phase(rawValue: "handshaking")
        /// Connected; BootNotification is out or due.
        public static let booting = Phase(rawValue: "booting")
        public static let pending = Phase(rawValue: "pending")
        public static let rejected = Phase(rawValue: "rejected")
        public static let accepted = Phase(rawValue: "accepted")
        public static let closing = Phase(rawValue: "closing")
        /// Waiting before the next attempt.
        public static let backingOff = Phase(rawValue: "backingOff")
        /// The configuration has no usable central system.
        public static let notConfigured = Phase(rawValue: "notConfigured")
    }

    /// How long the steps of a dial took, milliseconds.
    public struct Dial: Codable, Equatable, Sendable {
        /// When it began, UTC milliseconds since 1970.
        public var at: Int64
        public var dns: Int64
        public var tcp: Int64
        /// Nil where no TLS was asked for.
        public var tls: Int64?
        public var webSocket: Int64
        /// Until BootNotification was answered; nil while it is not.
        public var boot: Int64?

        public init(
            at: Int64,
            dns: Int64 = 0,
            tcp: Int64 = 0,
            tls: Int64? = nil,
            webSocket: Int64 = 0,
            boot: Int64? = nil
        ) {
            self.at = at
            self.dns = dns
            self.tcp = tcp
            self.tls = tls
            self.webSocket = webSocket
            self.boot = boot
        }
    }

    public var phase: Phase
    /// With the identity, without credentials.
    public var url: String
    /// Since when the phase holds, UTC milliseconds since 1970.
    public var since: Int64
    /// Attempts since the last connection that worked.
    public var failedAttempts: Int
    /// UTC milliseconds since 1970; nil when none is planned.
    public var nextAttemptAt: Int64?
    public var lastError: String?
    /// The step of a dial that `lastError` is about, by the names of `uplink.test`: `dns`, `tcp`, `tls`, `webSocket`; else nil.
    public var failedStep: String?
    public var heartbeatIntervalSeconds: Int?
    /// Central system's time minus ours, at the last answer that carried one.
    public var clockOffsetMilliseconds: Int64?
    /// Connections in a row that worked and were lost within ten minutes; nil when there are none. Two chargers with one identity do this.
    public var flaps: Int?
    /// True when the central system refused the password that was set last, and an older one is used; else nil.
    public var passwordRefused: Bool?
    /// That a certificate of the central system has probably ended, and why the connection stands all the same, for people; else nil.
    public var certificateDoubt: String?
    /// Of the last connection that came to be; nil before the first one.
    public var lastDial: Dial?

    public init(
        phase: Phase,
        url: String,
        since: Int64,
        failedAttempts: Int,
        nextAttemptAt: Int64? = nil,
        lastError: String? = nil,
        failedStep: String? = nil,
        heartbeatIntervalSeconds: Int? = nil,
        clockOffsetMilliseconds: Int64? = nil,
        flaps: Int? = nil,
        passwordRefused: Bool? = nil,
        certificateDoubt: String? = nil,
        lastDial: Dial? = nil
    ) {
        self.phase = phase
        self.url = url
        self.since = since
        self.failedAttempts = failedAttempts
        self.nextAttemptAt = nextAttemptAt
        self.lastError = lastError
        self.failedStep = failedStep
        self.heartbeatIntervalSeconds = heartbeatIntervalSeconds
        self.clockOffsetMilliseconds = clockOffsetMilliseconds
        self.flaps = flaps
        self.passwordRefused = passwordRefused
        self.certificateDoubt = certificateDoubt
        self.lastDial = lastDial
    }
}
