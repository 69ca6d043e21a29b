import OCPP

/// What can be wrong with the charge point itself, the worst first. StatusNotification tells it of connector 0, whatever the connectors say
/// (OCPP 1.6 §4.9, §7.7).
enum ChargePointFault: Int, Comparable, Sendable {
    /// hardware-io does not answer: no connector can be used.
    case hardware
    /// The disk takes no records: no transaction can begin.
    case storage
    /// A Reset could not be done (OCPP 1.6 §7.6).
    case reset
    /// The main meter is lost; what is billed is measured at the connectors.
    case mainMeter
    /// A card reader is broken; whoever starts from afar can charge.
    case reader
    /// The modem has little signal.
    case weakSignal

    static func < (left: ChargePointFault, right: ChargePointFault) -> Bool { left.rawValue < right.rawValue }

    var errorCode: ChargePointErrorCode {
        switch self {
        case .hardware, .storage: .internalError
        case .reset: .resetFailure
        case .mainMeter: .powerMeterFailure
        case .reader: .readerFailure
        case .weakSignal: .weakSignal
        }
    }
}

/// What is wrong with the charge point now. Several things may be at once: the worst is the error code, the others are named with it.
struct ChargePointFaults: Equatable, Sendable {
    private struct Entry: Equatable {
        /// For people; nil where the code says it all.
        var detail: String?
        /// No energy can be delivered: Faulted. Else it is a warning, and the status stays what it is (OCPP 1.6 §4.9).
        var blocks: Bool
    }

    /// Signal of the modem in percent: below the first it is weak, and until it reaches the second.
    static let weakBelowPercent = 15
    static let strongFromPercent = 25

    private var present: [ChargePointFault: Entry] = [:]

    mutating func set(_ fault: ChargePointFault, _ holds: Bool, detail: String? = nil, blocks: Bool = false) {
        present[fault] = holds ? Entry(detail: detail, blocks: blocks) : nil
    }

    /// Nil where the uplink in use has no signal to measure.
    mutating func signal(percent: Int?) {
        let isWeak = present[.weakSignal] != nil
        let limit = isWeak ? Self.strongFromPercent : Self.weakBelowPercent
        set(.weakSignal, percent.map { $0 < limit } ?? false)
    }

    /// The status of connector 0, which is `outOfUse` or Available while nothing keeps energy from flowing.
    func report(outOfUse: ChargePointStatus?, since: EventTime) -> StatusReport {
        let blocking = present.filter { $0.value.blocks }.keys.sorted()
        let all = blocking + present.keys.filter { !blocking.contains($0) }.sorted()
        let others = StatusReport.others(all.dropFirst().map(\.errorCode.rawValue))
        let said = [all.first.flatMap { present[$0]?.detail }, others].compactMap { $0 }
        return StatusReport(
            connectorId: 0,
            status: blocking.isEmpty ? outOfUse ?? .available : .faulted,
            errorCode: all.first?.errorCode ?? .noError,
            info: said.isEmpty ? nil : said.joined(separator: ", "),
            since: since
        )
    }
}
