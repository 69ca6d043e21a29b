import BusSchema
import OCPP
import Primitives

/// What hardware-io last said about one connector, and how long ago.
struct ConnectorFacts: Equatable, Sendable {
    private(set) var state: ConnectorState?
    /// An EV is connected. Keeps its value while the pilot is in error or unread.
    private(set) var isPlugged = false
    /// Since when the contactor is seen open; nil while it is not.
    private(set) var openSince: Duration?
    /// The newest plausible reading.
    private(set) var reading: MeterReading?
    private(set) var measurands: KnownMeasurands
    /// The newest reading was not plausible.
    private(set) var meterFailed = false
    /// When hardware-io last gave a sign of life.
    private(set) var heardAt: Duration
    /// The longest time without a sign of life since the newest state.
    private var longestQuiet = Duration.zero
    /// hardware-io restarted: until then its contactor may be finding back to where it was.
    private(set) var settlesUntil: Duration?
    /// Nothing was heard for too long.
    private(set) var isSilent = false

    /// A contactor rests for some seconds before it closes again, and an EV takes some to ask.
    private static let settleLimit = Duration.seconds(15)
    /// hardware-io reports each second until the register has settled, and every ten seconds then.
    private static let quietLimit = Duration.seconds(5)

    /// `measurands` are those that the meter gave before the start; nil where that is not known.
    init(_ measurands: Set<MeasurandSelection>?, at uptime: Duration) {
        self.measurands = KnownMeasurands(inherited: measurands)
        heardAt = uptime
    }

    /// A transaction from before our restart had its EV connected.
    mutating func assumePlugged() { isPlugged = true }

    mutating func heard(at uptime: Duration) {
        longestQuiet = max(longestQuiet, uptime - heardAt)
        heardAt = uptime
        isSilent = false
    }

    mutating func fellSilent() { isSilent = true }

    mutating func note(_ new: ConnectorState, at uptime: Duration) {
        heard(at: uptime)
        if let state, state.bootId != new.bootId { settlesUntil = uptime + Self.settleLimit }
        state = new
        longestQuiet = .zero
        if let pilot = new.pilot {
            if pilot.isPlugged { isPlugged = true }
            if pilot == .a { isPlugged = false }
        }
        openSince = new.contactor == .open ? openSince ?? uptime : nil
    }

    mutating func note(_ new: MeterReading, at uptime: Duration) {
        heard(at: uptime)
        meterFailed = !new.valid
        guard new.valid else { return }
        reading = new
        measurands.note(new.figures(registerWh: new.energyWh, offer: nil), at: uptime)
    }

    /// What is offered now; nothing while hardware-io was not heard.
    var offer: MeterReading.Offer {
        MeterReading.Offer(milliamps: state?.offeredMilliamps ?? 0, phases: state?.phases ?? 1)
    }

    /// While a register settles: hardware-io is being restarted or upgraded, or was a moment ago. It is quiet about a meter that fails, too.
    func isAway(at uptime: Duration) -> Bool {
        !meterFailed && (uptime - heardAt >= Self.quietLimit || settlesUntil.map { uptime < $0 } ?? false)
    }

    /// Whether an EV that is there now is the one of before, seen by another process of hardware-io that was there a moment ago.
    func sawVehicleStay(until new: ConnectorState, at uptime: Duration) -> Bool {
        guard let state, state.bootId != new.bootId, state.pilot?.isPlugged == true else { return false }
        return max(longestQuiet, uptime - heardAt) <= ConnectorState.longestGap
    }

    /// The newest reading, if it is no older than `limit` and the meter works.
    func freshReading(within limit: Duration, at uptime: Duration) -> MeterReading? {
        guard !meterFailed, let reading, uptime - Duration(outsideMilliseconds: reading.takenAtUptime) <= limit else {
            return nil
        }
        return reading
    }

    /// No energy flows, and the newest reading was taken after it stopped flowing: the register is final. hardware-io says so by naming
    /// the opening that the reading came after, so that nothing depends on how long a message took; one that does not name any is
    /// believed by its time.
    var registerIsFinal: Bool {
        guard let openSince, let reading, !meterFailed else { return false }
        if let opening = state?.openSinceUptime { return reading.openSinceUptime == opening }
        return Duration(outsideMilliseconds: reading.takenAtUptime) >= openSince
    }

    /// The cable cannot be taken away yet, or an EV is still on it.
    var needsUserAction: Bool {
        isPlugged || [.locked, .locking, .unlocking, .failed].contains(state?.lock ?? .absent)
    }
}
