import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives

/// What a phase contactor and the voltage behind the contactor are there for: no phase is switched under load, none carries current that the permit
/// does not allow, and a weld shows although its mirror contact hides it. It believes the contacts themselves, the orders and the permits that arrived.
struct PhaseAudit {
    /// One connector as it truly stands.
    struct Facts {
        var contacts: SimulatedCharger.Truth
        var broken: SimulatedWorld.Broken

        /// The contactor follows nobody.
        var isStuck: Bool { broken.contactorStuckClosed != nil }

        /// Its contacts touch against the order, and nothing that is sound could show it.
        var isHidden: Bool { isStuck && has(.mirrorOpen, .mirrorSilent) && has(.outputVoltage, .outputVoltageLost) }

        func has(_ parts: SimulateHardware.Part...) -> Bool {
            parts.contains { broken.parts?.contains($0.rawValue) == true }
        }
    }

    private struct Outlet {
        /// Since when no contact touches.
        var openSince = Duration.zero
        var isClosed = false
        /// Since when nothing is offered; nil while something is.
        var silentSince: Duration?
        /// How many phases the permit allows that was delivered last, and since when.
        var allowed: Int?
        var allowedSince = Duration.zero
        /// The switches of this process within the last hour.
        var moves: [Duration] = []
        /// Since when a weld hides behind a mirror contact that is not read as closed, and the voltage shows it.
        var weldedSince: Duration?
    }

    /// So long nothing may flow before a phase contactor moves.
    private static let quiet = Duration.seconds(10)
    private static let movesPerHour = 12
    /// An EV has six seconds to end its draw; shells are late by a few ms.
    private static let openingLimit = Duration.milliseconds(6200)
    /// The EV ends its draw, nothing flows for ten seconds, the EV begins anew.
    private static let longestSwitch = Duration.seconds(40)
    /// A sensor that sees no change repeats itself every 10 s.
    private static let longestBlindness = Duration.seconds(15)

    private var outlets: [Int: Outlet] = [:]

    /// Whether a connector with a permit may give no energy because of its phases, or did a moment ago.
    func mayPause(_ id: Int, at now: Duration) -> Bool {
        guard let outlet = outlets[id], outlet.allowed != nil else { return false }
        let hasMoved = outlet.moves.count { $0 > now - .seconds(3600) } >= Self.movesPerHour
        return hasMoved || now < outlet.allowedSince + Self.longestSwitch
    }

    mutating func hardwareStarted(at now: Duration) {
        for id in outlets.keys { outlets[id] = Outlet(openSince: now, silentSince: now) }
    }

    /// A permit reached hardware-io.
    mutating func delivered(_ permit: Permit, at now: Duration) {
        let id = permit.connectorId
        guard permit.granted else {
            outlets[id]?.allowed = nil
            return
        }
        let allowed = (permit.phases ?? 3) >= 3 ? 3 : 1
        var outlet = outlets[id] ?? Outlet()
        if outlet.allowed != allowed { outlet.allowedSince = now }
        outlet.allowed = allowed
        outlets[id] = outlet
    }

    /// hardware-io orders something; it has not been carried out yet.
    mutating func ordered(_ command: DriverCommand, _ facts: Facts?, at now: Duration) -> [String] {
        let id = command.connectorId
        switch command {
        case .setPilot(_, let signal):
            let silentSince = outlets[id]?.silentSince ?? now
            if case .pwm = signal { outlets[id]?.silentSince = nil } else { outlets[id]?.silentSince = silentSince }
        case .switchPhases:
            guard let outlet = outlets[id], let facts else { break }
            outlets[id]?.moves.append(now)
            guard !facts.isHidden else { break }
            if facts.contacts.isClosed {
                return ["the phases of connector \(id) are switched, the contactor is closed"]
            }
            let pause = now - max(outlet.openSince, outlet.silentSince ?? now)
            if pause < Self.quiet { return ["the phases of connector \(id) are switched after a pause of \(pause)"] }
        default: break
        }
        return []
    }

    /// What must hold at every instant; nil while nobody moves the contacts.
    mutating func problems(_ id: Int, _ facts: Facts?, at now: Duration) -> [String] {
        guard let facts else { return [] }
        var outlet = outlets[id] ?? Outlet(silentSince: now)
        defer { outlets[id] = outlet }
        if outlet.isClosed, !facts.contacts.isClosed { outlet.openSince = now }
        outlet.isClosed = facts.contacts.isClosed
        let isHiding = facts.broken.contactorStuckClosed == true && facts.has(.mirrorOpen)
        let isShown = isHiding && !facts.has(.outputVoltage, .outputVoltageLost, .outputVoltageLive)
        outlet.weldedSince = isShown ? outlet.weldedSince ?? now : nil
        guard let allowed = outlet.allowed, !facts.isStuck, facts.contacts.isClosed, facts.contacts.milliamps > 0,
            facts.contacts.phases > allowed, now > outlet.allowedSince + Self.openingLimit
        else { return [] }
        return ["connector \(id) draws on \(facts.contacts.phases) phases, its permit allows \(allowed)"]
    }

    /// Asked every second while hardware-io lives; `told` are the faults that it publishes.
    func problems(_ id: Int, told faults: [HardwareFaultCode], at now: Duration) -> [String] {
        guard let since = outlets[id]?.weldedSince, now > since + Self.longestBlindness,
            !faults.contains(.powerSwitchFailure)
        else { return [] }
        return ["contactor \(id) is welded since \(since), there is voltage behind it, and that is no fault"]
    }
}
