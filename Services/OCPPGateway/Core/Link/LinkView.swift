import BusSchema
import OCPP
import Primitives

/// What others are shown of the gateway: the link's state on change, the report to the modem manager on change, and the newest
/// states for `ocpp.status`.
struct LinkView: Sendable {
    private let problem: String?
    private var link: LinkState
    private var dialClock = DialClock()
    private var planned: Duration?
    private var published = false
    private var reported: UplinkReport?
    /// When that was.
    private var reportedAt = Duration.zero
    /// Frames that arrive prove the uplink to the modem manager, which then spares its own probes; this often is enough.
    private static let proofInterval = Duration.seconds(60)
    private var connectors: [Int: ConnectorStatus] = [:]
    private var queue: QueueState?
    /// The central system refused the password that was set last.
    var isPasswordDoubted = false

    init(profile: ConnectionProfile?, problem: String?, at moment: Moment) {
        self.problem = problem
        link = LinkState(
            phase: .notConfigured,
            url: profile?.url ?? "",
            since: moment.utc.millisecondsSinceEpoch,
            failedAttempts: 0,
            lastError: problem
        )
    }

    var status: GatewayStatus.Reply {
        let none = QueueState(
            undelivered: 0,
            oldestAt: nil,
            inFlight: nil,
            attempts: 0,
            nextAttemptAt: nil,
            deadLetters: 0,
            storageFault: nil
        )
        let sorted = connectors.values.sorted { $0.connectorId < $1.connectorId }
        return GatewayStatus.Reply(link: link, connectors: sorted, queue: queue ?? none)
    }

    /// Keeps the newest states that charging publishes.
    mutating func note(_ message: AnyBusMessage) {
        if let status = message.value as? ConnectorStatus { connectors[status.connectorId] = status }
        if let state = message.value as? QueueState { queue = state }
    }

    /// The modem manager was restarted and knows nothing.
    mutating func reportAgain() { reported = nil }

    /// Publishes the link's state and reports the health, each when it changed.
    mutating func update(
        connection: ConnectionMachine,
        registration: RegistrationMachine,
        heartbeatSeconds: Int,
        clock: StationClock,
        at moment: Moment
    ) -> [GatewayEffect] {
        var next = link
        next.phase = Self.phase(connection, registration)
        if next.phase != link.phase { next.since = moment.utc.millisecondsSinceEpoch }
        next.failedAttempts = connection.failedAttempts
        next.passwordRefused = isPasswordDoubted ? true : nil
        next.flaps = connection.flaps > 0 ? connection.flaps : nil
        let attempt = connection.isOpen ? registration.nextDeadline?.at : connection.nextAttempt
        if attempt != planned {
            planned = attempt
            next.nextAttemptAt = attempt.map {
                moment.utc.advanced(by: $0 - moment.uptime).millisecondsSinceEpoch
            }
        }
        if let profile = connection.profile {
            next.url = profile.url
            next.lastError = connection.lastProblem?.explanation(for: profile)
            next.failedStep = connection.lastProblem?.failedStep
        }
        next.heartbeatIntervalSeconds = registration.gate == .open ? heartbeatSeconds : nil
        next.clockOffsetMilliseconds = clock.offset.map(\.wholeMilliseconds)
        dialClock.observe(connection.phase, isRegistered: registration.status != nil, at: moment)
        next.lastDial = dialClock.last
        next.certificateDoubt = Self.certificateDoubt(connection, clock, at: moment)
        var effects: [GatewayEffect] = []
        if let doubt = next.certificateDoubt, doubt != link.certificateDoubt {
            effects.append(.log(LogRecord(.warning, doubt)))
        }
        if !published || isWorthPublishing(next) {
            published = true
            link = next
            effects.append(.publish(AnyBusMessage(next)))
        }
        if let report = Self.report(connection, registration, next),
            report != reported || provesAnew(report, connection, at: moment)
        {
            reported = report
            reportedAt = moment.uptime
            effects.append(.report(report))
        }
        return effects
    }

    /// Certificates that have ended, as far as anybody has told the time, and were not refused because that may be wrong.
    private static func certificateDoubt(
        _ connection: ConnectionMachine,
        _ clock: StationClock,
        at moment: Moment
    ) -> String? {
        guard let certificates = connection.certificates, case .atLeast = clock.knownTime(at: moment) else {
            return nil
        }
        let likely = moment.utc.advanced(by: clock.offset ?? .zero)
        guard likely > certificates.end else { return nil }
        return
            "a certificate of the central system ended on \(certificates.end.day), and today is probably \(likely.day); "
            + "it is accepted, because the charger does not know the time for certain"
    }

    /// Whether something has come in since the last report over an uplink that would be probed otherwise.
    private func provesAnew(_ report: UplinkReport, _ connection: ConnectionMachine, at moment: Moment) -> Bool {
        guard report.uplink != nil, connection.uplink.path?.interface != nil, let heardAt = connection.heardAt else {
            return false
        }
        return heardAt > reportedAt && moment.uptime >= reportedAt + Self.proofInterval
    }

    /// An offset that moves by the network's jitter is no news.
    private func isWorthPublishing(_ next: LinkState) -> Bool {
        var other = link
        if let old = link.clockOffsetMilliseconds, let new = next.clockOffsetMilliseconds, abs(old - new) < 500 {
            other.clockOffsetMilliseconds = new
        }
        return other != next
    }

    private static func phase(
        _ connection: ConnectionMachine,
        _ registration: RegistrationMachine
    ) -> LinkState.Phase {
        switch connection.phase {
        case .idle, .notConfigured: .notConfigured
        case .waitingForUplink: .waitingForUplink
        case .resolving: .resolving
        case .connecting: .connecting
        case .securing, .handshaking: .handshaking
        case .closing, .stopped: .closing
        case .backingOff: .backingOff
        case .open:
            switch registration.status {
            case .accepted?: .accepted
            case .pending?: .pending
            case .rejected?: .rejected
            case nil: .booting
            }
        }
    }

    private static func report(
        _ connection: ConnectionMachine,
        _ registration: RegistrationMachine,
        _ link: LinkState
    ) -> UplinkReport? {
        let uplink = connection.uplink.path?.name
        return switch connection.phase {
        case .open:
            switch registration.status {
            case .accepted?, .pending?: UplinkReport(health: .reachable, uplink: uplink)
            case .rejected?:
                UplinkReport(health: .refused, detail: "the registration is rejected", uplink: uplink)
            case nil: nil
            }
        case .backingOff:
            connection.lastProblem.map { UplinkReport(health: $0.health, detail: link.lastError, uplink: uplink) }
        case .idle, .notConfigured, .waitingForUplink, .resolving, .connecting, .securing, .handshaking, .closing,
            .stopped:
            nil
        }
    }
}
