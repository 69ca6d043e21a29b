import BusSchema
public import Primitives

/// Which uplink is up, which one is in use, and how far the gateway gets over it.
public struct UplinkMachine: Machine, Sendable {
    /// How often interfaces are read without a reason; changes are reported by the kernel.
    public static let readInterval = Duration.seconds(30)
    /// Least time between two readings that a report causes.
    public static let reportReadInterval = Duration.seconds(5)
    /// Longest detail of a report that is kept, characters.
    public static let maximumDetail = 200

    private enum Timer: String, DeadlineName {
        /// A change may not have been reported.
        case read = "the interfaces are read again"
    }

    private var uplinks: [Uplink]
    private var endToEnd: UplinkReport.Health?
    private var lastRead: Duration?
    /// What was published last; nil before the start.
    private var published: UplinkState?
    private var deadlines = Deadlines<Timer>()

    public init(_ configuration: UplinkConfiguration) { uplinks = configuration.uplinks.map(Uplink.init) }

    public var nextDeadline: Deadline? { deadlines.next }

    public mutating func handle(_ event: UplinkEvent, at moment: Moment) -> [UplinkEffect] {
        switch event {
        case .started, .addressesChanged:
            return readInterfaces(at: moment) + publishChanges(at: moment)
        case .interfacesRead(let readings):
            let known = uplinks.filter(\.isMissing).map(\.name)
            for index in uplinks.indices { uplinks[index].take(readings) }
            let missing = uplinks.filter { $0.isMissing && !known.contains($0.name) }
            return publishChanges(at: moment) + missing.map { .log(Self.complaint(about: $0)) }
        case .interfacesUnreadable(let reason):
            for index in uplinks.indices { uplinks[index].takeFailure(reason) }
            return publishChanges(at: moment)
        case .reported(let id, let report):
            return take(report, id, at: moment)
        case .simulationRequested(let id, let request):
            return simulate(request, id, at: moment)
        case .terminationRequested:
            // The last word is retained by nobody, but whoever listens would believe a "down" for ever.
            for index in uplinks.indices { uplinks[index].withdraw() }
            return publishChanges(at: moment) + [.finish]
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [UplinkEffect] {
        guard deadlines.popDue(at: moment.uptime) != nil else { return [] }
        return readInterfaces(at: moment)
    }

    private static func complaint(about uplink: Uplink) -> LogRecord {
        LogRecord(
            .error,
            "an uplink has no interface",
            .init("uplink", uplink.name),
            .init("interface", uplink.interface ?? ""),
            .init("detail", uplink.detail)
        )
    }

    // MARK: - Requests

    private mutating func take(_ report: UplinkReport, _ id: RequestID, at moment: Moment) -> [UplinkEffect] {
        guard [.reachable, .refused, .unreachable].contains(report.health) else {
            return [.refuse(id, BusError(.invalid, "health: unknown value \(report.health)"))]
        }
        var effects: [UplinkEffect] = []
        if report.health != endToEnd {
            endToEnd = report.health
            effects += publishChanges(at: moment)
            effects.append(.log(record(of: report)))
        }
        let isRecent = lastRead.map { moment.uptime < $0 + Self.reportReadInterval } ?? false
        if report.health == .unreachable, !isRecent { effects += readInterfaces(at: moment) }
        return effects + [.accept(id)]
    }

    private func record(of report: UplinkReport) -> LogRecord {
        var record = LogRecord(.notice, "end-to-end health changed", .init("health", report.health))
        if let detail = report.detail {
            record.fields.append(.init("detail", String(detail.prefix(Self.maximumDetail))))
        }
        return record
    }

    private mutating func simulate(
        _ request: SimulateUplink,
        _ id: RequestID,
        at moment: Moment
    ) -> [UplinkEffect] {
        guard request.up != nil || request.signalPercent != nil else {
            return [.refuse(id, BusError(.invalid, "neither up nor signalPercent is there"))]
        }
        if let percent = request.signalPercent, !(0...100).contains(percent) {
            return [.refuse(id, BusError(.invalid, "signalPercent is \(percent), expected 0…100"))]
        }
        let isNamed: (Uplink) -> Bool = { request.name == nil || $0.name == request.name }
        let named = uplinks.indices.filter { isNamed(uplinks[$0]) }
        let simulated = named.filter { uplinks[$0].isSimulated }
        guard !simulated.isEmpty else { return [.refuse(id, refusal(of: request, isKnown: !named.isEmpty))] }
        for index in simulated { uplinks[index].simulate(isUp: request.up, signalPercent: request.signalPercent) }
        return publishChanges(at: moment) + [.accept(id)]
    }

    private func refusal(of request: SimulateUplink, isKnown: Bool) -> BusError {
        guard let name = request.name else { return BusError(.refused, "no uplink is simulated") }
        if isKnown { return BusError(.refused, "uplink \(name) is real, it cannot be cut by request") }
        return BusError(.invalid, "name: there is no uplink \(name)")
    }

    // MARK: - Conclusions

    /// Nothing to read, and no reason to wake up, where all uplinks are simulated.
    private mutating func readInterfaces(at moment: Moment) -> [UplinkEffect] {
        guard uplinks.contains(where: { !$0.isSimulated }) else { return [] }
        lastRead = moment.uptime
        deadlines.set(.read, at: moment.uptime + Self.readInterval)
        return [.readInterfaces]
    }

    private mutating func publishChanges(at moment: Moment) -> [UplinkEffect] {
        let active = uplinks.first { $0.link == .up }
        let link: UplinkState.Link
        if active != nil {
            link = .up
        } else {
            link = uplinks.contains { $0.link == .unknown } ? .unknown : .down
        }
        let isSameLink = published?.link == link
        let since = isSameLink ? published?.since : nil
        let state = UplinkState(
            link: link,
            active: active?.name,
            since: since ?? moment.utc.millisecondsSinceEpoch,
            uplinks: uplinks.map(\.published),
            endToEnd: endToEnd
        )
        guard state != published else { return [] }
        let isFirst = published == nil
        let isChange = !isSameLink || published?.active != state.active
        published = state
        var effects: [UplinkEffect] = [.publish(AnyBusMessage(state))]
        // At the start there is nothing to have changed from, unless there is news already.
        guard isChange, !(isFirst && link == .unknown) else { return effects }
        let reason =
            active.map { "\($0.name): \($0.detail)" }
            ?? uplinks.map { "\($0.name): \($0.detail)" }.joined(separator: ", ")
        effects.append(.publish(AnyBusMessage(UplinkChanged(link: link, active: state.active, reason: reason))))
        let level: LogRecord.Level = link == .up ? .notice : .warning
        effects.append(
            .log(
                LogRecord(
                    level,
                    "uplink changed",
                    .init("link", link),
                    .init("active", state.active ?? "none"),
                    .init("reason", reason)
                )
            )
        )
        return effects
    }
}
