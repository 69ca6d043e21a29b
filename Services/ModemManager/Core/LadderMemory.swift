internal import Primitives

/// What the ladder of one uplink must know again after a restart: when each step was taken last, and how often without success.
///
/// Times are uptimes, because the clock may be wrong exactly when there is no network. Those of an earlier boot become zero: the step was taken
/// before this boot began, so that a spacing counted from its beginning is never shorter than asked for.
public struct LadderMemory: Equatable, Sendable {
    public struct Mark: Equatable, Sendable {
        /// Uptime of this boot.
        public var at: Duration
        /// How often it was taken since the uplink was well for long.
        public var count: Int

        public init(at uptime: Duration, count: Int) {
            at = uptime
            self.count = count.clamped(to: 0...1_000_000)
        }
    }

    public internal(set) var marks: [RecoveryStep: Mark]

    public init(marks: [RecoveryStep: Mark] = [:]) { self.marks = marks }

    mutating func take(_ step: RecoveryStep, at uptime: Duration) {
        marks[step] = Mark(at: uptime, count: (marks[step]?.count ?? 0).addingClamped(1))
    }

    /// The uplink was well for long. When a step was taken last is kept: its spacing holds all the same.
    mutating func forgetCounts() {
        for step in marks.keys { marks[step]?.count = 0 }
    }

    /// A step cannot have been taken later than now, whatever a document says.
    mutating func bound(to uptime: Duration) {
        for (step, mark) in marks where mark.at > uptime { marks[step]?.at = uptime }
    }

    var hasCounts: Bool { marks.values.contains { $0.count > 0 } }

    /// When `step` may be taken again: its least spacing after the last time, doubled for each time without success.
    ///
    /// The machine may have been started anew because of this uplink, of one of another name, or of one whose memory is lost or older than that. So its
    /// next start is never nearer to its last one than the spacing, whatever is remembered.
    func earliest(_ step: RecoveryStep) -> Duration {
        guard let mark = marks[step] else { return step == .hostReboot ? step.leastSpacing : .zero }
        return mark.at + step.spacing(afterTimes: mark.count)
    }
}

extension RecoveryStep {
    /// Least time between two of its kind, and the longest that doubling makes of it (`reference` of the figures: the README of the service).
    private var spacings: (least: Duration, most: Duration) {
        switch self {
        case .redial: (.seconds(4), .seconds(300))
        case .detach: (.seconds(120), .seconds(1800))
        case .radio: (.seconds(180), .seconds(3600))
        case .modemReset: (.seconds(900), .seconds(7200))
        case .powerKey: (.seconds(900), .seconds(7200))
        case .supply: (.seconds(1800), .seconds(14_400))
        case .hostReboot: (.seconds(21_600), .seconds(86_400))
        }
    }

    /// Never shorter than this between two.
    public var leastSpacing: Duration { spacings.least }

    func spacing(afterTimes count: Int) -> Duration {
        let (least, most) = spacings
        let doublings = (count - 1).clamped(to: 0...10)
        return min(least * (1 << doublings), most)
    }

    /// How long after it the carrier may take until the next attempt counts: a modem that starts anew is away for up to 40 s and may search for minutes.
    var settling: Duration {
        switch self {
        case .redial: .seconds(5)
        case .detach: .seconds(20)
        case .radio: .seconds(30)
        case .modemReset, .powerKey, .supply: .seconds(60)
        case .hostReboot: .seconds(300)
        }
    }
}
