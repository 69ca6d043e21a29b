import OCPP
import Primitives

/// When meter values are due in a transaction: sampled ones on a grid from its start, clock-aligned ones on the grid of the UTC day.
/// Both grids are absolute: lateness never accumulates, and what was missed is not made up for.
struct MeteringSchedule: Equatable, Sendable {
    /// A set of values that is due.
    enum Due: Equatable {
        /// The instant of the grid, on uptime.
        case sampled(Duration)
        /// The instant of the grid, UTC milliseconds since 1970.
        case aligned(Int64)

        var isAligned: Bool { if case .aligned = self { true } else { false } }
    }

    /// Begin of the sampling grid, on uptime.
    private let anchor: Duration
    private var sampledInterval: Duration
    private var alignedInterval: Duration
    private var sampledAt: Duration?
    /// The next instant of the UTC grid, and when that is by the clock as it is now.
    private var aligned: (utc: Int64, at: Duration)?

    init(anchor: Duration, _ turn: ChargingTurn) {
        self.anchor = anchor
        sampledInterval = .zero
        alignedInterval = .zero
        keysChanged(turn)
    }

    static func == (left: MeteringSchedule, right: MeteringSchedule) -> Bool {
        left.anchor == right.anchor && left.sampledAt == right.sampledAt && left.aligned?.utc == right.aligned?.utc
            && left.aligned?.at == right.aligned?.at
    }

    var nextDeadline: Deadline? {
        earliest(
            Deadline(at: sampledAt, for: "a sampled meter value"),
            Deadline(at: aligned?.at, for: "a clock-aligned meter value")
        )
    }

    /// Takes the intervals over, from the next sample on (OCPP 1.6 §5.3).
    mutating func keysChanged(_ turn: ChargingTurn) {
        let keys = turn.keys
        if keys.core.meterValueSampleInterval != sampledInterval {
            sampledInterval = keys.core.meterValueSampleInterval
            sampledAt = nextSample(after: turn.moment.uptime)
        }
        if keys.core.clockAlignedDataInterval != alignedInterval {
            alignedInterval = keys.core.clockAlignedDataInterval
            aligned = nextAligned(turn)
        }
    }

    /// The wall clock moved: the UTC grid is elsewhere on uptime.
    mutating func clockChanged(_ turn: ChargingTurn) { aligned = nextAligned(turn) }

    /// Returns the set that is due since longest, and moves on. After a turn that came late both kinds may be due: what is written first is
    /// told first, and no later message bears an earlier time.
    mutating func popDue(_ turn: ChargingTurn) -> Due? {
        let uptime = turn.moment.uptime
        if let at = sampledAt, at <= uptime, aligned.map({ at <= $0.at }) ?? true {
            sampledAt = nextSample(after: uptime)
            return .sampled(at)
        }
        if let aligned, aligned.at <= uptime {
            let now = turn.clock.utc(at: turn.moment)
            self.aligned = nextAligned(turn)
            // After a step of the clock this instant may be far away; then it is not reported.
            guard abs(now - aligned.utc) < 1000 else { return popDue(turn) }
            return .aligned(aligned.utc)
        }
        return nil
    }

    private func nextSample(after uptime: Duration) -> Duration? {
        let step = sampledInterval.wholeMilliseconds
        guard step > 0 else { return nil }
        let passed = max(0, (uptime - anchor).wholeMilliseconds) / step
        return anchor + Duration(outsideMilliseconds: (passed + 1) * step)
    }

    /// The next instant on the grid that starts at 00:00:00 UTC (OCPP 1.6 §3.16.2); an interval that does not divide the day starts
    /// again at midnight.
    private func nextAligned(_ turn: ChargingTurn) -> (utc: Int64, at: Duration)? {
        let step = alignedInterval.wholeMilliseconds
        // Without a trusted clock there is no grid.
        guard step > 0, turn.clock.isTrusted else { return nil }
        let day: Int64 = 86_400_000
        let now = turn.clock.utc(at: turn.moment)
        let midnight = now - ((now % day) + day) % day
        let next = min(midnight + ((now - midnight) / step + 1) * step, midnight + day)
        return (next, turn.moment.uptime + Duration(outsideMilliseconds: next - now))
    }
}
