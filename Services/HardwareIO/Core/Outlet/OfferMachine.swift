import BusSchema
import Primitives

/// What the pilot offers the EV. Withdrawing an offer is immediate; changing one happens at most every 5 s, the time that
/// an EV may take to follow (IEC 61851-1 table A.6).
struct OfferMachine {
    static let shortestInterval = Duration.seconds(5)

    private let connectorId: Int
    private var wantedMilliamps = 0
    private(set) var offeredMilliamps = 0
    /// What the generator was told last; nil before the first order.
    private(set) var signal: PilotSignal?
    private var changedAt: Duration?

    init(connectorId: Int) { self.connectorId = connectorId }

    /// Due when a change waits for its turn.
    var nextDeadline: Deadline? {
        guard wantedMilliamps != offeredMilliamps, let changedAt else { return nil }
        return Deadline(at: changedAt + Self.shortestInterval, for: "the next change of the offer")
    }

    /// Offers so much per phase from now on, or as soon as that may change; 0 offers nothing.
    mutating func offer(milliamps: Int, _ turn: inout Turn) {
        wantedMilliamps = milliamps
        let changesRunningOffer = wantedMilliamps != 0 && offeredMilliamps != 0
        if changesRunningOffer, let changedAt, turn.uptime < changedAt + Self.shortestInterval { return }
        offeredMilliamps = wantedMilliamps
        set(PilotDuty.signal(offeringMilliamps: wantedMilliamps), &turn)
    }

    /// State F: not available any more.
    mutating func end(_ turn: inout Turn) {
        wantedMilliamps = 0
        offeredMilliamps = 0
        set(.f, &turn)
    }

    /// The generator lost its setting.
    mutating func repeatSignal(_ turn: inout Turn) {
        if let signal { turn.order(.setPilot(connectorId: connectorId, signal)) }
    }

    private mutating func set(_ next: PilotSignal, _ turn: inout Turn) {
        guard next != signal else { return }
        signal = next
        changedAt = turn.uptime
        turn.order(.setPilot(connectorId: connectorId, next))
    }
}
