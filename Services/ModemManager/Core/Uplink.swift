internal import BusSchema
internal import Primitives

/// One uplink: what keeps it up, how far one gets over it, how it is recovered, and what it carried.
struct Uplink: Sendable {
    let name: String
    /// What of its settings could not be used.
    private let complaint: String?
    private let budget: DataBudget?
    private let isProbed: Bool
    let mayRebootHost: Bool
    private(set) var carrier: any Carrier
    private(set) var endToEnd = EndToEnd()
    private(set) var ladder: RecoveryLadder
    private(set) var usage: DataUsage
    /// The last step of the ladder; nil when it was well for long since.
    private(set) var lastStep: RecoveryStep?
    private var probing = Probing()

    private enum Timer: String, DeadlineName {
        case probe = "an uplink is probed"
        case answer = "a probe is overdue"
    }

    private struct Probing: Sendable {
        var number: Int?
        var deadlines = Deadlines<Timer>()
    }

    /// A probe that nobody answered counts as silence.
    private static let longestProbe = Duration.seconds(60)
    /// After an uplink came up: whoever waits for it dials at once, and may spare the probe.
    private static let firstProbe = Duration.seconds(10)

    init(
        _ configuration: UplinkConfiguration.Uplink,
        probes: Bool,
        ladder memory: LadderMemory,
        usage: DataUsage,
        seed: UInt64
    ) {
        name = configuration.name
        complaint = configuration.complaint
        budget = configuration.budget
        carrier = configuration.carrier
        isProbed = probes
        mayRebootHost = configuration.mayRebootHost
        self.usage = usage
        ladder = RecoveryLadder(
            steps: configuration.carrier.steps,
            mayRebootHost: configuration.mayRebootHost,
            memory: memory,
            seed: seed
        )
    }

    /// What must be on disk.
    var memory: UplinkMemory.Uplink {
        let steps = ladder.memory.marks.sorted { $0.key < $1.key }.map {
            UplinkMemory.Step(step: $0.key.name, count: $0.value.count, uptime: $0.value.at.wholeMilliseconds)
        }
        // Redialling is spaced by its back-off alone, and far too frequent for flash.
        return UplinkMemory.Uplink(name: name, steps: steps, usage: usage)
    }

    /// Of its carrier; people hear of its settings with it, because a SIM that is asked for no PIN today may be asked tomorrow.
    var condition: CarrierCondition {
        var condition = carrier.condition
        if let complaint { condition.detail += "; \(complaint)" }
        return condition
    }
    /// Whether the central system was reached over it when somebody last looked.
    var reaches: Bool {
        condition.link == .up && !endToEnd.isFailing && (endToEnd.health == .reachable || endToEnd.health == .refused)
    }
    var candidate: Selector.Candidate {
        let isUp = condition.link == .up
        return Selector.Candidate(name: name, isUsable: isUp && !endToEnd.isFailing, isUp: isUp)
    }
    /// 0, 80 or 100, percent of the budget.
    var budgetMark: Int { budget?.mark(usage.bytes) ?? 0 }
    var budgetBytes: Int64? { budget?.monthlyBytes }

    /// As others see it.
    var published: UplinkState.Uplink {
        let condition = condition
        return UplinkState.Uplink(
            name: name,
            driver: carrier.kind,
            link: condition.link,
            detail: condition.detail,
            interface: condition.interface,
            signalPercent: condition.radio?.signalPercent,
            address: condition.address,
            nameServers: condition.nameServers.isEmpty ? nil : condition.nameServers,
            radio: condition.radio.flatMap(UplinkRadio.init),
            endToEnd: condition.link == .up ? endToEnd.health : nil,
            lastStep: lastStep?.name,
            monthBytes: budget.map { usage.bytes / $0.grain * $0.grain }
        )
    }

    var nextDeadline: Deadline? {
        earliest(carrier.nextDeadline, ladder.nextDeadline, probing.deadlines.next)
    }

    // MARK: - Facts

    mutating func bound(to moment: Moment) { ladder.bound(to: moment) }

    mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        let before = condition
        let effects = carrier.handle(event, at: moment)
        follow(before, at: moment)
        return effects
    }

    mutating func count(_ readings: [InterfaceReading], at moment: Moment) {
        let reading = readings.first { $0.name == condition.interface }
        usage.take(counter: reading?.bytes, billingDay: budget?.billingDay ?? 1, at: moment)
    }

    mutating func take(_ report: UplinkReport, at moment: Moment) {
        endToEnd.take(report, at: moment)
        if report.health == .unreachable { probeSoon(at: moment) }
        observe(at: moment)
    }

    /// - Returns: Whether it was the probe that is waited for.
    mutating func take(probe number: Int, _ outcome: ProbeOutcome, isActive: Bool, at moment: Moment) -> Bool {
        guard number == probing.number else { return false }
        probing.number = nil
        probing.deadlines.clear(.answer)
        guard condition.link == .up else { return true }
        endToEnd.take(outcome)
        probing.deadlines.set(.probe, at: moment.uptime + endToEnd.interval(isActive: isActive))
        observe(at: moment)
        return true
    }

    // MARK: - Time

    /// What is due of the carrier.
    mutating func carrierDeadlineReached(at moment: Moment) -> [CarrierEffect] {
        guard let due = carrier.nextDeadline, due.isDue(at: moment.uptime) else { return [] }
        let before = condition
        let effects = carrier.deadlineReached(at: moment)
        follow(before, at: moment)
        return effects
    }

    /// The step that the ladder takes now, if any; it stands in the ladder's memory already.
    mutating func ladderDeadlineReached(at moment: Moment, isHostFree: Bool) -> RecoveryStep? {
        let step = ladder.deadlineReached(at: moment, isHostFree: isHostFree)
        if let step { lastStep = step }
        if !ladder.memory.hasCounts, ladder.isAtRest { lastStep = nil }
        return step
    }

    /// Moves the next step of the ladder, where one is planned.
    /// - Returns: Whether one is.
    @discardableResult
    mutating func climb(at uptime: Duration) -> Bool { ladder.act(at: uptime) }

    /// - Returns: Whether a probe is to be sent, through the interface of `condition`.
    mutating func probeIsDue(number: Int, isActive: Bool, at moment: Moment) -> Bool {
        while let timer = probing.deadlines.popDue(at: moment.uptime) {
            switch timer {
            case .answer:
                guard let number = probing.number else { continue }
                _ = take(probe: number, .silent("the probe did not end"), isActive: isActive, at: moment)
            case .probe:
                guard isProbed, condition.link == .up, condition.interface != nil else { continue }
                if let heardAt = endToEnd.heardAt, endToEnd.isFresh(at: moment.uptime), isActive {
                    probing.deadlines.set(.probe, at: heardAt + EndToEnd.freshFor)
                    continue
                }
                probing.number = number
                probing.deadlines.set(.answer, at: moment.uptime + Self.longestProbe)
                return true
            }
        }
        return false
    }

    // MARK: - Conclusions

    /// What follows from another condition of the carrier.
    private mutating func follow(_ before: CarrierCondition, at moment: Moment) {
        let now = condition
        if now.link != before.link || now.address != before.address || now.interface != before.interface {
            endToEnd.forget()
            probing.number = nil
            probing.deadlines.clearAll()
            if now.link == .up, isProbed { probing.deadlines.set(.probe, at: moment.uptime + Self.firstProbe) }
        }
        observe(at: moment)
    }

    private mutating func probeSoon(at moment: Moment) {
        guard isProbed, condition.link == .up, probing.number == nil else { return }
        let soon = moment.uptime + .seconds(1)
        if probing.deadlines[.probe].map({ $0 > soon }) ?? true { probing.deadlines.set(.probe, at: soon) }
    }

    private mutating func observe(at moment: Moment) {
        let input: RecoveryLadder.Input =
            switch condition.remedy {
            case .person: .person
            case .patience: .waiting
            case .recovery: .ill
            case .none: condition.link == .up ? (endToEnd.isFailing ? .ill : .well) : .working
            }
        ladder.observe(input, at: moment)
    }
}

extension UplinkRadio {
    /// Nil when nothing but the signal is known.
    fileprivate init?(_ report: RadioReport) {
        self.init(
            signalDbm: report.signalDbm,
            technology: report.technology,
            operatorName: report.operatorName,
            operatorCode: report.operatorCode,
            cell: report.cell,
            iccid: report.iccid,
            imsi: report.imsi,
            cause: report.cause
        )
        if self == UplinkRadio() { return nil }
    }
}
