internal import Primitives

/// Which uplink is in use: the first of the file that works, with patience for one that comes and goes.
///
/// The first return of a preferred uplink counts at once, so that a cable that is plugged in again is used at once. Each further return within
/// ten minutes of the last loss must last, twice as long each time: an uplink that flaps would end the gateway's connection at each turn.
struct Selector: Equatable, Sendable {
    static let memory = Duration.seconds(600)
    static let firstHold = Duration.seconds(30)
    static let longestHold = Duration.seconds(600)

    /// What is known of one uplink, in the order of preference.
    struct Candidate: Equatable {
        var name: String
        var isUsable: Bool
        /// Whether it is up at all. One over which nothing comes back is better than none: it may only seem so.
        var isUp: Bool
    }

    /// Losses of one uplink that followed each other closely.
    private struct Flaps: Equatable {
        var losses = 0
        var lostAt: Duration?
        var upSince: Duration?
    }

    private(set) var active: String?
    private var flaps: [String: Flaps] = [:]

    /// When a return will have lasted long enough; nil when nothing waits for that.
    private(set) var nextDeadline: Deadline?

    mutating func choose(among candidates: [Candidate], at moment: Moment) {
        for candidate in candidates { note(candidate, at: moment.uptime) }
        nextDeadline = nil
        let usable = candidates.filter(\.isUsable)
        // Without any other, one that flaps is better than none.
        guard usable.contains(where: { $0.name == active }) else {
            let steady = usable.first { holdEnds($0.name) <= moment.uptime } ?? usable.first
            if let steady {
                active = steady.name
            } else if !candidates.contains(where: { $0.name == active && $0.isUp }) {
                active = candidates.first(where: \.isUp)?.name
            }
            return
        }
        for candidate in usable {
            if candidate.name == active { return }
            let end = holdEnds(candidate.name)
            if end <= moment.uptime {
                active = candidate.name
                return
            }
            if nextDeadline.map({ end < $0.at }) ?? true {
                nextDeadline = Deadline(at: end, for: "an uplink that came back has lasted")
            }
        }
    }

    private mutating func note(_ candidate: Candidate, at uptime: Duration) {
        var known = flaps[candidate.name] ?? Flaps()
        if candidate.isUsable, known.upSince == nil {
            known.upSince = uptime
        } else if !candidate.isUsable, known.upSince != nil {
            known.upSince = nil
            let isClose = known.lostAt.map { uptime < $0 + Self.memory } ?? false
            known.losses = isClose ? min(known.losses + 1, 10) : 1
            known.lostAt = uptime
        }
        flaps[candidate.name] = known
    }

    private func holdEnds(_ name: String) -> Duration {
        guard let known = flaps[name], let upSince = known.upSince, known.losses > 1 else { return .zero }
        return upSince + min(Self.firstHold * (1 << (known.losses - 2)), Self.longestHold)
    }
}
