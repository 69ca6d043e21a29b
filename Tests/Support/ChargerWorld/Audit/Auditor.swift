import BusSchema
import CentralSystem
import GatewayCore
import HardwareCore
import OCPP
import Primitives

/// Watches everything from outside and knows what must always hold. It believes nobody: its facts are the disk, the contactors, the meter's
/// true register and the texts on the wire.
final class Auditor {
    /// A transaction as the disk tells it.
    struct Life: Sendable {
        let began: Began
        let beganAt: Duration
        var stoppingAt: Duration?
        fileprivate(set) var ended: Ended?
        var endedAt: Duration?
        /// MeterValues on disk.
        var samples = 0
    }

    /// One contactor and the permit that it closes under.
    private struct Contactor {
        var isClosed = false
        var permit: PermitInForce?
        var permitGoneAt = Duration.zero
        /// A welded or repaired one follows nobody.
        var isBroken = false
    }

    /// By our own name, all that ever began.
    private(set) var lives: [String: Life] = [:]
    /// In the order in which they began.
    private(set) var order: [String] = []
    private var open: [Int: String] = [:]
    private var newestEnd: [Int: (meterStopWh: Int64, at: Duration)] = [:]
    private var contactors: [Int: Contactor] = [:]
    private var messageIds: Set<String> = []
    private var lastDisturbance = Duration.zero
    private var lastFailedWrite: Duration?
    /// Something is broken until its repair, which counts as a disturbance of its own.
    var isDeviceBroken = false
    private var outstanding: (id: String, at: Duration)?
    private var isRegistered = false
    /// Requests of the central system by id, until they are answered.
    private var asked: [String: OCPPRequest] = [:]
    private let watts: Double
    private let policy: WorldSettings

    init(_ settings: WorldSettings) {
        policy = settings
        watts = 230 * 32 * Double(settings.phases)
    }

    /// Something went wrong on purpose: what is exact else is only bounded now.
    func disturbed(at now: Duration) { lastDisturbance = now }

    func writeFailed(at now: Duration) {
        lastFailedWrite = now
        lastDisturbance = now
    }

    // MARK: - Contactors

    func contactor(_ id: Int, isClosed: Bool, at now: Duration) {
        contactors[id, default: Contactor()].isClosed = isClosed
    }

    func hardwareSays(_ state: ConnectorState, at now: Duration) {
        var contactor = contactors[state.connectorId] ?? Contactor()
        if contactor.permit != nil, state.permit == nil { contactor.permitGoneAt = now }
        contactor.permit = state.permit
        contactor.isBroken = state.faults.contains(.powerSwitchFailure)
        contactors[state.connectorId] = contactor
    }

    /// hardware-io is gone: it holds no permit any more.
    func hardwareDied(at now: Duration) {
        for id in contactors.keys where contactors[id]?.permit != nil {
            contactors[id]?.permit = nil
            contactors[id]?.permitGoneAt = now
        }
    }

    /// An EV has six seconds to end its draw, the contactor 20 ms to open; shells are late by a few ms.
    private static let openingLimit = Duration.milliseconds(6100)

    /// What must hold at every instant.
    func problems(at now: Duration, uptime: Duration) -> [String] {
        var problems: [String] = []
        for (id, contactor) in contactors where contactor.isClosed && !contactor.isBroken {
            guard let permit = contactor.permit else {
                if now > contactor.permitGoneAt + Self.openingLimit {
                    problems.append("contactor \(id) is closed without a permit since \(contactor.permitGoneAt)")
                }
                continue
            }
            if policy.onPermitLost == .openAtOnce,
                uptime > .milliseconds(permit.validUntilUptime) + .milliseconds(100)
            {
                problems.append("contactor \(id) is closed under a permit that ended at \(permit.validUntilUptime)")
            }
            guard let life = lives[permit.transaction] else {
                problems.append("contactor \(id) is closed for \(permit.transaction), which is not on disk")
                continue
            }
            let leaseEnd = life.endedAt.map { $0 + WorldSettings.permitLease + Self.openingLimit }
            if let leaseEnd, now > leaseEnd, policy.onPermitLost == .openAtOnce {
                problems.append("contactor \(id) is still closed for \(permit.transaction), which has ended")
            }
        }
        return problems
    }

    /// A permit may be granted only for what is on disk and goes on.
    func granted(_ permit: Permit) -> String? {
        guard permit.granted else { return nil }
        guard let life = lives[permit.transaction] else { return "a permit for \(permit.transaction), not on disk" }
        return life.stoppingAt == nil && life.endedAt == nil
            ? nil : "a permit for \(permit.transaction), which is over"
    }

    // MARK: - The journal

    /// The gateway stores records, while the devices stand as they stand.
    func stored(_ records: [JournalRecord], _ devices: Devices, _ notebook: Notebook, at now: Duration) {
        for record in records {
            let register = connector(of: record).map { devices.registerWh($0) }
            notebook.violate(all: stored(record, registerWh: register, at: now))
        }
    }

    /// The connector whose register matters to the record.
    private func connector(of record: JournalRecord) -> Int? {
        switch record {
        case .began(let began): began.connectorId
        case .ended(let ended): ended.connectorId
        default: nil
        }
    }

    private func stored(_ record: JournalRecord, registerWh: Double?, at now: Duration) -> [String] {
        switch record {
        case .began(let began): return begin(began, registerWh ?? 0, at: now)
        case .ended(let ended): return end(ended, registerWh ?? 0, at: now)
        case .stopping(let stopping): lives[stopping.transaction]?.stoppingAt = now
        case .sampled(let sampled):
            if let id = sampled.messageId {
                messageIds.insert(id)
                lives[sampled.transaction]?.samples += 1
            }
            if let life = lives[sampled.transaction], life.endedAt != nil {
                return ["a sample of \(sampled.transaction) after its end"]
            }
        default: break
        }
        return []
    }

    private func begin(_ began: Began, _ registerWh: Double, at now: Duration) -> [String] {
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
        messageIds.insert(began.messageId)
        lives[began.transaction] = Life(began: began, beganAt: now)
        order.append(began.transaction)
        open[began.connectorId] = began.transaction
        return problems
    }

    private func end(_ ended: Ended, _ registerWh: Double, at now: Duration) -> [String] {
        guard var life = lives[ended.transaction] else { return ["\(ended.transaction) ends and never began"] }
        var problems: [String] = []
        if life.ended != nil { problems.append("\(ended.transaction) ends twice") }
        let missing = registerWh - Double(ended.meterStopWh)
        if missing < -0.01 {
            problems.append("meterStop is \(ended.meterStopWh) Wh, the register only \(registerWh) Wh")
        }
        if let limit = loss(since: life.beganAt, at: now), missing > limit {
            problems.append(
                "meterStop is \(ended.meterStopWh) Wh, the register \(registerWh) Wh: over \(limit) Wh lost"
            )
        }
        if ended.meterStopWh < life.began.meterStartWh { problems.append("\(ended.transaction) gives energy back") }
        messageIds.insert(ended.messageId)
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
        guard let limit = loss(since: start.at, at: now), energy > limit else { return [] }
        return ["\(energy) Wh flowed on connector \(connectorId) outside of every transaction, over \(limit) Wh"]
    }

    /// How much may be missing: less than the register's step while all went well; else what flows from the last register on disk (a minute)
    /// through a lease to the end of the draw, and the same lease again after an end that nobody could order. Nil after failed writes.
    private func loss(since: Duration, at now: Duration) -> Double? {
        if let lastFailedWrite, lastFailedWrite >= since { return nil }
        return lastDisturbance >= since || isDeviceBroken ? watts * (60 + 60 + 60 + 20) / 3600 : 1.1
    }

    /// What a power cut took along. Only what does no harm may be lost.
    func lost(_ records: [JournalRecord]) -> [String] {
        var problems: [String] = []
        for record in records {
            switch record {
            case .sampled(let sampled): if sampled.messageId != nil { lives[sampled.transaction]?.samples -= 1 }
            case .began, .stopping, .ended, .assigned, .availabilitySet, .resumed, .deadLettered, .requeued:
                problems.append("a power cut lost \(record)")
            case .registerRead, .delivered, .attempted, .released, .bootStart, .checkpoint, .unknown: break
            }
        }
        return problems
    }

    // MARK: - Calls

    func gatewayStarted() {
        isRegistered = false
        connectionEnded()
    }

    func connectionEnded() {
        outstanding = nil
        asked = [:]
    }

    func called(_ id: String, _ request: OCPPRequest, at now: Duration) -> [String] {
        var problems: [String] = []
        let action = request.action
        if !isRegistered, action != .bootNotification { problems.append("\(action) before the registration") }
        if let outstanding, now < outstanding.at + WorldSettings.callTimeout {
            problems.append("\(action) while \(outstanding.id) waits since \(outstanding.at)")
        }
        outstanding = (id, now)
        switch request {
        case .startTransaction, .stopTransaction:
            if !messageIds.contains(id) { problems.append("\(action) is not on disk") }
        case .meterValues(let values):
            if values.transactionId != nil, !messageIds.contains(id) { problems.append("\(action) is not on disk") }
        default: break
        }
        return problems
    }

    /// A message reaches the gateway.
    func heard(_ message: IncomingMessage, at now: Duration) -> [String] {
        switch message {
        case .callResult(let id, let confirmation):
            if id == outstanding?.id { outstanding = nil }
            if case .bootNotification(let boot) = confirmation, boot.status == .accepted { isRegistered = true }
        case .callError(let id, _), .undecodableResult(let id, _):
            if id == outstanding?.id { outstanding = nil }
        case .call(let id, let request): asked[id] = request
        case .rejectedCall(_, let action, let error): return ["the gateway cannot read \(action ?? "?"): \(error)"]
        case .ignored: break
        }
        return []
    }

    /// What an answer promises is on disk when it goes out.
    func answered(_ id: String, _ confirmation: OCPPConfirmation, _ disks: Disks) -> [String] {
        guard let request = asked.removeValue(forKey: id) else {
            return ["an answer to \(id), which nobody asked on this connection"]
        }
        switch (request, confirmation) {
        case (.changeAvailability(let request), .changeAvailability(let answer)) where answer.status != .rejected:
            let isOperative = !disks.gateway.restored.inoperative.contains(request.connectorId)
            return isOperative == (request.type == .operative) ? [] : ["ChangeAvailability was answered, not stored"]
        case (.changeConfiguration(let request), .changeConfiguration(let answer)) where answer.status == .accepted:
            guard let stored = disks.config.stored(request.key.text), stored != request.value.text else { return [] }
            return ["ChangeConfiguration of \(request.key.text) was answered, on disk is \(stored)"]
        default: return []
        }
    }
}
