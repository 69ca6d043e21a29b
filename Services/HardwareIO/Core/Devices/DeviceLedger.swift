import BusSchema
import Primitives

/// How well each device answers, as others are told. It decides about nothing.
struct DeviceLedger {
    private struct Entry {
        let configuration: DeviceConfiguration
        var condition = DeviceState.Condition.starting
        var detail: String?
        var counters: [DeviceState.Counter] = []
        var toldAt: Duration?

        var state: DeviceState {
            DeviceState(
                name: configuration.device.name,
                about: configuration.device.description,
                driver: configuration.driver,
                simulated: configuration.simulated,
                condition: condition,
                detail: detail,
                remark: configuration.remark,
                counters: counters
            )
        }
    }

    /// Counters alone are told at most so often; a condition at once.
    static let shortestInterval = Duration.seconds(10)
    /// More kinds of errors are told by no driver.
    static let mostCounters = 16

    private var entries: [Entry]
    private let places: [Device: Int]

    init(_ devices: [DeviceConfiguration]) {
        entries = devices.map { Entry(configuration: $0) }
        places = Dictionary(devices.enumerated().map { ($1.device, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func start(_ turn: inout Turn) {
        for index in entries.indices {
            tell(index, &turn)
            let device = entries[index].configuration
            guard let remark = device.remark else { continue }
            turn.log(LogRecord(.warning, "\(device.device) is \(remark)"))
        }
    }

    /// A driver reported something: a sign of life, or what it says of its device.
    mutating func heard(_ fact: DriverEvent, _ turn: inout Turn) {
        guard !entries.isEmpty, let device = fact.device, let index = places[device] else { return }
        switch fact {
        case .deviceLost(_, let reason): become(.lost, reason, index, &turn)
        case .deviceRecovered: become(.ok, nil, index, &turn)
        case .healthReported(_, let health): report(health, index, &turn)
        case .meterFailed:
            break  // No sign of life.
        default:
            // A lost one is back when its driver says so, and not with a reading that was on its way.
            if entries[index].condition == .starting { become(.ok, nil, index, &turn) }
        }
    }

    private mutating func report(_ health: DeviceHealth, _ index: Int, _ turn: inout Turn) {
        entries[index].counters = Array(health.counters.prefix(Self.mostCounters))
        if entries[index].condition == .lost || entries[index].condition == .starting {
            if isDue(index, at: turn.uptime) { tell(index, &turn) }
        } else if !become(health.trouble == nil ? .ok : .degraded, health.trouble, index, &turn),
            isDue(index, at: turn.uptime)
        {
            tell(index, &turn)
        }
    }

    private func isDue(_ index: Int, at uptime: Duration) -> Bool {
        entries[index].toldAt.map { uptime - $0 >= Self.shortestInterval } ?? true
    }

    /// - Returns: Whether that is news, and was told.
    @discardableResult
    private mutating func become(
        _ condition: DeviceState.Condition,
        _ detail: String?,
        _ index: Int,
        _ turn: inout Turn
    ) -> Bool {
        guard entries[index].condition != condition else { return false }
        let before = entries[index].condition
        entries[index].condition = condition
        entries[index].detail = detail
        tell(index, &turn)
        let isWorse = condition == .lost || condition == .degraded
        guard isWorse || before != .starting else { return true }
        var record = LogRecord(
            isWorse ? .warning : .notice,
            "device is \(condition)",
            .init("device", entries[index].configuration.device)
        )
        if let detail { record.fields.append(.init("detail", detail)) }
        turn.log(record)
        return true
    }

    private mutating func tell(_ index: Int, _ turn: inout Turn) {
        entries[index].toldAt = turn.uptime
        turn.publish(entries[index].state)
    }
}
