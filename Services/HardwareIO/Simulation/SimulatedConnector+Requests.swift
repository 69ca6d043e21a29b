import BusSchema
import HardwareCore
import Primitives

// What people do to the simulated world.
extension SimulatedConnector {
    /// `vehicle` is what an EV is like that is plugged without saying more.
    mutating func simulate(
        _ request: SimulateHardware,
        plugging vehicle: SimulatedWorld.Vehicle,
        at uptime: Duration
    ) throws(BusError) -> [DriverEvent] {
        var events = advance(to: uptime)
        switch request.action {
        case .plug:
            if place.vehicle == nil { place.vehicle = vehicle }
            try changeVehicle(request)
            if hasSocket { place.cableInSocket = true }
        case .unplug:
            place.vehicle = nil
            takeFreeCable()
        case .ev:
            try changeVehicle(request)
        case .load:
            guard place.vehicle != nil else { throw BusError(.refused, "no EV is plugged in") }
            let milliamps = try checked(request.currentMilliamps ?? 0)
            place.vehicle?.stubbornMilliamps = milliamps == 0 ? nil : milliamps
        case .fault:
            guard let code = request.fault else { throw BusError(.invalid, "fault is missing") }
            events += try breakPart(code, request, at: uptime)
        case .clear:
            events += try repair(request.fault, at: uptime)
        case .part:
            guard let part = request.part, SimulateHardware.Part.known.contains(part) else {
                throw BusError(.invalid, "part is \(request.part?.rawValue ?? "missing"), which nothing here has")
            }
            events += setPart(part, isBroken: request.on ?? true, at: uptime)
        case .lock:
            guard hasLock else { throw BusError(.refused, "connector \(configuration.connectorId) has no lock") }
            place.broken.lockJammed = request.on ?? true
        case .meter:
            events += try changeMeter(request)
        default:
            throw BusError(.invalid, "\(request.action) is no action that is known here")
        }
        return events + settle(at: uptime)
    }

    /// For people, one line.
    var summary: String {
        let energy = MicrowattSeconds.wholeWattHours(place.registerMicrowattSeconds)
        var facts = ["contactor \(contactorClosed ? "closed" : "open")", "register \(energy) Wh"]
        if let vehicle = place.vehicle {
            let missing = MicrowattSeconds.wholeWattHours(vehicle.missingMicrowattSeconds)
            let wish = asks ? "asks for energy" : vehicle.isFull ? "full" : vehicle.ready ? "ready" : "not ready"
            facts.insert("EV plugged, \(wish), draws \(drawnMilliamps) mA, \(missing) Wh missing", at: 0)
        } else {
            facts.insert("no EV", at: 0)
        }
        if hasSocket { facts.append(place.cableInSocket ? "cable in the socket" : "socket empty") }
        if hasLock { facts.append(place.locked ? "locked" : "unlocked") }
        let broken = brokenParts
        facts.append(broken.isEmpty ? "nothing broken" : "broken: " + broken.joined(separator: ", "))
        return "connector \(configuration.connectorId): " + facts.joined(separator: "; ")
    }

    private var brokenParts: [String] {
        let broken = place.broken
        var parts: [String] = []
        if let closed = broken.contactorStuckClosed { parts.append("contactor stuck \(closed ? "closed" : "open")") }
        if broken.lockJammed { parts.append("lock jammed") }
        if broken.meterSilent { parts.append("meter silent") }
        if broken.pilotShorted { parts.append("pilot shorted") }
        if broken.pilotLost { parts.append("pilot controller lost") }
        return parts + (broken.parts ?? []) + broken.reported
    }

    private mutating func changeVehicle(_ request: SimulateHardware) throws(BusError) {
        guard var vehicle = place.vehicle else { throw BusError(.refused, "no EV is plugged in") }
        if let ready = request.ready { vehicle.ready = ready }
        if let milliamps = request.currentMilliamps { vehicle.currentMilliamps = try checked(milliamps) }
        if let energyWh = request.batteryWh {
            vehicle.missingMicrowattSeconds = MicrowattSeconds.of(
                wattHours: try checked(energyWh: energyWh, "batteryWh")
            )
        }
        place.vehicle = vehicle
    }

    private mutating func changeMeter(_ request: SimulateHardware) throws(BusError) -> [DriverEvent] {
        if let energyWh = request.energyWh {
            place.registerMicrowattSeconds = MicrowattSeconds.of(wattHours: try checked(energyWh: energyWh, "energyWh"))
        }
        guard let on = request.on else { return [] }
        return setMeter(silent: !on)
    }

    private mutating func breakPart(
        _ code: HardwareFaultCode,
        _ request: SimulateHardware,
        at uptime: Duration
    ) throws(BusError) -> [DriverEvent] {
        switch code {
        case .powerSwitchFailure:
            // Without saying how, it fails so that it shows at once: it drops out under load, and welds while open.
            let stuckClosed = request.on ?? !contactorClosed
            place.broken.contactorStuckClosed = stuckClosed
            setContactor(closed: stuckClosed)
            return []
        case .powerMeterFailure:
            return setMeter(silent: true)
        case .connectorLockFailure:
            guard hasLock else { throw BusError(.refused, "connector \(configuration.connectorId) has no lock") }
            if place.locked { setLock(locked: false) }
            place.broken.lockJammed = true
            return []
        case .evCommunicationError:
            place.broken.pilotShorted = true
            return []
        case .internalError:
            guard !place.broken.pilotLost else { return [] }
            place.broken.pilotLost = true
            return [.deviceLost(.pilot(connectorId: configuration.connectorId), reason: "simulated")]
        case .emergencyStop, .enclosureOpen, .groundFailure, .highTemperature, .overCurrentFailure, .overVoltage,
            .underVoltage:
            guard !place.broken.reported.contains(code.rawValue) else { return [] }
            place.broken.reported.append(code.rawValue)
            return [report(code, present: true)]
        default:
            throw Self.noFault(code)
        }
    }

    private static func noFault(_ code: HardwareFaultCode) -> BusError {
        BusError(.invalid, "\(code) is no fault that a connector can have here")
    }

    /// Nil repairs everything.
    private mutating func repair(_ code: HardwareFaultCode?, at uptime: Duration) throws(BusError) -> [DriverEvent] {
        if let code, !HardwareFaultCode.known.contains(code) { throw Self.noFault(code) }
        let all = code == nil
        var events: [DriverEvent] = []
        if all {
            for part in place.broken.parts ?? [] {
                events += setPart(SimulateHardware.Part(rawValue: part), isBroken: false, at: uptime)
            }
        }
        if all || code == .powerSwitchFailure, place.broken.contactorStuckClosed != nil {
            place.broken.contactorStuckClosed = nil
            setContactor(closed: contactorFollows)
            events += showContactor()
        }
        if all || code == .powerMeterFailure { events += setMeter(silent: false) }
        if all || code == .connectorLockFailure { place.broken.lockJammed = false }
        if all || code == .evCommunicationError { place.broken.pilotShorted = false }
        if all || code == .internalError, place.broken.pilotLost {
            place.broken.pilotLost = false
            events.append(.deviceRecovered(.pilot(connectorId: configuration.connectorId)))
            events += reportAnew(at: uptime)
        }
        for reported in place.broken.reported where all || code?.rawValue == reported {
            events.append(report(HardwareFaultCode(rawValue: reported), present: false))
        }
        place.broken.reported.removeAll { all || code?.rawValue == $0 }
        return events
    }

    private mutating func setPart(
        _ part: SimulateHardware.Part,
        isBroken: Bool,
        at uptime: Duration
    ) -> [DriverEvent] {
        guard isBroken != place.broken.has(part) else { return [] }
        place.broken.set(part, broken: isBroken)
        switch part {
        case .phaseContactor: releasePhases(at: uptime)
        // Its line is released, and taken anew.
        case .phaseContactorLost: movePhases(.one, at: uptime)
        default: break
        }
        guard let device = lostDevice(part) else { return [] }
        return [isBroken ? .deviceLost(device, reason: "simulated") : .deviceRecovered(device)]
    }

    /// The device that is lost with a part; nil where it is not built in, and for a part that nobody misses.
    func lostDevice(_ part: SimulateHardware.Part) -> Device? {
        let id = configuration.connectorId
        switch part {
        case .phaseContactorLost where configuration.equipment.switchesPhases: return .phaseContactor(connectorId: id)
        case .outputVoltageLost where configuration.equipment.seesOutputVoltage: return .outputVoltage(connectorId: id)
        default: return nil
        }
    }

    private mutating func setMeter(silent: Bool) -> [DriverEvent] {
        guard silent != place.broken.meterSilent else { return [] }
        place.broken.meterSilent = silent
        let meter = Device.meter(connectorId: configuration.connectorId)
        return [silent ? .deviceLost(meter, reason: "simulated") : .deviceRecovered(meter)]
    }

    private func checked(_ milliamps: Int) throws(BusError) -> Int {
        guard (0...100_000).contains(milliamps) else {
            throw BusError(.invalid, "currentMilliamps is \(milliamps), expected 0…100000")
        }
        return milliamps
    }

    /// Up to 1 GWh, which still fits microwatt-seconds.
    private func checked(energyWh: Int64, _ name: String) throws(BusError) -> Int64 {
        guard (0...1_000_000_000).contains(energyWh) else {
            throw BusError(.invalid, "\(name) is \(energyWh), expected 0…1000000000")
        }
        return energyWh
    }
}
