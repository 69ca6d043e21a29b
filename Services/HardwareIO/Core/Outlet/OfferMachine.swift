import BusSchema
import Primitives

/// What the pilot offers the EV. Withdrawing an offer is immediate; changing one happens at most every 5 s, the time that
/// an EV may take to follow (IEC 61851-1 table A.6).
struct OfferMachine {
    static let shortestInterval = Duration.seconds(5)

    /// A controller is told again so often what it may: that is its heartbeat.
    static let heartbeat = Duration.seconds(1)

    private let connectorId: Int
    /// Whether a controller makes the signal.
    private let isControlled: Bool
    private var wantedMilliamps = 0
    private(set) var offeredMilliamps = 0
    /// What the generator was told last; nil before the first order.
    private(set) var signal: PilotSignal?
    private var changedAt: Duration?
    /// When a controller was told last.
    private var toldAt: Duration?

    init(_ configuration: ConnectorConfiguration) {
        connectorId = configuration.connectorId
        isControlled = configuration.isControlled
    }

    /// Since when nothing is offered; nil while something is, and before the first order.
    var silentSince: Duration? { offeredMilliamps == 0 ? changedAt : nil }

    /// Due when a change waits for its turn, and when a controller wants to hear that somebody is alive.
    var nextDeadline: Deadline? {
        let beat = toldAt.map { $0 + Self.heartbeat }
        return earliest(change, Deadline(at: beat, for: "the controller hears that somebody lives"))
    }

    private var change: Deadline? {
        guard wantedMilliamps != offeredMilliamps, let changedAt else { return nil }
        return Deadline(at: changedAt + Self.shortestInterval, for: "the next change of the offer")
    }

    /// Offers so much per phase from now on, or as soon as that may change; 0 offers nothing.
    mutating func offer(milliamps: Int, _ turn: inout Turn) {
        wantedMilliamps = milliamps
        let changesRunningOffer = wantedMilliamps != 0 && offeredMilliamps != 0
        let waits = changesRunningOffer && changedAt.map { turn.uptime < $0 + Self.shortestInterval } == true
        if !waits {
            offeredMilliamps = wantedMilliamps
            set(PilotDuty.signal(offeringMilliamps: wantedMilliamps), &turn)
        }
        // After what is new, never before it: of two orders of one turn, one that takes energy away is given first.
        if let toldAt, turn.uptime >= toldAt + Self.heartbeat { repeatSignal(&turn) }
    }

    /// State F: not available any more.
    mutating func end(_ turn: inout Turn) {
        wantedMilliamps = 0
        offeredMilliamps = 0
        set(.f, &turn)
    }

    /// A controller lost what it was told: what is decided next is told anew.
    mutating func forget() {
        signal = nil
        offeredMilliamps = 0
    }

    /// The generator lost its setting.
    mutating func repeatSignal(_ turn: inout Turn) {
        if let signal { order(signal, &turn) }
    }

    private mutating func set(_ next: PilotSignal, _ turn: inout Turn) {
        guard next != signal else { return }
        signal = next
        changedAt = turn.uptime
        order(next, &turn)
    }

    private mutating func order(_ signal: PilotSignal, _ turn: inout Turn) {
        guard isControlled else { return turn.order(.setPilot(connectorId: connectorId, signal)) }
        toldAt = turn.uptime
        let order: ControllerOrder =
            switch signal {
            case .x1: .forbid
            case .pwm: .permit(milliamps: offeredMilliamps)
            case .f: .unavailable
            }
        turn.order(.control(connectorId: connectorId, order))
    }
}
