internal import BusSchema
internal import Primitives

/// What a probe through one interface found: the central system's name is asked for there, and its port is dialled from there.
public enum ProbeOutcome: Equatable, Sendable {
    /// The port answered: it is open, or whoever is there refuses or ends the connection. All of that came through the network.
    case answered
    /// The network's name servers answered, but not with an address. They are in the network, so that it works.
    case nameUnknown(String)
    /// Nothing came back in time.
    case silent(String)
    /// The machine itself says that there is no way (no route, no address, interface gone).
    case unreachable(String)

    /// Whether anything came back through the network.
    public var provesTheUplink: Bool {
        switch self {
        case .answered, .nameUnknown: true
        case .silent, .unreachable: false
        }
    }

    /// What was found instead of an answer, for people.
    public var detail: String? {
        switch self {
        case .answered: nil
        case .nameUnknown(let detail), .silent(let detail), .unreachable(let detail): detail
        }
    }
}

/// How far one uplink gets, beyond having an address. It belongs to that uplink alone, and ages.
///
/// Proof is whatever came back through the network: frames that the gateway reports of its own connection, or an answer to a probe. Two probes
/// without one make an uplink that cannot be used; three with one in a row make it good again, and a fresh frame at once.
struct EndToEnd: Equatable, Sendable {
    /// A frame that is no older spares a probe: a connection that lives is proof enough, and costs no data of its own.
    static let freshFor = Duration.seconds(150)
    static let probeInterval = Duration.seconds(60)
    /// Of an uplink that is not in use: proof that it could be used, at a price in data.
    static let idleProbeInterval = Duration.seconds(600)
    /// After a failed one: the second opinion is wanted soon.
    static let suspicionInterval = Duration.seconds(20)
    static let failuresToFail = 2
    static let successesToMend = 3

    /// The newest word, whatever its age; nil before the first.
    private(set) var health: UplinkReport.Health?
    private(set) var detail: String?
    /// When a frame was reported last; nil after the gateway lost its way.
    private(set) var heardAt: Duration?
    private(set) var isFailing = false
    private var failures = 0
    private var successes = 0

    /// Whether a frame has come over it lately.
    func isFresh(at uptime: Duration) -> Bool { heardAt.map { uptime < $0 + Self.freshFor } ?? false }

    /// The gateway's word about a connection over this uplink. "Unreachable" is no proof against the uplink, only a reason to probe: the central
    /// system itself may be away.
    mutating func take(_ report: UplinkReport, at moment: Moment) {
        health = report.health
        detail = report.detail
        guard report.health == .reachable || report.health == .refused else {
            heardAt = nil
            return
        }
        heardAt = moment.uptime
        failures = 0
        successes = 0
        isFailing = false
    }

    mutating func take(_ outcome: ProbeOutcome) {
        detail = outcome.detail
        guard outcome.provesTheUplink else {
            health = .unreachable
            successes = 0
            failures += 1
            if failures >= Self.failuresToFail { isFailing = true }
            return
        }
        health = outcome == .answered ? .reachable : .refused
        failures = 0
        successes += 1
        if successes >= Self.successesToMend { isFailing = false }
    }

    /// The uplink went down, or is another one now (its address changed): what was proved is proved no more, and nothing speaks against it.
    mutating func forget() { self = EndToEnd() }

    /// How long until the next probe.
    func interval(isActive: Bool) -> Duration {
        if failures > 0 || isFailing { return Self.suspicionInterval }
        return isActive ? Self.probeInterval : Self.idleProbeInterval
    }
}
