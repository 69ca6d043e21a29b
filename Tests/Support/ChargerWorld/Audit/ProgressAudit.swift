import GatewayCore
import OCPP
import Primitives

/// What must get on when nothing is in its way: energy flows, readings are taken, ends come, stray permits go. Asked every second.
struct ProgressAudit {
    /// One connector as it truly stands.
    struct Facts {
        var isPlugged: Bool
        /// The EV takes energy when it gets it.
        var wantsEnergy: Bool
        /// When a reading showed no EV last. It may have come back before anybody looked, as after a jerk at the cable.
        var missedAt: Duration?
        var isClosed: Bool
        /// The contactor follows nobody.
        var isStuck: Bool
        /// Its phases may be switched now, or were switched too often to give what is allowed.
        var maySwitch: Bool
        /// The contactor may not close yet.
        var isExhausted: Bool
        var isLocked: Bool
        /// Whose permit hardware-io holds.
        var permitted: String?
        var life: LifeAudit.Life?
        var isRefused: Bool
        /// Something broke here once, and may be latched.
        var isSuspect: Bool
    }

    /// A setting of the charger as far as it concerns progress.
    private struct Setting<Value> {
        var value: Value
        /// From here on it counts.
        var at = Duration.zero
    }

    private var wantsSince: [Int: Duration] = [:]
    private var goneSince: [Int: Duration] = [:]
    private var wasClosed: Set<Int> = []
    private var strayedSince: [Int: Duration] = [:]
    private var sampleSeconds: Setting<Int>
    private var stopsOnDisconnect: Setting<Bool>
    private let defaults: (seconds: Int, stops: Bool)
    private let hasLock: Bool
    /// How long a permit that nobody granted may stand. Where publications get lost it is the next repetition of the state that shows it.
    private let strayLimit: Duration

    init(_ settings: WorldSettings) {
        hasLock = settings.hasLock
        strayLimit = settings.bus.loss > 0 ? .seconds(150) : .seconds(20)
        let seconds = settings.keys["MeterValueSampleInterval"].flatMap { Int($0) } ?? 20
        let stops = settings.keys["StopTransactionOnEVSideDisconnect"] != "false"
        defaults = (seconds, stops)
        sampleSeconds = Setting(value: seconds)
        stopsOnDisconnect = Setting(value: stops)
    }

    /// StopTransactionOnEVSideDisconnect.
    var endsWithoutVehicle: Bool { stopsOnDisconnect.value }

    /// The values that the config store has; nil is the charger's default.
    mutating func configured(_ stored: (String) -> String?, at now: Duration) {
        let seconds = stored("MeterValueSampleInterval").map { Int($0) ?? 0 } ?? defaults.seconds
        if seconds != sampleSeconds.value { sampleSeconds = Setting(value: seconds, at: now) }
        let stops = stored("StopTransactionOnEVSideDisconnect").map { $0 == "true" } ?? defaults.stops
        if stops != stopsOnDisconnect.value { stopsOnDisconnect = Setting(value: stops, at: now) }
    }

    mutating func problems(_ id: Int, _ facts: Facts, _ calm: Calm, at now: Duration) -> [String] {
        wantsSince[id] = facts.wantsEnergy ? max(wantsSince[id] ?? now, facts.missedAt ?? .zero) : nil
        goneSince[id] = facts.isPlugged ? nil : goneSince[id] ?? now
        let isStray = facts.permitted != nil && facts.permitted != facts.life?.began.transaction
        strayedSince[id] = isStray ? strayedSince[id] ?? now : nil
        var problems: [String] = []
        let opened = wasClosed.contains(id) && !facts.isClosed
        if facts.isClosed { wasClosed.insert(id) } else { wasClosed.remove(id) }
        // One that began since the last look did not have the contactor closed.
        if opened, let life = facts.life, life.goesOn, !facts.isRefused, !facts.isSuspect, !facts.maySwitch,
            now > life.beganAt + .seconds(2), calm.lasts(for: .seconds(60), at: now),
            let wants = wantsSince[id], now > wants + .seconds(60)
        {
            problems.append("contactor \(id) opens, although \(life.began.transaction) goes on and its EV wants energy")
        }
        if hasLock, facts.isClosed, !facts.isStuck, !facts.isLocked, !calm.isDeviceBroken {
            problems.append("contactor \(id) is closed, the plug is not locked")
        }
        if let since = strayedSince[id], now > since + strayLimit, calm.lasts(for: .seconds(20), at: now) {
            problems.append(
                "connector \(id) has a permit for \(facts.permitted ?? "") since \(since), nobody withdraws it"
            )
        }
        if let life = facts.life { problems += self.problems(of: life, id, facts, calm, at: now) }
        return problems
    }

    private func problems(
        of life: LifeAudit.Life,
        _ id: Int,
        _ facts: Facts,
        _ calm: Calm,
        at now: Duration
    ) -> [String] {
        var problems: [String] = []
        let endsWithin = Duration.seconds(life.wasCutOff ? 90 : 30)
        if let stoppingAt = life.stoppingAt, now > stoppingAt + endsWithin, calm.lasts(since: stoppingAt) {
            problems.append("\(life.began.transaction) was to end at \(stoppingAt) and did not")
        }
        guard life.goesOn, calm.lasts(for: .seconds(60), at: now) else { return problems }
        if let wants = wantsSince[id], now > max(wants, life.beganAt) + .seconds(60), !facts.isClosed,
            !facts.isExhausted, !facts.isRefused, !facts.isSuspect, !facts.maySwitch
        {
            problems.append("connector \(id) has a transaction and an EV that wants energy, and gives none")
        }
        let seconds = Duration.seconds(sampleSeconds.value)
        let newest = max(life.sampledAt ?? life.beganAt, life.beganAt)
        if seconds > .zero, now > newest + seconds + .seconds(10), now > sampleSeconds.at + .seconds(200),
            calm.lasts(for: .seconds(90), at: now)
        {
            problems.append("\(life.began.transaction) has no meter values since \(newest)")
        }
        // An EV that left while the transaction was to go on without it ends nothing when that is changed (OCPP 1.6 §9.1.24).
        if let gone = goneSince[id], stopsOnDisconnect.value, now > max(gone, life.beganAt) + .seconds(60),
            gone > stopsOnDisconnect.at + .seconds(60)
        {
            problems.append("\(life.began.transaction) goes on, the EV left at \(gone)")
        }
        return problems
    }
}
