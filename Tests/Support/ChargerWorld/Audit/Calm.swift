import Primitives

/// How long nothing has gone wrong on purpose. What is exact in calm weather is only bounded after a storm.
final class Calm {
    /// Something is broken until its repair, which counts as a disturbance of its own.
    var isDeviceBroken = false
    /// Connectors at which something broke once: what was latched there may still forbid energy.
    private(set) var suspects: Set<Int> = []
    /// How far the charger's clock may be off; nil when somebody set it.
    private(set) var clockTolerance: Duration? = .seconds(3)

    private var answerLeg = Duration.zero
    private var longestDelays: [Duration] = []
    private var lastDisturbance = Duration.zero
    private var lastFailedWrite: Duration?

    func disturbed(at now: Duration) { lastDisturbance = now }

    func writeFailed(at now: Duration) {
        lastFailedWrite = now
        lastDisturbance = now
    }

    func broke(at connectorId: Int) { suspects.insert(connectorId) }

    /// Somebody sets the charger's clock, or tells it a wrong time.
    func clockStepped() { clockTolerance = nil }

    /// Every confirmation takes so long, whatever else delays it.
    func answersAlwaysComeLate(by duration: Duration) {
        answerLeg = duration
        answersComeLate(by: .zero)
    }

    /// Confirmations take their time, and half of it is what a clock set by them may be off.
    func answersComeLate(by duration: Duration) {
        // One answer may meet two of them, one after the other.
        longestDelays = Array((longestDelays + [duration]).sorted(by: >).prefix(2))
        let total = longestDelays.reduce(answerLeg, +)
        clockTolerance = clockTolerance.map { max($0, .seconds(3) + total / 2) }
    }

    /// Nothing went wrong since then.
    func lasts(since start: Duration) -> Bool { !isDeviceBroken && lastDisturbance < start }

    /// Nothing went wrong for so long.
    func lasts(for duration: Duration, at now: Duration) -> Bool { now > duration && lasts(since: now - duration) }

    /// A write failed since then.
    func writeFailed(since start: Duration) -> Bool { lastFailedWrite.map { $0 >= start } ?? false }
}
