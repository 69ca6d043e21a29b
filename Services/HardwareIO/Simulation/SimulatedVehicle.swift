import HardwareCore

// How an EV behaves (IEC 61851-1 annex A).
extension SimulatedWorld.Vehicle {
    /// Below this the battery takes less and less, Wh.
    static let taperWh: Int64 = 500

    var isFull: Bool { missingMicrowattSeconds == 0 }

    /// Whether it closes S2 (state C) at this offer.
    func wants(offeredMilliamps: Int) -> Bool {
        stubbornMilliamps != nil || (ready && !isFull && offeredMilliamps > 0)
    }

    /// What it draws per phase at this offer, mA.
    func draw(offeredMilliamps: Int) -> Int {
        if let stubbornMilliamps { return stubbornMilliamps }
        let taper = MicrowattSeconds.of(wattHours: Self.taperWh)
        // A tenth is the least, or the last watt-hours would take for ever.
        let share = max(taper / 10, min(missingMicrowattSeconds, taper)) / MicrowattSeconds.perWattHour
        return min(offeredMilliamps, currentMilliamps * Int(share) / Int(Self.taperWh))
    }
}

/// What a pilot carries, electrically.
enum SimulatedPilot {
    /// Everything that makes the voltages.
    struct Line: Equatable, Sendable {
        var signal: PilotSignal
        var plugged: Bool
        var asks: Bool
        /// The EV asks with the resistor of state D.
        var needsVentilation: Bool
        var shorted: Bool
        var hasDiode: Bool
        /// The generator makes no PWM whatever it is told.
        var generatorIsDead: Bool

        /// Of both half-waves at the charger, mV.
        var voltages: (high: Int, low: Int) {
            if shorted { return (0, 0) }
            let high = !plugged ? 12_000 : !asks ? 9000 : needsVentilation ? 3000 : 6000
            return switch signal {
            case .pwm where !generatorIsDead: (high, plugged && !hasDiode ? -high : -12_000)
            case .x1, .pwm: (high, high)
            case .f: (-12_000, -12_000)
            }
        }
    }

    /// What an EV reads from it, mA.
    static func offeredMilliamps(_ signal: PilotSignal) -> Int {
        switch signal {
        case .pwm(let duty): PilotDuty.milliamps(atDutyPermille: duty)
        case .x1, .f: 0
        }
    }
}
