import Primitives

/// What can have flowed through a meter since its register was read last, as far as the contactor tells: nothing while it is surely open.
///
/// A meter that counts all the same is broken, or another one. What an open contactor lets through in truth shows as current, and is the affair
/// of `ContactorMachine`.
struct FlowBound {
    /// So much a charger may draw behind its meter, or the meter lose by rounding, without showing it as power, mW.
    private static let unseenMilliwatts: Int64 = 5000
    /// So long a register may lag behind the opening of the contactor, s.
    private static let lagSeconds: Int64 = 2
    /// Longest time between two samples that their power explains.
    private static let longestStep = Duration.seconds(3600)
    private static let milliwattMillisecondsOfWattHour: Int64 = 3_600_000_000

    private let highestWatts: Int64
    private let energyTimeScale: Int64
    private var openSince: Duration?
    /// When the register was read that counts.
    private var since: Duration
    /// Openings that began and ended since then.
    private var openBefore = Duration.zero
    /// What was counted through the open contactor and is not explained, mW x ms. Small amounts are forgotten with time, larger ones are not.
    private var unexplained: Int64 = 0

    init(_ plausibility: MeterPlausibility, at start: Duration) {
        highestWatts = plausibility.highestWatts
        energyTimeScale = plausibility.energyTimeScale
        since = start
    }

    /// Since when the contactor is surely open; nil while it may not be.
    mutating func contactorIs(openSince: Duration?, at uptime: Duration) {
        guard openSince != self.openSince else { return }
        if let before = self.openSince { openBefore += max(.zero, (openSince ?? uptime) - max(before, since)) }
        self.openSince = openSince
    }

    mutating func registerRead(at askedAt: Duration) {
        since = askedAt
        openBefore = .zero
    }

    /// The time since the register was read in which the contactor was not surely open.
    func flowTime(until uptime: Duration) -> Duration {
        let open = openSince.map { max(.zero, uptime - max($0, since)) } ?? .zero
        return max(.zero, uptime - since - openBefore - open)
    }

    /// Whether current may flow now.
    var mayFlow: Bool { openSince == nil }

    /// Whether the contactor was open all the time.
    var isOpenThroughout: Bool { openSince.map { $0 <= since } ?? false }

    /// Whether a register may rise by so much while the contactor is open. Rounding may: 10 Wh or a step of the register, and what flows in the
    /// moments by which it lags; and what is measured.
    mutating func explains(
        riseWh: Int64,
        measuredWatts: Int,
        stepWh: Int64,
        at uptime: Duration
    ) -> Bool {
        let milliwatts = Self.unseenMilliwatts + Int64(measuredWatts.clamped(to: 0...1_000_000)) * 1500
        let elapsed = min(max(.zero, uptime - since), Self.longestStep).wholeMilliseconds
        let explained = (milliwatts * elapsed).multipliedClamped(by: energyTimeScale)
        let risen = max(0, riseWh).multipliedClamped(by: Self.milliwattMillisecondsOfWattHour)
        let left = max(0, unexplained.addingClamped(risen).subtractingClamped(explained))
        let tolerance = (max(10, stepWh) + highestWatts * Self.lagSeconds / 3600)
            .multipliedClamped(by: energyTimeScale)
            .multipliedClamped(by: Self.milliwattMillisecondsOfWattHour)
        guard left <= tolerance else { return false }
        unexplained = left
        return true
    }

    /// Current may flow, or the register counts from somewhere else.
    mutating func forget() { unexplained = 0 }
}
