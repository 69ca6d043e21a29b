import BusSchema
import Primitives

/// What the pilot offers the EV. Withdrawing an offer is immediate; changing one happens at most every 5 s, the time that
/// an EV may take to follow (IEC 61851-1 table A.6).
struct OfferMachine: Machine {
    enum Event: Equatable {
        /// Offer so much per phase from now on, mA; 0 offers nothing.
        case offerWanted(milliamps: Int)
        /// The generator lost its setting.
        case signalLost
        /// State F: not available any more.
        case serviceEnded
    }

    enum Effect: Equatable {
        case setPilot(PilotSignal)
    }

    static let shortestInterval = Duration.seconds(5)

    private var wantedMilliamps = 0
    private(set) var offeredMilliamps = 0
    private var signal: PilotSignal?
    private var changedAt: Duration?

    /// Due when a change waits for its turn.
    var nextDeadline: Deadline? {
        guard wantedMilliamps != offeredMilliamps, let changedAt else { return nil }
        return Deadline(at: changedAt + Self.shortestInterval, for: "the next change of the offer")
    }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .offerWanted(let milliamps):
            wantedMilliamps = milliamps
            return update(at: moment)
        case .signalLost:
            return signal.map { [.setPilot($0)] } ?? []
        case .serviceEnded:
            guard signal != .f else { return [] }
            wantedMilliamps = 0
            offeredMilliamps = 0
            signal = .f
            return [.setPilot(.f)]
        }
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] { update(at: moment) }

    private mutating func update(at moment: Moment) -> [Effect] {
        let changesRunningOffer = wantedMilliamps != 0 && offeredMilliamps != 0
        if changesRunningOffer, let changedAt, moment.uptime < changedAt + Self.shortestInterval { return [] }
        let next = PilotDuty.signal(offeringMilliamps: wantedMilliamps)
        offeredMilliamps = wantedMilliamps
        guard next != signal else { return [] }
        signal = next
        changedAt = moment.uptime
        return [.setPilot(next)]
    }
}
