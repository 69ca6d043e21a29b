import BusSchema
import GatewayCore
import OCPP
import Primitives

/// Transactions as the disk tells them, held against the meter's true register: each begins once and ends once, bills what flowed, and no
/// energy belongs to nobody.
struct LifeAudit {
    /// A transaction.
    struct Life {
        let began: Began
        let beganAt: Duration
        var stoppingAt: Duration?
        /// The meter of a charger that lost its power has to start before the last register can be read.
        var wasCutOff = false
        var ended: Ended?
        var endedAt: Duration?
        /// MeterValues on disk.
        var samples = 0
        /// When the newest values were taken down.
        var sampledAt: Duration?

        /// Its end is not decided.
        var goesOn: Bool { stoppingAt == nil && endedAt == nil }
    }

    /// By our own name, all that ever began.
    private(set) var lives: [String: Life] = [:]
    /// In the order in which they began.
    private(set) var order: [String] = []
    /// By connector, the one that has not ended.
    private var open: [Int: String] = [:]
    private var newestEnd: [Int: (meterStopWh: Int64, at: Duration)] = [:]
    private let watts: Double
    private let calm: Calm

    init(_ settings: WorldSettings, _ calm: Calm) {
        watts = 230 * 32 * Double(settings.phases)
        self.calm = calm
    }

    /// The transaction of a connector that has not ended.
    func open(on connectorId: Int) -> Life? { open[connectorId].flatMap { lives[$0] } }

    // MARK: - Records

    /// A record is written. `registerWh` is how the meter of a connector truly stands.
    mutating func stored(_ record: JournalRecord, registerWh: (Int) -> Double, at now: Duration) -> [String] {
        switch record {
        case .began(let began): return begin(began, registerWh(began.connectorId), at: now)
        case .ended(let ended): return end(ended, registerWh(ended.connectorId), at: now)
        case .stopping(let stopping): lives[stopping.transaction]?.stoppingAt = now
        case .sampled(let sampled): return sample(sampled, registerWh(sampled.connectorId), at: now)
        case .registerRead(let read):
            guard let life = lives[read.transaction] else { return ["a register of \(read.transaction), unknown"] }
            return check(read.energyWh, registerWh(life.began.connectorId), of: life)
        default: break
        }
        return []
    }

    private mutating func begin(_ began: Began, _ registerWh: Double, at now: Duration) -> [String] {
        var problems: [String] = []
        if let uuid = open[began.connectorId] {
            problems.append("\(began.transaction) begins on connector \(began.connectorId) while \(uuid) is open")
        }
        if lives[began.transaction] != nil { problems.append("\(began.transaction) begins twice") }
        let difference = registerWh - Double(began.meterStartWh)
        if difference < -1 || difference > 1.1 {
            problems.append("meterStart is \(began.meterStartWh) Wh, the register \(registerWh) Wh")
        }
        problems += unbilled(began.connectorId, registerWh, at: now)
        lives[began.transaction] = Life(began: began, beganAt: now)
        order.append(began.transaction)
        open[began.connectorId] = began.transaction
        return problems
    }

    private mutating func sample(_ sampled: Sampled, _ registerWh: Double, at now: Duration) -> [String] {
        guard var life = lives[sampled.transaction] else { return ["a sample of \(sampled.transaction), unknown"] }
        if sampled.messageId != nil { life.samples += 1 }
        life.sampledAt = now
        lives[sampled.transaction] = life
        if life.endedAt != nil { return ["a sample of \(sampled.transaction) after its end"] }
        return check(sampled.energyWh, registerWh, of: life)
    }

    /// A reading in a transaction is no more than the meter counted, and not much older than now.
    private func check(_ energyWh: Int64, _ registerWh: Double, of life: Life) -> [String] {
        let late = registerWh - Double(energyWh)
        if late < -0.01 { return ["a reading of \(energyWh) Wh, the register only \(registerWh) Wh"] }
        if energyWh < life.began.meterStartWh { return ["a reading of \(energyWh) Wh below meterStart"] }
        if late > watts * Self.staleness / 3600 + 1, calm.lasts(since: life.beganAt) {
            return ["a reading of \(energyWh) Wh, the register is \(registerWh) Wh"]
        }
        return []
    }

    /// Meters are read every second while current flows, s.
    private static let staleness = 5.0

    private mutating func end(_ ended: Ended, _ registerWh: Double, at now: Duration) -> [String] {
        guard var life = lives[ended.transaction] else { return ["\(ended.transaction) ends and never began"] }
        var problems: [String] = []
        if life.ended != nil { problems.append("\(ended.transaction) ends twice") }
        let missing = registerWh - Double(ended.meterStopWh)
        if missing < -0.01 {
            problems.append("meterStop is \(ended.meterStopWh) Wh, the register only \(registerWh) Wh")
        }
        if let limit = loss(since: life.beganAt), missing > limit {
            problems.append(
                "meterStop is \(ended.meterStopWh) Wh, the register \(registerWh) Wh: over \(limit) Wh lost"
            )
        }
        if ended.meterStopWh < life.began.meterStartWh { problems.append("\(ended.transaction) gives energy back") }
        life.ended = ended
        life.endedAt = now
        lives[ended.transaction] = life
        if open[ended.connectorId] == ended.transaction { open[ended.connectorId] = nil }
        newestEnd[ended.connectorId] = (ended.meterStopWh, life.beganAt)
        return problems
    }

    /// Energy between the end of one transaction and now belongs to nobody.
    func unbilled(_ connectorId: Int, _ registerWh: Double, at now: Duration) -> [String] {
        guard open[connectorId] == nil else { return [] }
        let start = newestEnd[connectorId] ?? (1_000_000, .zero)
        let energy = registerWh - Double(start.meterStopWh)
        guard let limit = loss(since: start.at), energy > limit else { return [] }
        return ["\(energy) Wh flowed on connector \(connectorId) outside of every transaction, over \(limit) Wh"]
    }

    /// How much may be missing: less than the register's step while all went well; else what flows from the last register on disk (a minute)
    /// through a lease to the end of the draw, and the same lease again after an end that nobody could order. Nil after failed writes.
    private func loss(since: Duration) -> Double? {
        if calm.writeFailed(since: since) { return nil }
        return calm.lasts(since: since) ? 1.1 : watts * (60 + 60 + 60 + 20) / 3600
    }

    /// What a power cut took along. Only what does no harm may be lost.
    mutating func lost(_ record: JournalRecord) -> [String] {
        switch record {
        case .sampled(let sampled):
            if sampled.messageId != nil { lives[sampled.transaction]?.samples -= 1 }
        case .began, .stopping, .ended, .assigned, .availabilitySet, .resumed, .deadLettered, .requeued:
            return ["a power cut lost \(record)"]
        case .registerRead, .delivered, .attempted, .released, .bootStart, .checkpoint, .unknown: break
        }
        return []
    }

    /// The charger starts after a power cut, under a policy that ends what was under way.
    mutating func cutOff(at now: Duration) {
        for uuid in open.values where lives[uuid]?.stoppingAt == nil {
            lives[uuid]?.stoppingAt = now
            lives[uuid]?.wasCutOff = true
        }
    }

    // MARK: - What follows

    /// A permit may be granted only for what is on disk and goes on.
    func granted(_ permit: Permit) -> [String] {
        guard permit.granted else { return [] }
        guard let life = lives[permit.transaction] else { return ["a permit for \(permit.transaction), not on disk"] }
        guard life.began.connectorId == permit.connectorId else {
            return ["a permit for \(permit.transaction) on connector \(permit.connectorId)"]
        }
        return life.goesOn ? [] : ["a permit for \(permit.transaction), which is over"]
    }

    /// Timestamps on the wire are those of what happened, on a clock that was never set.
    func sent(_ request: OCPPRequest, about transaction: String?, at now: Duration) -> [String] {
        guard let life = transaction.flatMap({ lives[$0] }), let tolerance = calm.clockTolerance,
            !calm.writeFailed(since: life.beganAt - .seconds(60))
        else { return [] }
        let (time, earliest, latest): (Timestamp, Duration, Duration)
        switch request {
        case .startTransaction(let start): (time, earliest, latest) = (start.timestamp, life.beganAt, life.beganAt)
        case .stopTransaction(let stop): (time, earliest, latest) = (stop.timestamp, life.beganAt, life.endedAt ?? now)
        case .meterValues(let values):
            (time, earliest, latest) = (values.meterValue.first.timestamp, life.beganAt, life.endedAt ?? now)
        default: return []
        }
        let first = MachineClock.firstUtc.advanced(by: earliest - tolerance)
        let last = MachineClock.firstUtc.advanced(by: latest + tolerance)
        return time < first || last < time ? ["\(request.action) of \(time), it happened from \(first) to \(last)"] : []
    }
}
