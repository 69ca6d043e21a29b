import CentralSystem
import GatewayCore
import HardwareCore
import HardwareSimulation
import ModemCore
import Primitives

/// The clock and the queue of what comes.
extension World {
    /// Lets time pass, with everything that happens in it. Ends early at the first violation, where `report` explains most.
    public mutating func run(_ duration: Duration) {
        let end = now + duration
        while auditor.violations.isEmpty, let next = nextInstant, next <= end { step(at: next) }
        if auditor.violations.isEmpty { now = max(now, end) }
    }

    /// Lets time pass until something is so. Returns false when it was not within `limit`.
    public mutating func run(until condition: (World) -> Bool, within limit: Duration) -> Bool {
        let end = now + limit
        while !condition(self) {
            guard auditor.violations.isEmpty, let next = nextInstant, next <= end else {
                now = max(now, end)
                return condition(self)
            }
            step(at: next)
        }
        return true
    }

    private var nextInstant: Duration? {
        var next = queue.next
        for entry in due.values { next = next.map { min($0, entry.at) } ?? entry.at }
        return next
    }

    private mutating func step(at instant: Duration) {
        if instant > now {
            now = instant
            stepsAtOnce = 0
        }
        steps += 1
        stepsAtOnce += 1
        guard stepsAtOnce < 20_000 else { return violate("the world turns on the spot: \(due)") }
        if let first = due.filter({ $0.value.at <= instant }).min(by: { $0.key.order < $1.key.order }),
            queue.next.map({ first.value.at <= $0 }) ?? true
        {
            reachDeadline(of: first.key)
        } else if let occurrence = queue.popFirst() {
            happen(occurrence)
        }
        scheduleDeadlines()
        audit()
    }

    private mutating func reachDeadline(of clocked: Clocked) {
        due[clocked] = nil
        touched.insert(clocked)
        switch clocked {
        case .hardware: hardwareDeadline()
        case .charger: chargerDeadline()
        case .gateway: gatewayDeadline()
        case .modem: modemDeadline()
        case .central: perform(central.deadlineReached(at: centralMoment))
        }
    }

    /// Shells are never exactly on time, and sometimes early.
    private mutating func scheduleDeadlines() {
        for clocked in Clocked.allCases where touched.contains(clocked) {
            switch clocked {
            case .hardware: schedule(.hardware, hardware?.nextDeadline.map { $0.at + bootedAt })
            case .charger: schedule(.charger, charger?.nextDeadline.map { $0.at + bootedAt })
            case .gateway: schedule(.gateway, gateway?.nextDeadline.map { $0.at + bootedAt })
            case .modem: schedule(.modem, modem?.nextDeadline.map { $0.at + bootedAt })
            case .central: schedule(.central, central.nextDeadline?.at)
            }
        }
        touched = []
    }

    private mutating func schedule(_ clocked: Clocked, _ wanted: Duration?) {
        guard let wanted else { return due[clocked] = nil }
        guard due[clocked]?.wanted != wanted else { return }
        let late = Duration.milliseconds(Int64.random(in: 0...2, using: &random))
        due[clocked] = Due(wanted: wanted, at: max(wanted, now) + (clocked == .charger ? .zero : late))
    }

    private mutating func happen(_ occurrence: Occurrence) {
        switch occurrence {
        case .publication(let message, let service, let publisher, let subscriber):
            arrive(message, from: service, publisher: publisher, subscriber: subscriber)
        case .discovery(let service, let publisher, let subscriber):
            discover(service, publisher: publisher, subscriber: subscriber)
        case .repetition(let service, let publisher): repeatStates(of: service, publisher: publisher)
        case .request(let call): arrive(call)
        case .answer(let callId, let answer): finish(callId, answer)
        case .patienceOver(let callId): losePatience(callId)
        case .toGateway(let number, let news): reachGateway(number, news)
        case .toCentral(let number, let news): reachCentral(number, news)
        case .resolved(let dial, let gateway): resolved(dial, gateway: gateway)
        case .gaveUp(let number): giveUp(number)
        case .flush(let gateway): if gateway == incarnations[.gateway], hasPower { gatewayDisk.flush() }
        case .start(let service): start(service)
        case .powerOn: powerOn()
        case .planned(let plan): carryOut(plan)
        }
    }

    mutating func note(_ who: StaticString, _ what: some Sendable) { trace.note(who, what, at: now, step: steps) }

    mutating func violate(_ what: String) {
        note("VIOLATION", what)
        auditor.violations.append("#\(steps) at \(now): \(what)")
    }
}

extension World.Clocked {
    /// Which of several at the same time comes first.
    fileprivate var order: Int {
        switch self {
        case .charger: 0
        case .hardware: 1
        case .gateway: 2
        case .modem: 3
        case .central: 4
        }
    }
}
