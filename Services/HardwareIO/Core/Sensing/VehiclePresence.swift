import BusSchema
import Primitives

/// What was last seen of the EV at a connector, for the next process of this boot of the machine: whether the EV that it finds is the one that
/// was there before. Nobody else can tell, because all others hear of an EV by this service only.
public struct VehicleSight: Codable, Equatable, Sendable {
    public var connectorId: Int
    /// Uptime in milliseconds since when an EV is there without a gap; nil when there was none.
    public var presentSince: Int64?
    /// That EV was there at a first reading, so that nobody knows when it came.
    public var wasFound: Bool?
    /// Uptime in milliseconds of the newest reading that says so.
    public var seenAt: Int64

    public init(connectorId: Int, presentSince: Int64?, wasFound: Bool?, seenAt: Int64) {
        self.connectorId = connectorId
        self.presentSince = presentSince
        self.wasFound = wasFound
        self.seenAt = seenAt
    }
}

/// Whether an EV is there, and since when without a gap. A restart of the process, and a pilot that says nothing of EVs (broken, silent, shorted),
/// is a gap that proves nothing by itself: only where the EV was seen `ConnectorState.longestGap` ago at most, and is there at the first
/// reading after it, it counts as the same.
struct VehiclePresence {
    private enum State: Equatable {
        /// Neither A nor a plugged state was established yet. Next: absent, present.
        case unknown
        /// Next: present.
        case absent
        /// Next: absent.
        case present(since: Duration, wasFound: Bool)
    }

    /// What is kept of an EV that stays is no older than this, and than the distance of two readings.
    private static let keptFor = Duration.seconds(5)

    private var state = State.unknown
    private var seenAt = Duration.zero
    /// What the last process of this boot saw, then what this one kept.
    private var kept: VehicleSight?

    /// `before` is what the last process of this boot of the machine saw.
    init(before: VehicleSight?) { kept = before }

    /// Nil without an EV.
    var since: Duration? { if case .present(let since, _) = state { since } else { nil } }

    /// It was there at the first reading.
    var wasFound: Bool { if case .present(_, let wasFound) = state { wasFound } else { false } }

    /// An EV is there. Returns whether one was there before of which nobody knows whether it is this one.
    mutating func isThere(at uptime: Duration) -> Bool {
        defer { seenAt = uptime }
        switch state {
        case .unknown: state = found(at: uptime)
        case .absent: state = .present(since: uptime, wasFound: false)
        case .present:
            guard uptime - seenAt > ConnectorState.longestGap else { return false }
            state = .present(since: uptime, wasFound: true)
            return true
        }
        return false
    }

    /// No EV is there. Returns whether one was.
    mutating func isGone(at uptime: Duration) -> Bool {
        defer { state = .absent }
        seenAt = uptime
        return since != nil
    }

    /// Has kept what is new: each coming and going, and now and then that the EV is still there.
    mutating func keep(connectorId: Int, _ turn: inout Turn) {
        let sight: VehicleSight
        switch state {
        case .unknown: return
        case .absent:
            sight = VehicleSight(
                connectorId: connectorId,
                presentSince: nil,
                wasFound: nil,
                seenAt: seenAt.wholeMilliseconds
            )
            if let kept, kept.presentSince == nil { return }
        case .present(let since, let wasFound):
            sight = VehicleSight(
                connectorId: connectorId,
                presentSince: since.wholeMilliseconds,
                wasFound: wasFound ? true : nil,
                seenAt: seenAt.wholeMilliseconds
            )
            if let kept, kept.presentSince == sight.presentSince,
                seenAt < Duration(outsideMilliseconds: kept.seenAt) + Self.keptFor
            {
                return
            }
        }
        kept = sight
        turn.remember(sight)
    }

    /// An EV at the first reading: that of before, where nothing speaks against it.
    private func found(at uptime: Duration) -> State {
        guard let kept, let before = kept.presentSince else { return .present(since: uptime, wasFound: true) }
        let since = Duration(outsideMilliseconds: before)
        let lastSeen = Duration(outsideMilliseconds: kept.seenAt)
        guard since <= lastSeen, lastSeen <= uptime, uptime - lastSeen <= ConnectorState.longestGap else {
            return .present(since: uptime, wasFound: true)
        }
        return .present(since: since, wasFound: kept.wasFound == true)
    }
}
