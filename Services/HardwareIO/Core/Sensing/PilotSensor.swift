import BusSchema
import Primitives

/// The control pilot as it is measured: which state it is in, whether that can be trusted, and whether the EV's diode was seen.
///
/// A change counts after two readings in a row that agree. Two readings in a row that both forbid energy end it, even when they do not
/// agree on why: a noisy pilot must open a contactor, not keep it closed.
struct PilotSensor {
    enum Change: Equatable {
        case state(PilotState)
        /// An EV was there and is gone.
        case vehicleLeft
        /// An EV is there, and nobody saw for so long what happened that it may be another one.
        case vehicleFound
    }

    enum Fault: Equatable {
        case outOfRange, shorted, negativeHalfWave, diode
        /// The signal that was ordered is not on the line: our generator is dead.
        case noSignal
        /// No EV can make that, and it is ordered in the end alone, when nobody looks any more: our generator again.
        case steadyNegative
    }

    /// What one reading says; without its millivolts, so that noise does not make two equal ones differ.
    private struct Reading: Equatable {
        var state: PilotState
        var fault: Fault?
        /// The negative half-wave reaches -12 V: the diode of the EV is there.
        var showsDiode = false

        func agrees(with other: Reading) -> Bool { state == other.state && fault == other.fault }
    }

    /// Oldest reading on which a contactor may close, and longest distance of two readings that allow energy together.
    static let freshFor = Duration.seconds(2)
    /// How long after the order PWM may be missing on the line.
    static let signalDelay = Duration.seconds(1)
    /// A generator that made no PWM is tried again after so long: its fault ends the offer, and without an offer it cannot show.
    static let signalRest = Duration.seconds(10)

    private let isVentilated: Bool
    /// What two readings established; nil when nothing is known.
    private var known: Reading?
    private var newest: Reading?
    private var newestHigh = 0
    private var newestLow = 0
    private var silence: SensorSilence
    /// Since when PWM is ordered; nil while it is not.
    private var signalSince: Duration?
    /// PWM was seen on both half-waves since it is ordered (IEC 61851-1 A.4).
    private var diodeWasSeen = false
    /// A missing diode is a fault until that EV is gone, over restarts too: the next plug is another car.
    private(set) var diodeIsMissing: Bool
    private(set) var vehicle: VehiclePresence
    /// When the generator failed last, while that is a fault.
    private var signalFailedAt: Duration?

    /// `diodeIsMissing` and `vehicle` are what was seen before the start.
    init(isVentilated: Bool, diodeIsMissing: Bool, vehicle: VehicleSight?, at start: Duration) {
        self.isVentilated = isVentilated
        self.diodeIsMissing = diodeIsMissing
        self.vehicle = VehiclePresence(before: vehicle)
        silence = SensorSilence(at: start)
    }

    /// Nil until it was read twice.
    var state: PilotState? { known?.state }

    /// What is wrong, for the list of faults.
    var failure: (code: HardwareFaultCode, detail: String)? {
        if silence.isSilent { return (.internalError, "control pilot was not read for too long") }
        if diodeIsMissing { return (.evCommunicationError, Self.describe(.diode, high: newestHigh, low: newestLow)) }
        if signalFailedAt != nil || known?.fault == .noSignal {
            return (.internalError, Self.describe(.noSignal, high: newestHigh, low: newestLow))
        }
        guard let fault = known?.fault else { return nil }
        guard fault != .steadyNegative else {
            return (.internalError, Self.describe(fault, high: newestHigh, low: newestLow))
        }
        return (.evCommunicationError, Self.describe(fault, high: newestHigh, low: newestLow))
    }

    /// Whether the EV asks for energy in a way that may be served here.
    var allowsEnergy: Bool { known.map(allowsEnergy) ?? false }

    /// Whether a contactor may close on it now: the EV asks, its newest reading says so too and is fresh, and its diode was seen.
    func allowsClosing(at uptime: Duration) -> Bool {
        allowsEnergy && newest.map(allowsEnergy) == true && diodeWasSeen && uptime - silence.readAt <= Self.freshFor
    }

    /// Whether no EV is there, by its newest reading too.
    var showsNobody: Bool { known?.state == .a && newest?.state == .a && !silence.isSilent }

    /// Whether everything but the diode is there.
    var waitsForDiode: Bool { allowsEnergy && !diodeWasSeen }

    /// When its silence has to be judged; nil once it counts as silent.
    func silenceDeadline(contactorIsClosed: Bool, since closedAt: Duration) -> Duration? {
        silence.deadline(contactorIsClosed: contactorIsClosed, since: closedAt)
    }

    /// `due` is what `silenceDeadline` says.
    mutating func judgeSilence(due: Duration, at uptime: Duration) {
        if silence.judge(due: due, at: uptime) { forget() }
    }

    /// The sensor is gone: nothing is known until it was read twice again.
    mutating func forget() {
        known = nil
        newest = nil
        diodeWasSeen = false
    }

    /// What the charger puts on the line from now on. A diode that was seen under an earlier PWM proves nothing for the next.
    mutating func signalIs(_ signal: PilotSignal?, at uptime: Duration) {
        guard case .pwm = signal else {
            signalSince = nil
            diodeWasSeen = false
            return
        }
        if signalSince == nil { signalSince = uptime }
    }

    mutating func read(highMillivolts: Int, lowMillivolts: Int, at uptime: Duration) -> [Change] {
        // Older than what is known.
        guard uptime >= silence.readAt else { return [] }
        let reading = interpret(high: highMillivolts, low: lowMillivolts, at: uptime)
        let before = uptime - silence.readAt <= Self.freshFor || !allowsEnergy(reading) ? newest : nil
        newest = reading
        newestHigh = highMillivolts
        newestLow = lowMillivolts
        silence.read(at: uptime)
        if let signalFailedAt, uptime - signalFailedAt >= Self.signalRest { self.signalFailedAt = nil }
        guard let before else { return [] }
        if reading.agrees(with: before) {
            return establish(reading, showsDiode: reading.showsDiode && before.showsDiode)
        }
        guard allowsEnergy, !allowsEnergy(reading), !allowsEnergy(before) else { return [] }
        return establish(reading, showsDiode: false)
    }

    /// A controller says which state the pilot shows, and has looked twice itself; it supervises the diode.
    mutating func stateRead(_ state: PilotState, at uptime: Duration) -> [Change] {
        guard uptime >= silence.readAt else { return [] }
        let reading = Reading(state: state, fault: state == .e ? .shorted : nil, showsDiode: true)
        newest = reading
        silence.read(at: uptime)
        return establish(reading, showsDiode: state.isPlugged)
    }

    private func allowsEnergy(_ reading: Reading) -> Bool {
        reading.fault == nil && (reading.state == .c || (reading.state == .d && isVentilated))
    }

    private func interpret(high: Int, low: Int, at uptime: Duration) -> Reading {
        switch PilotVoltage.read(high, after: state) {
        case .outOfRange: return Reading(state: .e, fault: .outOfRange)
        case .state(.e): return Reading(state: .e, fault: .shorted)
        case .state(.f): return Reading(state: .f, fault: .steadyNegative)
        case .state(let state):
            switch PilotVoltage.negativeHalfWave(low) {
            case .belowRange: return Reading(state: .e, fault: .negativeHalfWave)
            case .full: return Reading(state: state, showsDiode: state.isPlugged && signalSince != nil)
            case .almostFull: return Reading(state: state)
            case .clipped: return Reading(state: state, fault: state.isPlugged && signalSince != nil ? .diode : nil)
            case .absent:
                let isOverdue = signalSince.map { uptime - $0 >= Self.signalDelay } ?? false
                return Reading(state: state, fault: state.isPlugged && isOverdue ? .noSignal : nil)
            }
        }
    }

    private mutating func establish(_ reading: Reading, showsDiode: Bool) -> [Change] {
        var changes: [Change] = []
        if known?.state != reading.state { changes.append(.state(reading.state)) }
        known = reading
        silence.end()
        if reading.fault == .diode { diodeIsMissing = true }
        if reading.fault == .noSignal { signalFailedAt = silence.readAt }
        if showsDiode { diodeWasSeen = true }
        if reading.state.isPlugged, vehicle.isThere(at: silence.readAt) { changes.append(.vehicleFound) }
        if reading.state == .a {
            diodeWasSeen = false
            diodeIsMissing = false
            signalFailedAt = nil
            if vehicle.isGone(at: silence.readAt) { changes.append(.vehicleLeft) }
        }
        return changes
    }

    /// Has kept what the next process must know of the EV.
    mutating func keepVehicle(of connectorId: Int, _ turn: inout Turn) { vehicle.keep(connectorId: connectorId, &turn) }

    private static func describe(_ fault: Fault, high: Int, low: Int) -> String {
        switch fault {
        case .outOfRange: "control pilot at \(high) mV, which is no state"
        case .shorted: "control pilot shorted to protective earth"
        case .steadyNegative: "control pilot at -12 V although that is not ordered"
        case .negativeHalfWave: "negative half-wave of the control pilot at \(low) mV"
        // It ends with this EV only, which whoever reads it has to know.
        case .diode: "diode of the EV missing or shorted: unplug the EV"
        case .noSignal: "control pilot shows no PWM although it is ordered"
        }
    }
}
