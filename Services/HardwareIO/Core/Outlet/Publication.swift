import BusSchema
import Primitives

/// What one outlet tells others about itself: its state when it changed or nothing was heard for long, and every fault that came or went.
struct Publication {
    /// Readings come at least each 10 s, and are a sign of life to others. When they do not, the state is said again after so long.
    private static let longestQuiet = Duration.seconds(12)

    private let connectorId: Int
    private var published: ConnectorState?
    /// When anything was said last.
    private var spokeAt: Duration
    private var publishedFaults: [HardwareFaultCode: String] = [:]

    init(connectorId: Int, at start: Duration) {
        self.connectorId = connectorId
        spokeAt = start
    }

    /// `readingAt` is when the meter's newest reading was said.
    mutating func tell(_ state: ConnectorState, _ faults: FaultLedger, readingAt: Duration?, _ turn: inout Turn) {
        // Before the first reading of the pilot the state says nothing that anybody could act on, unless it says why.
        let isWorthTelling = published != nil || state.pilot != nil || !state.faults.isEmpty
        let heardAt = max(spokeAt, readingAt ?? spokeAt)
        let isQuiet = published != nil && turn.uptime - heardAt >= Self.longestQuiet
        if isWorthTelling, state != published || isQuiet {
            spokeAt = turn.uptime
            if let published, published.contactor != state.contactor {
                turn.log(LogRecord(.notice, "contactor changed", field, .init("contactor", state.contactor)))
            }
            published = state
            turn.publish(state)
        }
        tellFaults(state.faults, faults, &turn)
    }

    private mutating func tellFaults(_ codes: [HardwareFaultCode], _ faults: FaultLedger, _ turn: inout Turn) {
        guard !(codes.isEmpty && publishedFaults.isEmpty) else { return }
        for (code, detail) in publishedFaults.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where !codes.contains(code) {
            publishedFaults[code] = nil
            announce(code, present: false, detail, faults, &turn)
        }
        for code in codes where publishedFaults[code] == nil {
            let detail = faults.detail(of: code)
            publishedFaults[code] = detail
            announce(code, present: true, detail, faults, &turn)
        }
    }

    private func announce(
        _ code: HardwareFaultCode,
        present: Bool,
        _ detail: String,
        _ faults: FaultLedger,
        _ turn: inout Turn
    ) {
        turn.publish(HardwareFault(connectorId: connectorId, code: code, present: present, detail: detail))
        var record = LogRecord(
            present ? .error : .notice,
            present ? "fault" : "fault is gone",
            field,
            .init("code", code),
            .init("detail", detail)
        )
        let trips = faults.tripCount(code)
        if present, trips > 1 { record.fields.append(.init("trips", trips)) }
        turn.log(record)
    }

    private var field: LogRecord.Field { LogRecord.Field("connectorId", connectorId) }
}
