import Primitives

/// The charger's board: its power, its boots, and what its two clocks show.
final class MachineClock {
    /// True time when the world begins.
    static let firstUtc = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    /// From power to the start of the services.
    static let bootTime = Duration.seconds(10)

    private(set) var hasPower = true
    /// Counts boots of the kernel.
    private(set) var boot = 1

    private let timeline: Timeline
    private let hasBattery: Bool
    private var bootedAt = Duration.zero
    /// The charger's wall clock minus true time.
    private var error = Duration.zero

    init(_ timeline: Timeline, hasBattery: Bool) {
        self.timeline = timeline
        self.hasBattery = hasBattery
        forget()
    }

    /// As the charger's clocks show it.
    var moment: Moment { Moment(uptime: uptime, utc: trueTime.advanced(by: error)) }

    var uptime: Duration { timeline.now - bootedAt }

    /// As everybody else's clocks show it.
    var trueTime: Timestamp { Self.firstUtc.advanced(by: timeline.now) }

    /// For somebody who is always powered.
    var trueMoment: Moment { Moment(uptime: timeline.now, utc: trueTime) }

    /// A time of the charger's uptime on the world's clock.
    func worldTime(_ uptime: Duration) -> Duration { uptime + bootedAt }

    /// Somebody sets the wall clock.
    func step(by duration: Duration) { error += duration }

    func losePower() { hasPower = false }

    func gainPower() {
        hasPower = true
        bootedAt = timeline.now
        boot += 1
        forget()
    }

    /// Without a battery the wall clock begins in 1970 at each boot.
    private func forget() {
        guard !hasBattery else { return }
        error = .milliseconds(-Self.firstUtc.millisecondsSinceEpoch) - timeline.now
    }
}
