import BusSchema

/// The faults of one connector, by their cause: two causes may share a code, and the code is present while any of them is.
struct FaultTable: Equatable, Sendable {
    enum Cause: Hashable, Sendable {
        case contactor, lock, meter, pilot, pilotSilence, overCurrent
        /// A device is lost.
        case lost(Device)
        /// Reported by a protective device or sensor.
        case board(HardwareFaultCode)
    }

    /// How long a fault stays when its cause is gone.
    enum Latch: Equatable, Sendable {
        case none
        /// Until the EV leaves, or service clears it.
        case untilUnplugged
    }

    private struct Entry: Equatable, Sendable {
        var code: HardwareFaultCode
        var detail: String
        var latch: Latch
        var causeGone = false
    }

    /// More causes than a board has sensors for. Further ones are refused.
    static let capacity = 32

    /// Worst first: what endangers people, then what stops charging, then what disturbs.
    private static let severity: [HardwareFaultCode] = [
        .groundFailure, .powerSwitchFailure, .overCurrentFailure, .highTemperature, .overVoltage, .underVoltage,
        .evCommunicationError, .connectorLockFailure, .internalError, .powerMeterFailure, .readerFailure,
    ]

    private var entries: [Cause: Entry] = [:]

    /// Present faults, worst first; codes that are unknown here come before all others.
    var codes: [HardwareFaultCode] {
        let rank = { (code: HardwareFaultCode) in Self.severity.firstIndex(of: code) ?? -1 }
        return Set(entries.values.map(\.code)).sorted { (rank($0), $0.rawValue) < (rank($1), $1.rawValue) }
    }

    /// For people: what is wrong, of one code.
    func detail(of code: HardwareFaultCode) -> String {
        entries.values.filter { $0.code == code }.map(\.detail).sorted().joined(separator: "; ")
    }

    func isPresent(_ cause: Cause) -> Bool { entries[cause] != nil }

    mutating func raise(_ cause: Cause, _ code: HardwareFaultCode, _ detail: String, latch: Latch = .none) {
        guard entries[cause] != nil || entries.count < Self.capacity else { return }
        entries[cause] = Entry(code: code, detail: detail, latch: latch)
    }

    /// The cause is gone; so is the fault, unless it is latched.
    mutating func end(_ cause: Cause) {
        guard let entry = entries[cause] else { return }
        switch entry.latch {
        case .none: entries[cause] = nil
        case .untilUnplugged: entries[cause]?.causeGone = true
        }
    }

    /// The EV left: what was latched for it goes.
    mutating func vehicleLeft() { removeGone { _ in true } }

    /// Service clears a code. What still has its cause stays.
    mutating func clear(_ code: HardwareFaultCode) { removeGone { $0 == code } }

    private mutating func removeGone(_ matches: (HardwareFaultCode) -> Bool) {
        entries = entries.filter { !($0.value.causeGone && matches($0.value.code)) }
    }
}

extension HardwareFaultCode {
    /// The faults that this version knows.
    static let known: Set<HardwareFaultCode> = [
        .powerSwitchFailure, .powerMeterFailure, .connectorLockFailure, .evCommunicationError, .groundFailure,
        .highTemperature, .overCurrentFailure, .overVoltage, .underVoltage, .readerFailure, .internalError,
    ]
}
