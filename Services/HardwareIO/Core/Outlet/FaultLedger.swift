import BusSchema
import Primitives

/// The faults of one connector, by their cause: two causes may share a code, and the code is present while any of them is.
struct FaultLedger {
    enum Cause: Hashable, Sendable {
        case contactor, mirror, lock, meter, pilot, proximity, overCurrent, residualCurrentTest, heat, temperature
        case phases, phaseContact, outputVoltage
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
    /// Trips are counted up to here.
    static let mostTrips = 1_000_000

    /// Those whose coming is counted over restarts.
    private static let counted: Set<HardwareFaultCode> = [.groundFailure, .powerSwitchFailure, .overCurrentFailure]

    private var entries: [Cause: Entry] = [:]
    private var tripCounts: [HardwareFaultCode: Int] = [:]

    /// With what was latched before the start. Its cause counts as gone until it is reported again; what a contactor did wrong is there as it was, and
    /// is no other trip.
    init(_ memory: HardwareMemory.Outlet) {
        for trip in memory.trips { tripCounts[trip.code] = trip.count }
        remember(.board(.groundFailure), .groundFailure, memory.groundFailure)
        remember(.overCurrent, .overCurrentFailure, memory.overCurrentFailure)
        for (cause, failure) in [(Cause.contactor, memory.contactorFailure), (.phases, memory.phaseFailure)] {
            entries[cause] = failure.map { Entry(code: .powerSwitchFailure, detail: $0, latch: .none) }
        }
    }

    private mutating func remember(_ cause: Cause, _ code: HardwareFaultCode, _ detail: String?) {
        guard let detail else { return }
        entries[cause] = Entry(code: code, detail: detail, latch: .untilUnplugged, causeGone: true)
    }

    /// Present faults, worst first; codes that are unknown here come before all others.
    var codes: [HardwareFaultCode] {
        guard !entries.isEmpty else { return [] }
        let rank = { (code: HardwareFaultCode) in HardwareFaultCode.known.firstIndex(of: code) ?? -1 }
        return Set(entries.values.map(\.code)).sorted { (rank($0), $0.rawValue) < (rank($1), $1.rawValue) }
    }

    /// For people: what is wrong, of one code.
    func detail(of code: HardwareFaultCode) -> String {
        entries.values.filter { $0.code == code }.map(\.detail).sorted().joined(separator: "; ")
    }

    /// A residual current that is latched.
    var groundFailure: String? { entries[.board(.groundFailure)]?.detail }

    /// A draw above the offer that is latched.
    var overCurrentFailure: String? { entries[.overCurrent]?.detail }

    /// What is wrong by this cause now; nil when nothing is, or it is gone and only latched.
    func detail(of cause: Cause) -> String? {
        entries[cause].flatMap { $0.causeGone ? nil : $0.detail }
    }

    /// How often each counted fault came since service cleared it.
    var trips: [HardwareMemory.Trip] {
        tripCounts.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { HardwareMemory.Trip(code: $0.key, count: $0.value) }
    }

    func tripCount(_ code: HardwareFaultCode) -> Int { tripCounts[code] ?? 0 }

    /// The fault is present exactly while its owner has a detail; the first detail stays.
    mutating func follow(_ cause: Cause, _ code: HardwareFaultCode, _ detail: String?) {
        guard let detail else {
            entries[cause] = nil
            return
        }
        guard entries[cause]?.code != code else { return }
        raise(cause, code, detail)
    }

    mutating func raise(_ cause: Cause, _ code: HardwareFaultCode, _ detail: String, latch: Latch = .none) {
        guard entries[cause] != nil || entries.count < Self.capacity else { return }
        let isNew = entries[cause].map { $0.causeGone || $0.code != code } ?? true
        if isNew, Self.counted.contains(code) {
            tripCounts[code] = min(tripCount(code) + 1, Self.mostTrips)
        }
        entries[cause] = Entry(code: code, detail: detail, latch: latch)
    }

    /// The cause is gone; so is the fault, unless it is latched.
    /// - Returns: Whether it was there until now.
    @discardableResult
    mutating func end(_ cause: Cause) -> Bool {
        guard let entry = entries[cause], !entry.causeGone else { return false }
        switch entry.latch {
        case .none: entries[cause] = nil
        case .untilUnplugged: entries[cause]?.causeGone = true
        }
        return true
    }

    /// The EV left: what was latched for it goes.
    mutating func vehicleLeft() { removeGone { _ in true } }

    /// No EV is there, and none was seen to leave: it left before the start. What an EV itself does wrong went with it.
    mutating func noVehicle() {
        if entries[.overCurrent]?.causeGone == true { entries[.overCurrent] = nil }
    }

    /// Service clears a code. What still has its cause stays.
    mutating func clear(_ code: HardwareFaultCode) {
        removeGone { $0 == code }
        tripCounts[code] = nil
    }

    private mutating func removeGone(_ matches: (HardwareFaultCode) -> Bool) {
        entries = entries.filter { !($0.value.causeGone && matches($0.value.code)) }
    }
}
