public import BusSchema
public import Primitives

/// Which uplinks are up, which one is in use, how far one gets over each, and what is done about those that do not work.
///
/// Facts go to the uplink that they are about, then `settle` draws the conclusions for all: the active one, what is published, what the journal of
/// causes keeps, what must be on disk. What must be there is ordered before anything else, so that no step is taken that a restart would forget.
public struct UplinkMachine: TransactionalMachine, Sendable {
    /// How often interfaces are read without a reason; changes are reported by the kernel.
    public static let readInterval = Duration.seconds(30)
    /// Least time between two readings that a report causes.
    public static let reportReadInterval = Duration.seconds(5)
    /// Longest detail of a report that is kept, characters.
    public static let maximumDetail = 200
    /// How often the data that was carried is put on disk.
    static let usageInterval = Duration.seconds(900)
    /// After a failure to put something on disk, steps of ladders are taken without for so long; only a start of the whole machine is not.
    static let storagePatience = Duration.seconds(300)

    private enum Timer: String, DeadlineName {
        /// A change may not have been reported.
        case read = "the interfaces are read again"
        case usage = "the data that was carried is put on disk"
    }

    var uplinks: [Uplink]
    private var selector = Selector()
    private var host = HostFreedom()
    var chronicle: Chronicle
    private var lastRead: Duration?
    private var lastProbe = 0
    /// Of a report that no uplink can be named for.
    private var health: UplinkReport.Health?
    /// What was published last; nil before the start.
    private var published: UplinkState?
    /// What is on disk, as far as known.
    private var persisted: UplinkMemory
    private var storageFailedAt: Duration?
    private var deadlines = Deadlines<Timer>()

    public init(_ configuration: UplinkConfiguration) {
        persisted = configuration.memory
        chronicle = Chronicle(bootId: configuration.bootId, next: configuration.nextEntry)
        var random = SeededRandom(seed: configuration.seed)
        uplinks = configuration.uplinks.map { uplink in
            Uplink(
                uplink,
                probes: configuration.probes,
                ladder: configuration.memory.ladder(of: uplink.name, boot: configuration.bootId),
                usage: configuration.memory.usage(of: uplink.name),
                seed: random.next()
            )
        }
    }

    /// What was published last; nil before the start.
    public var state: UplinkState? { published }

    /// What the carrier of an uplink says, also what is not published; nil where there is no such uplink.
    public func condition(of uplink: String) -> CarrierCondition? {
        uplinks.first { $0.name == uplink }?.condition
    }

    public var nextDeadline: Deadline? {
        earliest(deadlines.next, selector.nextDeadline, earliest(of: uplinks.map(\.nextDeadline)))
    }

    public mutating func handle(_ event: UplinkEvent, at moment: Moment) -> [UplinkEffect] {
        switch event {
        case .started: return start(at: moment)
        case .addressesChanged: return readInterfaces(at: moment) + settle(at: moment)
        case .interfacesRead(let readings): return take(readings, at: moment)
        case .interfacesUnreadable(let reason):
            return tellReaders(.interfacesUnreadable(reason), at: moment) + settle(at: moment)
        case .carrier(let name, let event):
            guard let index = uplinks.firstIndex(where: { $0.name == name }) else { return [] }
            return tell(index, event, at: moment) + settle(at: moment)
        case .probed(let number, let outcome): return take(probe: number, outcome, at: moment)
        case .reported(let id, let report): return take(report, id, at: moment)
        case .simulationRequested(let id, let request): return simulate(request, id, at: moment)
        case .connectorTold(let id, let hasTransaction):
            host.told(id: id, hasTransaction: hasTransaction, at: moment)
            return []
        case .gatewayChanged:
            host.forget()
            return []
        case .transactionsTold(let question, let transactions):
            // An uplink that mended itself meanwhile has no step to take.
            guard let index = host.answered(question, transactions, at: moment),
                uplinks[index].climb(at: moment.uptime)
            else { return [] }
            return climb(index, at: moment) + settle(at: moment)
        case .persistFailed(let reason):
            let isNews = storageFailedAt == nil
            storageFailedAt = moment.uptime
            let record = LogRecord(.error, "what is known of the uplinks is not on disk", .init("reason", reason))
            return isNews ? [.log(record)] : []
        case .terminationRequested: return end(at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [UplinkEffect] {
        var effects: [UplinkEffect] = []
        while let timer = deadlines.popDue(at: moment.uptime) {
            switch timer {
            case .read: effects += readInterfaces(at: moment)
            case .usage: effects += persistUsage(at: moment)
            }
        }
        for index in uplinks.indices {
            effects += wrap(index, uplinks[index].carrierDeadlineReached(at: moment), at: moment)
            effects += climb(index, at: moment)
            if uplinks[index].probeIsDue(number: lastProbe + 1, isActive: isActive(index), at: moment),
                let interface = uplinks[index].condition.interface
            {
                lastProbe += 1
                effects.append(
                    .probe(number: lastProbe, interface: interface, nameServers: uplinks[index].condition.nameServers)
                )
            }
        }
        return effects + settle(at: moment)
    }

    // MARK: - Start and end

    private mutating func start(at moment: Moment) -> [UplinkEffect] {
        for index in uplinks.indices { uplinks[index].bound(to: moment) }
        if uplinks.contains(where: { $0.budgetBytes != nil }) {
            deadlines.set(.usage, at: moment.uptime + Self.usageInterval)
        }
        let effects = readInterfaces(at: moment) + settle(at: moment)
        return effects + record(.started, nil, "watching begins", at: moment)
    }

    private mutating func end(at moment: Moment) -> [UplinkEffect] {
        // The last word is retained by nobody, but whoever listens would believe a "down" for ever.
        var effects: [UplinkEffect] = persistUsage(at: moment)
        for index in uplinks.indices { effects += tell(index, .terminationRequested, at: moment) }
        return effects + settle(at: moment, isLast: true) + record(.ended, nil, "watching ends", at: moment) + [.finish]
    }

    // MARK: - Facts

    func isActive(_ index: Int) -> Bool { uplinks[index].name == selector.active }

    private mutating func tell(_ index: Int, _ event: CarrierEvent, at moment: Moment) -> [UplinkEffect] {
        wrap(index, uplinks[index].handle(event, at: moment), at: moment)
    }

    private mutating func wrap(_ index: Int, _ effects: [CarrierEffect], at moment: Moment) -> [UplinkEffect] {
        let name = uplinks[index].name
        return effects.flatMap { effect -> [UplinkEffect] in
            switch effect {
            case .log(let record): return [.log(record)]
            case .store(let bytes):
                // What one of them has learnt holds for all from now on: a card may be moved while all of them run.
                let others = uplinks.indices.filter { $0 != index }
                let told = others.flatMap { tell($0, .storedElsewhere(uplink: name, bytes), at: moment) }
                return told + [.carrier(uplink: name, effect)]
            default: return [.carrier(uplink: name, effect)]
            }
        }
    }

    private mutating func tellReaders(_ event: CarrierEvent, at moment: Moment) -> [UplinkEffect] {
        var effects: [UplinkEffect] = []
        for index in uplinks.indices where uplinks[index].carrier.readsInterfaces {
            effects += tell(index, event, at: moment)
        }
        return effects
    }

    private mutating func take(_ readings: [InterfaceReading], at moment: Moment) -> [UplinkEffect] {
        let known = uplinks.map { $0.condition.complaint != nil }
        var effects = tellReaders(.interfacesRead(readings), at: moment)
        var complaints: [UplinkEffect] = []
        for index in uplinks.indices {
            let mark = uplinks[index].budgetMark
            uplinks[index].count(readings, at: moment)
            if uplinks[index].budgetMark > mark { complaints += warnOfBudget(uplinks[index], at: moment) }
            if !known[index], let complaint = uplinks[index].condition.complaint {
                complaints.append(.log(Self.complaint(complaint, about: uplinks[index])))
            }
        }
        effects += settle(at: moment)
        return effects + complaints
    }

    private static func complaint(_ text: String, about uplink: Uplink) -> LogRecord {
        LogRecord(
            .error,
            text,
            .init("uplink", uplink.name),
            .init("interface", uplink.condition.interface ?? ""),
            .init("detail", uplink.condition.detail)
        )
    }

    private mutating func warnOfBudget(_ uplink: Uplink, at moment: Moment) -> [UplinkEffect] {
        let reason = "\(uplink.budgetMark) % of the data of the month are used"
        let warning = LogRecord(.warning, reason, .init("uplink", uplink.name))
        return record(.budget, uplink.published, reason, at: moment) + [.log(warning)]
    }

    private mutating func take(probe number: Int, _ outcome: ProbeOutcome, at moment: Moment) -> [UplinkEffect] {
        for index in uplinks.indices {
            let before = uplinks[index].endToEnd
            guard uplinks[index].take(probe: number, outcome, isActive: isActive(index), at: moment) else { continue }
            return note(before, of: index, at: moment) + settle(at: moment)
        }
        return []
    }

    private mutating func take(_ report: UplinkReport, _ id: RequestID, at moment: Moment) -> [UplinkEffect] {
        guard [.reachable, .refused, .unreachable].contains(report.health) else {
            return [.refuse(id, BusError(.invalid, "health: unknown value \(report.health)"))]
        }
        var effects: [UplinkEffect] = []
        let isNews = report.health != health
        health = report.health
        let name = report.uplink ?? selector.active
        if let index = uplinks.firstIndex(where: { $0.name == name }), uplinks[index].condition.link == .up {
            let before = uplinks[index].endToEnd
            uplinks[index].take(report, at: moment)
            effects += note(before, of: index, at: moment)
        }
        effects += settle(at: moment)
        if isNews { effects.append(.log(Self.record(of: report))) }
        let isRecent = lastRead.map { moment.uptime < $0 + Self.reportReadInterval } ?? false
        if report.health == .unreachable, !isRecent { effects += readInterfaces(at: moment) }
        return effects + [.accept(id)]
    }

    private static func record(of report: UplinkReport) -> LogRecord {
        var record = LogRecord(.notice, "end-to-end health changed", .init("health", report.health))
        if let detail = report.detail {
            record.fields.append(.init("detail", String(detail.prefix(Self.maximumDetail))))
        }
        return record
    }

    private mutating func note(_ before: EndToEnd, of index: Int, at moment: Moment) -> [UplinkEffect] {
        let now = uplinks[index].endToEnd
        guard now.health != before.health || now.isFailing != before.isFailing else { return [] }
        var reason = now.health?.rawValue ?? "unknown"
        if let detail = now.detail { reason += ": \(detail)" }
        return record(.health, uplinks[index].published, reason, at: moment)
    }

    // MARK: - Recovery

    private mutating func climb(_ index: Int, at moment: Moment) -> [UplinkEffect] {
        let before = uplinks[index]
        // A spare uplink that is dead boots nobody's machine while another one reaches the central system.
        let isFree = host.isFree(at: moment) && !isStorageBroken(at: moment) && !uplinks.contains(where: \.reaches)
        var next = uplinks[index].ladderDeadlineReached(at: moment, isHostFree: isFree)
        if next == .hostReboot, !host.isConfirmed(at: moment) {
            uplinks[index] = before
            if host.ask(for: index, at: moment) {
                uplinks[index].climb(at: moment.uptime + HostFreedom.patience)
                return [.askForTransactions(at: moment.uptime)]
            }
            next = uplinks[index].ladderDeadlineReached(at: moment, isHostFree: false)
        }
        guard let step = next else { return [] }
        var effects: [UplinkEffect] = []
        if step != .redial, !isStorageBroken(at: moment) { effects += persist(at: moment) }
        let uplink = uplinks[index]
        let why = uplink.endToEnd.isFailing ? uplink.endToEnd.detail ?? "nothing answers" : before.condition.detail
        effects += record(.step, uplink.published, "\(step.words): \(why)", at: moment)
        let level: LogRecord.Level = step == .redial ? .info : .warning
        effects.append(
            .log(
                LogRecord(
                    level,
                    "an uplink is being recovered",
                    .init("uplink", uplink.name),
                    .init("step", step.name),
                    .init("reason", why)
                )
            )
        )
        if step == .hostReboot { return effects + [.rebootHost(reason: "\(uplink.name): \(why)")] }
        return effects + tell(index, .ordered(step), at: moment)
    }

    private func isStorageBroken(at moment: Moment) -> Bool {
        storageFailedAt.map { moment.uptime < $0 + Self.storagePatience } ?? false
    }

    /// Everything, and first of all that is ordered: what follows is not done before.
    private mutating func persist(at moment: Moment) -> [UplinkEffect] {
        let memory = UplinkMemory(bootId: chronicle.bootId, uplinks: uplinks.map(\.memory))
        guard memory != persisted else { return [] }
        persisted = memory
        storageFailedAt = nil
        return [.persist(memory)]
    }

    private mutating func persistUsage(at moment: Moment) -> [UplinkEffect] {
        guard uplinks.contains(where: { $0.budgetBytes != nil }) else { return [] }
        deadlines.set(.usage, at: moment.uptime + Self.usageInterval)
        return isStorageBroken(at: moment) ? [] : persist(at: moment)
    }

    // MARK: - Conclusions

    /// Nothing to read, and no reason to wake up, where no carrier wants interfaces and no data is counted.
    private mutating func readInterfaces(at moment: Moment) -> [UplinkEffect] {
        guard uplinks.contains(where: { $0.carrier.readsInterfaces || $0.budgetBytes != nil }) else { return [] }
        lastRead = moment.uptime
        deadlines.set(.read, at: moment.uptime + Self.readInterval)
        return [.readInterfaces]
    }

    mutating func record(
        _ kind: UplinkHistory.Kind,
        _ uplink: UplinkState.Uplink?,
        _ reason: String,
        at moment: Moment
    ) -> [UplinkEffect] {
        chronicle.entry(kind, of: uplink, reason, at: moment).map { [.record($0)] } ?? []
    }

    /// What follows for all uplinks together from whatever just happened.
    mutating func settle(at moment: Moment, isLast: Bool = false) -> [UplinkEffect] {
        selector.choose(among: uplinks.map(\.candidate), at: moment)
        let state = nextState(at: moment)
        guard state != published else { return [] }
        let before = published
        published = state
        var effects: [UplinkEffect] = [.publish(AnyBusMessage(state))]
        // At the start there is nothing to have changed from, unless there is news already.
        let isChange = before?.link != state.link || before?.active != state.active
        let isWorthTelling = isChange && !(before == nil && state.link == .unknown)
        let reason = state.reason
        if isWorthTelling {
            let change = UplinkChanged(link: state.link, active: state.active, reason: reason)
            effects.append(.publish(AnyBusMessage(change)))
        }
        if !isLast { effects += recordChanges(from: before, to: state, at: moment) }
        if isWorthTelling { effects.append(.log(Self.record(of: state, reason))) }
        return effects
    }

    private func nextState(at moment: Moment) -> UplinkState {
        let uplinks = uplinks.map(\.published)
        let active = selector.active
        let link: UplinkState.Link
        if active != nil {
            link = .up
        } else {
            link = uplinks.contains { $0.link != .down } ? .unknown : .down
        }
        let since = published?.link == link ? published?.since : nil
        return UplinkState(
            link: link,
            active: active,
            since: since ?? moment.utc.millisecondsSinceEpoch,
            uplinks: uplinks,
            endToEnd: uplinks.first { $0.name == active }?.endToEnd ?? health
        )
    }
}
