import BusSchema
import HardwareCore
import Primitives

/// When a contactor may close and must open. It believes the contacts themselves, the pilot's readings, and the permits that arrived; never what
/// hardware-io says of itself.
struct ContactorAudit {
    private struct Contactor {
        var isClosed = false
        /// Closings within the last hour, oldest first.
        var closings: [Duration] = []
        /// The permit that was delivered last; nil when it was withdrawn.
        var permit: Permit?
        /// Since when there is none.
        var permitGoneAt = Duration.zero
        /// Whoever waits for the end of a draw waits from here.
        var mustBeOpenAt: Duration?
        /// The newest two readings of the pilot.
        var pilot: [Reading] = []
        /// Two readings in a row allowed energy, and no two in a row forbade it since. One that does neither is worth nothing.
        var mayHaveEnergy = false
        /// The newest reading shows no EV, and whether the one before did so, too.
        var readsA = false
        var isVacant = false
        /// When a reading showed no EV last.
        var missedAt: Duration?
    }

    /// What the pilot's positive half-wave means to somebody who must be sure.
    private enum Reading { case energy, noEnergy, unclear }

    /// IEC 61851-1 table A.2: state C is 6 V, with a tolerance that two neighbours share.
    private static func reading(_ highMillivolts: Int) -> Reading {
        switch highMillivolts {
        case 4500...7500: .energy
        case ...4000, 8000...: .noEnergy
        default: .unclear
        }
    }

    /// Half-way between B and A of IEC 61851-1.
    private static let leastMillivoltsOfA = 10_500
    /// An EV has six seconds to end its draw, the contactor 20 ms to open; shells are late by a few ms.
    private static let openingLimit = Duration.milliseconds(6100)
    /// From the second reading that forbids energy to the open contact.
    private static let reaction = Duration.milliseconds(100)
    /// The least time between two closings, and from a start to the first one.
    private static let rest = Duration.seconds(5)
    private static let closingsPerHour = 60
    /// Each run that does not last an hour halves what the next may begin with: after so many, each closing waits for its minute.
    private static let shortRunsThatExhaust = 5

    /// How many phases lead to them.
    var phases = PhaseAudit()

    private let policy: PermitLossPolicy
    private var contactors: [Int: Contactor] = [:]
    private var startedAt = Duration.zero
    /// Runs of hardware-io in a row that did not last an hour.
    private var shortRuns = 0

    init(_ policy: PermitLossPolicy) { self.policy = policy }

    /// The transaction of the permit that hardware-io holds, if it has not run out, nor ended with the EV that it was for.
    func transaction(permittedOn id: Int, uptime: Duration) -> String? {
        guard let contactor = contactors[id], let permit = contactor.permit, !contactor.isVacant,
            .milliseconds(permit.validUntilUptime) > uptime
        else { return nil }
        return permit.transaction
    }

    /// When a reading of the pilot showed no EV last.
    func missedVehicle(_ id: Int) -> Duration? { contactors[id]?.missedAt }

    func isClosed(_ id: Int) -> Bool { contactors[id]?.isClosed ?? false }

    /// Whether it may not close yet although everything else agrees.
    func isExhausted(_ id: Int, at now: Duration) -> Bool {
        shortRuns >= Self.shortRunsThatExhaust
            || (contactors[id]?.closings.count { $0 > now - .seconds(3600) } ?? 0) >= Self.closingsPerHour - 2
    }

    mutating func hardwareStarted(at now: Duration) {
        shortRuns = now - startedAt < .seconds(3600) ? shortRuns + 1 : 0
        startedAt = now
        phases.hardwareStarted(at: now)
    }

    /// hardware-io is gone: it holds no permit any more, and knows no reading.
    mutating func hardwareDied(at now: Duration) {
        for id in contactors.keys {
            if contactors[id]?.permit != nil { contactors[id]?.permitGoneAt = now }
            contactors[id]?.permit = nil
            pilotLost(id)
            contactors[id]?.mustBeOpenAt = nil
        }
    }

    /// A permit reached hardware-io.
    mutating func delivered(_ permit: Permit, at now: Duration) {
        phases.delivered(permit, at: now)
        var contactor = contactors[permit.connectorId] ?? Contactor()
        if permit.granted {
            contactor.permit = permit
        } else if contactor.permit?.transaction == permit.transaction {
            contactor.permit = nil
            contactor.permitGoneAt = now
        }
        contactors[permit.connectorId] = contactor
    }

    mutating func pilotRead(_ id: Int, highMillivolts: Int, at now: Duration) {
        var contactor = contactors[id] ?? Contactor()
        contactor.pilot = contactor.pilot.suffix(1) + [Self.reading(highMillivolts)]
        let hasNoVehicle = highMillivolts >= Self.leastMillivoltsOfA
        contactor.isVacant = hasNoVehicle && contactor.readsA
        contactor.readsA = hasNoVehicle
        if hasNoVehicle { contactor.missedAt = now }
        let isForbidden = contactor.pilot.count == 2 && contactor.pilot.allSatisfy { $0 == .noEnergy }
        let isAllowed = contactor.pilot.count == 2 && contactor.pilot.allSatisfy { $0 != .noEnergy }
        if isForbidden || isAllowed { contactor.mayHaveEnergy = isAllowed }
        contactor.mustBeOpenAt = isForbidden ? contactor.mustBeOpenAt ?? now + Self.reaction : nil
        contactors[id] = contactor
    }

    /// The sensor is lost: what it read before is worth nothing.
    mutating func pilotLost(_ id: Int) {
        contactors[id]?.pilot = []
        contactors[id]?.mayHaveEnergy = false
    }

    /// The contactor was ordered to close.
    func orderedToClose(_ id: Int) -> [String] {
        guard let contactor = contactors[id], !contactor.isClosed else { return [] }
        guard contactor.mayHaveEnergy, contactor.pilot.last == .energy else {
            return ["contactor \(id) is ordered to close after the pilot readings \(contactor.pilot)"]
        }
        return []
    }

    /// The contacts moved, or were looked at again.
    mutating func moved(_ id: Int, isClosed: Bool, at now: Duration, uptime: Duration, isStuck: Bool) -> [String] {
        var contactor = contactors[id] ?? Contactor()
        defer { contactors[id] = contactor }
        guard contactor.isClosed != isClosed else { return [] }
        contactor.isClosed = isClosed
        guard isClosed, !isStuck else { return [] }
        var problems: [String] = []
        // The coil takes up to 20 ms, so that of two closings ordered 5 s apart the contacts may meet a little sooner.
        let rest = Self.rest - .milliseconds(25)
        if let last = contactor.closings.last, now - last < rest {
            problems.append("contactor \(id) closes \(now - last) after it closed last")
        }
        if now - startedAt < rest { problems.append("contactor \(id) closes \(now - startedAt) after a start") }
        contactor.closings = contactor.closings.filter { $0 > now - .seconds(3600) } + [now]
        if contactor.closings.count > Self.closingsPerHour {
            problems.append("contactor \(id) closes \(contactor.closings.count) times within an hour")
        }
        guard let permit = contactor.permit else {
            // Withdrawn while it was closing: it opens at once.
            if now - contactor.permitGoneAt > .milliseconds(100) {
                problems.append("contactor \(id) closes without a permit")
            }
            return problems
        }
        if uptime > .milliseconds(permit.validUntilUptime) + .milliseconds(100) {
            problems.append("contactor \(id) closes under a permit that ended at \(permit.validUntilUptime) ms")
        }
        return problems
    }

    /// What must hold at every instant.
    func problems(at now: Duration, uptime: Duration, isStuck: (Int) -> Bool) -> [String] {
        var problems: [String] = []
        for (id, contactor) in contactors where contactor.isClosed && !isStuck(id) {
            if let limit = contactor.mustBeOpenAt, now > limit {
                problems.append("contactor \(id) is closed although the pilot forbids energy")
            }
            guard let permit = contactor.permit else {
                if now > contactor.permitGoneAt + Self.openingLimit {
                    problems.append("contactor \(id) is closed without a permit since \(contactor.permitGoneAt)")
                }
                continue
            }
            // The draw may end in the six seconds after the lease, too.
            let overdue = uptime - .milliseconds(permit.validUntilUptime)
            let grace: Duration = if case .continueFor(let time) = policy { time } else { .zero }
            if overdue > grace + Self.openingLimit {
                problems.append("contactor \(id) is closed under a permit that ended at \(permit.validUntilUptime) ms")
            }
        }
        return problems
    }
}
